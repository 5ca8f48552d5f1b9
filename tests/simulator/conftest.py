"""One network with one number and a tiny application behind it; every test ends without a finding."""

from collections.abc import Iterator

import pytest

from callcenter.simulator import Network, Settings
from tests.simulator.app import HOST, App, twiml

HOTLINE = "+861055550100"
CALLER = "+8613800138000"
AGENT = "+8613900139001"


@pytest.fixture
def app() -> App:
    """An application that answers news with nothing and everything else with what the test gives it."""
    nothing = twiml("")
    return App({"/status": nothing, "/conference": nothing, "/recording": nothing})


@pytest.fixture
def doubted(app: App) -> Network:
    """A network whose findings the test itself looks at."""
    network = Network(app, settings=Settings(calls_per_second=100))
    network.number(
        HOTLINE, f"{HOST}/voice", fallback_url=f"{HOST}/fallback", status_callback=f"{HOST}/status"
    )
    return network


@pytest.fixture
def net(doubted: Network) -> Iterator[Network]:
    """A network; a test that leaves a finding behind has failed."""
    yield doubted
    assert doubted.warnings == []

"""The REST API as the tests use it, without a socket."""

from typing import Any

from callcenter.simulator import Network
from tests.simulator.app import HOST
from tests.simulator.conftest import HOTLINE

EVENTS = ("initiated", "ringing", "answered", "completed")


def rest(net: Network, method: str, path: str, *form: tuple[str, str]) -> tuple[int, Any]:
    """Ask for a resource below the account; return status and JSON."""
    settings = net.world.settings
    auth = (settings.account_sid, settings.auth_token)
    return net.rest.handle(method, f"/2010-04-01/Accounts/{settings.account_sid}/{path}", form, auth)


def order(
    net: Network, to: str, url: str = "/agent", *more: tuple[str, str], events: tuple[str, ...] = EVENTS
) -> str:
    """Place a call with its first document at a path of the application; return the SID."""
    status, call = rest(
        net,
        "POST",
        "Calls.json",
        ("To", to),
        ("From", HOTLINE),
        ("Url", f"{HOST}{url}"),
        ("StatusCallback", f"{HOST}/status"),
        *(("StatusCallbackEvent", event) for event in events),
        *more,
    )
    assert status == 201, call
    return str(call["sid"])


def update(net: Network, sid: str, *form: tuple[str, str]) -> tuple[int, Any]:
    """Change a call."""
    return rest(net, "POST", f"Calls/{sid}.json", *form)


def redirect(net: Network, sid: str, url: str) -> tuple[int, Any]:
    """Give a call another document."""
    return update(net, sid, ("Url", f"{HOST}{url}"))


def status_of(net: Network, sid: str) -> str:
    """Return the call resource's status."""
    return str(rest(net, "GET", f"Calls/{sid}.json")[1]["status"])

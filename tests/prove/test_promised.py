"""What the proofs of promises stand on: the judge, the points at which workers die, books over HTTP."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callcenter.simulator import Network, Settings, answers, control
from callcenter.switchboard import jobs, placing
from tests.prove.promises.judge import Rung, books_of, quantile, twice
from tests.prove.promises.real import books_over
from tests.prove.promises.reaper import ELSEWHERE, points, sites
from tests.simulator.app import HOST, App, twiml

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
HOTLINE, CUSTOMER = "+861055550100", "+8613800138000"
ATTEMPT = "01a22e8b-6164-741a-974e-606e199bca9e"


def rung(at: float, ends: float | None, *, answered: bool = False, met: bool = False) -> Rung:
    """A call from one second after noon to another."""
    ended = None if ends is None else NOON + timedelta(seconds=ends)
    began = NOON + timedelta(seconds=at)
    return Rung(f"CA{at}", CUSTOMER, began, began, answered, met, ended)


MISSED, MET = rung(0, 20), rung(0, 20, answered=True, met=True)


# reliability.md, B1: "0 customers rung twice"; FU-2: who was not reached is tried again.
@pytest.mark.parametrize(
    ("placed", "wrong"),
    [
        ([MET], []),
        ([MISSED, rung(60, 80)], []),
        ([MET, rung(60, 80)], ["was rung again after a talk"]),
        ([rung(0, 20, answered=True), rung(60, 80)], ["was rung again though he had picked up"]),
        ([MISSED, rung(19, 80)], ["was rung while an earlier call to it lived"]),
        ([rung(0, None), rung(60, 80)], ["was rung while an earlier call to it lived"]),
    ],
    ids=["once", "tried again", "after a talk", "after an apology", "at once", "without an end"],
)
def test_the_judge_tells_twice_from_again(placed: list[Rung], wrong: list[str]) -> None:
    assert list(twice(placed, is_customer=True)) == wrong


def test_every_commit_and_request_of_the_jobs_is_a_point() -> None:
    text = "".join(Path(module.__file__).read_text() for module in (jobs, placing))
    assert len(sites()) == text.count("work.transaction()") + text.count("work.carrier.")
    assert len(set(points())) == len(points()) == 2 * (len(set(sites().values())) - len(ELSEWHERE))


def test_the_books_are_the_same_over_http() -> None:
    net = Network(App({"/leg": twiml(""), "/status": twiml("")}), settings=Settings(calls_per_second=100))
    net.number(HOTLINE, f"{HOST}/voice")
    net.phone(CUSTOMER).will(answers(after=2))
    path = f"/2010-04-01/Accounts/{net.world.settings.account_sid}/Calls.json"
    url = f"{HOST}/twilio/leg/{ATTEMPT}/token"
    account = (net.world.settings.account_sid, net.world.settings.auth_token)
    for to in (CUSTOMER, "nobody"):
        net.rest.handle("POST", path, (("To", to), ("From", HOTLINE), ("Url", url)), account)
    net.run_for(30)
    books = books_of(net)
    assert books.accepted == Counter({ATTEMPT: 1})
    assert [(call.to, call.answered, call.met) for call in books.calls] == [(CUSTOMER, True, False)]
    assert books_over(Asked(net)) == books  # type: ignore[arg-type]


class Asked:
    """A network that is asked as over its own API."""

    def __init__(self, net: Network) -> None:
        self._net = net

    def ask(self, path: str) -> Any:
        """Answer about the books, or about one call."""
        call = control.find_call(self._net, path.removeprefix("calls/"))
        return control.ledger_json(self._net) if call is None else control.call_json(self._net, call)


def test_a_share_of_values_is_not_exceeded() -> None:
    assert (quantile([3.0, 1.0, 2.0, 4.0], 0.5), quantile([1.0] * 99 + [9.0], 0.99), quantile([], 0.9)) == (
        2.0,
        1.0,
        0.0,
    )

"""Promises to their end: an hour that is kept, one that is broken, a Monday after a worked Saturday."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from callcenter.access.actions import issue_token
from callcenter.callbacks.models import Callback
from callcenter.db import Database
from callcenter.promises.models import Promise
from callcenter.simulator import answers
from callcenter.simulator.handset import Handset
from callcenter.simulator.network import Telephone
from tests import xinghe
from tests.journeys.conftest import Hotline, opened

CUSTOMER = "+8613800138009"
FRIDAY = datetime(2026, 10, 9, 9, 40, tzinfo=UTC)  # 17:40 in China; the Saturday is worked for National Day.
Post = Callable[..., Any]


def desk_of(hotline: Hotline, key: str) -> Post:
    """What an agent does at the desk: orders by the API with the agent's own token."""
    with hotline.work.transaction() as session:
        token = issue_token(
            session, role="agent", name="desk", at=hotline.work.at(), actor="test",
            agent_id=xinghe.agent_id(hotline.work, key),
        )  # fmt: skip

    def post(path: str, **body: Any) -> Any:
        answer = hotline.web.post(f"/api/v1{path}", json=body, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    return post


def talks(hotline: Hotline) -> tuple[Telephone, Handset]:
    """A customer with a technical question talks with the agent zhang-wei."""
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    caller = hotline.phone(CUSTOMER).dials(xinghe.HOTLINE, presses=("1",))
    caller.talks_with(wei)
    return wei, caller


def passes(hotline: Hotline, **by: float) -> None:
    """So much time goes by in which nobody phones; then the clock looks around for twenty seconds."""
    hotline.net.clock.sleep(timedelta(**by))
    hotline.net.run_for(20)


def meets(hotline: Hotline, agent: Telephone) -> None:
    """The customer is rung, picks up, and speaks with the agent for half a minute."""
    customer = hotline.phone(CUSTOMER)
    assert hotline.net.run_until(lambda: bool(customer.phone.calls) and customer.handset.talking, 120)
    customer.handset.talks_with(agent)
    customer.handset.waits(30)
    customer.handset.hangs_up()
    hotline.settle()


def told_of(hotline: Hotline, promise: str, **query: str) -> list[str]:
    """Who was told of a promise, the last one first."""
    found = hotline.get("/alerts", **query)["items"]
    return [alert["step"] for alert in found if alert["promise"] == promise]


# HL-7: "Internal consultation needed: hang up with the caller's consent, call back with the result or the
# state", "<= 1 h after hang-up".
def test_an_agent_promises_the_hour_and_keeps_it(hotline: Hotline) -> None:
    wei, caller = talks(hotline)
    desk = desk_of(hotline, "zhang-wei")
    promise = desk("/promises", rule="HL-7", call=caller.sid)
    assert promise["awaits_hang_up"]
    caller.waits(60)
    caller.hangs_up()
    hotline.settle()
    promise = hotline.get(f"/promises/{promise['id']}")
    ended = hotline.call(caller.sid)["ended_at"]
    assert promise["counted_from"] == ended
    assert datetime.fromisoformat(promise["due_at"]) - datetime.fromisoformat(ended) == timedelta(hours=1)
    passes(hotline, minutes=20)
    hotline.phone(CUSTOMER).will(answers(rings=2, presses="1"))
    desk(f"/callbacks/{promise['callback']}/call")
    meets(hotline, wei)
    told = hotline.get(f"/promises/{promise['id']}")
    assert (told["state"], told["alerts"], told["owner"]) == ("kept", [], "zhang-wei")
    assert len(hotline.net.ledger.rings_of(CUSTOMER)) == 1
    assert told["explanation"]["en-US"][-1].startswith("Kept")
    hotline.assert_clean()


# TK-3: "Each kind of question has a time limit, watched; + breaches escalate".
def test_another_breaks_it_and_everybody_is_told_in_turn(hotline: Hotline) -> None:
    _, caller = talks(hotline)
    promise = desk_of(hotline, "zhang-wei")("/promises", rule="HL-7", call=caller.sid)
    caller.hangs_up()
    hotline.settle()
    xinghe.log_out(hotline.work, "zhang-wei")
    hotline.net.run_for(60)
    steps = []
    for minutes in (45, 25, 15, 46):  # The limit is an hour, its grace ten minutes.
        passes(hotline, minutes=minutes)
        steps.append(told_of(hotline, promise["id"], open="true"))
    assert steps == [
        ["warning"], ["owner", "warning"], ["duty_manager", "owner", "warning"],
        ["supervisor", "duty_manager", "owner", "warning"],
    ]  # fmt: skip
    passes(hotline, hours=5)
    assert len(told_of(hotline, promise["id"])) == 4, "each once"
    assert hotline.get(f"/promises/{promise['id']}")["state"] == "late"
    ended = desk_of(hotline, "li-na")(f"/promises/{promise['id']}/break", reason="nobody was there")
    assert (ended["state"], ended["settled_by"], ended["owner"]) == ("broken", "agent:li-na", "zhang-wei")
    (broken,) = [
        figure for figure in hotline.get("/standards")["figures"] if figure["id"] == "promises.broken"
    ]
    assert (broken["numerator"], broken["parts"]) == (1, {"given_up": 1})
    path, _, query = broken["rows"]["numerator"].removeprefix("/api/v1").partition("?")
    listed = hotline.get(path, **dict(parse_qsl(query)))
    assert [row["id"] for row in listed["items"]] == [promise["id"]]
    hotline.assert_clean()


# HL-8: "promised for a definite time"; a make-up workday is a working day for what counts working time.
def test_a_callback_for_next_monday_over_a_make_up_workday(database: Database) -> None:
    with opened(database, at=FRIDAY) as hotline:
        wei = hotline.agent("zhang-wei")
        wei.answers(rings=1, presses="1")
        desk = desk_of(hotline, "zhang-wei")
        ticket = desk("/tickets", kind="technical", line="guangzhou")
        (limit,) = ticket["promises"]
        assert limit["due_at"][:16] == "2026-10-10T03:40", (
            "20 min of three hours on Friday, the rest on Saturday"
        )
        monday = "2026-10-12T10:00:00+08:00"
        promise = desk("/promises", rule="HL-8", ticket=ticket["number"], number=CUSTOMER, due_at=monday)
        said = hotline.get(f"/promises/{limit['id']}")["explanation"]["en-US"]
        assert any("  2026-10-10 09:00 - 2026-10-10 11:40:" in line for line in said)
        customer = hotline.phone(CUSTOMER)
        customer.will(answers(rings=2, presses="1"))
        passes(hotline, hours=16)
        assert hotline.net.ledger.rings_of(CUSTOMER) == [], "on the Saturday nobody is rung"
        hotline.net.clock.sleep(datetime(2026, 10, 12, 1, 59, 50, tzinfo=UTC) - hotline.work.at())
        meets(hotline, wei)
        (callback,) = hotline.rows(Callback)
        (kept,) = hotline.rows(Promise, Promise.rule == "HL-8")
        assert (callback.state, kept.state) == ("kept", "kept")
        assert kept.settled_at - datetime.fromisoformat(monday) < timedelta(minutes=1)
        assert hotline.get(f"/promises/{promise['id']}")["ticket"] == ticket["number"]
        hotline.assert_clean()

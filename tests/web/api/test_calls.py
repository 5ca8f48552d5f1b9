"""Calls: the list with its filters and pages, who sees which number, one call's story."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from callcenter.callbacks.models import Callback
from callcenter.calls.models import CallWords, Recording
from callcenter.carrier.twin import new_sid
from callcenter.dialing.models import Attempt, CarrierOrder
from callcenter.ledger.models import LedgerEntry
from callcenter.promises.models import Promise
from callcenter.standards.actions import measure_offer
from callcenter.tickets.actions import open_ticket
from tests.doubles import SATURDAY_NOON as NOON
from tests.factories import added, calls, centre, offers
from tests.web.api.conftest import House

CALLER = "+8613800138000"


def listed(client: TestClient, query: str = "") -> list[dict[str, Any]]:
    response = client.get(f"/calls?{query}")
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def answered_by_li(session: Session, house: House) -> Any:
    """Missed by wang after five rings, answered by li on the second: offered twice, waited 40 s."""
    call = calls.queued(session, house.line, NOON, "answered", 40, agent_id=house.li.id)
    waited = offers.wait(session, call, NOON + timedelta(seconds=10))
    missed = calls.leg(session, NOON, ringing=11, ended=36, agent_id=house.wang.id)
    taken = calls.leg(
        session, NOON, ringing=38, answered=45, ended=110, agent_id=house.li.id, call_id=call.id
    )
    first = offers.offer(session, waited, house.wang, NOON + timedelta(seconds=10), missed, state="missed",
                         ended_at=NOON + timedelta(seconds=36))  # fmt: skip
    second = offers.offer(session, waited, house.li, NOON + timedelta(seconds=36), taken, state="ended",
                          connection=2, accepted_at=NOON + timedelta(seconds=46),
                          joined_at=NOON + timedelta(seconds=50),
                          ended_at=NOON + timedelta(seconds=110))  # fmt: skip
    for each in (first, second):
        measure_offer(session, each.id, NOON)
    open_ticket(
        session, kind="technical", channel="phone", line_id=house.line.id, call_id=call.id, customer_id=None,
        language="zh-CN", at=NOON, actor="test",
    )  # fmt: skip
    return call


def test_a_call_in_the_list_carries_what_is_asked_of_it(house: House, supervisor: TestClient) -> None:
    house.given(lambda session: answered_by_li(session, house))
    (call,) = listed(supervisor)
    assert call.pop("id") and call.pop("sid")
    assert call == {
        "direction": "inbound", "from": CALLER, "to": "+862155550100", "line": "hotline",
        "started_at": "2026-11-21T04:00:00Z", "ended_at": "2026-11-21T04:01:50Z", "outcome": "answered",
        "wait_seconds": 40, "agent": "li", "ring_seconds": 7, "rings": 2, "within_three_rings": True,
        "ring_source": "measured", "offers": 2, "first_offer_within_three_rings": False,
        "ticket": "261121001", "language": "zh-CN",
    }  # fmt: skip


def test_a_call_that_nobody_answered_has_no_ring(house: House, supervisor: TestClient) -> None:
    house.given(lambda session: calls.call(session, house.line, NOON, from_number=None, from_raw="anonymous"))
    (call,) = listed(supervisor)
    assert (call["from"], call["outcome"], call["offers"]) == ("anonymous", "open", 0)
    assert [call[name] for name in ("wait_seconds", "agent", "rings", "within_three_rings", "ticket")] == [
        None
    ] * 5


def test_pages_hold_every_call_once_newest_first(house: House, supervisor: TestClient) -> None:
    """Several calls may begin in the same instant: the id decides."""

    def seven(session: Session) -> None:
        for n in range(7):
            calls.call(session, house.line, NOON + timedelta(seconds=n // 3))

    house.given(seven)
    seen, cursor = [], ""
    for _ in range(3):
        page = supervisor.get(f"/calls?limit=3{cursor}").json()
        seen += [(item["started_at"], item["id"]) for item in page["items"]]
        cursor = f"&cursor={page['next']}"
    assert page["next"] is None
    assert len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)


def test_another_installations_cursor_is_refused(house: House, supervisor: TestClient) -> None:
    house.given(lambda session: [calls.call(session, house.line, NOON) for _ in range(2)])
    cursor = supervisor.get("/calls?limit=1").json()["next"]
    forged = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    assert supervisor.get(f"/calls?cursor={cursor}").status_code == 200
    assert supervisor.get(f"/calls?cursor={forged}").status_code == 422


def several(session: Session, house: House) -> None:
    branch = centre.line(session, "branch")
    calls.queued(session, house.line, NOON, "answered", 5, agent_id=house.wang.id, sid="CA" + "1" * 32)
    calls.queued(session, branch, NOON + timedelta(hours=1), "abandoned_short", 2, sid="CA" + "2" * 32,
                 from_number="+12025550100")  # fmt: skip
    calls.waiting(session, house.line, NOON + timedelta(hours=2)).sid = "CA" + "3" * 32
    calls.call(session, house.line, NOON + timedelta(days=1), sid="CA" + "4" * 32, outcome="closed")
    calls.call(session, house.line, NOON, direction="outbound", sid="CA" + "5" * 32, outcome="answered",
               from_number=house.line.number, to_number="+8613900139000")  # fmt: skip


# The last digit of each SID that a filter finds; the line's own number ends in 0100 too.
FILTERS = {
    "line=branch": "2", "agent=wang": "1", "outcome=answered": "15", "outcome=closed,open": "34",
    "from=%2B1 202 555 0100": "2", "from=138 0013 8000": "134", "to=139-0013-9000": "5",
    "direction=outbound": "5", "started_after=2026-11-21T05:00:00Z": "234",
    "started_before=2026-11-21T13:00:00%2B08:00": "15", "day_from=2026-11-22": "4",
    "day_to=2026-11-21": "1235", "queued=true": "123", "queued=true&ended=true": "12",
    "queued=true&short=false": "13", "q=CA11111111111111111111111111111111": "1", "q=0100": "12345",
    "q=13900139000": "5", "q=00": "",
}  # fmt: skip


def test_filters(house: House, supervisor: TestClient) -> None:
    house.given(lambda session: several(session, house))
    found = {
        query: "".join(sorted(item["sid"][2] for item in listed(supervisor, query.replace(" ", "%20"))))
        for query in FILTERS
    }
    assert found == FILTERS


def test_a_call_is_found_by_its_ticket(house: House, supervisor: TestClient) -> None:
    house.given(lambda session: answered_by_li(session, house))
    house.given(lambda session: calls.call(session, house.line, NOON))
    assert [item["ticket"] for item in listed(supervisor, "q=261121001")] == ["261121001"]


def test_calls_behind_the_ring_figures(house: House, supervisor: TestClient) -> None:
    house.given(lambda session: answered_by_li(session, house))
    house.given(lambda session: calls.call(session, house.line, NOON))
    counts = {
        "ring=judged": 1, "ring=measurable": 1, "ring=accepted": 1, "ring=estimated": 0,
        "ring=first_offer_judged": 1, "ring=judged&agent=wang": 1, "ring=accepted&agent=wang": 0,
        "ring=accepted&agent=li": 1,
    }  # fmt: skip
    assert {query: len(listed(supervisor, query)) for query in counts} == counts


def test_an_agent_sees_whole_numbers_of_his_own_calls_only(house: House, wang: TestClient) -> None:
    house.given(lambda session: several(session, house))
    numbers = {item["sid"][2]: (item["from"], item["to"]) for item in listed(wang)}
    line = house.line.number
    assert numbers["1"] == (CALLER, line)
    assert numbers["3"] == ("…8000", line)
    assert numbers["5"] == (line, "…9000")


@pytest.mark.parametrize("query", ["from=13800138000", "q=8000", "q=13800138000"])
def test_an_agent_cannot_find_out_numbers_by_searching(house: House, wang: TestClient, query: str) -> None:
    house.given(lambda session: several(session, house))
    assert [item["sid"][2] for item in listed(wang, query)] == ["1"]


def a_whole_story(session: Session, house: House) -> Any:
    call = answered_by_li(session, house)
    pressed = calls.event(session, call, "turn", NOON + timedelta(seconds=6), detail={"step": "menu"})
    document = "<Response><Say voice='x'>您的工单号是 &amp; 请稍候。</Say><Enqueue>q</Enqueue></Response>"
    session.add(CallWords(event_id=pressed.id, heard={"type": "Pressed", "digits": "1"}, document=document))
    caller = calls.leg(session, NOON, "caller", sid=call.sid, call_id=call.id, answered=0, ended=110)
    order = {"key": "k", "verb": "redirect", "sid": caller.sid, "state": "done", "tries": 1}
    session.add(CarrierOrder(**order, created_at=NOON, bell_at=NOON, done_at=NOON))
    session.add(Recording(sid=new_sid("RE"), call_id=call.id, kind="message", seconds=12, created_at=NOON))
    callback = added(session, Callback(
        number=CALLER, line_id=house.line.id, skill_id=centre.skill(session), language="zh-CN",
        state="booked", created_at=NOON, created_by="ivr", due_at=NOON + timedelta(hours=1),
        next_try_at=NOON, origin_call_id=call.id,
    ))  # fmt: skip
    session.add(Promise(
        rule="HL-8", subject_kind="callback", subject_id=callback.id, made_at=NOON, state="open", why={},
        due_at=callback.due_at, grace_seconds=600,
    ))  # fmt: skip
    session.add(Attempt(
        purpose_kind="callback", purpose_id=callback.id, target=CALLER, to_address=CALLER,
        from_number=house.line.number, timeout_seconds=30, state="ended", created_at=NOON, bell_at=NOON,
        sent_at=NOON + timedelta(minutes=5),
    ))  # fmt: skip
    return call


def test_the_story_tells_everything(house: House, supervisor: TestClient) -> None:
    house.given(lambda session: a_whole_story(session, house))
    (item,) = listed(supervisor)
    story = supervisor.get(f"/calls/{item['id']}").json()
    assert {name: story[name] for name in item} == item
    assert sorted(leg["role"] for leg in story["legs"]) == ["agent", "agent", "caller"]
    offered = [(o["agent"], o["state"], o["ring"]["rings"], o["ring"]["within"]) for o in story["offer_list"]]
    assert offered == [("wang", "missed", 6, False), ("li", "ended", 2, True)]
    assert {p["rule"] for p in story["promises"]} == {"HL-8", "HL-9"}
    assert [c["number"] for c in story["callbacks"]] == [CALLER]
    assert [r["seconds"] for r in story["recordings"]] == [12]
    assert [a["to"] for a in story["attempts"]] == [CALLER]
    assert [o["verb"] for o in story["orders"]] == ["redirect"]
    assert story["tickets"] == ["261121001"]


def test_the_timeline_is_one_list_by_time(house: House, supervisor: TestClient) -> None:
    house.given(lambda session: a_whole_story(session, house))
    (item,) = listed(supervisor)
    timeline = supervisor.get(f"/calls/{item['sid']}").json()["timeline"]
    seconds = [moment["at"][:19] for moment in timeline]
    assert seconds == sorted(seconds)
    assert {moment["kind"] for moment in timeline} == {
        "arrived", "turn", "offer.made", "offer.missed", "offer.accepted", "offer.joined", "offer.ended",
        "order.redirect", "attempt",
    }  # fmt: skip
    (turn,) = [moment for moment in timeline if moment["kind"] == "turn"]
    assert turn["heard"] == {"type": "Pressed", "digits": "1"}
    assert turn["said"] == ["您的工单号是 & 请稍候。"]


def test_inside_a_second_things_stand_as_they_were_learned(house: House, supervisor: TestClient) -> None:
    """The carrier says "12:00:00" of what we were told after a key that was pressed at 12:00:00.4."""

    def rows(session: Session) -> None:
        call = calls.call(session, house.line, NOON)
        for kind, at, recorded in (("turn", 0.4, 0.4), ("conference", 0, 0.9), ("status", 0, 0.2)):
            stamp, learned = NOON + timedelta(seconds=at), NOON + timedelta(seconds=recorded)
            calls.event(session, call, kind, stamp, recorded_at=learned)

    house.given(rows)
    timeline = supervisor.get(f"/calls/{listed(supervisor)[0]['id']}").json()["timeline"]
    assert [moment["kind"] for moment in timeline] == ["arrived", "status", "turn", "conference"]


def test_who_reads_a_story_is_written_down(house: House, supervisor: TestClient) -> None:
    house.given(lambda session: calls.call(session, house.line, NOON))
    (item,) = listed(supervisor)
    supervisor.get(f"/calls/{item['sid']}")
    with house.work.db.reading() as session:
        read = session.scalars(sa.select(LedgerEntry).where(LedgerEntry.action == "call.read")).one()
    assert (read.actor[:6], read.subject_kind, read.subject_id) == ("token:", "call", item["id"])


def test_an_agent_reads_the_stories_of_calls_that_he_took(house: House, wang: TestClient) -> None:
    house.given(lambda session: answered_by_li(session, house))
    (item,) = listed(wang)
    assert wang.get(f"/calls/{item['id']}").status_code == 403
    with house.client("agent", house.li) as li:
        assert li.get(f"/calls/{item['id']}").json()["from"] == CALLER
    with house.work.db.reading() as session:
        actors = session.scalars(sa.select(LedgerEntry.actor).where(LedgerEntry.action == "call.read")).all()
    assert actors == ["agent:li"]


@pytest.mark.parametrize("name", ["CA" + "f" * 32, "0" * 32, "x", "%00", "王"])
def test_a_call_that_is_not_there(supervisor: TestClient, name: str) -> None:
    assert supervisor.get(f"/calls/{name}").status_code == 404

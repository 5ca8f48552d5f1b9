"""Waiting in a queue, and every way out of it."""

import pytest

from callcenter.simulator import Handset, Network
from tests.simulator.app import App
from tests.simulator.asking import redirect, rest
from tests.simulator.conftest import AGENT, CALLER, HOTLINE

WAIT = "<Say>Please wait.</Say><Play>/music.wav</Play>"


def waiting(
    net: Network, app: App, enqueue: str = '<Enqueue action="/left" waitUrl="/wait">support</Enqueue>'
) -> Handset:
    """Return a caller who hears that he waits."""
    app.pages |= {"/voice": enqueue + "<Say>Behind the queue.</Say>", "/left": "<Say>You have left.</Say>"}
    app.pages.setdefault("/wait", WAIT)
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("Please wait.")
    return caller


# Twilio, "<Enqueue>": waitUrl is requested again whenever it runs out of verbs, with the place in the queue.
def test_the_waiting_document_is_asked_for_again_and_again(net: Network, app: App) -> None:
    caller = waiting(net, app)
    caller.waits(65)
    told = app.told("/wait")
    assert len(told) == 4
    assert [t["QueuePosition"] for t in told] == ["1"] * 4
    assert [t["CurrentQueueSize"] for t in told] == ["1"] * 4
    assert [t["QueueTime"] for t in told] == ["0", "21", "42", "63"]
    assert set(told[0]) >= {"QueueSid", "AvgQueueTime", "MaxQueueSize"}
    assert caller.silences() == []


# Twilio, "<Enqueue>": on Leave the action is requested at once, with QueueResult=leave.
def test_leave_goes_to_the_action_at_once(net: Network, app: App) -> None:
    app.pages["/wait"] = (
        '<Gather numDigits="1" action="/key"><Say>Please wait. For a callback press 1.</Say></Gather>'
    )
    app.pages["/key"] = "<Leave/>"
    caller = waiting(net, app)
    caller.press("1")
    caller.hears("You have left.", within=1)
    [left] = app.told("/left")
    assert (left["QueueResult"], left["QueueTime"]) == ("leave", "0")
    assert left["QueueSid"].startswith("QU")
    assert app.told("/key")[0]["Digits"] == "1"


# Twilio, "<Enqueue>": QueueResult=hangup when the caller has gone; telephony.md 11, 7: bookkeeping only.
def test_a_caller_who_hangs_up_leaves_a_request_that_cannot_be_answered(net: Network, app: App) -> None:
    caller = waiting(net, app)
    caller.hangs_up()
    [left] = app.told("/left")
    assert (left["QueueResult"], left["CallStatus"]) == ("hangup", "completed")
    caller.waits(5)
    assert not caller.heard("You have left.")


# Twilio, "Call resource": redirecting a queued call fires the Enqueue action at once with `redirected`.
def test_a_redirected_caller_leaves_the_queue_for_the_new_document(net: Network, app: App) -> None:
    app.pages["/elsewhere"] = "<Say>Somewhere else.</Say>"
    caller = waiting(net, app)
    assert redirect(net, caller.sid, "/elsewhere")[0] == 200
    caller.hears("Somewhere else.", within=1)
    assert [left["QueueResult"] for left in app.told("/left")] == ["redirected"]
    assert not caller.heard("You have left.")


# Twilio, "Queue Member": POST with Url dequeues; by SID only, a friendly name is not found.
def test_a_member_is_dequeued_by_rest(net: Network, app: App) -> None:
    app.pages["/elsewhere"] = "<Say>Somewhere else.</Say>"
    caller = waiting(net, app)
    [queue] = rest(net, "GET", "Queues.json")[1]["queues"]
    assert (queue["friendly_name"], queue["current_size"]) == ("support", 1)
    assert rest(net, "GET", "Queues/support/Members.json")[0] == 404
    [member] = rest(net, "GET", f"Queues/{queue['sid']}/Members.json")[1]["queue_members"]
    assert (member["call_sid"], member["position"]) == (caller.sid, 1)
    url = ("Url", "https://hotline.example.com/elsewhere")
    assert rest(net, "POST", f"Queues/{queue['sid']}/Members/Front.json", url)[0] == 200
    caller.hears("Somewhere else.")
    assert rest(net, "GET", f"Queues/{queue['sid']}.json")[1]["current_size"] == 0


# Twilio, "<Enqueue>": queue-full; without an action the next verb runs.
def test_a_full_queue_takes_nobody(net: Network, app: App) -> None:
    full = '<Enqueue action="/left" waitUrl="/wait" maxQueueSize="1">support</Enqueue>'
    waiting(net, app, full)
    other = net.phone(AGENT).dials(HOTLINE)
    other.hears("You have left.")
    assert [left["QueueResult"] for left in app.told("/left")] == ["queue-full"]


def test_without_an_action_the_next_verb_runs(net: Network, app: App) -> None:
    app.pages["/wait"] = "<Say>Please wait.</Say><Leave/>"
    caller = waiting(net, app, '<Enqueue waitUrl="/wait">support</Enqueue>')
    caller.hears("Behind the queue.")


# Twilio, "<Enqueue>": without waitUrl the default music; an empty string is silence.
@pytest.mark.parametrize(("attribute", "silent"), [("", False), ('waitUrl=""', True)])
def test_the_music_is_the_networks_own_or_none(net: Network, app: App, attribute: str, silent: bool) -> None:
    app.pages["/voice"] = f"<Enqueue {attribute}>support</Enqueue>"
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.waits(30)
    assert bool(caller.silences()) is silent


# Twilio, "<Queue>": `url` runs on the queued caller with DequeingCallSid; the Enqueue action comes only after
# the bridge, with `bridged`.
def test_a_dial_takes_the_first_caller_out(net: Network, app: App) -> None:
    caller = waiting(net, app)
    app.pages["/voice"] = '<Dial action="/dialled"><Queue url="/announce">support</Queue></Dial>'
    app.pages |= {"/announce": "<Say>You will be connected.</Say>", "/dialled": "<Hangup/>"}
    agent = net.phone(AGENT).dials(HOTLINE)
    caller.hears("You will be connected.")
    assert app.told("/announce")[0]["DequeingCallSid"] == agent.sid
    caller.talks_with(agent)
    assert app.told("/left") == []
    caller.waits(10)
    agent.hangs_up()
    caller.hears("You have left.")
    assert [left["QueueResult"] for left in app.told("/left")] == ["bridged"]


# Twilio, "<Queue>": a missing queue posts an error to the action; an empty one waits until Dial's timeout.
def test_a_dial_into_a_missing_queue_fails(net: Network, app: App) -> None:
    app.pages["/voice"] = '<Dial action="/dialled"><Queue>nobody</Queue></Dial>'
    app.pages["/dialled"] = "<Hangup/>"
    net.phone(AGENT).dials(HOTLINE).ends()
    assert app.told("/dialled")[0]["DialCallStatus"] == "failed"


# telephony.md, section 4: a waiting document may hold Play, Say, Pause, Hangup, Redirect, Leave, Gather only.
def test_other_verbs_in_a_waiting_document_are_found_and_passed_over(doubted: Network, app: App) -> None:
    app.pages["/wait"] = "<Dial>+8613900139001</Dial><Say>Please wait.</Say>"
    waiting(doubted, app)
    assert [(f.code, f.message) for f in doubted.warnings] == [
        (12200, "<Dial> is not allowed in a queue document.")
    ]
    assert doubted.ledger.rings == []


def test_a_failing_waiting_document_leaves_the_queue_with_an_error(doubted: Network, app: App) -> None:
    caller = waiting(doubted, app)
    del app.pages["/wait"]
    caller.hears("You have left.", within=30)
    assert app.told("/left")[0]["QueueResult"] == "error"
    assert [f.code for f in doubted.warnings] == [11200]

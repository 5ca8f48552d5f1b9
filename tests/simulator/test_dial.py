"""Dial to telephones: who rings, who wins, what the action is told."""

import pytest

from callcenter.simulator import Network, answers, busy, declines, rings_out, unreachable, voicemail
from callcenter.simulator.behaviours import Behaviour
from tests.simulator.app import App
from tests.simulator.asking import redirect
from tests.simulator.conftest import AGENT, CALLER, HOTLINE

OTHER = "+8613900139002"
AFTER = "<Say>Behind the dial.</Say>"


def dialling(app: App, dial: str) -> None:
    """Let the application dial."""
    app.pages |= {"/voice": dial, "/after": AFTER, "/leg": ""}


# Twilio, "<Dial>": DialCallStatus, DialCallSid, DialCallDuration, DialBridged.
def test_the_action_is_told_of_a_talk(net: Network, app: App) -> None:
    dialling(app, f'<Dial action="/after">{AGENT}</Dial>')
    net.phone(AGENT).answers(4)
    caller = net.phone(CALLER).dials(HOTLINE)
    agent = caller.talks_with(net.phone(AGENT).phone)
    caller.waits(30)
    agent.hangs_up()
    caller.hears("Behind the dial.")
    [after] = app.told("/after")
    assert (after["DialCallStatus"], after["DialBridged"], after["DialCallDuration"]) == (
        "completed",
        "true",
        "30",
    )
    assert after["DialCallSid"] == agent.sid
    assert agent.call.from_ == CALLER
    assert caller.silences() == []


# Twilio, "<Dial>": Twilio adds 5 s to the timeout; `no-answer`, `busy`, `failed`.
@pytest.mark.parametrize(
    ("behaviour", "status"),
    [(rings_out(), "no-answer"), (busy(), "busy"), (unreachable(), "failed"), (declines(3), "busy")],
)
def test_the_action_is_told_why_nobody_came(
    net: Network, app: App, behaviour: Behaviour, status: str
) -> None:
    dialling(app, f'<Dial action="/after" timeout="10">{AGENT}</Dial>')
    net.phone(AGENT).will(behaviour)
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("Behind the dial.")
    [after] = app.told("/after")
    assert (after["DialCallStatus"], after["DialBridged"]) == (status, "false")
    if status == "no-answer":
        [ring] = net.ledger.rings_of(AGENT)
        assert ring.seconds == 14.0


# Twilio, "<Dial>": without an action the next verb runs.
def test_without_an_action_the_next_verb_runs(net: Network, app: App) -> None:
    dialling(app, f"<Dial>{AGENT}</Dial><Say>Nobody is there.</Say>")
    net.phone(AGENT).is_busy()
    net.phone(CALLER).dials(HOTLINE).hears("Nobody is there.")


# Twilio, "<Number>": up to ten ring at once, the first answer wins, the rest are hung up.
def test_the_first_answer_wins_and_the_others_stop_ringing(net: Network, app: App) -> None:
    dialling(app, f"<Dial><Number>{AGENT}</Number><Number>{OTHER}</Number><Client>abc</Client></Dial>")
    net.phone(AGENT).rings_out()
    net.phone(OTHER).answers(6)
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.talks_with(net.phone(OTHER).phone)
    assert [(r.to, r.result, r.seconds) for r in net.ledger.rings] == [
        (AGENT, "canceled", 6.0),
        (OTHER, "answered", 6.0),
        ("client:abc", "canceled", 6.0),
    ]


# Twilio, "<Dial sequential>": one target after the other.
def test_sequential_targets_ring_in_turn(net: Network, app: App) -> None:
    dialling(
        app, f'<Dial sequential="true" timeout="5"><Number>{AGENT}</Number><Number>{OTHER}</Number></Dial>'
    )
    net.phone(OTHER).answers(2)
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.talks_with(net.phone(OTHER).phone)
    first, second = net.ledger.rings
    assert (first.to, first.result, second.to, second.result) == (AGENT, "no-answer", OTHER, "answered")
    assert first.ended is not None
    assert second.started >= first.ended


# Twilio, "<Number url>": the screen runs on the callee before bridging; hanging up there is `completed`
# without a bridge (telephony.md 11, 4).
def test_a_screened_callee_must_accept(net: Network, app: App) -> None:
    dialling(app, f'<Dial action="/after"><Number url="/screen">{AGENT}</Number></Dial>')
    app.pages |= {
        "/screen": '<Gather numDigits="1" action="/accept"><Say>Press 1 to accept.</Say></Gather><Hangup/>',
        "/accept": "",
    }
    net.phone(AGENT).will(voicemail(3), answers(3, presses="1"))
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("Behind the dial.")
    [after] = app.told("/after")
    assert (after["DialCallStatus"], after["DialBridged"]) == ("completed", "false")
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.talks_with(net.phone(AGENT).phone)
    assert app.told("/accept")[0]["ParentCallSid"] == caller.sid


# Twilio, "<Dial answerOnBridge>": the inbound leg keeps ringing; telephony.md 11, 13: it still gets its end.
def test_answer_on_bridge_keeps_the_caller_ringing(net: Network, app: App) -> None:
    dialling(app, f'<Dial answerOnBridge="true">{AGENT}</Dial>')
    caller = net.phone(CALLER).dials(HOTLINE)
    net.phone(AGENT).rings()
    assert caller.status == "ringing"
    caller.hangs_up()
    [final] = app.told("/status")
    assert final["CallStatus"] == "no-answer"
    assert net.ledger.rings_of(AGENT)[0].result == "canceled"
    net.phone(AGENT).answers(2)
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.talks_with(net.phone(AGENT).phone)
    assert caller.status == "in-progress"


# telephony.md 11, 5: a caller who hangs up during Dial; the action's TwiML cannot run.
def test_a_caller_who_hangs_up_ends_the_callee_too(net: Network, app: App) -> None:
    dialling(app, f'<Dial action="/after">{AGENT}</Dial>')
    net.phone(AGENT).answers(2)
    caller = net.phone(CALLER).dials(HOTLINE)
    agent = caller.talks_with(net.phone(AGENT).phone)
    caller.hangs_up()
    assert agent.ended
    assert [(a["CallStatus"], a["DialCallStatus"]) for a in app.told("/after")] == [
        ("completed", "completed")
    ]
    assert not caller.heard("Behind the dial.")


# Twilio, "<Dial hangupOnStar>": the caller's `*` drops the other leg; timeLimit ends the talk.
@pytest.mark.parametrize("attribute", ['hangupOnStar="true"', 'timeLimit="20"'])
def test_a_talk_is_ended_by_star_or_by_its_limit(net: Network, app: App, attribute: str) -> None:
    dialling(app, f'<Dial action="/after" {attribute}>{AGENT}</Dial>')
    net.phone(AGENT).answers(2)
    caller = net.phone(CALLER).dials(HOTLINE)
    agent = caller.talks_with(net.phone(AGENT).phone)
    caller.press("1*")
    caller.hears("Behind the dial.", within=21)
    assert agent.ended


# Twilio, "<Number statusCallback>": the child's callbacks carry its CallSid and ParentCallSid.
def test_the_childs_progress_is_told_with_its_parent(net: Network, app: App) -> None:
    events = 'statusCallbackEvent="initiated ringing answered completed"'
    dialling(
        app, f'<Dial callerId="{HOTLINE}"><Number statusCallback="/leg" {events}>{AGENT}</Number></Dial>'
    )
    net.phone(AGENT).answers(4, presses="1")
    caller = net.phone(CALLER).dials(HOTLINE)
    agent = caller.talks_with(net.phone(AGENT).phone)
    caller.hangs_up()
    told = app.told("/leg")
    assert [t["CallStatus"] for t in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert {t["ParentCallSid"] for t in told} == {caller.sid}
    assert {t["CallSid"] for t in told} == {agent.sid}
    assert {t["From"] for t in told} == {HOTLINE}
    assert told[0]["Direction"] == "outbound-dial"


# Twilio, "<Dial>": the duration is missing when the child was redirected.
def test_a_redirected_child_leaves_its_parent_behind(net: Network, app: App) -> None:
    dialling(app, f'<Dial action="/after">{AGENT}</Dial>')
    app.pages["/elsewhere"] = "<Say>Somewhere else.</Say>"
    net.phone(AGENT).answers(2)
    caller = net.phone(CALLER).dials(HOTLINE)
    agent = caller.talks_with(net.phone(AGENT).phone)
    assert redirect(net, agent.sid, "/elsewhere")[0] == 200
    caller.hears("Behind the dial.")
    agent.hears("Somewhere else.")
    assert "DialCallDuration" not in app.told("/after")[0]


# Twilio, "<Dial record>": the parent's SID, RecordingSource=DialVerb; two channels where dual.
def test_a_talk_is_recorded(net: Network, app: App) -> None:
    record = 'record="record-from-answer-dual" recordingStatusCallback="/recording"'
    dialling(app, f'<Dial action="/after" {record}>{AGENT}</Dial>')
    net.phone(AGENT).answers(2)
    caller = net.phone(CALLER).dials(HOTLINE)
    agent = caller.talks_with(net.phone(AGENT).phone)
    caller.waits(12)
    agent.hangs_up()
    net.run_for(10)
    [told] = app.told("/recording")
    assert (told["CallSid"], told["RecordingSource"]) == (caller.sid, "DialVerb")
    assert (told["RecordingChannels"], told["RecordingDuration"]) == ("2", "12")
    assert app.told("/after")[0]["RecordingUrl"] == told["RecordingUrl"]


# Twilio, "<Sip>": DialSipResponseCode.
def test_a_sip_dial_tells_its_response_code(net: Network, app: App) -> None:
    dialling(app, '<Dial action="/after"><Sip>sip:desk@example.com</Sip></Dial>')
    net.phone("sip:desk@example.com").is_busy()
    net.phone(CALLER).dials(HOTLINE).hears("Behind the dial.")
    assert app.told("/after")[0]["DialSipResponseCode"] == "486"


# Error 13224: a number that cannot be called.
def test_an_uncallable_number_fails(doubted: Network, app: App) -> None:
    dialling(app, '<Dial action="/after">12</Dial>')
    doubted.phone(CALLER).dials(HOTLINE).hears("Behind the dial.")
    assert app.told("/after")[0]["DialCallStatus"] == "failed"
    assert [f.code for f in doubted.warnings] == [13224]

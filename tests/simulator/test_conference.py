"""Conferences: who hears whom, what is told to whom, and how they end."""

from callcenter.simulator import Handset, Network
from tests.simulator.app import HOST, App
from tests.simulator.asking import order, redirect, rest
from tests.simulator.conftest import AGENT, CALLER, HOTLINE

TOLD = 'statusCallback="/conference" statusCallbackEvent="start end join leave"'


def room(attributes: str = "", name: str = "room-1") -> str:
    """Return a Dial into a conference with an action."""
    return f'<Dial action="/after"><Conference {attributes}>{name}</Conference></Dial>'


def joined(net: Network, app: App, caller_page: str, agent_page: str) -> tuple[Handset, Handset]:
    """Return caller and agent, both in the conference."""
    app.pages |= {"/voice": caller_page, "/agent": agent_page, "/after": "<Say>It is over.</Say>"}
    net.phone(AGENT).answers(2)
    caller = net.phone(CALLER).dials(HOTLINE)
    order(net, AGENT)
    agent = caller.talks_with(net.phone(AGENT).phone)
    return caller, agent


def events(app: App) -> list[str]:
    """Return the conference events in order of arrival."""
    return [told["StatusCallbackEvent"] for told in app.told("/conference")]


# Twilio, "<Conference>": join, start (two inside, one with start=true), leave, end; SequenceNumber orders.
def test_the_callbacks_tell_the_conferences_life(net: Network, app: App) -> None:
    caller, agent = joined(net, app, room(TOLD), room('endConferenceOnExit="true" participantLabel="agent"'))
    caller.waits(10)
    agent.hangs_up()
    caller.hears("It is over.")
    expected = ["participant-join", "participant-join", "conference-start"]
    assert events(app) == [*expected, "participant-leave", "participant-leave", "conference-end"]
    told = app.told("/conference")
    assert [t["SequenceNumber"] for t in told] == ["1", "2", "3", "4", "5", "6"]
    assert len({t["ConferenceSid"] for t in told}) == 1
    join = told[1]
    assert (join["CallSid"], join["ParticipantLabel"]) == (agent.sid, "agent")
    assert (join["EndConferenceOnExit"], join["Muted"], join["Hold"]) == ("true", "false", "false")
    leave, end = told[3], told[5]
    assert (leave["ReasonParticipantLeft"], leave["CallSid"]) == ("participant_hung_up", agent.sid)
    assert (leave["ParticipantCallStatus"], end["CallSidEndingConference"]) == ("completed", agent.sid)
    assert end["ReasonConferenceEnded"] == "participant-with-end-conference-on-exit-left"


# Twilio, "<Conference>": callback and events are the first participant's, later ones are ignored.
def test_only_the_first_participant_decides_who_is_told(net: Network, app: App) -> None:
    caller, _ = joined(net, app, room('statusCallback="/conference" statusCallbackEvent="join"'), room(TOLD))
    caller.waits(1)
    assert events(app) == ["participant-join", "participant-join"]


# Twilio, "<Dial>": DialCallStatus=answered is of conferences; DialCallSid and DialCallDuration are missing.
def test_the_action_after_a_conference_has_no_child(net: Network, app: App) -> None:
    caller, agent = joined(net, app, room(), room('endConferenceOnExit="true"'))
    agent.hangs_up()
    caller.hears("It is over.")
    after = {told["CallSid"]: told for told in app.told("/after")}
    assert after[caller.sid]["DialCallStatus"] == "answered"
    assert not {"DialCallSid", "DialCallDuration"} & set(after[caller.sid])


# Twilio, "<Conference>": without endConferenceOnExit the others stay, here alone and in silence.
def test_who_stays_alone_hears_nothing(net: Network, app: App) -> None:
    caller, agent = joined(net, app, room(), room())
    agent.hangs_up()
    caller.waits(10)
    assert not caller.ended
    assert caller.silences() != []
    assert "silence (alone in the conference)" in caller.transcript()


# Twilio, "<Conference>": startConferenceOnEnter=false waits with music until somebody may start.
def test_music_until_somebody_may_start(net: Network, app: App) -> None:
    app.pages |= {"/voice": room('startConferenceOnEnter="false"'), "/after": ""}
    first, second = net.phone(CALLER).dials(HOTLINE), net.phone(AGENT).dials(HOTLINE)
    first.waits(20)
    assert not first.talking
    assert first.silences() == []
    app.pages["/voice"] = room()
    third = net.phone("+8613700137000").dials(HOTLINE)
    first.talks_with(third)
    assert {call.sid for call in first.partners()} == {second.sid, third.sid}


# Twilio, "<Conference>": waitUrl plays once, then silence; an empty one is silence from the start.
def test_waiting_music_of_a_conference_plays_once(net: Network, app: App) -> None:
    app.pages |= {"/voice": room('waitUrl="/hold"'), "/hold": "<Play>/music.wav</Play>", "/after": ""}
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.waits(60)
    assert len(app.told("/hold")) == 1
    [(began, _)] = caller.silences()
    assert 20 < began < 22


# Twilio, "Call resource": a participant redirected by REST leaves the conference for the new document.
def test_a_redirected_participant_leaves(net: Network, app: App) -> None:
    app.pages["/elsewhere"] = "<Say>Somewhere else.</Say><Pause length='60'/>"
    caller, agent = joined(net, app, room(TOLD), room())
    assert redirect(net, caller.sid, "/elsewhere")[0] == 200
    caller.hears("Somewhere else.", within=1)
    assert not agent.talking
    assert app.told("/conference")[-1]["ReasonParticipantLeft"] == "participant_updated_via_api"
    assert app.told("/after") == []


# Twilio, "Conference Participant": hold plays music to the held one; DELETE takes a leg out of its Dial.
def test_participants_are_held_muted_and_taken_out_by_rest(net: Network, app: App) -> None:
    caller, agent = joined(
        net, app, room('statusCallback="/conference" statusCallbackEvent="hold mute modify"'), room()
    )
    [conference] = rest(net, "GET", "Conferences.json")[1]["conferences"]
    assert (conference["friendly_name"], conference["status"]) == ("room-1", "in-progress")
    path = f"Conferences/{conference['sid']}/Participants"
    assert len(rest(net, "GET", f"{path}.json")[1]["participants"]) == 2
    held = rest(net, "POST", f"{path}/{caller.sid}.json", ("Hold", "true"), ("Muted", "true"))
    assert (held[1]["hold"], held[1]["muted"]) == (True, True)
    caller.waits(5)
    assert (caller.talking, agent.talking) == (False, False)
    assert set(events(app)) == {"participant-mute", "participant-hold"}
    rest(net, "POST", f"{path}/{caller.sid}.json", ("Hold", "false"), ("EndConferenceOnExit", "true"))
    assert caller.talking
    caller.waits(1)
    assert events(app)[2:] == ["participant-unhold", "participant-modify"]
    assert rest(net, "DELETE", f"{path}/{caller.sid}.json") == (204, None)
    caller.hears("It is over.")
    assert rest(net, "GET", f"{path}/{caller.sid}.json")[0] == 404


# Twilio, "<Conference coach>": a coach is heard only by whom he coaches; a muted one by nobody.
def test_a_coach_is_heard_by_the_coached_only(net: Network, app: App) -> None:
    caller, agent = joined(net, app, room(), room())
    app.pages["/voice"] = room(f'coach="{agent.sid}"')
    coach = net.phone("+8613700137000").dials(HOTLINE)
    coach.waits(3)
    heard_by = {handset.sid: {call.sid for call in handset.partners()} for handset in (caller, agent, coach)}
    assert heard_by[caller.sid] == {agent.sid}
    assert heard_by[agent.sid] == {caller.sid, coach.sid}
    assert heard_by[coach.sid] == {caller.sid, agent.sid}
    app.pages["/voice"] = room('muted="true"')
    listener = net.phone("+8613700137001").dials(HOTLINE)
    listener.waits(3)
    assert len(listener.partners()) == 2
    assert "7001" not in caller.transcript()


# Error 13240: the coached call does not exist.
def test_a_coach_of_nobody_fails(doubted: Network, app: App) -> None:
    app.pages |= {"/voice": room('coach="CA0"'), "/after": ""}
    doubted.phone(CALLER).dials(HOTLINE).ends()
    assert app.told("/after")[0]["DialCallStatus"] == "failed"
    assert [f.code for f in doubted.warnings] == [13240]


# Twilio, "Conference": Status=completed ends it for everybody.
def test_a_conference_is_ended_by_rest(net: Network, app: App) -> None:
    caller, agent = joined(net, app, room(TOLD), room())
    [conference] = rest(net, "GET", "Conferences.json")[1]["conferences"]
    rest(net, "POST", f"Conferences/{conference['sid']}.json", ("Status", "completed"))
    caller.hears("It is over.")
    agent.hears("It is over.")
    assert app.told("/conference")[-1]["ReasonConferenceEnded"] == "conference-ended-via-api"


# Twilio, "Conference Participant: create": dials somebody into the conference.
def test_a_participant_is_invited_by_rest(net: Network, app: App) -> None:
    app.pages |= {"/voice": room(), "/after": ""}
    net.phone(AGENT).answers(2)
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.waits(2)
    status, invited = rest(
        net,
        "POST",
        "Conferences/room-1/Participants.json",
        ("From", HOTLINE),
        ("To", AGENT),
        ("Label", "agent"),
    )
    assert (status, invited["status"], invited["label"]) == (201, "queued", "agent")
    agent = caller.talks_with(net.phone(AGENT).phone)
    assert agent.sid == invited["call_sid"]


# Error 16025: a participant label must be unique in its conference.
def test_a_label_taken_twice_is_found(doubted: Network, app: App) -> None:
    joined(doubted, app, room('participantLabel="x"'), room('participantLabel="x"'))
    assert [f.code for f in doubted.warnings] == [16025]


# Twilio, "<Conference>": record-from-start; the callback carries ConferenceSid, RecordingSource=Conference.
def test_a_conference_is_recorded(net: Network, app: App) -> None:
    recorded = 'record="record-from-start" recordingStatusCallback="/recording" endConferenceOnExit="true"'
    caller, _ = joined(net, app, room(recorded), room('endConferenceOnExit="true"'))
    caller.waits(10)
    caller.hangs_up()
    net.run_for(10)
    [told] = app.told("/recording")
    assert (told["RecordingSource"], told["RecordingStatus"]) == ("Conference", "completed")
    assert told["ConferenceSid"].startswith("CF")
    assert 9 <= int(told["RecordingDuration"]) <= 11
    assert HOST not in told["RecordingUrl"]

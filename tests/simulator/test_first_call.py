"""One call from ring to talk: the example that the journeys are written after."""

import pytest

from callcenter.simulator import Network, NotHeard
from tests.simulator.app import App
from tests.simulator.asking import order, redirect
from tests.simulator.conftest import AGENT, CALLER, HOTLINE

ZH = 'voice="Polly.Zhiyu" language="cmn-CN"'
ROOM = '<Dial action="/after"><Conference endConferenceOnExit="true" waitUrl="">room-1</Conference></Dial>'


def test_a_caller_presses_waits_and_talks_with_the_agent_who_accepts(net: Network, app: App) -> None:
    app.pages |= {
        "/voice": f'<Gather numDigits="1" action="/menu"><Say {ZH}>您好。技术问题请按 1。</Say></Gather>',
        "/menu": '<Enqueue action="/left" waitUrl="/wait">support</Enqueue>',
        "/wait": f"<Say {ZH}>请稍等。</Say><Play>/music.wav</Play>",
        "/left": "",
        "/agent": f'<Gather numDigits="1" action="/accept"><Say {ZH}>热线来电，接听请按 1。</Say></Gather>',
        "/accept": ROOM,
        "/join": ROOM,
        "/after": "<Hangup/>",
    }
    agent = net.phone(AGENT, "王")
    agent.answers(rings=2, presses="1")
    caller = net.phone(CALLER, "张").dials(HOTLINE)

    caller.hears("技术问题请按 1")
    caller.press("1")
    caller.hears("请稍等")
    order(net, AGENT, "/agent")
    agent.rings()
    agent.handset.hears("接听请按 1")
    net.run_until(lambda: len(app.told("/accept")) == 1)
    redirect(net, caller.sid, "/join")
    caller.talks_with(agent.phone)
    caller.waits(60)
    caller.hangs_up()

    assert agent.handset.ended
    [ring] = net.ledger.rings_of(AGENT)
    assert (ring.result, ring.rings, ring.seconds) == ("answered", 2, 6.0)
    assert app.told("/left")[0]["QueueResult"] == "redirected"
    assert caller.silences() == []


def test_a_talk_that_does_not_come_about_is_told_with_the_callers_story(net: Network, app: App) -> None:
    app.pages["/voice"] = f"<Say {ZH}>您好。</Say><Hangup/>"
    caller = net.phone(CALLER).dials(HOTLINE)
    with pytest.raises(NotHeard, match=r"No talk with \+\d+ within 5 s\.[\s\S]*您好"):
        caller.talks_with(net.phone(AGENT), within=5)

"""A call's story for the terminal: heard, pressed, who rang, how often."""

from callcenter.simulator import Network, answers, rings_out
from callcenter.simulator.story import masked, tell
from tests.simulator.app import App
from tests.simulator.asking import order, redirect
from tests.simulator.conftest import AGENT, CALLER, HOTLINE

ROOM = '<Dial><Conference waitUrl="">r</Conference></Dial>'


def test_the_story_of_a_call_names_who_was_rung_and_how_often(net: Network, app: App) -> None:
    app.pages |= {
        "/voice": '<Gather numDigits="1" action="/menu"><Say>Press 1 for help.</Say></Gather>',
        "/menu": '<Enqueue waitUrl="/wait">q</Enqueue>',
        "/wait": "<Play>/music.wav</Play>",
        "/agent": '<Gather numDigits="1" action="/join"><Say>Accept with 1.</Say></Gather>',
        "/join": ROOM,
    }
    net.phone(AGENT, "王").will(rings_out(), answers(rings=2, presses="1"))
    caller = net.phone(CALLER, "张").dials(HOTLINE, presses=("1",))
    caller.waits(3)
    order(net, AGENT, "/agent", ("Timeout", "15"))
    net.run_for(25)
    order(net, AGENT)
    net.run_until(lambda: bool(app.told("/join")))
    redirect(net, caller.sid, "/join")
    caller.talks_with()
    caller.waits(10)
    caller.hangs_up()
    lines = [f"{line.at} {line.text}" for line in tell(net.world, caller.call)]
    wang = "王 (+86 139 … 9001)"
    rung = [line for line in lines if wang in line]
    assert rung[0].endswith(f"rings: {wang}")
    assert f"no-answer: {wang}, ring" in rung[1]
    assert rung[3].endswith(f"answered: {wang}, ring 2, 6 s")
    assert any(line.endswith(f"talking with {wang}") for line in lines)
    assert [line for line in lines if "pressed" in line] == ["00:01 pressed 1"]
    assert lines[0] == "00:00 tone: ring tone"
    assert lines[-1].endswith("ended: completed")


def test_somebody_elses_agent_is_not_in_my_story(net: Network, app: App) -> None:
    app.pages |= {"/voice": ROOM, "/agent": ROOM}
    first = net.phone(CALLER).dials(HOTLINE)
    first.waits(1)
    net.phone(AGENT).answers(2)
    order(net, AGENT)
    first.talks_with(net.phone(AGENT).phone)
    app.pages["/voice"] = '<Dial><Conference waitUrl="">other</Conference></Dial>'
    second = net.phone("+8613700137000").dials(HOTLINE)
    second.waits(5)
    assert "9001" in " ".join(line.text for line in tell(net.world, first.call))
    assert "9001" not in " ".join(line.text for line in tell(net.world, second.call))


def test_the_story_only_grows_at_its_end(net: Network, app: App) -> None:
    app.pages |= {"/voice": "<Say>Hello</Say><Pause length='5'/><Say>Bye</Say>"}
    caller = net.phone(CALLER).dials(HOTLINE)
    before: list[str] = []
    while not caller.ended:
        caller.waits(0.5)
        now = [line.kind for line in tell(net.world, caller.call)]
        assert now[: len(before)] == before
        before = now
    assert before == ["tone", "speech", "silence", "speech", "event"]


def test_numbers_are_masked() -> None:
    assert [masked(a) for a in (AGENT, "+12125550100", "client:abc", "anonymous")] == [
        "+86 139 … 9001",
        "+121 … 0100",
        "client:abc",
        "anonymous",
    ]

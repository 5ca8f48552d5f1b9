"""The page of what is heard, written by the flow itself: `python -m tests.ivr.transcripts` rewrites it."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ivr.asks import (
    AcceptOffer,
    BookCallback,
    CallbackBooked,
    CallbackCancelled,
    CancelCallback,
    FindAgent,
    FindTicket,
    HowLong,
    KeepMessage,
    MessageKept,
    MoveCallback,
    NobodyThere,
    NumberRead,
    OfferGone,
    OfferWon,
    OpenTicket,
    ProposeTimes,
    Queued,
    ReadNumber,
    TakeTicket,
    TicketFound,
    TicketOpened,
    Times,
)
from ivr.hearing import (
    Arrived,
    Hours,
    PickedUp,
    Pressed,
    QueueLeft,
    Recorded,
    Silence,
    Summoned,
    TalkEnded,
)
from tests.ivr.legs import HEAD_OFFICE, SHANGHAI
from tests.ivr.scene import AGENT, CALLER, CUSTOMER, Failure, Scene

PAGE = Path(__file__).parent.parent.parent / "docs" / "transcripts.md"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
NIGHT = datetime(2026, 11, 23, 22, 0, tzinfo=SHANGHAI)
CLOSED = Hours(False, NIGHT, datetime(2026, 11, 24, 9, 0, tzinfo=SHANGHAI))
BRANCH = replace(
    HEAD_OFFICE,
    head_office=False,
    branch={"zh-CN": "成都", "en-US": "Chengdu branch"},
    recording_notice=False,
)
INTRO = """# What is heard · 通话中听到的话

What callers, agents and called customers hear on the main journeys, in both languages. The words come from
`ivr/scripts/` and the order from `ivr/flow/`: the flow itself writes this page, and a test holds it to that.
The company and the numbers are invented. `♪` is the hold music.

来电者、坐席和被回呼的客户在主要流程中听到的话，中英文对照。用词取自 `ivr/scripts/`，顺序取自 `ivr/flow/`：
本页由流程自动生成，由测试保证一致。公司与号码均为虚构。`♪` 表示等候音乐。
"""


def calls(**changes: Any) -> Arrived:
    """A caller of the head office during the hours."""
    usual = {"line": HEAD_OFFICE, "hours": Hours(True, NOW), "number": "+8613800138000"}
    return Arrived(**usual | changes)


def answers_phone(**changes: Any) -> PickedUp:
    """An agent who picks up."""
    usual = {"line": HEAD_OFFICE, "language": "zh-CN", "matter": "technical", "purpose": "offer"}
    return PickedUp(**usual | changes)


def opens(number: str) -> dict[type, Any]:
    """The number of the ticket that is opened."""
    return {OpenTicket: TicketOpened(number)}


BOOKED = CallbackBooked("138 0013 8000", NOW + timedelta(hours=1), NOW)
TOMORROW = CallbackBooked("138 0013 8000", CLOSED.next_opening + timedelta(hours=1), NIGHT)  # type: ignore[operator]
TIMES = Times(
    NOW, NOW + timedelta(hours=1), (NOW + timedelta(hours=5), NOW.replace(day=24, hour=9, minute=30))
)
READ = NumberRead("+8613800138000", "138 0013 8000", TIMES)
LATER = Times(NIGHT, TOMORROW.due, (NIGHT.replace(day=24, hour=15), NIGHT.replace(day=25, hour=9, minute=30)))
PLACES = [Queued(3, 3, 5, True), Queued(3, 3, 5, True), Queued(2, 2, 3, True)]
WORSE = [Queued(2, 2, 3, False), Queued(3, 3, 5, False, "overtaken"), Queued(3, 6, 9, True, "fewer_agents")]
ENDS = (Summoned(1, "room"), TalkEnded("answered"))

SCENES: tuple[Scene, ...] = (
    Scene(
        CALLER,
        calls(),
        (Pressed("1"), Silence(), *ENDS),
        {**opens("261123001"), HowLong: Queued(1, 1, 2, False)},
        title=("接通", "Answered"),
        note=("坐席按 1 才算接听；语音信箱不会按键。", "Only a key accepts: a voicemail presses none."),
    ),
    Scene(AGENT, answers_phone(name="x", waited_seconds=70), (Pressed("1"),)),
    Scene(
        CALLER,
        calls(name="x", ticket="261121001", ticket_kind="technical", promised=NOW + timedelta(hours=5)),
        (Pressed("1"), Silence(), *ENDS),
        {TakeTicket: TicketOpened("261121001"), HowLong: Queued(1, 1, 2, False)},
        title=("认识的来电者", "A caller whom we know"),
        note=(
            "未结的服务单先于菜单；按 2 听菜单。来电者接通坐席后，约好的回电即算兑现，不再拨打。",
            "The open ticket comes before the menu; 2 leads to the menu. A talk keeps the promised call.",
        ),
    ),
    Scene(AGENT, answers_phone(name="x", waited_seconds=70, promised=True), (Pressed("1"),)),
    Scene(
        CALLER,
        calls(ticket="261121001", ticket_kind="technical", promised=NOW - timedelta(hours=1)),
        (Pressed("2"),),
        title=("约好的回电误了时间", "A promised call that is overdue"),
    ),
    Scene(
        CALLER,
        calls(name="x", promised=NOW + timedelta(hours=1), asked=True, their_now=NOW),
        (Pressed("9"), Pressed("2"), Pressed("3")),
        {ProposeTimes: TIMES, MoveCallback: replace(BOOKED, due=TIMES.others[1], chosen=True)},
        title=("约好回电的客户来电改时间", "A customer who is owed a call moves it"),
    ),
    Scene(
        CALLER,
        calls(name="x", promised=TIMES.others[0], asked=True, their_now=NOW, chosen=True),
        (Pressed("9"), Pressed("3")),
        {CancelCallback: CallbackCancelled()},
        title=("约好回电的客户取消回电", "A customer who is owed a call cancels it"),
    ),
    Scene(
        CALLER,
        calls(),
        (
            Pressed("1"),
            Silence(),
            Silence(),
            Silence(),
            Pressed("1"),
            QueueLeft("leave"),
            *([Pressed("1")] * 2),
        ),
        {**opens("261123002"), HowLong: PLACES, ReadNumber: READ, BookCallback: BOOKED},
        skips=1,
        title=("排队改回呼，回呼兑现", "A callback instead of waiting, booked and kept"),
    ),
    Scene(
        AGENT,
        answers_phone(name="x", waited_seconds=600),
        (Pressed("1"),),
        {AcceptOffer: OfferWon("room", True)},
    ),
    Scene(
        CUSTOMER, answers_phone(purpose="callback", matter="callback"), (Pressed("1"), TalkEnded("answered"))
    ),
    Scene(
        CALLER,
        calls(),
        (Pressed("1"), Silence(), Silence(), Silence()),
        {**opens("261123008"), HowLong: WORSE},
        skips=1,
        title=("排队变慢，说明原因", "The line gets slower, and the reason is said"),
    ),
    Scene(
        CALLER,
        calls(line=BRANCH, hours=CLOSED),
        (Silence(), Silence(), Silence()),
        {**opens("261123003"), BookCallback: TOMORROW},
        title=("下班时间，没有按键", "Closed, no key pressed"),
        note=(
            "第三次之后按来电号码约好回电。",
            "After the third one a callback to the caller's number is promised.",
        ),
    ),
    Scene(
        CALLER,
        calls(line=BRANCH, hours=CLOSED, number=None),
        (Silence(), Silence(), Silence(), Silence(), Silence()),
        title=("下班时间，号码未显示，一直不说话", "Closed, the number withheld, nothing said"),
    ),
    Scene(
        CALLER,
        calls(line=BRANCH, hours=CLOSED),
        (Pressed("1"), Pressed("2"), Pressed("13900139001"), Pressed("1"), Pressed("2")),
        {
            **opens("261123003"),
            ReadNumber: [
                NumberRead("+8613800138000", "138 0013 8000"),
                NumberRead("+8613900139001", "139 0013 9001", LATER),
            ],
            BookCallback: replace(TOMORROW, spoken="139 0013 9001", due=LATER.others[0], chosen=True),
        },
        title=(
            "下班时间，换一个号码约回呼，自选时间",
            "Closed, a callback to another number at a chosen time",
        ),
    ),
    Scene(
        CALLER,
        calls(),
        (Pressed("3"), Silence()),
        {**opens("261123004"), HowLong: Queued(1, 1, 1, False)},
        skips=1,
        title=("投诉", "A complaint"),
    ),
    Scene(
        CALLER,
        calls(),
        (Pressed("8"),),
        skips=1,
        title=("换语言", "The other language"),
        note=("按 8 换到线路的另一种语言。", "Key 8 changes to the line's other language."),
    ),
    Scene(
        CALLER,
        calls(),
        (Silence(), Pressed("7"), Silence()),
        opens("261123005"),
        skips=1,
        title=("没有按键、按错键", "Silence and wrong keys"),
        note=("第三次之后转人工。", "After the third one a person is looked for."),
    ),
    Scene(
        CALLER,
        calls(line=replace(HEAD_OFFICE, speech=True)),
        (("今天天气不错", "What a lovely day"), ("我要技术支持", "I have a technical question")),
        opens("261123007"),
        title=("说出选择", "The choice is said"),
        note=("只在 `speech = true` 的线路上。", "Only on lines with `speech = true`."),
    ),
    Scene(
        CALLER,
        calls(),
        (Pressed("4"),),
        {FindTicket: TicketFound("261121001", "open", NOW + timedelta(hours=2), NOW)},
        skips=1,
        title=("查询服务单进度", "The state of a ticket"),
    ),
    Scene(
        CALLER,
        calls(),
        (Pressed("2"), Pressed("2"), Recorded(20)),
        {
            **opens("261123006"),
            FindAgent: NobodyThere(),
            KeepMessage: MessageKept("261123006", NOW + timedelta(hours=3), NOW),
        },
        skips=1,
        title=("没有坐席在岗，留言", "Nobody on duty, a message"),
    ),
    Failure(
        CALLER,
        calls(),
        title=("系统故障", "Our system has failed"),
        note=(
            "只凭内存应答，不需要数据库；两种语言都说。排队中的来电者听到的是音乐，随后重试。",
            "Said from memory alone, without a database, in both languages. In the queue there is music.",
        ),
    ),
    Scene(
        AGENT,
        answers_phone(line=BRANCH, matter="complaint"),
        (Pressed("2"),),
        title=("坐席：拒接、太迟、对方挂机", "The agent: declines, too late, left alone"),
        note=(
            "播报可随时按键打断。三次没有按键即算未接。",
            "Any key stops the whisper. Three silences are no answer.",
        ),
    ),
    Scene(
        AGENT,
        answers_phone(line=BRANCH, matter="complaint", waited_seconds=20),
        (Silence(), Pressed("1")),
        {AcceptOffer: OfferGone()},
    ),
    Scene(AGENT, answers_phone(matter="general", waited_seconds=180), (Pressed("1"), Summoned(1, ""))),
    Scene(
        CUSTOMER,
        answers_phone(purpose="callback", matter="callback"),
        (Silence(), Silence()),
        title=("回呼时无人按键", "A callback without a key"),
    ),
)


def page() -> str:
    """Return the whole page."""
    parts = [INTRO]
    for scene in SCENES:
        if scene.title[0]:
            parts.append(f"\n## {scene.title[0]} · {scene.title[1]}\n")
        if scene.note[0]:
            parts.append(f"\n{scene.note[0]}\n{scene.note[1]}\n")
        parts.append("\n| | 中文 | English |\n|---|---|---|\n" + "\n".join(scene.rows()) + "\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

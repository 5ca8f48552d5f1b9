"""A story made repeatable: its rows as text with holes for whatever differs from one call to the next.

Ids, SIDs, times, the caller, the agents, the ticket's number and the length of the talk are holes; lines and
skills are the target's own; everything else stays as the product wrote it. Times that are spoken inside a
document stay the recorded ones. The text is that of PostgreSQL's COPY; ids have no hyphens and times no zone
(UTC), so that SQLite keeps the very same strings.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

from callcenter.phone_numbers import spoken_groups
from tests.bench.history.stories import ADDRESSES, CALLER, TABLES, TALKS, Plan, Story

NULL = r"\N"
# What holds what somebody said: personal data, which a centre erases after a while.
WORDS = ("call_words",)
_SID = re.compile(r"\b(?:CA|CF|RE)[0-9a-f]{32}\b")
_ISO = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?[+]\d\d:\d\d")
_HOLE = re.compile("\x01(\\d+)\x02")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
Hole = tuple[Any, ...]


@dataclass(frozen=True)
class Part:
    """The rows of one table: a format with a `%s` a hole, and how to pick its values; `rows` of them."""

    form: str
    pick: Callable[[Sequence[str]], tuple[str, ...]]
    rows: int

    def poured(self, values: Sequence[str]) -> str:
        """Return the rows as COPY text, each line ended."""
        return self.form % self.pick(values)


@dataclass(frozen=True)
class Cut:
    """A story as formats. `holes` say what to pour in, `parts` where; offsets are microseconds from `base`.

    `joined` is when the talk began, None without one; `busy` from when to when each of the two agents was
    kept, None for one who was not asked; `ticket` when the ticket was opened.
    """

    plan: Plan
    holes: Sequence[Hole]
    parts: Mapping[str, Part]
    joined: int | None
    busy: tuple[tuple[int, int] | None, tuple[int, int] | None]
    ticket: int | None
    lasts: int
    promises: Sequence["Due"]
    new_customer: Hole | None


@dataclass(frozen=True)
class Due:
    """A promise of the story: made and settled at offsets; when it is due follows from its rule."""

    rule: str
    made: int
    settled: int
    grace: int


class _Cutter:
    """Cuts one story."""

    def __init__(self, story: Story, known: Mapping[UUID, str]) -> None:
        self._story = story
        self._known = known
        self._holes: dict[Hole, int] = {}
        self._born = _births(story)
        self._started = {row["id"]: row["started_at"] for row in story.rows["calls"]}
        self._texts = self._personal()
        self._finds = re.compile("|".join(map(re.escape, sorted(self._texts, key=len, reverse=True))))

    def cut(self) -> Cut:
        """Return the story with its holes."""
        parts = {name: part for name in TABLES if (part := self._part(name)) is not None}
        calls, rows = self._story.rows["calls"], self._story.rows
        joined = [self._offset(row["joined_at"]) for row in calls if row["joined_at"]]
        tickets = [self._offset(row["created_at"]) for row in rows["tickets"]]
        last = max(self._offset(row["ended_at"]) for row in calls)
        return Cut(
            self._story.plan, list(self._holes), parts, max(joined, default=None), self._kept_busy(),
            tickets[0] if tickets else None, last, self._dues(),
            next((hole for hole in self._holes if hole[0] == "new_customer"), None),
        )  # fmt: skip

    def _part(self, name: str) -> Part | None:
        rows = self._story.rows[name]
        if not rows:
            return None
        lines = ["\t".join(self._cell(name, row, column) for column in row) + "\n" for row in rows]
        pieces = _HOLE.split("".join(lines))
        form = "%s".join(piece.replace("%", "%%") for piece in pieces[::2])
        places = [int(place) for place in pieces[1::2]]
        if not places:
            return Part(form, lambda _: (), len(rows))
        if len(places) == 1:
            return Part(form, lambda values, at=places[0]: (values[at],), len(rows))  # type: ignore[misc]
        return Part(form, itemgetter(*places), len(rows))

    def _cell(self, table: str, row: Mapping[str, Any], column: str) -> str:
        value = row[column]
        special = self._special(table, row, column)
        if special is not None:
            return self._hole(*special)
        if isinstance(value, datetime):
            return self._hole("time", self._offset(value))
        if isinstance(value, UUID):
            return self._id(value, "id")
        return self._plain(value)

    def _special(self, table: str, row: Mapping[str, Any], column: str) -> Hole | None:
        """Return the hole of a cell whose value follows from the call and not from the story."""
        if column == "day":
            return ("day", self._offset(self._started[row["call_id" if table != "calls" else "id"]]))
        if (table, column) in (("customers", "id"), ("customer_numbers", "customer_id")):
            return ("new_customer", row[column], self._born[row[column]])
        if column == "customer_id" and (row[column] is not None or table == "calls"):
            return ("customer",)
        return self._counted(table, row, column)

    @staticmethod
    def _counted(table: str, row: Mapping[str, Any], column: str) -> Hole | None:
        if table == "promises" and column in ("due_at", "state"):
            return (column, row["rule"])
        if table == "callbacks" and column == "due_at":
            return ("due_at", "HL-8")
        if table == "recordings" and column == "seconds" and row["kind"] != "message":
            return ("seconds", row[column])
        return None

    def _plain(self, value: Any) -> str:
        if value is None:
            return NULL
        if isinstance(value, bool):
            return str(int(value))
        if isinstance(value, (dict, list)):
            return self._text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        return self._text(value) if isinstance(value, str) else str(value)

    def _text(self, text: str) -> str:
        text = text.translate(_ESCAPES)
        text = _ISO.sub(lambda found: self._iso(found[0]), text)
        text = _SID.sub(lambda found: self._hole("sid", found[0]), text)
        text = self._finds.sub(lambda found: self._hole(*self._texts[found[0]]), text)
        return re.sub(
            r'"CallDuration":"(\d+)"',
            lambda found: f'"CallDuration":"{self._hole("seconds", int(found[1]))}"',
            text,
        )

    def _iso(self, text: str) -> str:
        at = datetime.fromisoformat(text)
        offset = at.utcoffset() or timedelta()
        return self._hole("iso", self._offset(at), int(offset.total_seconds()))

    def _id(self, value: UUID, kind: str) -> str:
        """Return a hole, or the target's own line or skill; what was there before the story is forgotten."""
        if value in self._born:
            return self._hole(kind, value, self._born[value])
        if value in self._story.agents:
            return self._hole("agent", self._story.agents.index(value), kind)
        return self._known.get(value, NULL)

    def _hole(self, *hole: Any) -> str:
        return f"\x01{self._holes.setdefault(hole, len(self._holes))}\x02"

    def _offset(self, at: datetime) -> int:
        return round((at - self._story.base) / timedelta(microseconds=1))

    def _personal(self) -> dict[str, Hole]:
        """Return every text that names the caller, an agent, the ticket, or one of the story's rows."""
        groups = spoken_groups(CALLER)
        texts: dict[str, Hole] = {CALLER: ("number", "plain"), groups: ("number", "groups")}
        texts |= _aloud(groups.split(), "number")
        for row in self._story.rows["tickets"]:
            number = row["number"]
            texts[number] = ("ticket", "plain")
            texts |= _aloud([number[:2], number[2:4], number[4:6], number[6:]], "ticket")
        for place, (agent, address) in enumerate(zip(self._story.agents, ADDRESSES, strict=True)):
            texts[address] = ("agent", place, "address")
            texts[str(agent)] = ("agent", place, "hyphens")
        for row_id, born in self._born.items():
            texts[str(row_id)] = ("hyphens", row_id, born)
            texts[row_id.hex] = ("id", row_id, born)
        return texts

    def _kept_busy(self) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        kept = []
        for agent in self._story.agents:
            changes = [row for row in self._story.rows["agent_state_changes"] if row["agent_id"] == agent]
            times = [self._offset(row["at"]) for row in changes]
            kept.append((min(times), max(times)) if times else None)
        return kept[0], kept[1]

    def _dues(self) -> list[Due]:
        return [
            Due(row["rule"], self._offset(row["made_at"]), self._offset(row["settled_at"]),
                row["grace_seconds"])
            for row in self._story.rows["promises"]
        ]  # fmt: skip


def _aloud(groups: Sequence[str], kind: str) -> dict[str, Hole]:
    """Return how groups of digits are spoken in both languages."""
    spelled = [" ".join(group) for group in groups]
    return {"，".join(spelled): (kind, "zh-CN"), ", ".join(spelled): (kind, "en-US")}


def _births(story: Story) -> dict[UUID, int]:
    """Return the ids of the story's rows, each with the offset at which it was made."""
    born = {}
    for rows in story.rows.values():
        for row in rows:
            times = [value for value in row.values() if isinstance(value, datetime)]
            first = min(times, default=story.base)
            if isinstance(row.get("id"), UUID):
                born[row["id"]] = max(0, round((first - story.base) / timedelta(microseconds=1)))
    return born


def cut(story: Story, known: Mapping[UUID, str]) -> Cut:
    """Cut a story; `known` maps the recording centre's lines and skills to the target's ids."""
    return _Cutter(story, known).cut()


def talks(one: Cut) -> bool:
    """Say whether customer and agent were joined, so that the talk can be of another length."""
    return one.joined is not None and (one.plan.stays == TALKS or one.plan.then > 0)

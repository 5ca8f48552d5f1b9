"""Calls that were placed before a proof begins, so that the carrier can report on them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa

from callcenter import ids
from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call
from callcenter.dialing.models import Attempt
from callcenter.dialing.rules import signature
from callcenter.lines.models import Line
from callcenter.organisation.models import Skill
from tests.bench.ground import SECRET
from tests.prove.webhooks.wires import working


def lay_out(url: str, numbers: Iterable[int]) -> dict[int, tuple[str, UUID]]:
    """Place a promised call for each number; return the address of its progress, and its attempt."""
    with working(url) as work, work.db.transaction() as session:
        line, skill = (
            session.scalars(sa.select(Line.id)).first(),
            session.scalars(sa.select(Skill.id)).first(),
        )
        assert line and skill
        made = {number: _placed(number, line, skill, datetime.now(UTC)) for number in numbers}
        for kind in range(3):
            session.add_all([rows[kind] for rows in made.values()])
            session.flush()
        return {number: _address(attempt.id) for number, (_, _, attempt) in made.items()}


def _address(attempt: UUID) -> tuple[str, UUID]:
    return f"/twilio/progress/{attempt}/{signature(SECRET, attempt)}", attempt


def _placed(number: int, line: UUID, skill: UUID, at: datetime) -> tuple[Call, Callback, Attempt]:
    """Return the rows of a callback whose customer is being rung."""
    phone = f"+86139{number % 10**8:08}"
    call = Call(
        id=ids.new(), direction="outbound", line_id=line, from_raw="", to_number=phone, stage="greeting",
        day=at.date(), started_at=at, outcome="open",
    )  # fmt: skip
    callback = Callback(
        id=ids.new(), number=phone, line_id=line, skill_id=skill, language="zh-CN", call_id=call.id,
        state="agent", created_at=at, created_by="proof", due_at=at, next_try_at=at, tries=1,
    )  # fmt: skip
    attempt = Attempt(
        id=ids.new(), purpose_kind="callback", purpose_id=callback.id, target=phone, to_address=phone,
        from_number="+862155550100", timeout_seconds=30, state="sending", created_at=at, bell_at=at,
        sent_at=at,
    )  # fmt: skip
    return call, callback, attempt

"""What every call passes on its way out: the counts of the day, the account's pace, the carrier's failures.

All of it is rows, moved by single conditional statements: the same for every worker (decisions 80, 82, 83).
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from callcenter.configuration import configuration
from callcenter.db import UtcDateTime
from callcenter.dialing.models import Attempt, DialCount, DialGate
from callcenter.dialing.queries import ACCOUNT, caps_on, gate
from callcenter.dialing.rules import (
    COUNTS_KEPT,
    FAILURES_MOST,
    FURTHEST_SLOT,
    PROBE_EVERY,
    day_of,
    instant,
    microseconds,
    pace,
)
from callcenter.metrics import BREAKER
from callcenter.statements import Query, table_of

log = structlog.get_logger()


def _count(insert: Any) -> Any:
    one_more = insert(table_of(DialCount)).on_conflict_do_update(
        index_elements=["scope", "key", "day"],
        set_={"calls": DialCount.calls + 1},
        where=DialCount.calls < sa.bindparam("most"),
    )
    return one_more.returning(table_of(DialCount).c.calls)


_COUNT = Query(_count)


_GIVE_BACK = (
    sa.update(table_of(DialCount))
    .where(
        DialCount.scope == sa.bindparam("in_scope"),
        DialCount.key == sa.bindparam("of_key"),
        DialCount.day == sa.bindparam("on_day"),
        DialCount.calls > 0,
    )
    .values(calls=DialCount.calls - 1)
)


_NOW, _UNTIL, _BEYOND, _INTERVAL = (
    sa.bindparam(name, type_=sa.BigInteger()) for name in ("now_us", "until_us", "beyond_us", "interval_us")
)


_AT, _NEXT_PROBE = (sa.bindparam(name, type_=UtcDateTime()) for name in ("at", "next_probe"))


def _pass(insert: Any) -> Any:
    """Take the next slot, or probe, unless it is too far ahead.

    One beyond reach was taken by a clock that was set back since.
    """
    first = insert(table_of(DialGate))
    behind = sa.or_(DialGate.slot < _NOW, DialGate.slot > _BEYOND)
    taken = first.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "slot": sa.case((behind, _NOW), else_=DialGate.slot) + _INTERVAL,
            "probe_at": sa.case((DialGate.opened_at.is_(None), DialGate.probe_at), else_=_NEXT_PROBE),
        },
        where=sa.and_(
            sa.or_(DialGate.slot <= _UNTIL, DialGate.slot > _BEYOND),
            sa.or_(DialGate.opened_at.is_(None), DialGate.probe_at <= _AT, DialGate.probe_at > _NEXT_PROBE),
        ),
    )
    return taken.returning(table_of(DialGate).c.failures)


_PASS = Query(_pass)


_FAILED = DialGate.failures + 1 >= FAILURES_MOST


_FAIL = (
    sa.update(table_of(DialGate))
    .where(DialGate.name == ACCOUNT)
    .values(
        failures=DialGate.failures + 1,
        opened_at=sa.case((_FAILED, sa.func.coalesce(DialGate.opened_at, _AT)), else_=DialGate.opened_at),
        probe_at=sa.case((_FAILED, _NEXT_PROBE), else_=DialGate.probe_at),
    )
    .returning(DialGate.failures)
)


_MEND = (
    sa.update(table_of(DialGate))
    .where(DialGate.name == ACCOUNT, DialGate.failures > 0)
    .values(failures=0, opened_at=None, probe_at=None)
    .returning(DialGate.name)
)


def count(session: Session, attempt: Attempt, at: datetime) -> str | None:
    """Count a call against everything that bounds it; return the reason where one bound is reached.

    What was counted before that goes with the transaction, which must not commit then.
    """
    day = day_of(configuration(session).zone, at)
    for cap in caps_on(session, attempt.purpose_kind, attempt.target):
        values = {"scope": cap.scope, "key": cap.key, "day": day, "calls": 1, "most": cap.most}
        if not _COUNT.rows(session, values):
            return cap.reason
    return None


def pass_gate(session: Session, at: datetime) -> int | None:
    """Take a slot of the account's pace, whichever worker asks; None when there is none yet.

    While the carrier fails there is one now and then, for a probe. Return how often it has failed in a row.
    """
    wanted = pace(configuration(session).policies.calls_per_second)
    now = microseconds(at)
    until = now + wanted.room
    values = {
        "name": ACCOUNT, "slot": now + wanted.interval, "failures": 0, "now_us": now, "until_us": until,
        "beyond_us": until + wanted.interval + FURTHEST_SLOT // timedelta(microseconds=1),
        "interval_us": wanted.interval, "at": at, "next_probe": at + PROBE_EVERY,
    }  # fmt: skip
    failures: int | None = _PASS.scalar(session, values)
    return failures


def carrier_fails(session: Session, at: datetime) -> None:
    """The carrier has failed at a call: after so many in a row the others wait."""
    failures = session.execute(_FAIL, {"at": at, "next_probe": at + PROBE_EVERY}).scalar_one_or_none()
    if failures == FAILURES_MOST:
        BREAKER.labels("opened").inc()
        log.error("breaker.opened", failures=failures)


def carrier_works(session: Session, at: datetime) -> None:
    """The carrier has taken a call again: whatever waits may leave."""
    if session.execute(_MEND).first() is None:
        return
    BREAKER.labels("closed").inc()
    log.warning("breaker.closed")
    waits = sa.update(Attempt).where(Attempt.state == "intent", Attempt.bell_at > at)
    session.execute(waits.values(bell_at=at))


def opens_again(session: Session, at: datetime) -> datetime:
    """Return when whoever was not let through may try again."""
    found = gate(session)
    if found is None:
        return at
    wanted = pace(configuration(session).policies.calls_per_second)
    slot = max(at, instant(found.slot - wanted.room))
    return max(slot, found.probe_at) if found.opened_at is not None and found.probe_at else slot


def hold_gate(session: Session, seconds: float, at: datetime) -> None:
    """The account's queue is longer than we thought, others use it too: nothing leaves before it is empty."""
    room = pace(configuration(session).policies.calls_per_second).room
    later_on = microseconds(at + timedelta(seconds=seconds)) + room
    held = sa.update(DialGate).where(DialGate.name == ACCOUNT, DialGate.slot < later_on)
    session.execute(held.values(slot=later_on))


def give_back(session: Session, attempt: Attempt) -> None:
    """A call that was counted was certainly not placed: it is none of that day's."""
    if attempt.sent_at is None:
        return
    day = day_of(configuration(session).zone, attempt.sent_at)
    for cap in caps_on(session, attempt.purpose_kind, attempt.target):
        session.execute(_GIVE_BACK, {"in_scope": cap.scope, "of_key": cap.key, "on_day": day})


def forget_counts(session: Session, at: datetime) -> None:
    """Forget how many calls were placed on days that are long over."""
    session.execute(sa.delete(DialCount).where(DialCount.day < (at - COUNTS_KEPT).date()))

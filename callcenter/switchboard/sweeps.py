"""What the clock looks for: everything that is due by its row, whether or not a bell rang for it.

Each sweep is a transaction of its own. Those of every second are asked for together: a second in which
nothing is due costs one query.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from callcenter.access.accounts import forget_sign_ins
from callcenter.access.actions import forget_keys
from callcenter.calendars.queries import unconfirmed
from callcenter.callbacks.actions import hang_up
from callcenter.callbacks.queries import due_callbacks, is_due
from callcenter.calls import queries as calls
from callcenter.db import UtcDateTime
from callcenter.dialing.actions import ring_bells
from callcenter.dialing.gate import forget_counts
from callcenter.dialing.queries import (
    attempt_by_id,
    bells_lost,
    in_the_queue,
    is_sending,
    lost_sendings,
    unknown_attempts,
)
from callcenter.jobs import Work, later
from callcenter.ledger.actions import seal
from callcenter.ledger.queries import head
from callcenter.notices.actions import forget_notices
from callcenter.promises.actions import mark_late, tell
from callcenter.promises.queries import hung_up, is_hung_up, to_tell
from callcenter.routing.actions import end_due_states
from callcenter.routing.queries import is_back, rings_are_over, rung_out, somebody_waits
from callcenter.standards import jobs as standards
from callcenter.standards.queries import days_due
from callcenter.standards.queries import unmeasured_offers as lost_measures
from callcenter.switchboard import outcomes
from callcenter.switchboard.offers import miss_offer
from callcenter.tickets.queries import owner_of_promise

Sweep = Callable[[Work], None]
log = structlog.get_logger()
SILENCE = timedelta(seconds=60)


@dataclass(frozen=True)
class Due:
    """A sweep and how often it runs, in seconds; with `rows`, only when one of them fits a row."""

    name: str
    every: float
    run: Sweep
    rows: tuple[sa.ColumnElement[bool], ...] = ()


def ring_timeouts(work: Work) -> None:
    """Stop the phones that have rung long enough: our own timer, `ringing` plus n cycles (HL-1)."""
    with work.db.reading() as session:
        overdue = rung_out(session, work.at())
    for offer_id in overdue:
        with work.transaction() as session:
            miss_offer(session, offer_id, work.at())


def returning_agents(work: Work) -> None:
    """Bring agents back whose wrap-up or rest is over (HL-12)."""
    with work.transaction() as session:
        end_due_states(session, work.at())


def waiting_subjects(work: Work) -> None:
    """Look for agents while anybody waits."""
    with work.transaction() as session:
        later(session, "match", "all")


def lost_bells(work: Work) -> None:
    """Ring again for attempts and orders whose job was lost."""
    with work.transaction() as session:
        ring_bells(session, work.at())


def callbacks_due(work: Work) -> None:
    """Start the callbacks whose time has come (HL-8)."""
    with work.db.reading() as session:
        due = due_callbacks(session, work.at())
    if due:
        with work.transaction() as session:
            for callback_id in due:
                later(session, "start_callback", callback_id)


def dead_senders(work: Work) -> None:
    """A worker died between the intent to send and the answer: nobody knows whether it rings."""
    with work.db.reading() as session:
        lost = lost_sendings(session, work.at())
    for attempt_id in lost:
        with work.transaction() as session:
            attempt = attempt_by_id(session, attempt_id, lock=True)
            if attempt is not None:
                outcomes.sender_lost(session, attempt, work.at())


def queued_calls(work: Work) -> None:
    """Look at calls that may wait in the carrier's queue: more calls were asked for than it lets out."""
    with work.db.reading() as session:
        waiting = in_the_queue(session, work.at())
    if waiting:
        with work.transaction() as session:
            for attempt_id in waiting:
                later(session, "check_queued", attempt_id)


def unknown_calls(work: Work) -> None:
    """Ask the carrier's list about attempts of which nobody knows (dialing protocol, 5)."""
    with work.db.reading() as session:
        unknown = [attempt.id for attempt in unknown_attempts(session)]
    if unknown:
        with work.transaction() as session:
            for attempt_id in unknown:
                later(session, "resolve_attempt", attempt_id)


def silent_legs(work: Work) -> None:
    """Ask the carrier about legs it has said nothing about for a while: webhooks get lost (decision 5)."""
    at = work.at()
    with work.transaction() as session:
        for leg in calls.silent_legs(session, at - SILENCE):
            leg.checked_at = at
            later(session, "reconcile_leg", leg.id)


def unmeasured_offers(work: Work) -> None:
    """Measure the rings whose bell was lost (HL-1)."""
    with work.db.reading() as session:
        unmeasured = lost_measures(session, work.at())
    if unmeasured:
        with work.transaction() as session:
            for offer_id in unmeasured:
                later(session, "measure_offer", offer_id)


def late_promises(work: Work) -> None:
    """Mark what is owed and past its time."""
    with work.transaction() as session:
        mark_late(session, work.at())


def hang_ups(work: Work) -> None:
    """Let the hour begin in which a customer is called back: he has hung up (HL-7)."""
    with work.db.reading() as session:
        over = hung_up(session)
    for callback_id, ended_at in over:
        with work.transaction() as session:
            hang_up(session, callback_id, ended_at or work.at(), work.at())


def promise_alerts(work: Work) -> None:
    """Warn whoever owes before a limit; after it tell him, the duty manager, the supervisor (TK-3).

    A transaction each: what one has written is told, and what a crash has taken back is told next time.
    """
    with work.db.reading() as session:
        due = to_tell(session, work.at())
    for promise_id in due:
        with work.transaction() as session:
            tell(session, promise_id, owner_of_promise(session, promise_id), work.at())


def recent_calls(work: Work) -> None:
    """Look for calls and messages of the last minutes that nobody told us of, and of an outage before."""
    with work.transaction() as session:
        later(session, "look_back", "recent")


def all_calls(work: Work) -> None:
    """Look for them once more over a whole day, for what the carrier listed very late."""
    with work.transaction() as session:
        later(session, "look_back", "whole")


def old_keys(work: Work) -> None:
    """Forget the Idempotency-Keys of last week, and who tried to sign in, or was in, long ago."""
    with work.transaction() as session:
        forget_keys(session, work.at())
        forget_sign_ins(session, work.at())


def old_counts(work: Work) -> None:
    """Forget how many calls were placed on days that are over."""
    with work.transaction() as session:
        forget_counts(session, work.at())


def old_notices(work: Work) -> None:
    """Forget hints that no page can still need."""
    with work.transaction() as session:
        forget_notices(session, work.at())


def unconfirmed_years(work: Work) -> None:
    """Warn of a coming year whose days off are not announced yet: promises are about to reach into it."""
    with work.db.reading() as session:
        for key, year in unconfirmed(session, work.at()):
            log.warning("calendar.unconfirmed", calendar=key, year=year)


def days_to_close(work: Work) -> None:
    """Count the days for good that are long over (numbers.md: a published report never changes)."""
    with work.db.reading() as session:
        due = days_due(session, work.at())
    if due:
        with work.transaction() as session:
            for each in due:
                later(session, "close_day", standards.name_of(each))


def ledger_seals(work: Work) -> None:
    """Seal what was written down in the last hour; another clock may be a moment faster (decision 110)."""
    with suppress(sa.exc.IntegrityError), work.transaction() as session:
        seal(session, work.at())


def ledger_head(work: Work) -> None:
    """Seal whatever is left, and let the log carry the chain's head to where nobody can change it."""
    with suppress(sa.exc.IntegrityError), work.transaction() as session:
        seal(session, work.at(), everything=True)
    with work.db.reading() as session:
        last = head(session)
    log.info("ledger.head", sequence=last.sequence, digest=last.digest)


NOW: sa.BindParameter[datetime] = sa.bindparam("now", type_=UtcDateTime())
SWEEPS = (
    Due("ring_timeouts", 1, ring_timeouts, (rings_are_over(NOW),)),
    Due("returning_agents", 1, returning_agents, (is_back(NOW),)),
    Due("waiting_subjects", 1, waiting_subjects, (somebody_waits(),)),
    Due("callbacks_due", 1, callbacks_due, (is_due(NOW),)),
    Due("lost_bells", 1, lost_bells, bells_lost(NOW)),
    Due("hang_ups", 1, hang_ups, (is_hung_up(),)),
    Due("dead_senders", 1, dead_senders, (is_sending(),)),
    Due("queued_calls", 5, queued_calls),
    Due("unknown_calls", 15, unknown_calls),
    Due("silent_legs", 15, silent_legs),
    Due("unmeasured_offers", 15, unmeasured_offers),
    Due("late_promises", 15, late_promises),
    Due("promise_alerts", 15, promise_alerts),
    Due("recent_calls", 15, recent_calls),
    Due("all_calls", 3600, all_calls),
    Due("ledger_seals", 5, ledger_seals),
    Due("ledger_head", 3600, ledger_head),
    Due("old_keys", 3600, old_keys),
    Due("old_counts", 3600, old_counts),
    Due("old_notices", 15, old_notices),
    Due("unconfirmed_years", 86400, unconfirmed_years),
    Due("days_to_close", 60, days_to_close),
)
_ROWS = sa.select(
    *(sa.or_(*(sa.exists().where(row) for row in due.rows)).label(due.name) for due in SWEEPS if due.rows)
)


def with_rows(work: Work) -> set[str]:
    """Return the names of the sweeps that have a row to do with, of those that say which rows these are."""
    with work.db.reading() as session:
        found = session.execute(_ROWS, {"now": work.at()}).one()._mapping
    return {name for name, is_there in found.items() if is_there}

"""The states of a promise.

open -> kept | late | broken | cancelled. A late one is still owed: it may yet be fulfilled (and stays
late) or be given up (broken).
"""

from datetime import datetime, timedelta

OWED = ("open", "late")


def state_when_kept(due_at: datetime, grace: timedelta, at: datetime) -> str:
    """Return `kept` up to the due time and its grace, `late` after it."""
    return "kept" if at <= due_at + grace else "late"

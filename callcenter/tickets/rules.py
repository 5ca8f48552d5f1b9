"""Ticket numbers, kinds and the time limits that start with a ticket: pure."""

from datetime import date

KINDS = ("technical", "presales", "complaint", "general")
STATES = ("new", "open", "solved", "closed")
DONE = frozenset({"solved", "closed"})
# What is handed to the service manager: the event's kind, and the rule that it keeps.
REPORTS = {"visit": ("visit_requested", "HL-10"), "problem": ("problem_reported", "HL-11")}
# TK-2: every channel a contact may come by.
CHANNELS = (
    "phone",
    "fax",
    "email",
    "forum",
    "website",
    "walk_in",
    "visit",
    "follow_up",
    "survey",
    "remote",
)


def readable_number(day: date, sequence: int) -> str:
    """Return date and the day's sequence, 261121001; four digits after 999 (TK-7)."""
    return f"{day:%y%m%d}{sequence:03d}"

"""Ticket numbers, kinds and the time limits that start with a ticket: pure."""

from datetime import date

KINDS = ("technical", "presales", "complaint", "general")
STATES = ("new", "open", "solved", "closed")
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

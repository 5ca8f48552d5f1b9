"""Lists as CSV that a spreadsheet opens as it was meant: Chinese, whole numbers, no formulas."""

import csv
import io
from datetime import datetime
from zoneinfo import ZoneInfo

BOM = "\ufeff".encode()
"""Excel on a Chinese Windows reads UTF-8 only where it begins so."""
MOST_PAGES = 5000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def line(*values: object) -> bytes:
    """Return one line; what a spreadsheet would take for a formula is text."""
    told = io.StringIO()
    csv.writer(told).writerow([_cell(value) for value in values])
    return told.getvalue().encode()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        plain = "".join(" " if sign < " " and sign not in "\t\r" else sign for sign in value)
        return f"'{plain}" if plain.startswith(_FORMULA) else plain
    return value


def when(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant in a zone, as spreadsheets read it."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"

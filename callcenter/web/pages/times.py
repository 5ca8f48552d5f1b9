"""Times and amounts as people read them; the exact instant and its zone stand beside every short form."""

from datetime import datetime, timedelta
from gettext import NullTranslations
from zoneinfo import ZoneInfo

from callcenter.web.pages.words import marked as _

NO_VALUE = "–"
_UNITS = ((86_400, _("%(n)s d ago"), _("in %(n)s d")), (3600, _("%(n)s h ago"), _("in %(n)s h")),
          (60, _("%(n)s min ago"), _("in %(n)s min")))  # fmt: skip
_NOW = (_("just now"), _("in a moment"))


def relative(at: datetime, now: datetime, words: NullTranslations) -> str:
    """Return how long ago or in how long, in the largest unit that fits; the scripts count on so."""
    seconds = (at - now).total_seconds()
    for unit, past, future in _UNITS:
        if abs(seconds) >= unit:
            return words.gettext(future if seconds > 0 else past) % {"n": int(abs(seconds) // unit)}
    return words.gettext(_NOW[seconds > 0])


def exact(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant to the second, with its zone's name."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone.key}"


def of_day(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return a time as short as it can be told: of today the clock, else the date as well."""
    here, today = at.astimezone(zone), now.astimezone(zone)
    if here.date() == today.date():
        return f"{here:%H:%M:%S}"
    return f"{here:%m-%d %H:%M}" if here.year == today.year else f"{here:%Y-%m-%d %H:%M}"


def clocked(seconds: float | timedelta | None) -> str:
    """Return a duration as mm:ss, from an hour on as h:mm:ss."""
    if seconds is None:
        return NO_VALUE
    whole = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    minutes, rest = divmod(max(whole, 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def percent(ratio: float | None) -> str:
    """Return a ratio as a percentage with one decimal, none where it is whole; the sign stays on its line."""
    if ratio is None:
        return NO_VALUE
    return f"{ratio * 100:.1f}".removesuffix(".0") + "\u202f%"

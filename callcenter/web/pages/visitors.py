"""Who looks at a page: the cookies, and what a browser says of where a request comes from."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response

from callcenter.access.accounts import seen
from callcenter.access.queries import kiosk_of, visitor_of
from callcenter.access.rules import LONGEST, NOBODY, SEEN_EVERY, Visitor
from callcenter.jobs import Work

SIGN_IN, KIOSK, LANGUAGE, THEME, SAID = "sign_in", "kiosk", "language", "theme", "said"
A_YEAR = 365 * 86_400
ANYBODY = Visitor("", NOBODY)


@dataclass(frozen=True)
class Cookies:
    """The cookies of one installation: `__Host-` over https; a plain name on this machine, over http."""

    secure: bool

    @classmethod
    def of(cls, public_url: str) -> "Cookies":
        """Return those of an installation at this address."""
        return cls(public_url.startswith("https://"))

    def name(self, which: str) -> str:
        """Return a cookie's name; `__Host-` lets no other host of the domain set it."""
        return f"__Host-{which}" if self.secure else f"callcenter_{which}"

    def read(self, headers: Headers) -> Mapping[str, str]:
        """Return our cookies of a request by their short names."""
        try:
            jar = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return {}
        ours = (SIGN_IN, KIOSK, LANGUAGE, THEME, SAID)
        return {which: jar[self.name(which)].value for which in ours if self.name(which) in jar}

    def set(self, response: Response, which: str, value: str, seconds: int) -> None:
        """Set a cookie for so many seconds; 0 takes it away."""
        response.set_cookie(
            self.name(which),
            value,
            max_age=seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def sign_in(self, response: Response, secret: str) -> None:
        """Give a browser what it is known by."""
        self.set(response, SIGN_IN, secret, int(LONGEST.total_seconds()))


def who_visits(work: Work, cookies: Mapping[str, str], at: datetime, *, remember: bool = True) -> Visitor:
    """Return whose browser this is, or the kiosk that it shows, or ANYBODY; remember that it was seen."""
    if SIGN_IN in cookies:
        with work.db.reading() as session:
            found = visitor_of(session, cookies[SIGN_IN], at)
        if found is not None:
            visitor, last = found
            if remember and visitor.sign_in_id is not None and at - last >= SEEN_EVERY:
                with work.transaction() as session:
                    seen(session, visitor.sign_in_id, at)
            return visitor
    if KIOSK in cookies:
        with work.db.reading() as session:
            return kiosk_of(session, cookies[KIOSK]) or ANYBODY
    return ANYBODY


def is_from_elsewhere(headers: Headers) -> bool:
    """Say whether an order comes from a page that is not ours.

    https://www.w3.org/TR/fetch-metadata/: no page can forge Sec-Fetch-Site. Browsers without it, and those
    on plain http, say the Origin with every POST. Whoever says neither is no browser with our page.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site != "same-origin"
    return urlsplit(headers.get("origin", "")).netloc != headers.get("host")


def address_of(peer: str, headers: Headers) -> str:
    """Return where a request comes from: the socket's other end, or whom a proxy of ours names.

    Only the last name in X-Forwarded-For is believed, and only from a machine of a private network: that is
    what the nearest proxy has seen itself.
    """
    forwarded = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return forwarded if forwarded and _is_private(peer) and _is_address(forwarded) else peer


def _is_private(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer).is_private
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def local(path: str | None, otherwise: str = "/") -> str:
    """Return a path of this site that somebody asked to be led to, or another one for anything else."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable():
        return otherwise
    parts = urlsplit(path)
    return otherwise if parts.scheme or parts.netloc else path

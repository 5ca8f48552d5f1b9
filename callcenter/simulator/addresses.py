"""Numbers, clients and SIP addresses, and how the telephone of each country rings."""

import re
from dataclasses import dataclass
from math import floor

E164 = re.compile(r"\+[1-9]\d{5,14}")
CLIENT = re.compile(r"client:[A-Za-z0-9_]{1,121}")
SIP = re.compile(r"sips?:[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class Cadence:
    """One ring: seconds of sound and silence in turn; a cycle is their sum."""

    pattern: tuple[float, ...]

    @property
    def cycle(self) -> float:
        """Return the seconds from one ring's start to the next one's."""
        return sum(self.pattern)


# Asterisk's indications.conf.sample, which cites the ITU's E.180 list; HK and MO from secondary tables.
# Written down a second time here on purpose: the ledger judges what the product counts.
_LONG = Cadence((1.0, 4.0))
_DOUBLE = Cadence((0.4, 0.2, 0.4, 2.0))
CADENCES = {
    "1": Cadence((2.0, 4.0)),
    "86": _LONG,
    "49": _LONG,
    "55": _LONG,
    "39": _LONG,
    "31": _LONG,
    "7": _LONG,
    "41": _LONG,
    "48": _LONG,
    "853": _LONG,
    "33": Cadence((1.5, 3.5)),
    "44": _DOUBLE,
    "61": _DOUBLE,
    "91": _DOUBLE,
    "64": _DOUBLE,
    "65": _DOUBLE,
    "27": _DOUBLE,
    "81": Cadence((1.0, 2.0)),
    "852": Cadence((0.4, 0.2, 0.4, 3.0)),
    "34": Cadence((1.5, 3.0)),
    "46": Cadence((1.0, 5.0)),
    "351": Cadence((1.0, 5.0)),
}
DEFAULT_CADENCE = _LONG


def cadence_of(address: str) -> Cadence:
    """Return how this number's telephone rings; softphones and unknown countries ring 1 s on, 4 s off."""
    digits = address.removeprefix("+") if address.startswith("+") else ""
    for length in (3, 2, 1):
        if cadence := CADENCES.get(digits[:length]):
            return cadence
    return DEFAULT_CADENCE


def rings_within(seconds: float, cadence: Cadence) -> int:
    """Return how many rings had begun after so many seconds: floor(seconds / cycle) + 1."""
    return floor(round(seconds / cadence.cycle, 6)) + 1


def is_callable(address: str) -> bool:
    """Return whether the network can dial this: E.164, a client, or a SIP address."""
    return any(form.fullmatch(address) for form in (E164, CLIENT, SIP))


def normalised(address: str) -> str:
    """Return a number as the network knows it: blanks, dots, dashes and brackets removed."""
    if address.startswith(("client:", "sip:", "sips:")):
        return address.strip()
    return re.sub(r"[\s().\-]", "", address)


def country_of(address: str) -> str:
    """Return the ISO code for a few countries' numbers, empty where it is not known."""
    countries = {
        "86": "CN",
        "1": "US",
        "44": "GB",
        "852": "HK",
        "853": "MO",
        "81": "JP",
        "49": "DE",
        "33": "FR",
    }
    digits = address.removeprefix("+") if address.startswith("+") else ""
    return next((countries[digits[:n]] for n in (3, 2, 1) if digits[:n] in countries), "")

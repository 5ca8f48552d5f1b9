"""Wrong tokens are counted by who sends them: whoever sends many is told to wait, and the log says who.

A right token passes always, for a whole centre may share one address. Each process counts what it has seen
itself, since the last restart.
"""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from math import ceil

import structlog

log = structlog.get_logger()
WINDOW = timedelta(minutes=1)
MOST_WRONG = 20
MOST_SENDERS = 10_000


class Counter:
    """How many wrong tokens each sender has sent in a window; who was quiet longest is forgotten first."""

    def __init__(self, most: int = MOST_SENDERS) -> None:
        self._most = most
        self._since: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def senders(self) -> list[str]:
        """Return who is remembered, the latest last."""
        return list(self._since)

    def add(self, sender: str, at: datetime) -> tuple[int, datetime]:
        """Count one more; return how many there are in this window, and when it ends."""
        began, count = self._since.pop(sender, (at, 0))
        if at >= began + WINDOW:
            began, count = at, 0
        self._since[sender] = began, count + 1
        if len(self._since) > self._most:
            self._since.popitem(last=False)
        return count + 1, began + WINDOW


class WrongTokens:
    """The wrong tokens of one process, by the socket's address and by the token that was guessed at."""

    def __init__(self) -> None:
        self.addresses, self.prefixes = Counter(), Counter()
        self._turn = threading.Lock()

    def add(self, address: str, prefix: str | None, at: datetime) -> int:
        """Count a wrong token; return the seconds to wait when it is one too many, else 0."""
        with self._turn:
            counted = [self.addresses.add(address, at)]
            if prefix is not None:
                counted.append(self.prefixes.add(prefix, at))
        if any(count == MOST_WRONG + 1 for count, _ in counted):
            log.warning("api.wrong_tokens", address=address, prefix=prefix, within=WINDOW.seconds)
        ends = [end for count, end in counted if count > MOST_WRONG]
        return ceil((max(ends) - at).total_seconds()) if ends else 0

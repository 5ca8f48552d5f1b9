"""Logs: one JSON object a line (or colours for a person), with the call's SID and without what is private.

Whatever is logged passes `Discretion` last, after tracebacks became text: telephone numbers keep their last
four digits, tokens and passwords disappear. The loggers of uvicorn, RQ and every other library take the
same road.
"""

import logging
import re
import sys
from collections.abc import Iterable
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
_SECRET_NAME = re.compile(r"token|secret|password|authorization|cookie|signature|api_?key", re.IGNORECASE)
_SECRET_SHAPES = (
    (re.compile(r"(://[^/\s:@]+):[^/\s@]+@"), rf"\1:{HIDDEN}@"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"\b(cc_[A-Za-z0-9]+)_[\w-]+"), rf"\1_{HIDDEN}"),
    (re.compile(r"(/twilio/(?:leg|progress)/[\w-]+)/[\w-]{16,}"), rf"\1/{HIDDEN}"),
)
# E.164 in any spelling; ten to fifteen digits that stand alone; 3-4-4 as people write mobiles. Dates,
# UUIDs, SIDs and ticket numbers (nine digits) are left as they are.
_NUMBER = re.compile(
    r"(?:\+|%2[Bb])\d[\d ()./-]{5,}\d"
    r"|(?<![\w.-])\d{10,15}(?![\w-])"
    r"|(?<![\w-])\d{3}[- ]\d{3,4}[- ]\d{4}(?![\w-])"
)


def mask_numbers(text: str) -> str:
    """Return the text with every telephone number reduced to its last four digits: `…0001`."""
    return _NUMBER.sub(lambda found: "…" + re.sub(r"\D", "", found.group())[-4:], text)


class Discretion:
    """A processor that masks numbers and hides secrets in every text of an entry, however deep."""

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        known = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
        """Return the entry, made discreet."""
        return {name: self._of(name, value) for name, value in entry.items()}

    def _of(self, name: str, value: Any) -> Any:
        if value is not None and _SECRET_NAME.search(name):
            return HIDDEN
        if isinstance(value, dict):
            return {str(key): self._of(str(key), inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._of("", inner) for inner in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.text(str(value))

    def text(self, text: str) -> str:
        """Return one text, made discreet."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for shape, instead in _SECRET_SHAPES:
            text = shape.sub(instead, text)
        return mask_numbers(text)


def configure_logs(
    process: str,
    *,
    secrets: Iterable[str | None] = (),
    level: str = "INFO",
    console: bool | None = None,
    stream: TextIO | None = None,
) -> None:
    """Send every log of this process through one road to a stream, by default standard error.

    `process` is web, worker, clock, …; `secrets` are hidden wherever they appear. `console` decides
    between colours and JSON; by default a terminal gets colours.
    """
    out = stream or sys.stderr
    pretty = out.isatty() if console is None else console
    structlog.contextvars.bind_contextvars(process=process)
    road: list[Processor] = [*_common(), Discretion(secrets)]
    last: Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty())
        if pretty
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*road, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    _lead_libraries(road, last, level, out)


def _common() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]


def _lead_libraries(road: list[Processor], last: Processor, level: str, out: TextIO) -> None:
    """Give the standard library's root logger our road, and every library's logger the root."""
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *road],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "rq", "rq.worker", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True

"""What Twilio's debugger would have shown: warnings and errors, with its codes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One entry; `fatal` ones also fail the call as Twilio would. `at` in seconds since the start."""

    code: int
    message: str
    at: float = 0.0
    call_sid: str = ""
    url: str = ""
    fatal: bool = False


class TwimlFailure(Exception):
    """A document that cannot be carried out: the fallback is asked, or the caller hears the error message."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(f"{code}: {message}")

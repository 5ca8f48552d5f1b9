"""Twilio's errors as JSON.

Source: Twilio "REST API errors" and the pages of each code.
"""

from typing import Any

MORE = "https://www.twilio.com/docs/errors/"


class RestError(Exception):
    """A refusal: HTTP status, Twilio's code and message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        self.status = status
        self.code = code
        super().__init__(message)

    def to_json(self) -> dict[str, Any]:
        """Return the body that Twilio sends."""
        return {
            "code": self.code,
            "message": str(self),
            "more_info": f"{MORE}{self.code}",
            "status": self.status,
        }


def not_found(path: str) -> RestError:
    """20404: there is no such resource."""
    return RestError(404, 20404, f"The requested resource {path} was not found")


def unauthenticated() -> RestError:
    """20003: wrong SID or token."""
    return RestError(401, 20003, "Authenticate")


def too_many() -> RestError:
    """20429: too many concurrent requests; never processed."""
    return RestError(429, 20429, "Too many requests")


def broken() -> RestError:
    """20500: the carrier's own fault."""
    return RestError(500, 20500, "Internal Server Error")


def not_in_progress() -> RestError:
    """21220: the call has ended, or cannot be redirected yet."""
    return RestError(400, 21220, "Call is not in-progress. Cannot redirect.")


def missing(parameter: str, code: int = 20001) -> RestError:
    """A parameter without which the request means nothing."""
    return RestError(400, code, f"Missing required parameter {parameter}")

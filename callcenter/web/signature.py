"""Is this really the carrier? Checked before anything else is believed (telephony.md, section 2)."""

from collections.abc import Mapping, Sequence
from typing import Any

from twilio.request_validator import RequestValidator

Form = Mapping[str, Sequence[str]]


class SignatureCheck:
    """Checks X-Twilio-Signature against the public address, never against headers that anybody may send."""

    def __init__(self, auth_token: str, public_url: str) -> None:
        self._validator: Any = RequestValidator(auth_token)  # type: ignore[no-untyped-call]
        self._public_url = public_url

    def accepts(self, path_and_query: str, form: Form, signature: str | None) -> bool:
        """Say whether the carrier signed this form for this address; a missing signature never passes."""
        if not signature:
            return False
        return bool(self._validator.validate(self._public_url + path_and_query, _Values(form), signature))


class _Values(dict[str, Sequence[str]]):
    """The form in the shape that the validator reads: a repeated name has all its values."""

    def getlist(self, name: str) -> Sequence[str]:
        """Return every value of a name."""
        return self[name]

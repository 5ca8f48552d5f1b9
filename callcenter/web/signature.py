"""Is this really the carrier? Checked before anything else is believed (telephony.md, section 2).

What is signed is the address and then every name with its value, sorted, without anything in between;
of several values of one name each counts once. The carrier may or may not have written the port: either
way is its own. The arithmetic is Twilio's (`twilio.request_validator`), done here in a few microseconds;
tests hold the two together.
"""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from itertools import chain
from urllib.parse import urlsplit

Pairs = Sequence[tuple[str, str]]
_USUAL_PORTS = {"https": 443, "http": 80}


class SignatureCheck:
    """Checks X-Twilio-Signature against the public address, never against headers that anybody may send.

    The secondary token is good beside the primary one, so that it can be promoted while calls run. A token
    that is empty is none: without any, nobody is the carrier.
    """

    def __init__(self, auth_token: str, public_url: str, secondary_token: str = "") -> None:
        tokens = [token for token in (auth_token, secondary_token) if token]
        self._begun = [_begun(token, base) for token in tokens for base in _both_ports(public_url)]

    def accepts(self, path_and_query: str, said: str, signature: str | None) -> bool:
        """Say whether the carrier signed this form for this address; a missing signature never passes.

        `path_and_query` is what was sent, not decoded; `said` is the form `as_signed`. Whatever cannot be
        said in UTF-8 was not signed.
        """
        if not signature:
            return False
        try:
            whole, told = (path_and_query + said).encode(), signature.encode()
        except UnicodeEncodeError:
            return False
        return any(_is_signed(begun, whole, told) for begun in self._begun)


def as_signed(pairs: Pairs) -> str:
    """Return a form as it is signed, from its decoded names and values, blank ones included."""
    return "".join(chain.from_iterable(sorted(set(pairs))))


def _is_signed(begun: hmac.HMAC, whole: bytes, told: bytes) -> bool:
    mac = begun.copy()
    mac.update(whole)
    return hmac.compare_digest(b64encode(mac.digest()), told)


def _begun(token: str, base: str) -> hmac.HMAC:
    """Return the HMAC of an address's beginning, to be copied and continued: the key is set up only once."""
    return hmac.new(token.encode(), base.encode(), "sha1")


def _both_ports(public_url: str) -> tuple[str, str]:
    """Return the public address without its port and with it; where none is written, the usual one."""
    parts = urlsplit(public_url)
    host = parts.netloc
    if parts.port:
        bare, full = host.rpartition(":")[0], host
    else:
        bare, full = host, f"{host}:{_USUAL_PORTS[parts.scheme]}"
    return f"{parts.scheme}://{bare}{parts.path}", f"{parts.scheme}://{full}{parts.path}"

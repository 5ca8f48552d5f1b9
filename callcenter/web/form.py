"""A posted form, read once and fast: what `urllib.parse.parse_qsl` makes of it, or nothing.

A webhook has some thirty fields of which few have anything to decode, and hardly ever in their names.
"""

from urllib.parse import unquote_to_bytes

MOST_FIELDS = 200
MEDIA_TYPE = "application/x-www-form-urlencoded"


def is_form(content_type: str) -> bool:
    """Say whether a Content-Type is that of a form, whatever its parameters."""
    return content_type.partition(";")[0].strip().lower() == MEDIA_TYPE


def read_form(body: bytes) -> list[tuple[str, str]] | None:
    """Return the form's pairs in their order, blank values kept, since they are signed.

    None for what no carrier sends: more than 200 fields, anything but ASCII, escapes that are not UTF-8, and
    NUL, which no database takes.
    """
    if body.count(b"&") >= MOST_FIELDS:
        return None
    try:
        fields = body.decode("ascii").replace("+", " ").split("&")
        pairs = [_pair(field) for field in fields if field]
    except UnicodeDecodeError:
        return None
    return None if b"\x00" in body or (b"%00" in body and _has_nul(pairs)) else pairs


def _pair(field: str) -> tuple[str, str]:
    name, _, value = field.partition("=")
    return (_decoded(name) if "%" in name else name, _decoded(value) if "%" in value else value)


def _decoded(text: str) -> str:
    return unquote_to_bytes(text).decode()


def _has_nul(pairs: list[tuple[str, str]]) -> bool:
    return any("\x00" in name or "\x00" in value for name, value in pairs)

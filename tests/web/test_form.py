"""Reading a form: what the standard library reads, without what no carrier sends."""

from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from callcenter.web.form import MOST_FIELDS, is_form, read_form

texts = st.text(max_size=8)
encoded = st.lists(st.tuples(texts, texts), max_size=6).map(lambda it: urlencode(it, errors="ignore"))
mangled = st.lists(
    st.sampled_from(
        ["&", "=", "+", "%", "%4", "%41", "%e4%b8%ad", "%FF", "%00", "%zz", "a", ";", "\x00", "中"]
    ),
    max_size=14,
).map("".join)


def library(body: bytes) -> list[tuple[str, str]] | None:
    """The same with the standard library."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        return None
    return None if any("\x00" in text for pair in pairs for text in pair) else pairs


@limits(max_examples=400, deadline=None)
@given(st.one_of(encoded, mangled).map(str.encode))
@example(b"")
@example(b"=&==&a==b&&c")
@example(b"%00")
@example(b"a=%2500")
def test_it_reads_what_the_library_reads(body: bytes) -> None:
    assert read_form(body) == library(body)


@pytest.mark.parametrize("fields", [MOST_FIELDS - 1, MOST_FIELDS, MOST_FIELDS + 1])
def test_it_counts_as_the_library_counts(fields: int) -> None:
    body = b"&".join(b"a=1" for _ in range(fields))
    assert (read_form(body) is None) is (library(body) is None) is (fields > MOST_FIELDS)


@limits(max_examples=100, deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=6))
def test_blank_values_and_order_are_kept(pairs: list[tuple[str, str]]) -> None:
    clean = [(name.replace("\x00", ""), value.replace("\x00", "")) for name, value in pairs]
    body = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in clean)
    assert read_form(body.encode()) == clean


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("application/x-www-form-urlencoded", True),
        ("application/x-www-form-urlencoded; charset=UTF-8", True),
        (" Application/X-WWW-Form-Urlencoded ;x", True),
        ("application/json", False),
        ("multipart/form-data; boundary=x", False),
        ("", False),
    ],
)
def test_a_form_says_that_it_is_one(content_type: str, form: bool) -> None:
    assert is_form(content_type) is form

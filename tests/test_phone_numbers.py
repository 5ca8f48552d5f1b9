"""Numbers as people write them, and as they are dialled, spoken and shown."""

from datetime import UTC, datetime

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.phone_numbers import (
    canonical,
    is_mobile,
    is_withheld,
    keys_to_press,
    masked,
    may_dial,
    refusal,
    spoken_groups,
    without_extension,
    zone_abroad,
)

SHANGHAI = "+862155550100"
BEIJING = "+861088886666"
MOBILE = "+8619900000101"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("19900000101", MOBILE),
        ("199 0000 0101", MOBILE),
        ("199-0000-0101", MOBILE),
        ("+86 199 0000 0101", MOBILE),
        ("8619900000101", MOBILE),
        ("008619900000101", MOBILE),
        ("１９９００００　０１０１", MOBILE),
        ("＋８６１９９０００００１０１", MOBILE),
        ("tel:+8619900000101", MOBILE),
        ("021-55550100", SHANGHAI),
        ("021\u20135555\u20130100", SHANGHAI),
        ("(021) 5555 0100", SHANGHAI),
        ("（021）5555 0100", SHANGHAI),
        ("+86 (0)21 5555 0100", SHANGHAI),
        ("0755-2555 0100", "+8675525550100"),
        # The trunk zero is for inside the country, wherever it was left standing.
        ("010-88886666", BEIJING),
        ("+86 10 8888 6666", BEIJING),
        ("+86 (0)10 8888 6666", BEIJING),
        ("+86 010 8888 6666", BEIJING),
        ("0086 10 88886666", BEIJING),
        ("0086-010-88886666", BEIJING),
        ("86 10 88886666", BEIJING),
        ("86-010-88886666", BEIJING),
        ("8601088886666", BEIJING),
        ("＋８６（０）１０－８８８８－６６６６", BEIJING),
        ("电话：010-88886666", BEIJING),
        ("010—8888—6666", BEIJING),
        ("\u202d010-88886666\u202c", BEIJING),  # Copied from a page that writes from right to left.
        ("+86 400 820 8888", "+864008208888"),
        ("400-820-8888", "+864008208888"),
        ("4008208888", "+864008208888"),
        ("800 820 8888", "+868008208888"),
        ("+1 202-555-0123", "+12025550123"),
        ("0012025550123", "+12025550123"),
    ],
)
def test_a_number_has_one_form_however_it_is_written(raw: str, expected: str) -> None:
    assert canonical(raw, "CN") == expected


@pytest.mark.parametrize(
    "raw",
    [
        "021-5555 0100 转12",
        "021-55550100转12",
        "021-55550100 分机12",
        "021-55550100 分机号：12",
        "021-55550100 ext. 12",
        "021-55550100 Extension 12",
        "021-55550100x12",
        "021-55550100#12",
        "021-55550100-12",
        "０２１－５５５５０１００转１２",
        f"{SHANGHAI};ext=12",
        "021-55550100p12",
        "021-55550100 W12",
        "021-55550100,12",
        "021-55550100,,12#",
        "021-55550100;12",
        "021-55550100（12）",
        "021-55550100（转12）",
        "总机：021-55550100 转 12",
        "+86 21 5555 0100 ext 12",
        "tel:+86-21-55550100;ext=12",
    ],
)
def test_an_extension_is_kept(raw: str) -> None:
    assert canonical(raw, "CN") == f"{SHANGHAI};ext=12"


def test_a_service_number_has_extensions_too() -> None:
    assert canonical("400-820-8888-1", "CN") == canonical("4008208888转1", "CN") == "+864008208888;ext=1"


def test_an_extension_keeps_its_leading_zero() -> None:
    assert canonical("021-55550100 转 012", "CN") == f"{SHANGHAI};ext=012"


# telephony.md 1: "Withheld caller: text such as `anonymous` or `unknown`"; the digits spell them.
@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        "anonymous",
        "Anonymous",
        "unknown",
        "RESTRICTED",
        "unavailable",
        "+266696687",
        "266696687",
        "+7378742833",
        "+86282452253",
        "No Caller ID",
        "Withheld",
        " - ",
        "２６６６９６６８７",
    ],
)
def test_a_withheld_number_is_no_number(raw: str | None) -> None:
    assert is_withheld(raw)
    assert canonical(raw, "CN") is None


@pytest.mark.parametrize("raw", ["client:0190a0b0", "sip:li@pbx.example", "110", MOBILE, "Unknown Pleasures"])
def test_what_cannot_be_read_was_told_all_the_same(raw: str) -> None:
    assert not is_withheld(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "client:0190a0b0c0d07e0f8a1b2c3d4e5f6071",
        "client:19900000101",
        "sip:+862155550100@pbx.example",
        "110",
        "95588",
        "55550100",  # A local number without its area code: of which city, nobody knows.
        "1990000010",
        "199000001011",
        "+86",
        "订单 19900000101",
        "19900000101 or 19900000102",
        "DROP TABLE",
        "+" * 5000,
        "199-0000-0101-2",  # A mobile has no extension: one digit too many.
        "1-800-FLOWERS",
        "1-800-820-8888",  # An American number, or the mobile 180 0820 8888 as nobody writes it.
        "1 (866) 555-0100",
        "021-55550100/01",  # Two numbers of one company: which is meant?
        "021-55550100/55550101",
        "19900000101,19900000102",
        "199\x000000101",
    ],
)
def test_what_is_not_certainly_a_number_is_none(raw: str) -> None:
    assert canonical(raw, "CN") is None


def test_a_national_number_is_read_by_its_country() -> None:
    assert canonical("(202) 555-0123", "US") == "+12025550123"
    assert canonical("(202) 555-0123", "CN") == "+862025550123"  # Guangzhou, without its trunk zero.


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(["CN", "US", "ZZ"]))
def test_any_text_gives_a_canonical_number_or_none(raw: str, country: str) -> None:
    number = canonical(raw, country)
    assert number is None or canonical(number, country) == number


@settings(deadline=None)
@given(
    st.sampled_from(["0101", "0202", "9999"]),
    st.lists(st.sampled_from(["", " ", "-", "\u3000", ".", "/"]), min_size=10, max_size=10),
    st.booleans(),
)
def test_separators_and_widths_never_change_the_number(last: str, blanks: list[str], wide: bool) -> None:
    digits = f"1990000{last}"
    text = "".join(digit + blank for digit, blank in zip(digits, [*blanks, ""], strict=True))
    if wide:
        text = text.translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})
    assert canonical(text, "CN") == f"+86{digits}"


# What a keypad sends, what a person types, what an address book exports.
SPELLINGS = (
    "0{area}-{local}", "0{area} {local}", "(0{area}){local}", "（0{area}）{local}", "0{area}{local}",
    "+86 {area} {local}", "+86(0){area}{local}", "+86 0{area} {local}", "0086{area}{local}",
    "0086-0{area}-{local}", "86{area}{local}", "tel:+86-{area}-{local}", "电话：0{area}-{local}",
)  # fmt: skip
EXTENSIONS = ("转{}", " ext. {}", ";ext={}", "x{}", "p{}", ",{}", "#{}", "-{}", " 分机号：{}", "(转{})")
landlines = st.tuples(
    st.sampled_from(["10", "21", "20", "28", "755"]),
    st.integers(20_000_000, 89_999_999).map(str),
    st.none() | st.from_regex(r"[0-9]{1,4}", fullmatch=True),
)


@st.composite
def spelled(draw: st.DrawFn) -> tuple[tuple[str, str, str | None], str]:
    """A Chinese landline and one of its spellings, sometimes in full-width characters."""
    area, local, extension = draw(landlines)
    text = draw(st.sampled_from(SPELLINGS)).format(area=area, local=local)
    if extension is not None:
        text += draw(st.sampled_from(EXTENSIONS)).format(extension)
    if draw(st.booleans()):
        text = text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    return (area, local, extension), text


@settings(deadline=None)
@given(spelled())
def test_every_spelling_of_a_number_is_that_number(case: tuple[tuple[str, str, str | None], str]) -> None:
    (area, local, extension), text = case
    expected = f"+86{area}{local}" + (f";ext={extension}" if extension is not None else "")
    number = canonical(text, "CN")
    assert number == expected
    assert canonical(number, "CN") == number


@settings(deadline=None)
@given(spelled(), spelled())
def test_two_numbers_are_never_equal_however_they_are_written(
    first: tuple[tuple[str, str, str | None], str], second: tuple[tuple[str, str, str | None], str]
) -> None:
    same = canonical(first[1], "CN") == canonical(second[1], "CN")
    assert same == (first[0] == second[0])


# Twilio, "Call resource: SendDigits": the number is dialled, the extension pressed after two seconds.
@pytest.mark.parametrize(
    ("number", "dialled", "pressed"),
    [
        (BEIJING, BEIJING, ""),
        (f"{BEIJING};ext=801", BEIJING, "wwww801"),
        (f"{BEIJING};ext=0", BEIJING, "wwww0"),
    ],
)
def test_an_extension_is_pressed_and_not_dialled(number: str, dialled: str, pressed: str) -> None:
    assert (without_extension(number), keys_to_press(number)) == (dialled, pressed)


# words.md: "Numbers are spoken in groups: phones 3-4-4 in Chinese mobiles".
@pytest.mark.parametrize(
    ("number", "groups"),
    [
        (MOBILE, "199 0000 0101"),
        (SHANGHAI, "021 5555 0100"),
        ("+8675525550100", "0755 2555 0100"),
        ("+864008208888", "400 820 8888"),
        ("+12025550123", "202 555 0123"),
        (f"{SHANGHAI};ext=12", "021 5555 0100 12"),
    ],
)
def test_numbers_are_spoken_in_groups(number: str, groups: str) -> None:
    assert spoken_groups(number) == groups


CLIENT = "client:0190a0b0c0d07e0f8a1b2c3d4e5f6071"
PREFIXES = ["+86", "+1202"]
DOMAINS = ["pbx.example"]


# reliability.md, dialling 8: "E.164 prefixes of the centre; `client:` … UUID hex without hyphens,
# `sip:` only listed domains".
@pytest.mark.parametrize(
    "address",
    [
        MOBILE,
        SHANGHAI,
        f"{SHANGHAI};ext=12",
        "+12025550123",
        CLIENT,
        "sip:li@pbx.example",
        "sip:li@PBX.example:5060",
    ],
)
def test_what_the_allow_list_names_may_be_dialled(address: str) -> None:
    assert may_dial(address, PREFIXES, DOMAINS)


@pytest.mark.parametrize(
    "address",
    [
        "+442079460000",
        "+12125550123",
        "8619900000101",
        "+86",
        "+8619900000101,123",
        "+8619900000101\n",
        "+8619900000101;ext=1;ext=2",
        "+٨٦١٩٩٠٠٠٠٠١٠١",
        "",
        "client:li",
        "client:0190a0b0-c0d0-7e0f-8a1b-2c3d4e5f6071",
        f"{CLIENT}\n",
        "sip:li@evil.example",
        "sip:li@pbx.example.evil.example",
        "sip:li@pbx.example@evil.example",
        "sip:li@evil.example;maddr=pbx.example",
        "sip:li@pbx.example;maddr=evil.example",
        "sip:li@pbx.example?Route=evil.example",
        "sip:evil.example/@pbx.example\n",
    ],
)
def test_everything_else_may_not(address: str) -> None:
    assert not may_dial(address, PREFIXES, DOMAINS)


def test_premium_rate_numbers_are_refused_whatever_the_prefixes_say() -> None:
    assert not may_dial("+19005550123", ["+1"], [])
    assert may_dial("+12025550123", ["+1"], [])


# China's 400 and 800 numbers are reached from inside the country only.
@pytest.mark.parametrize("number", ["+864008208888", "+868008208888", "+864008208888;ext=1"])
def test_a_chinese_service_number_cannot_be_dialled_from_abroad(number: str) -> None:
    assert not may_dial(number, PREFIXES, DOMAINS)
    assert refusal(number, PREFIXES, DOMAINS) == (
        "A 400 or 800 number cannot be dialled from abroad; give a landline or a mobile."
    )


def test_a_refusal_says_where_to_look() -> None:
    assert "dial_prefixes" in str(refusal("+442079460000", PREFIXES, DOMAINS))
    assert "sip_domains" in str(refusal("sip:li@evil.example", PREFIXES, DOMAINS))
    assert refusal(MOBILE, PREFIXES, DOMAINS) is None


def test_no_prefix_allows_nothing() -> None:
    assert not may_dial(MOBILE, [], [])


@settings(deadline=None)
@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_only_numbers_with_a_listed_prefix_pass(number: str) -> None:
    allowed = may_dial(number, PREFIXES, DOMAINS)
    assert not allowed or number.startswith(("+86", "+1202"))


# reliability.md E: "numbers as last four digits".
@pytest.mark.parametrize(
    ("number", "shown"),
    [(MOBILE, "…0101"), (f"{SHANGHAI};ext=12", "…0100"), ("110", "…"), ("", "…"), (None, "…")],
)
def test_a_masked_number_shows_four_digits(number: str | None, shown: str) -> None:
    assert masked(number) == shown


def test_a_mobile_is_told_from_a_switchboard() -> None:
    assert is_mobile(MOBILE)
    assert not is_mobile(SHANGHAI)


def test_every_countrys_example_numbers_survive() -> None:
    lost = []
    for country in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number(country)
        written = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
        expected = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        if canonical(written, country) != expected:
            lost.append((country, written, canonical(written, country)))
    assert lost == []


# The carrier writes most numbers as E.164; those are not taken apart as what people write is.
@given(digits=st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True), country=st.sampled_from(["CN", "US", "DE"]))
def test_what_is_well_written_is_read_as_carefully(digits: str, country: str) -> None:
    assert canonical(f"+{digits}", country) == canonical(f" +{digits}", country)


# Only a zone that the number tells for certain: one country with one clock, or an area of a larger one.
@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+12125550123", "America/New_York"),
        ("+447911123456", "Europe/Guernsey"),
        ("+819012345678;ext=12", "Asia/Tokyo"),
        ("+14255550123", "America/Los_Angeles"),
        ("+18005550123", None),
        (SHANGHAI, None),
    ],
)
def test_the_zone_of_a_number_abroad(number: str, zone: str | None) -> None:
    found = zone_abroad(number, "CN", datetime(2026, 11, 23, tzinfo=UTC))
    assert (found.key if found else None) == zone

"""Our own check of signatures against Twilio's: equal wherever an address and a form can be sent at all."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

from callcenter.jobs import Work
from callcenter.settings import Settings
from callcenter.web.app import create_app
from callcenter.web.signature import SignatureCheck, as_signed
from tests import xinghe
from tests.web.twilio import PUBLIC_URL, TOKEN, Poster, arrival

NEW_TOKEN = "the token that follows"
HOSTS = ("hotline.example.com", "h.example", "127.0.0.1", "localhost", "xn--fiqs8s.example", "H.Example")
# What a request line can carry: the characters of an address, and bytes that a server reads as Latin-1.
SENT = "abcXYZ019-._~!$&'()*+,=:@%/é\u00ff"
names = st.one_of(
    st.sampled_from(["CallSid", "From", "To", "Digits", "", "a", "aa", "A"]), st.text(max_size=5)
)
values = st.one_of(
    st.sampled_from(["", "1", "+8613800138000", "张三", "e\u0301", "\u00e9", "\U0001f4de"]), st.text()
)
pairs = st.lists(st.tuples(names, values), max_size=8)


class Many(dict[str, list[str]]):
    """A form in the shape that Twilio's validator reads."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in pairs:
            self.setdefault(name, []).append(value)

    def getlist(self, name: str) -> list[str]:
        """Return every value of a name."""
        return self[name]


@st.composite
def addresses(draw: st.DrawFn) -> tuple[str, str]:
    """Return a public address and the path and query of a request to it."""
    scheme, host = draw(st.sampled_from(["https", "http"])), draw(st.sampled_from(HOSTS))
    port = draw(st.sampled_from(["", ":443", ":80", ":8443", ":8000", ":65535"]))
    path = "/" + draw(st.text(SENT + ";", max_size=20)).rstrip(";")
    query = draw(st.text(SENT + ";?", max_size=20))
    prefix = draw(st.sampled_from(["", "/centre"]))
    return f"{scheme}://{host}{port}{prefix}", f"{path}?{query}" if query else path


def signed(address: str, form: list[tuple[str, str]], token: str = TOKEN) -> str:
    """Sign as Twilio does."""
    return str(RequestValidator(token).compute_signature(address, Many(form)))


def reached(base: str, port: str) -> str:
    """Return an address with another port, or without one."""
    scheme, _, rest = base.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.partition(':')[0]}{port}{slash}{path}"


# telephony.md 2: "tries the URI both without any port and with a port (443/80 added if absent)"; "several
# values of one name are de-duplicated and sorted"; "blank parameters count".
@limits(max_examples=400, deadline=None)
@given(where=addresses(), form=pairs, data=st.data())
def test_it_is_twilios_own_verdict(
    where: tuple[str, str], form: list[tuple[str, str]], data: st.DataObject
) -> None:
    base, target = where
    other = st.sampled_from(["", ":443", ":80", ":8443", ":8000", ":65535"]).map(lambda it: reached(base, it))
    signed_for = data.draw(st.one_of(st.just(base), other))
    sent = data.draw(st.one_of(st.just(form), st.permutations(form), pairs))
    signature = signed(signed_for + target, form, data.draw(st.sampled_from([TOKEN, TOKEN, "another"])))
    verdict = RequestValidator(TOKEN).validate(base + target, Many(sent), signature)
    assert SignatureCheck(TOKEN, base).accepts(target, as_signed(sent), signature) is verdict


@limits(max_examples=200, deadline=None)
@given(where=addresses(), form=pairs)
def test_whatever_the_carrier_signs_is_accepted(where: tuple[str, str], form: list[tuple[str, str]]) -> None:
    base, target = where
    assert SignatureCheck(TOKEN, base).accepts(target, as_signed(form), signed(base + target, form))


# telephony.md 2: "signature=None (header missing) raises TypeError, i.e. a 500".
@limits(max_examples=200, deadline=None)
@given(
    form=pairs, signature=st.one_of(st.none(), st.text(), st.binary().map(lambda raw: raw.decode("latin-1")))
)
def test_nothing_else_is_a_signature(form: list[tuple[str, str]], signature: str | None) -> None:
    assert not SignatureCheck(TOKEN, PUBLIC_URL).accepts("/twilio/voice", as_signed(form), signature)


@pytest.mark.parametrize("spoilt", [str.lower, lambda it: it[:-1], lambda it: it + "=", lambda it: f" {it}"])
def test_a_signature_that_is_nearly_right_is_wrong(spoilt) -> None:  # type: ignore[no-untyped-def]
    form = list(arrival().items())
    right = signed(PUBLIC_URL + "/twilio/voice", form)
    check = SignatureCheck(TOKEN, PUBLIC_URL)
    assert check.accepts("/twilio/voice", as_signed(form), right)
    assert not check.accepts("/twilio/voice", as_signed(form), spoilt(right))


def test_what_no_text_can_be_was_not_signed() -> None:
    check = SignatureCheck(TOKEN, PUBLIC_URL)
    assert not check.accepts("/twilio/voice", "a\ud800", "x")
    assert not check.accepts("/twilio/voice", "ab", "\ud800")


# Twilio's own validator cuts such an address at its first colon; the carrier writes it whole.
@pytest.mark.parametrize("base", ["http://[::1]:8000", "http://[::1]"])
def test_an_address_in_brackets_has_a_port_too(base: str) -> None:
    form = list(arrival().items())
    port = ":8000" if base.endswith(":8000") else ":80"
    for written in ("http://[::1]", f"http://[::1]{port}"):
        signature = signed(f"{written}/twilio/voice", form)
        assert SignatureCheck(TOKEN, base).accepts("/twilio/voice", as_signed(form), signature)


def test_without_a_token_nobody_is_the_carrier() -> None:
    form = list(arrival().items())
    signature = signed(PUBLIC_URL + "/twilio/voice", form, token="")
    assert not SignatureCheck("", PUBLIC_URL).accepts("/twilio/voice", as_signed(form), signature)
    assert not SignatureCheck(TOKEN, PUBLIC_URL, "").accepts("/twilio/voice", as_signed(form), signature)


# Twilio, Auth Tokens: "promote the secondary token": from that moment it signs, and the old one is none.
def test_a_token_is_changed_while_calls_run(work: Work, settings: Settings) -> None:
    xinghe.open_centre(work)
    both = settings.model_copy(update={"twilio_auth_token_secondary": NEW_TOKEN})
    with TestClient(create_app(work, both), base_url=PUBLIC_URL) as web:
        poster = Poster(web)
        for token, status in ((TOKEN, 200), (NEW_TOKEN, 200), ("a third", 403)):
            form = list(arrival().items())
            headers = {"X-Twilio-Signature": poster.sign("/twilio/voice", form, token)}
            assert poster.raw("/twilio/voice", urlencode(form).encode(), headers).status_code == status

"""Webhooks are signed as Twilio signs them."""

from urllib.parse import parse_qs

from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from callcenter.simulator import Network
from callcenter.simulator.webhooks import Callback, build, sign
from tests.simulator.app import App
from tests.simulator.conftest import CALLER, HOTLINE

TOKEN = "0123456789abcdef"
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)


# Twilio, "Webhooks security": every request carries X-Twilio-Signature over URL and sorted parameters.
def test_the_validator_of_twilio_accepts_what_the_network_sends(net: Network, app: App) -> None:
    app.pages["/voice"] = '<Gather action="/menu?turn=2&amp;x=%20"><Say>Press 1</Say></Gather>'
    app.pages["/menu"] = "<Hangup/>"
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("Press 1")
    caller.press("1#")
    caller.ends()
    validator = RequestValidator(net.world.settings.auth_token)
    assert [r.url.rsplit("/", 1)[-1] for r in app.received] == ["voice", "menu?turn=2&x=%20", "status"]
    for request in app.received:
        sent = {name: values[0] for name, values in parse_qs(request.body.decode(), True).items()}
        assert validator.validate(request.url, sent, request.headers["X-Twilio-Signature"])


# twilio-python request_validator.py: several values of one name are de-duplicated and sorted.
@given(st.lists(st.tuples(NAMES, NAMES), max_size=8))
def test_any_form_is_signed_as_the_validator_expects(pairs: list[tuple[str, str]]) -> None:
    url = "https://hotline.example.com/twilio/voice?a=1&b=%E4%BD%A0"
    signature = sign(url, tuple(pairs), TOKEN)

    class Form(dict[str, str]):
        def getlist(self, name: str) -> list[str]:
            return [value for key, value in pairs if key == name]

    assert RequestValidator(TOKEN).validate(url, Form(dict(pairs)), signature)


# telephony.md, section 1: the fragment with connection overrides is neither sent nor signed.
def test_the_fragment_is_neither_sent_nor_signed() -> None:
    request = build(Callback("https://h.example.com/v#ct=2000&rt=8000"), (("A", "1"),), TOKEN, "t")
    assert request.url == "https://h.example.com/v"
    assert RequestValidator(TOKEN).validate(request.url, {"A": "1"}, request.headers["X-Twilio-Signature"])


# Twilio, "TwiML": by GET the same parameters stand in the query, and nothing is appended for the signature.
def test_a_get_carries_its_parameters_in_the_signed_query() -> None:
    request = build(Callback("https://h.example.com/v?x=1", "GET"), (("From", "+86 1"),), TOKEN, "t")
    assert request.url == "https://h.example.com/v?x=1&From=%2B86+1"
    assert request.form == ()
    assert RequestValidator(TOKEN).validate(request.url, {}, request.headers["X-Twilio-Signature"])

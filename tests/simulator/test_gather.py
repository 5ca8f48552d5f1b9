"""Gather, as Twilio documents it."""

import pytest

from callcenter.simulator import Network, NotHeard
from tests.simulator.app import App
from tests.simulator.conftest import CALLER, HOTLINE

MENU = '<Gather {} action="/keys"><Say>For sales press one.</Say></Gather><Say>Nothing came.</Say>'


def answered(net: Network, app: App, attributes: str) -> "tuple[Network, App]":
    """Let the application ask with these attributes."""
    app.pages |= {"/voice": MENU.format(attributes), "/keys": "<Say>Thank you.</Say>"}
    return net, app


# Twilio, "<Gather>": pressing a key stops the nested prompt.
def test_a_key_stops_the_prompt_and_goes_to_the_action(net: Network, app: App) -> None:
    answered(net, app, 'numDigits="1"')
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("For sales")
    caller.press("1")
    caller.hears("Thank you.")
    assert app.told("/keys")[0]["Digits"] == "1"
    assert "cut short" in caller.transcript()
    assert not caller.heard("one.")


# Twilio, "<Gather>": timeout 5 s by default, counted from the end of the prompt; then the next verb runs.
def test_silence_falls_through_to_the_next_verb(net: Network, app: App) -> None:
    answered(net, app, "")
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("For sales")
    began = net.clock.seconds
    caller.hears("Nothing came.")
    prompt = len("For sales press one.") / 14
    assert net.clock.seconds - began == pytest.approx(prompt + 5, abs=0.01)
    assert app.told("/keys") == []
    caller.ends()
    assert caller.silences() == []


# Twilio, "<Gather>": finishOnKey is `#` by default and is removed from Digits.
def test_the_finishing_key_is_removed(net: Network, app: App) -> None:
    answered(net, app, "")
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("For sales")
    caller.press("138#")
    caller.hears("Thank you.")
    assert app.told("/keys")[0]["Digits"] == "138"


# Twilio, "<Gather>": `#` alone gives no action; the document goes on.
def test_the_finishing_key_alone_is_no_input(net: Network, app: App) -> None:
    answered(net, app, "")
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("For sales")
    caller.press("#")
    caller.hears("Nothing came.", within=2)
    assert app.told("/keys") == []


# Twilio, "<Gather>": with actionOnEmptyResult the action is requested without input too.
def test_action_on_empty_result_asks_with_empty_digits(net: Network, app: App) -> None:
    answered(net, app, 'actionOnEmptyResult="true" timeout="2"')
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("Thank you.")
    assert app.told("/keys")[0]["Digits"] == ""


# Twilio, "<Gather>": with an empty finishOnKey every key counts, and the timeout ends the input.
def test_an_empty_finishing_key_takes_every_key(net: Network, app: App) -> None:
    answered(net, app, 'finishOnKey="" timeout="3"')
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("For sales")
    caller.press("*#")
    caller.hears("Thank you.", within=4)
    assert app.told("/keys")[0]["Digits"] == "*#"


# Twilio, "<Gather>": the default action is the current document's address.
def test_without_an_action_the_same_document_is_asked_again(net: Network, app: App) -> None:
    app.pages["/voice"] = lambda sent: (
        f"<Say>You pressed {sent['Digits']}.</Say>" if "Digits" in sent else '<Gather numDigits="2"/>'
    )
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.waits(1)
    caller.press("12")
    caller.hears("You pressed 12.")
    assert len(app.told("/voice")) == 2


# Twilio, "<Gather>": `dtmf speech`: the first kind that is detected wins; SpeechResult with Confidence.
def test_words_go_to_the_action_as_speech_result(net: Network, app: App) -> None:
    answered(net, app, 'input="dtmf speech"')
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("For sales")
    caller.speaks("销售")
    caller.hears("Thank you.")
    [sent] = app.told("/keys")
    assert (sent["SpeechResult"], "Digits" in sent) == ("销售", False)
    assert 0.0 <= float(sent["Confidence"]) <= 1.0


def test_words_are_nothing_where_only_keys_are_taken(net: Network, app: App) -> None:
    answered(net, app, 'timeout="2"')
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("For sales")
    caller.speaks("sales")
    caller.hears("Nothing came.")


def test_keys_pressed_while_nothing_listens_are_lost(net: Network, app: App) -> None:
    app.pages["/voice"] = (
        '<Say>A sentence first.</Say><Gather action="/keys" timeout="1"/><Say>Nothing.</Say>'
    )
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("A sentence")
    caller.press("1")
    caller.hears("Nothing.")
    assert "pressed 1 (nothing listens)" in caller.transcript()


def test_what_is_not_heard_fails_with_the_transcript(net: Network, app: App) -> None:
    answered(net, app, 'numDigits="1"')
    caller = net.phone(CALLER).dials(HOTLINE)
    with pytest.raises(NotHeard, match=r"For sales press one\."):
        caller.hears("For support", within=3)
    assert net.clock.seconds == pytest.approx(3)

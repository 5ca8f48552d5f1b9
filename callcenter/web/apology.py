"""What a caller hears when we cannot answer: from nothing but memory, and a message can still be left."""

from collections.abc import Mapping, Sequence
from functools import cache
from urllib.parse import urlencode

from callcenter.web.webhook import Webhook
from ivr.flow import apology as sorry
from ivr.flow import message_taken
from ivr.turns import HangUp, Leave, Music, Say, Step, Turn
from ivr.twiml import Urls, render
from ivr.words import LANGUAGES

_NOWHERE = Step("apology", 1, "apology")
_NO_URLS = Urls(*(["/"] * 9))
PATIENCE = 2
"""Tries inside the carrier's queue before the caller is led out of it, to where a message can be left."""


class Tongues:
    """What each line speaks, as this process last read it: staler words are still in a right language."""

    def __init__(self) -> None:
        self._known: Mapping[str, tuple[str, ...]] = {}

    def learn(self, languages: Mapping[str, Sequence[str]]) -> None:
        """Take the languages of every line's number."""
        self._known = {
            number: tuple(each for each in spoken if each in LANGUAGES)
            for number, spoken in languages.items()
        }

    def of(self, number: str) -> tuple[str, ...]:
        """Return a number's languages; all of them where nobody knows."""
        return self._known.get(number) or LANGUAGES


def apology(public_url: str, webhook: Webhook, languages: tuple[str, ...] = LANGUAGES) -> str:
    """Return the document that apologises and takes a message.

    Who called whom travels in the recording's own address, which the carrier signs: the message finds its
    call even when no row was ever written. A caller whose message was just taken hears that it was. Inside
    the carrier's queue nothing can be recorded: the caller hears the sentence and music, and is led out when
    the next tries fail as well. An agent or a customer whom we rang hears the sentence and the line is freed.
    """
    kind = webhook.path.get("kind", "")
    onward = _urls(public_url, f"{public_url}/twilio/fallback/thanks", webhook)
    if "attempt" in webhook.path:
        return spoken("failure.ours")
    if kind == "recorded" and webhook.form.get("RecordingSid"):
        return thanks(languages)
    if kind in ("wait", "waitkeys"):
        return _in_queue(public_url, webhook, languages)
    return render(sorry(None, languages), onward)


def _in_queue(public_url: str, webhook: Webhook, languages: tuple[str, ...]) -> str:
    told = webhook.query.get("tries", "")
    tries = int(told) if told in ("0", "1", "2") else 0
    here = f"{public_url}/twilio/voice/wait/{webhook.path['number']}?tries={tries + 1}"
    told_why = (*_says("failure.ours", languages), *_says("apology.once", languages)) if tries else ()
    onward = Leave() if tries >= PATIENCE else Music()
    return render(Turn(_NOWHERE, (*told_why, onward)), _urls(public_url, here, webhook))


def _urls(public_url: str, onward: str, webhook: Webhook) -> Urls:
    who = urlencode({"from": webhook.form.get("From", "")[:60], "to": webhook.form.get("To", "")[:60]})
    return Urls(
        next=onward,
        keys=onward,
        queue=onward,
        wait=onward,
        talk=onward,
        recorded=onward,
        recording_status=f"{public_url}/twilio/recording?{who}",
        conference_status=f"{public_url}/twilio/conference",
        music=f"{public_url}/audio/hold.wav",
    )


def _says(prompt: str, languages: Sequence[str]) -> tuple[Say, ...]:
    return tuple(Say(prompt, language) for language in languages)


def static_apology(public_url: str, thanks_url: str, languages: tuple[str, ...] = LANGUAGES) -> str:
    """Return the text for a place that answers when no process of ours does; it takes a message, too.

    `thanks_url` is where `static_thanks` stands. The recording is announced to us, in vain while we are dead;
    the look back finds it.
    """
    elsewhere = Urls(
        **dict.fromkeys(("next", "keys", "queue", "wait", "talk", "recorded"), thanks_url),
        recording_status=f"{public_url}/twilio/recording?from=",
        conference_status="",
        music="",
    )
    return render(sorry(None, languages), elsewhere)


def static_thanks(languages: tuple[str, ...] = LANGUAGES) -> str:
    """Return the text that follows the message there."""
    return thanks(languages)


@cache
def thanks(languages: tuple[str, ...]) -> str:
    """Return the document that says that the message is there, and goodbye."""
    return render(message_taken(languages), _NO_URLS)


@cache
def spoken(prompt: str, languages: tuple[str, ...] = LANGUAGES) -> str:
    """Return a document that says one prompt in some languages and hangs up."""
    return render(Turn(_NOWHERE, (*_says(prompt, languages), HangUp())), _NO_URLS)

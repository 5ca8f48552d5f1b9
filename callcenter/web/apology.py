"""What a caller hears when we cannot answer: from nothing but memory, and a message can still be left."""

from functools import cache
from urllib.parse import urlencode

from callcenter.web.webhook import Webhook
from ivr.flow import apology as sorry
from ivr.turns import HangUp, Music, Say, Step, Turn
from ivr.twiml import Urls, render
from ivr.words import LANGUAGES

_NOWHERE = Step("apology", 1, "apology")


def apology(public_url: str, webhook: Webhook) -> str:
    """Return the document that apologises and takes a message, in every language.

    Who called whom travels in the recording's own address, which the carrier signs: the message finds its
    call even when no row was ever written. Inside the carrier's queue nothing can be recorded, so there is
    music and another try; an agent or a customer whom we rang hears the sentence and the line is freed.
    """
    kind = webhook.path.get("kind", "")
    if "attempt" in webhook.path:
        return spoken("failure.ours")
    if kind in ("wait", "waitkeys"):
        here = f"{public_url}/twilio/voice/wait/{webhook.path['number']}"
        return render(Turn(_NOWHERE, (Music(),)), _urls(public_url, here, webhook))
    return render(sorry(None), _urls(public_url, f"{public_url}/twilio/fallback/thanks", webhook))


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


@cache
def spoken(prompt: str) -> str:
    """Return a document that says one prompt in every language and hangs up."""
    says = tuple(Say(prompt, language) for language in LANGUAGES)
    nowhere = Urls(*(["/"] * 9))
    return render(Turn(_NOWHERE, (*says, HangUp())), nowhere)

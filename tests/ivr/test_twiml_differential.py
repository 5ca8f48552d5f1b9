"""Our renderer against Twilio's library: the same bytes for every turn, whatever is in it."""

from hypothesis import given
from hypothesis import strategies as st

from ivr.turns import (
    Connect,
    Enqueue,
    Gather,
    HangUp,
    Leave,
    Music,
    Onward,
    Pause,
    Record,
    Say,
    Step,
    Turn,
)
from ivr.twiml import Urls, render
from ivr.words import LANGUAGES, PLACEHOLDER, script
from tests.ivr.library import rendered

STEP = Step("caller", 1, "menu")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PROMPTS = [
    (prompt.id, language, sorted(set(PLACEHOLDER.findall(prompt.text))))
    for language in LANGUAGES
    for prompt in script(language).values()
]
SAYS = st.sampled_from(PROMPTS).flatmap(
    lambda prompt: st.builds(
        lambda values: Say(prompt[0], prompt[1], values),
        st.fixed_dictionaries(dict.fromkeys(prompt[2], TEXT | st.integers(0, 99))),
    )
)
HEARD = st.one_of(SAYS, st.just(Music()))
VERBS = st.one_of(
    HEARD,
    st.builds(Pause, st.integers(1, 60)),
    st.builds(
        Gather,
        st.lists(HEARD, max_size=4).map(tuple),
        digits=st.none() | st.integers(1, 9),
        timeout=st.integers(1, 9),
    ),
    st.sampled_from([Enqueue(), Leave(), Onward(), HangUp()]),
    st.builds(Connect, TEXT, music=st.booleans()),
    st.builds(Record, st.integers(1, 600)),
)
URLS = st.builds(Urls, *[TEXT.map(lambda text: f"https://example.com/?a=1&b={text}")] * 11) | st.builds(
    Urls, *[st.just("https://hotline.example.com/twilio/voice/next/1")] * 9
)


# speed.md: "keep VoiceResponse except for the hottest documents (30 us)". All are ours, and none differs.
@given(st.lists(VERBS, max_size=5).map(tuple), URLS)
def test_a_document_is_the_librarys(does: tuple[object, ...], urls: Urls) -> None:
    turn = Turn(STEP, does)  # type: ignore[arg-type]
    assert render(turn, urls) == rendered(turn, urls)

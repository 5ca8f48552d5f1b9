"""What a flow says in a version stays what it says: a call must play again as it was (decision 11).

The digest covers every document and every step of every walk through a flow, with what the step remembers,
and the words of both languages. When it changes after a release, do not change the digest: give the flow a
new version, keep the old flow and its words beside it while calls that it led may be played again, and
add a row.
"""

import hashlib

import pytest

from ivr.flow import FLOWS
from ivr.hearing import Heard
from ivr.twiml import render
from ivr.words import words_digest
from tests.ivr.legs import URLS
from tests.ivr.test_graph import BEGINNINGS, NEW_IN, graph

FROZEN = {
    ("caller", 1): "fa1e52b59bd23743",
    ("caller", 2): "0f64e8c8e2fcbba7",
    ("agent", 1): "404b5b19fa7abefe",
    ("customer", 1): "c84b26546fa63e57",
    ("customer", 2): "aa490e7e4305d417",
}
WORDS = "23c8f03639c6"


LATER_FIELDS = (", machine=False", ", message=False", ", next_try=None", ", told_at=None")
LATER_FIELDS += (", times=None", ", asked=False", ", their_now=None", ", chosen=False", ", abroad=False")
"""What version 1 never heard of, as its hearings have it now: always the same, and no part of its digest."""


def behaviour(flow: str, version: int) -> str:
    """Return the digest of all that a flow says and does on every walk, whatever its code looks like."""
    digest = hashlib.sha256()
    for beginning in BEGINNINGS:
        if NEW_IN.get(beginning, 1) > version:
            continue
        walk = graph(beginning, version if flow == "caller" else 2)
        for step, heard, turn in walk.documents.values():
            if turn.step.flow == flow:
                begins = step.name if step else beginning
                told = _as_told(heard) if version == 1 else heard
                digest.update(f"{begins}\n{told}\n{turn.step.name}\n{render(turn, URLS)}\n".encode())
        for here, there in sorted(walk.ways.items()):
            if here.startswith(f"{flow} "):
                digest.update(f"{here}\n{sorted(there)}\n".encode())
    return digest.hexdigest()[:16]


def _as_told(heard: Heard) -> str:
    told = str(heard)
    for later in LATER_FIELDS:
        told = told.replace(later, "")
    return told


@pytest.mark.parametrize(("flow", "version"), sorted(FROZEN))
def test_a_version_of_a_flow_says_what_it_said(flow: str, version: int) -> None:
    assert (flow, version) in FLOWS
    assert behaviour(flow, version) == FROZEN[flow, version]


def test_every_flow_is_frozen() -> None:
    assert set(FLOWS) == set(FROZEN)


def test_the_words_are_what_they_were() -> None:
    """Also those that no walk says, and the words that are understood."""
    assert words_digest() == WORDS

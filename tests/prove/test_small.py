"""Every proof at a small size, on each database it is about, and every planted fault seen."""

from importlib import import_module

import pytest

from callcenter.db import Database
from tests.prove.__main__ import CHAPTERS
from tests.prove.verdict import Mutant, Proof, Trial

SEED = 20261121
PROOFS: list[Proof] = [
    proof
    for chapter in CHAPTERS
    for proof in import_module(f"tests.prove.{chapter}").PROOFS
    if proof.in_suite
]


@pytest.mark.parametrize(
    ("proof", "database"),
    [
        pytest.param(proof, kind, id=f"{proof.id}-{kind}")
        for proof in PROOFS
        for kind in proof.databases
        if kind in proof.suite_on
    ],
    indirect=["database"],
)
def test_a_promise_holds(proof: Proof, database: Database) -> None:
    """The judge finds nothing, and something was tried."""
    verdict = proof.prove(Trial(SEED, proof.small, _address(database)))
    assert verdict.trials > 0
    assert verdict.failures == []


@pytest.mark.parametrize(
    ("proof", "mutant", "database"),
    [
        pytest.param(proof, mutant, proof.databases[0], id=f"{proof.id}-{name}")
        for proof in PROOFS
        for name, mutant in proof.mutants.items()
    ],
    indirect=["database"],
)
def test_a_planted_fault_is_seen(proof: Proof, mutant: Mutant, database: Database) -> None:
    """A judge that lets these through would let anything through."""
    with mutant():
        failures = proof.prove(Trial(SEED, proof.small, _address(database))).failures
    assert failures
    # A fault that does not fit the product any more breaks it in another way than it says.
    assert [each for each in failures if "TypeError" in each or "AttributeError" in each] == []


def _address(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)

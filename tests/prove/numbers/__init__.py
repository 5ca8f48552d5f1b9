"""Figures that add up."""

from tests.prove.verdict import Proof

PROOFS: tuple[Proof, ...] = ()

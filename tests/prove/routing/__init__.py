"""Who takes a call: never two, never nobody (promises C1 to C4)."""

from tests.prove.routing import claims, measures
from tests.prove.verdict import Proof

PROOFS: tuple[Proof, ...] = (claims.PROOF, measures.PROOF)

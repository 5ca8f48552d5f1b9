"""Who takes a call: never two, never nobody (promises C1 to C5)."""

from tests.prove.routing import claims, invariants, killed, measures, states, stranded
from tests.prove.verdict import Proof

PROOFS: tuple[Proof, ...] = (
    invariants.PROOF,
    claims.PROOF,
    killed.PROOF,
    stranded.PROOF,
    measures.PROOF,
    states.PROOF,
)

"""What the carrier may do to us with its webhooks (promises A1 to A9)."""

from tests.prove.verdict import Proof

PROOFS: tuple[Proof, ...] = ()

"""Whatever a caller does, the call ends as it should."""

from tests.prove.verdict import Proof

PROOFS: tuple[Proof, ...] = ()

"""What was written down stays as it was, or it shows. Reliability D."""

from tests.prove.data import sealed
from tests.prove.verdict import Proof

PROOFS: tuple[Proof, ...] = (sealed.PROOF,)

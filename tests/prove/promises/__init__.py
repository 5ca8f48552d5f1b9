"""What was promised is done: calls that customers were promised are made, once, in time.

Reliability B. Bulk runs on simulated time in the proof's process; what ends in `-real` runs the product's own
processes.
"""

from tests.prove.promises import (
    ambiguous,
    bellless,
    clocks,
    doubled,
    killed,
    paced,
    paused,
    punctual,
    real,
    strict,
)
from tests.prove.verdict import Proof

PROOFS: tuple[Proof, ...] = (
    killed.PROOF,
    killed.FIRST,
    ambiguous.PROOF,
    strict.PROOF,
    bellless.PROOF,
    doubled.PROOF,
    paused.PROOF,
    clocks.PROOF,
    punctual.PROOF,
    paced.PROOF,
    *real.PROOFS,
)

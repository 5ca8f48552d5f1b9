"""Figures that add up."""

from tests.prove.numbers import mutants
from tests.prove.numbers.trials import prove_closing, prove_figures, prove_rollups
from tests.prove.verdict import Proof

PROOFS: tuple[Proof, ...] = (
    Proof(
        "N1",
        "every figure is what a count by hand gives, its lists are as long as it says, the identity holds",
        prove_figures,
        {
            "days by UTC": mutants.days_by_utc,
            "short abandons stay in every base": mutants.short_abandons_stay,
            "open calls are dropped": mutants.open_dropped,
        },
        small=0.004,
    ),
    Proof(
        "N2",
        "a closed day never changes; counted anew it is a new version with every difference",
        prove_closing,
        {
            "closed days are counted again": mutants.never_closed,
            "old versions count too": mutants.every_version_counts,
            "changed rows are not told": mutants.rows_untold,
        },
        small=0.012,
    ),
    Proof(
        "N3",
        "a period is exactly the sum of its closed days",
        prove_rollups,
        {
            "waits are lost in the sum": mutants.values_lost,
            "an agent's share is the whole": mutants.share_is_whole,
            "a day is passed over": mutants.day_passed_over,
        },
        small=0.006,
    ),
)

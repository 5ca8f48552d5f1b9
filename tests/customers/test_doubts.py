"""Which numbers are believed, by what the carrier says of them."""

import pytest

from callcenter.customers.rules import is_doubted


# Twilio, "Trusted calling with SHAKEN/STIR", values of StirVerstat: a call that was diverted, or passed
# through with the signature of where it began, has the same attestation levels as any other.
@pytest.mark.parametrize("way", ["", "-Diverted", "-Passthrough"])
def test_level_a_is_level_a_whichever_way_the_call_came(way: str) -> None:
    for attested_only in (False, True):
        assert not is_doubted(f"TN-Validation-Passed-A{way}", attested_only=attested_only)
        assert is_doubted(f"TN-Validation-Failed-A{way}", attested_only=attested_only)
    for level in ("B", "C"):
        assert is_doubted(f"TN-Validation-Passed-{level}{way}", attested_only=True)
        assert not is_doubted(f"TN-Validation-Passed-{level}{way}", attested_only=False)

"""The carrier that only notes: what it is asked is noted once, and it answers as Twilio's SDK expects."""

from callcenter.carrier.port import Placement
from callcenter.carrier.twilio import TwilioCarrier
from tests.bench.ringing import Ledger, recording_carrier
from tests.web.twilio import ACCOUNT, PUBLIC_URL, TOKEN


def test_a_request_to_ring_is_noted_with_its_number() -> None:
    ledger = Ledger()
    wanted = Placement(
        to="+8619900000101", from_number="+862155550100", url=PUBLIC_URL, status_url=PUBLIC_URL,
        fallback_url=PUBLIC_URL, timeout_seconds=30,
    )  # fmt: skip
    with recording_carrier(ledger) as api_url:
        carrier = TwilioCarrier(ACCOUNT, TOKEN, api_url=api_url)
        sids = {carrier.place(wanted), carrier.place(wanted)}
    assert len(sids) == 2
    assert list(ledger.asked) == ["+8619900000101"], "the first request counts"
    assert len(ledger.times) == 2

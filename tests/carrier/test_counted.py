"""What the carrier is asked is counted, by verb and by how it went, and reaches it unchanged."""

import pytest
from prometheus_client import REGISTRY

from callcenter.carrier.counted import Counted
from callcenter.carrier.port import CallGone, Carrier, NotPlaced, Placement
from callcenter.carrier.twin import Twin

PLACEMENT = Placement(
    to="+8613800138000",
    from_number="+862155550100",
    url="https://hotline.example.com/twilio/leg",
    status_url="https://hotline.example.com/twilio/progress",
    fallback_url="https://hotline.example.com/twilio/fallback/leg",
    timeout_seconds=30,
)


def counted(verb: str, result: str) -> float:
    labels = {"verb": verb, "result": result}
    return REGISTRY.get_sample_value("callcenter_carrier_requests_total", labels) or 0.0


def test_a_request_is_passed_on_and_counted() -> None:
    twin = Twin()
    carrier: Carrier = Counted(twin)
    before = counted("place", "done")
    sid = carrier.place(PLACEMENT)
    assert [placed.sid for placed in twin.placed] == [sid]
    assert counted("place", "done") == before + 1
    assert carrier.fetch(sid) == twin.fetch(sid)
    assert carrier.list_calls(to=PLACEMENT.to) == twin.list_calls(to=PLACEMENT.to)


def test_orders_are_passed_on() -> None:
    twin = Twin()
    carrier = Counted(twin)
    sid = twin.arrives("+8613800138000", "+862155550100")
    carrier.redirect(sid, "https://hotline.example.com/x")
    carrier.hang_up(sid)
    assert [(order.verb, order.sid) for order in twin.orders] == [("redirect", sid), ("hang_up", sid)]


@pytest.mark.parametrize(
    ("verb", "error"),
    [("place", NotPlaced("429")), ("fetch", CallGone("20404")), ("cancel", CallGone("20404"))],
)
def test_an_error_is_counted_by_its_name_and_passed_on(verb: str, error: Exception) -> None:
    twin = Twin()
    twin.refuse(verb, error)  # type: ignore[arg-type]
    before = counted(verb, type(error).__name__)
    with pytest.raises(type(error)):
        getattr(Counted(twin), verb)(PLACEMENT if verb == "place" else "CA" + "0" * 32)
    assert counted(verb, type(error).__name__) == before + 1

"""Redis was away at the moment a job was handed over: its row is found all the same."""

import pytest

from callcenter.routing.models import Offer
from callcenter.simulator import answers
from callcenter.standards.models import RingMeasure
from tests.journeys.conftest import Hotline
from tests.xinghe import HOTLINE


# Architecture 3: "Redis may be flushed at any moment and nothing is lost or done twice."
def test_rings_are_measured_though_every_bell_for_them_was_lost(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    wei = hotline.agent("zhang-wei")
    wei.will(answers(rings=1, presses="1"))
    real = hotline.bell.ring
    with monkeypatch.context() as away:
        away.setattr(hotline.bell, "ring", lambda name, about: name == "measure_offer" or real(name, about))
        caller = hotline.phone().dials(HOTLINE, presses=("1",))
        caller.talks_with(wei, within=60)
        caller.waits(10)
        caller.hangs_up()
        hotline.settle(40)
        assert hotline.rows(RingMeasure) == []
    hotline.settle(20)
    (offer,) = hotline.rows(Offer)
    (measure,) = hotline.rows(RingMeasure)
    assert (measure.offer_id, measure.verdict, measure.judged) == (offer.id, "accepted", True)
    hotline.assert_clean()

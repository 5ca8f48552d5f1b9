"""A customer behind a switchboard is called back: the number is dialled, the extension is pressed."""

from callcenter.callbacks.models import Callback
from callcenter.dialing.models import Attempt
from callcenter.simulator import answers
from tests.journeys.conftest import Hotline

SWITCHBOARD = "+861088886666"


def book(hotline: Hotline, number: str) -> int:
    """Promise a call by the API; return the status."""
    answer = hotline.web.post(
        "/api/v1/callbacks",
        json={"number": number, "line": "hotline"},
        headers={"Authorization": f"Bearer {hotline.supervisor}"},
    )
    return answer.status_code


# reliability.md, dialling 6: "the customer's canonical number with extension: several agents may sit behind
# one switchboard number".
def test_the_extension_is_pressed_and_its_person_is_reached(hotline: Hotline) -> None:
    wei = hotline.agent("zhang-wei")
    wei.answers(rings=1, presses="1")
    switchboard = hotline.phone(SWITCHBOARD)
    switchboard.will(answers(1, presses_at=((2.0, "1"),), extension="801"))
    assert book(hotline, "010-8888-6666 转 801") == 201
    assert hotline.net.run_until(lambda: bool(switchboard.phone.calls) and switchboard.handset.talking, 120)
    person = switchboard.handset
    person.talks_with(wei)
    person.waits(10)
    person.hangs_up()
    hotline.settle()
    (callback,) = hotline.rows(Callback)
    assert (callback.number, callback.state) == (f"{SWITCHBOARD};ext=801", "kept")
    (attempt,) = hotline.rows(Attempt, Attempt.purpose_kind == "callback")
    assert attempt.target == f"{SWITCHBOARD};ext=801"
    assert [request["To"] for request in placed(hotline) if "SendDigits" in request] == [SWITCHBOARD]
    hotline.assert_clean()


def placed(hotline: Hotline) -> list[dict[str, str]]:
    """What the carrier was asked to dial."""
    asked = [request for request in hotline.net.ledger.requests if request.path.endswith("/Calls.json")]
    return [request.params for request in asked if request.method == "POST"]


# "400 can't be dialled from abroad; say honestly".
def test_a_service_number_is_refused_with_the_reason(hotline: Hotline) -> None:
    answer = hotline.web.post(
        "/api/v1/callbacks",
        json={"number": "400-820-8888", "line": "hotline"},
        headers={"Authorization": f"Bearer {hotline.supervisor}"},
    )
    assert answer.status_code == 403
    assert "400 or 800 number cannot be dialled from abroad" in answer.text

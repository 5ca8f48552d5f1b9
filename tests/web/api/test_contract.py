"""The API against its own description: schemathesis makes requests from the document, good and bad ones.

Every answer must be one that the document tells of: its status, its media type, its shape. What the document
forbids must be refused, what it allows must be taken, and nothing may end in a 5xx. `make prove-api` does it
with many more requests.
"""

from urllib.parse import parse_qsl, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from starlette.types import ASGIApp, Receive, Scope, Send

from callcenter.settings import Settings
from callcenter.web.api import ENDPOINTS, PREFIX, describe
from callcenter.web.app import create_app
from tests.web.api.conftest import House

EXAMPLES = (
    hypothesis_settings.default.max_examples
    if hypothesis_settings.get_current_profile_name() == "thorough"
    else 8
)

# A document cannot tell which lines there are, which cursors we sealed, what time it is, that a period begins
# before its end (`from`), and what goes with what: a period with no other, a line with no branch, a figure
# with the filters of figures.
OURS_TO_KNOW = {
    "line", "agent", "owner", "skill", "customer", "call", "ticket", "number", "cursor", "due_at", "branch",
    "from", "period", "figure",
}  # fmt: skip


class Lobby:
    """Leads to the application of the test that runs: requests are planned before there is one."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


lobby = Lobby()
described = schemathesis.openapi.from_dict(describe(ENDPOINTS, PREFIX))
described.app = lobby
described.config.generation.update(with_security_parameters=False)
described = described.exclude(path_regex="/events$")


@pytest.fixture
def authorization(house: House, settings: Settings) -> dict[str, str]:
    """An administrator's token, to whom nothing is forbidden."""
    lobby.app = create_app(house.work, settings)
    return {"Authorization": house.client("admin").headers["Authorization"]}


def only_what_we_alone_know_is_refused(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """What agrees with the document may be refused only for values that no document can know."""
    if response.status_code != 422 or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    problem = response.json()
    named = {error["field"] for error in problem["errors"]}
    if not (named and named <= OURS_TO_KNOW) and "Idempotency-Key" not in problem["detail"]:
        raise AssertionError(f"refused though it agrees with the document: {problem}")


def what_is_forbidden_is_refused(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """What the document forbids is refused; a strange parameter counts if it was really sent."""
    declared = {parameter.name for parameter in case.operation.query}
    sent = dict(parse_qsl(urlsplit(response.request.url).query, keep_blank_values=True))
    if case.query and not set(sent) - declared and set(case.query) - declared:
        return
    negative_data_rejection(ctx, response, case)


@described.parametrize()
@hypothesis_settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
def test_the_api_is_as_described(case: schemathesis.Case, authorization: dict[str, str]) -> None:
    case.call_and_validate(
        headers=authorization,
        excluded_checks=[positive_data_acceptance, negative_data_rejection],
        additional_checks=[only_what_we_alone_know_is_refused, what_is_forbidden_is_refused],
    )

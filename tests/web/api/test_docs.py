"""docs/api.md says what the code does: endpoints with roles, fields, filters, figures."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from callcenter.standards.formulas import FORMULAS
from callcenter.web.api import (
    ENDPOINTS,
    agents,
    callbacks,
    calls,
    lines,
    promises,
    standards,
    story,
    tasks,
    tickets,
    words,
)

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text("utf-8")
SHOWN = [
    calls.CallItem, story.CallStory, story.Moment, words.Words, story.StoryLeg,
    story.StoryOffer, story.StoryRing,
    story.StoryAttempt, story.StoryOrder, story.StoryPromise, story.StoryRecording, story.StoryCallback,
    story.StoryCustomer, story.Candidate, tickets.TicketItem, tickets.TicketDetail, tickets.TicketPromise,
    tickets.TicketEventItem, callbacks.CallbackItem, callbacks.CallbackDetail, callbacks.CallbackAttempt,
    callbacks.CallbackOvertake, promises.PromiseItem,
    promises.PromiseDetail, promises.PromiseMoveItem, promises.PromiseAlertItem, promises.AlertItem,
    agents.AgentItem, agents.OfferItem, agents.QueueItem,
    lines.LineItem, standards.StandardsAnswer, standards.FigureItem, standards.RowLinks,
    standards.IdentityItem, standards.VersionItem, standards.RowItem, standards.ReportItem,
    standards.RecomputedItem, tasks.TaskItem,
]  # fmt: skip


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading, its head left out."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in table[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def fields(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def test_every_endpoint_is_told_with_its_role_and_sentence() -> None:
    told = {names(row[0])[0]: (row[1], row[2]) for row in rows("Endpoints")}
    assert told.pop("GET /events")[0] == "agent"
    assert told.pop("GET /openapi.json")[0] == "none"
    assert told == {
        f"{each.method} {each.path}": (each.role, (each.call.__doc__ or "").strip()) for each in ENDPOINTS
    }


@pytest.mark.parametrize("model", SHOWN, ids=lambda model: model.__name__)
def test_the_fields_of_every_shape_are_told(model: type[BaseModel]) -> None:
    told = {names(row[0])[-1]: names(row[1]) for row in rows("Fields")}
    assert told[model.__name__] == fields(model)


def test_no_shape_is_told_that_is_not() -> None:
    assert [names(row[0])[-1] for row in rows("Fields")] == [model.__name__ for model in SHOWN]


def test_every_filter_and_body_is_told() -> None:
    told = {names(row[0])[0]: names(row[1]) for row in rows("Filters and bodies")}
    assert told == {
        f"{each.method} {each.path}": fields(model)
        for each in ENDPOINTS
        for model in (each.query, each.body)
        if model is not None
    }


def test_every_figure_is_told_with_version_rule_and_both_names() -> None:
    told = [tuple(row[:5]) for row in rows("Figures")]
    assert told == [
        (f"`{each.id}`", str(each.version), each.rule or "-", each.zh, each.en) for each in FORMULAS.values()
    ]

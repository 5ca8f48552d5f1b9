"""The API described by itself: OpenAPI 3.1 from the endpoints' own annotations."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from callcenter.web.api.layer import JSON, Endpoint
from callcenter.web.api.problems import MEDIA_TYPE, ProblemDocument

REFERENCE = "#/components/schemas/{model}"
Keyed = tuple[type[BaseModel], Literal["validation", "serialization"]]


def describe(endpoints: Iterable[Endpoint], prefix: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of these endpoints under a prefix."""
    endpoints = list(endpoints)
    references, definitions = models_json_schema(_models(endpoints), ref_template=REFERENCE)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        operation = _operation(endpoint, references)
        paths.setdefault(prefix + endpoint.path, {})[endpoint.method.lower()] = operation
    paths[prefix + "/events"] = {"get": _EVENTS}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Call centre", "version": "1", "description": (__doc__ or "").strip()},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {"Problem": _PROBLEM},
        },
    }


_PROBLEM = {
    "description": "RFC 9457 problem",
    "content": {MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(model="ProblemDocument")}}},
}
_EVENTS = {
    "operationId": "events",
    "summary": "Stream hints (server-sent events): what changed, to be read again.",
    "x-role": "agent",
    "responses": {
        "200": {
            "description": "Hints: event `call`, `queue`, `agent`, `ticket`, …; data {type, id, version}.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        "default": {"$ref": "#/components/responses/Problem"},
    },
}


def _models(endpoints: list[Endpoint]) -> list[Keyed]:
    models: list[Keyed] = [(ProblemDocument, "serialization")]
    for endpoint in endpoints:
        models.append((endpoint.answer, "serialization"))
        models += [(model, "validation") for model in (endpoint.body, endpoint.query) if model]
    return list(dict.fromkeys(models))


def _operation(endpoint: Endpoint, references: Mapping[Any, Any]) -> dict[str, Any]:
    answer = references[endpoint.answer, "serialization"]
    operation: dict[str, Any] = {
        "operationId": endpoint.call.__name__,
        "summary": (endpoint.call.__doc__ or "").strip(),
        "tags": [endpoint.path.split("/")[1]],
        "x-role": endpoint.role,
        "parameters": _parameters(endpoint),
        "responses": {
            str(endpoint.status): {"description": "Done", "content": {JSON: {"schema": answer}}},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }
    if endpoint.body is not None:
        schema = references[endpoint.body, "validation"]
        required = any(field.is_required() for field in endpoint.body.model_fields.values())
        operation["requestBody"] = {"required": required, "content": {JSON: {"schema": schema}}}
    return operation


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", endpoint.path)
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
    ]
    if endpoint.query is not None:
        schema = endpoint.query.model_json_schema(ref_template=REFERENCE)
        parameters += [
            {"name": name, "in": "query", "required": False, "schema": described}
            for name, described in schema["properties"].items()
        ]
    if endpoint.creates:
        parameters.append(
            {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255}}
        )
    return parameters

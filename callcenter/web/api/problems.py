"""Errors as RFC 9457 problem documents, in the language that was asked for.

Domain errors become statuses here and nowhere below: Invalid 422, Missing 404, Conflict 409,
Forbidden 403, Unavailable 503.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse

from callcenter.errors import CallCenterError, Conflict, Forbidden, Invalid, Missing, Unavailable
from callcenter.web.api.chinese import in_chinese, value_in_chinese

MEDIA_TYPE = "application/problem+json"
TITLES: Mapping[int, tuple[str, str]] = {
    400: ("请求无法解读", "The request cannot be read"),
    401: ("需要有效的访问令牌", "A valid token is needed"),
    403: ("不允许", "Not allowed"),
    404: ("没有找到", "Not found"),
    405: ("不支持这种请求方法", "Method not allowed"),
    409: ("状态已经改变", "The state has changed"),
    413: ("请求内容过大", "The request is too large"),
    415: ("请求体必须是 JSON", "The body must be JSON"),
    422: ("有字段无法使用", "A value cannot be used"),
    429: ("请求过多，请稍候", "Too many requests, wait a while"),
    500: ("内部错误，已记录", "Our fault; it was written to the log"),
    503: ("暂时无法服务", "Not available at the moment"),
}


class FieldProblem(BaseModel):
    """What is wrong with one value."""

    field: str
    problem: str


class ProblemDocument(BaseModel):
    """RFC 9457: the `type` is always about:blank, so `status` says what kind it is."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    errors: list[FieldProblem] = Field(default_factory=list)


@dataclass(frozen=True)
class Told:
    """What is wrong with one value, in both languages."""

    field: str
    chinese: str
    english: str

    def shown(self, chinese: bool) -> FieldProblem:
        """Return it in the language that was asked for."""
        return FieldProblem(field=self.field, problem=self.chinese if chinese else self.english)


@dataclass(eq=False)
class Problem(Exception):
    """A refusal on its way to the client; `detail` is English, and a Sentence where it holds values."""

    status: int
    detail: str | None = None
    errors: list[Told] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)


_STATUS: Mapping[type[Exception], int] = {Missing: 404, Conflict: 409, Forbidden: 403, Unavailable: 503}


def problem_of(error: CallCenterError | SQLAlchemyError) -> Problem:
    """Translate a domain error, or a database that does not answer."""
    if isinstance(error, SQLAlchemyError):
        return Problem(503, "The database does not answer.", headers={"Retry-After": "2"})
    if isinstance(error, Invalid):
        told = Told(error.field, in_chinese(error.problem), error.problem)
        return Problem(422, _sentence(error), [told])
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 503)
    return Problem(status, _sentence(error), headers={"Retry-After": "2"} if status == 503 else {})


def _sentence(error: CallCenterError) -> str:
    """Return what an error says, as it was given: `str(error)` would forget the values of a Sentence."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, str) else str(error)


def invalid_fields(error: ValidationError) -> Problem:
    """Name every value that a model refuses; never repeat the value itself, which may be personal."""
    return Problem(422, "Some values cannot be used.", [_field(each) for each in error.errors()])


def _field(error: Any) -> Told:
    """Name the field as the client wrote it: what follows in `loc` are Python's types."""
    name = str(error["loc"][0]) if error["loc"] else "body"
    return Told(name, value_in_chinese(error["type"], error["msg"], error.get("ctx", {})), error["msg"])


def problem_response(problem: Problem, languages: str) -> JSONResponse:
    """Render a problem; `languages` is the request's Accept-Language."""
    chinese = prefers_chinese(languages)
    zh, en = TITLES[problem.status]
    document = ProblemDocument(
        title=zh if chinese else en,
        status=problem.status,
        detail=in_chinese(problem.detail) if chinese and problem.detail else problem.detail,
        errors=[told.shown(chinese) for told in problem.errors],
    )
    headers = {**problem.headers, "Content-Language": "zh-CN" if chinese else "en-US"}
    return JSONResponse(
        document.model_dump(exclude_none=True), problem.status, headers=headers, media_type=MEDIA_TYPE
    )


def prefers_chinese(languages: str) -> bool:
    """Whether an Accept-Language header puts Chinese before English; English without one."""
    weights = {"zh": 0.0, "en": 0.0}
    for item in languages.lower().split(","):
        tag, _, quality = item.strip().partition(";q=")
        if tag[:2] in weights:
            weights[tag[:2]] = max(weights[tag[:2]], _weight(quality))
    return weights["zh"] > weights["en"]


def _weight(quality: str) -> float:
    try:
        return float(quality) if quality else 1.0
    except ValueError:
        return 0.0

"""Templates to HTML: one environment a language, everything escaped, nothing undefined."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from callcenter.web.pages import times
from callcenter.web.pages.asked import Asked, Page, Reader
from callcenter.web.pages.assets import bundled
from callcenter.web.pages.names import KINDS
from callcenter.web.pages.navigation import places_for, searched_at
from callcenter.web.pages.words import script_words, words

_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip
TEMPLATES = Path(__file__).parent / "templates"


def render(page: Page, reader: Reader, asked: Asked | None, told: Mapping[str, Any] | None) -> str:
    """Return a page as HTML; `asked` is missing where an error is shown, `told` goes into a toast."""
    template = environment(reader.language).get_template(page.template)
    shell = {
        "reader": reader,
        "who": reader.who,
        "asked": asked,
        "told": told,
        "places": places_for(reader.who),
        "search": searched_at(reader.who),
    }
    return template.render({**shell, **page.context})


@cache
def environment(language: str) -> Environment:
    """Return the environment of a language, with what every template may use."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(words(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {"asset": bundled().get, "script_words": script_words(language)}
    made.filters |= {
        "ago": _ago,
        "clock": _clock,
        "exact": _exact,
        "duration": times.clocked,
        "percent": times.percent,
        "said": _said,
        "named": _named,
        "browser": _browser,
    }
    return made


@pass_context
def _ago(context: Context, at: datetime | None) -> str:
    """Show an instant as how long ago or in how long, counted on by the scripts; exact on hover."""
    asked: Asked = context["asked"]
    return _time(asked, at, "ago", "" if at is None else times.relative(at, asked.at, asked.reader.words))


@pass_context
def _clock(context: Context, at: datetime | None) -> str:
    """Show an instant as the clock of its day; exact on hover."""
    asked: Asked = context["asked"]
    return _time(asked, at, "clock", "" if at is None else times.of_day(at, asked.at, asked.zone))


def _time(asked: Asked, at: datetime | None, kind: str, short: str) -> str:
    if at is None:
        return times.NO_VALUE
    stamp, whole = at.isoformat(timespec="seconds"), times.exact(at, asked.zone)
    made = '<time datetime="{}" title="{}" data-{}>{}</time>'
    return Markup(made).format(stamp, whole, Markup(kind), escape(short))  # noqa: S704  The parts are escaped.


@pass_context
def _exact(context: Context, at: datetime | None) -> str:
    """Show an instant to the second, with its zone."""
    asked: Asked = context["asked"]
    return times.NO_VALUE if at is None else times.exact(at, asked.zone)


@pass_context
def _named(context: Context, key: str, kind: str) -> str:
    """Show a role, a state or an outcome by the name that it has on pages (names.py)."""
    reader: Reader = context["reader"]
    return reader.t(KINDS[kind].get(key, key))


def _browser(agent: str) -> str:
    """Return what a person calls the browser of a User-Agent: the first that fits, for many name others."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), agent[:40])
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return f"{browser}, {system}" if system else browser


@pass_context
def _said(context: Context, names: Mapping[str, str] | None) -> str:
    """Show what the product has in several languages, by language, in the reader's, or in any."""
    reader: Reader = context["reader"]
    return (names or {}).get(reader.language) or next(iter((names or {}).values()), "")

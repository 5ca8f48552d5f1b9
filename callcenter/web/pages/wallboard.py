"""The wallboard: who waits, what agents do, how today goes; for desks, and for screens by a kiosk's link."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock
from uuid import UUID

from starlette.responses import RedirectResponse

from callcenter.access import accounts
from callcenter.access.queries import kiosk_of, kiosks
from callcenter.access.rules import KIOSK, NOBODY
from callcenter.audit.now import Owed, Waiting, agents_by_branch, owed_by_line, waiting_by_line
from callcenter.lines.models import Line
from callcenter.lines.queries import lines
from callcenter.organisation.models import Branch
from callcenter.organisation.queries import branches
from callcenter.standards.figures import Figure
from callcenter.standards.formulas import FORMULAS
from callcenter.standards.queries import Scope, home_zone, standards
from callcenter.standards.windows import midnight
from callcenter.web.api.inputs import uuid_of
from callcenter.web.api.problems import Problem
from callcenter.web.pages.asked import Answer, Asked, Go, Page, Pages
from callcenter.web.pages.names import STATES
from callcenter.web.pages.visitors import A_YEAR, Cookies
from callcenter.web.pages.visitors import KIOSK as KIOSK_COOKIE
from callcenter.web.pages.words import marked as _

pages = Pages()
FIGURES = {
    "three_rings": _("Within three rings"),
    "connection_rate": _("Connection rate"),
    "service_level.judged": _("Service level"),
}
COUNTED_EVERY = timedelta(seconds=10)
CLOSED = _("The link of %(name)s works no more.")
Lines = frozenset[UUID] | None


@dataclass
class Recent:
    """Today's figures as this process counted them last: a hundred boards are one count in ten seconds."""

    _kept: dict[tuple[date, Lines], tuple[datetime, Mapping[str, Figure]]] = field(default_factory=dict)
    _turn: Lock = field(default_factory=Lock)

    def figures(self, asked: Asked, line_ids: Lines) -> Mapping[str, Figure]:
        """Return the figures of today by id, of some lines or of all."""
        zone = home_zone(asked.session)
        today = asked.at.astimezone(zone).date()
        with self._turn:
            counted_at, found = self._kept.get((today, line_ids), (None, {}))
            if counted_at is None or asked.at - counted_at >= COUNTED_EVERY:
                counted, _identity = standards(
                    asked.session, Scope(today, today, zone, line_ids=line_ids), asked.at
                )
                found = {figure.id: figure for figure in counted if figure.id in FIGURES}
                self._forget(today)
                self._kept[today, line_ids] = asked.at, found
        return found

    def _forget(self, today: date) -> None:
        for kept in [kept for kept in self._kept if kept[0] != today]:
            del self._kept[kept]


@dataclass(frozen=True)
class Row:
    """A line, or all of them together: `since` is when the first who waits came."""

    key: str
    names: Mapping[str, str]
    branch: Mapping[str, str]
    waiting: int
    since: datetime | None
    figures: Mapping[str, Figure]
    owed: Owed


@pages.get("/wallboard", role=KIOSK)
def wallboard(asked: Asked) -> Answer:
    """Show the board; `line` or `branch` narrow it."""
    known = {branch.id: branch for branch in branches(asked.session)}
    names = [(each.key, each.names.get(asked.reader.language) or each.key) for each in known.values()]
    return Page("wallboard.html", {**_now(asked, known), "branch_names": names})


@pages.get("/wallboard/now", role=KIOSK)
def now(asked: Asked) -> Answer:
    """Return what the board shows, to be put into it."""
    known = {branch.id: branch for branch in branches(asked.session)}
    return Page("wallboard_now.html", _now(asked, known))


def _now(asked: Asked, known: Mapping[UUID, Branch]) -> dict[str, object]:
    shown = _chosen(asked, known)
    recent: Recent = asked.work.db.kept.setdefault(Recent, Recent())
    waits, zone = waiting_by_line(asked.session), asked.zone
    midnight_comes = midnight(asked.at.astimezone(zone).date() + timedelta(days=1), zone)
    owed = owed_by_line(asked.session, asked.at, midnight_comes)
    narrowed = bool(_asked_for(asked))
    ids = frozenset(line.id for line in shown)
    rows = [
        _row(asked, line, known, waits, owed, recent.figures(asked, frozenset({line.id}))) for line in shown
    ]
    inside = [each for line, each in owed.items() if line in ids or not narrowed]
    total = _total(rows, recent.figures(asked, ids if narrowed else None), inside)
    formulas = {name: FORMULAS[name] for name in FIGURES}
    states = _states(asked, shown, narrowed)
    return {"rows": rows, "total": total, "states": states, "formulas": formulas, "names": FIGURES}


def _asked_for(asked: Asked) -> dict[str, str]:
    query = asked.reader.query
    return {name: query[name] for name in ("line", "branch") if query.get(name)}


def _chosen(asked: Asked, known: Mapping[UUID, Branch]) -> list[Line]:
    """Return the lines that are asked for; none of a name that is none, which the board then says."""
    wanted = _asked_for(asked)
    return [
        line
        for line in lines(asked.session)
        if wanted.get("line") in (None, line.key)
        and wanted.get("branch") in (None, known[line.branch_id].key)
    ]


def _row(
    asked: Asked,
    line: Line,
    known: Mapping[UUID, Branch],
    waits: Mapping[UUID, Waiting],
    owed: Mapping[UUID | None, Owed],
    found: Mapping[str, Figure],
) -> Row:
    wait = waits.get(line.id)
    count, since = (wait.count, wait.since) if wait else (0, None)
    branch = known[line.branch_id]
    return Row(line.key, line.organisation, branch.names, count, since, found, owed.get(line.id, Owed(0, 0)))


def _total(rows: Iterable[Row], found: Mapping[str, Figure], owed: Iterable[Owed]) -> Row:
    rows, owed = list(rows), list(owed)
    since = min((row.since for row in rows if row.since), default=None)
    all_owed = Owed(sum(each.due for each in owed), sum(each.late for each in owed))
    return Row("", {}, {}, sum(row.waiting for row in rows), since, found, all_owed)


def _states(asked: Asked, shown: Iterable[Line], narrowed: bool) -> list[tuple[str, int]]:
    """Return how many agents are in each state, in the order of names.py: those of the branches shown."""
    wanted = {line.branch_id for line in shown}
    count: Counter[str] = Counter()
    for branch_id, states in agents_by_branch(asked.session).items():
        if branch_id in wanted or not narrowed:
            count += states
    return [(state, count[state]) for state in STATES]


@pages.get("/wallboard/kiosk/{secret}", role=NOBODY)
def open_kiosk(asked: Asked) -> Answer:
    """Let the screen that opens a kiosk's link show the board from now on."""
    if kiosk_of(asked.session, asked.path["secret"]) is None:
        raise Problem(404)
    response = RedirectResponse(asked.reader.here.replace(asked.reader.url, "/wallboard", 1), 303)
    Cookies.of(asked.work.public_url).set(response, KIOSK_COOKIE, asked.path["secret"], A_YEAR)
    return response


@pages.get("/wallboard/links", role="supervisor")
def links(asked: Asked) -> Answer:
    """List the kiosks' links that work."""
    return Page("kiosks.html", {"kiosks": kiosks(asked.session), "link": None})


@pages.post("/wallboard/links", role="supervisor")
def make_link(asked: Asked) -> Answer:
    """Make a link for a screen and show it, this once."""
    name = asked.form.get("name", "").strip() or asked.t(_("Screen"))
    secret = accounts.open_kiosk(asked.session, name, at=asked.at, actor=asked.who.actor)
    asked.session.flush()
    link = f"{asked.work.public_url}/wallboard/kiosk/{secret}"
    return Page("kiosks.html", {"kiosks": kiosks(asked.session), "link": link})


@pages.post("/wallboard/links/{id}/close", role="supervisor")
def close_link(asked: Asked) -> Answer:
    """Let a link work no more."""
    kiosk_id = uuid_of("kiosk", asked.path["id"])
    closed = accounts.close_kiosk(asked.session, kiosk_id, at=asked.at, actor=asked.who.actor)
    return Go("/wallboard/links", asked.t(CLOSED, name=closed.name))

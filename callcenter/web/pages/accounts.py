"""Accounts, for administrators: who may sign in, as what, and since when nobody has."""

from collections.abc import Mapping
from urllib.parse import quote

from callcenter.access import accounts as acts
from callcenter.access.models import Account
from callcenter.access.passwords import hashed, made_up
from callcenter.access.queries import account_named, accounts, browsers
from callcenter.errors import CallCenterError, Conflict, Invalid
from callcenter.staff.queries import agent, agent_by_key, agents
from callcenter.web.pages.asked import Answer, Asked, Go, Page, Pages
from callcenter.web.pages.names import ROLES
from callcenter.web.pages.words import in_language
from callcenter.web.pages.words import marked as _

pages = Pages()
DISABLED = _("%(name)s is disabled and signed out.")
ENABLED = _("%(name)s may sign in again.")
_FIELDS = {"name": _("The name"), "role": _("The role"), "agent": _("The role")}
SIGNED_OUT = _("%(name)s is signed out everywhere.")


@pages.get("/accounts", role="admin")
def list_accounts(asked: Asked) -> Answer:
    """List every account; `role`, `state` and `q` narrow the list."""
    query = asked.reader.query
    rows = [row for row in accounts(asked.session, asked.at) if _fits(row.Account, query)]
    return Page(
        "accounts.html", {"rows": rows, "role_names": _role_names(asked), "filtered": any(query.values())}
    )


def _role_names(asked: Asked) -> list[tuple[str, str]]:
    return [(role, asked.t(ROLES[role])) for role in ROLES]


def _fits(account: Account, query: Mapping[str, str]) -> bool:
    words = f"{account.name} {account.display_name}".lower()
    state = "disabled" if account.disabled_at else "active"
    return (
        query.get("role", "") in ("", account.role)
        and query.get("state", "") in ("", state)
        and query.get("q", "").strip().lower() in words
    )


@pages.get("/accounts/new", role="admin")
def new_account(asked: Asked) -> Answer:
    """Ask what a new account is to be."""
    return _new(asked, {"name": "", "display_name": "", "role": "agent", "agent": ""})


def _new(asked: Asked, given: Mapping[str, str], problem: str | None = None) -> Page:
    known = [("", "–"), *((each.key, f"{each.name} ({each.key})") for each in agents(asked.session))]
    shown = {"given": given, "problem": problem, "role_names": _role_names(asked), "agent_names": known}
    return Page("account_new.html", shown, 422 if problem else 200)


@pages.post("/accounts/new", role="admin", unhurried=True)
def add_account(asked: Asked) -> Answer:
    """Make an account with a made-up password, which is shown this once."""
    given = {name: asked.form.get(name, "").strip() for name in ("name", "display_name", "role", "agent")}
    password = made_up()
    kept = hashed(password)
    try:
        with asked.work.transaction() as session:
            whom = agent_by_key(session, given["agent"]) if given["agent"] else None
            account = acts.add_account(
                session,
                name=given["name"],
                display_name=given["display_name"],
                role=given["role"],
                agent_id=whom.id if whom else None,
                password_hash=kept,
                at=asked.at,
                actor=asked.who.actor,
            )
    except (Invalid, Conflict) as wrong:
        return _new(asked, given, _told(asked, wrong))
    return Page("account_password.html", _shown(account, password, is_new=True))


def _told(asked: Asked, wrong: CallCenterError) -> str:
    said = wrong.problem if isinstance(wrong, Invalid) else wrong.args[0]
    told = in_language(said, asked.reader.language)
    if not isinstance(wrong, Invalid):
        return told
    return asked.t(_("%(field)s %(problem)s."), field=asked.t(_FIELDS[wrong.field]), problem=told)


@pages.get("/accounts/{name}", role="admin")
def account(asked: Asked) -> Answer:
    """Show one account with the browsers that are signed in."""
    found = account_named(asked.session, asked.path["name"])
    whom = agent(asked.session, found.agent_id).key if found.agent_id else None
    known = browsers(asked.session, found.id, asked.at)
    return Page("account.html", {"account": found, "agent_key": whom, "browsers": known})


@pages.post("/accounts/{name}/password", role="admin", unhurried=True)
def reset_password(asked: Asked) -> Answer:
    """Make up a new password, shown this once; every browser of the account is signed out."""
    password = made_up()
    kept = hashed(password)
    with asked.work.transaction() as session:
        account = acts.set_password(
            session, asked.path["name"], kept, at=asked.at, actor=asked.who.actor, must_change=True
        )
    return Page("account_password.html", _shown(account, password, is_new=False))


def _shown(account: Account, password: str, *, is_new: bool) -> dict[str, object]:
    """Return what the page with a made-up password shows; whoever changes its language sees it no more."""
    stay = f"/accounts/{quote(account.name)}"
    return {"account": account, "password": password, "is_new": is_new, "stay": stay}


@pages.post("/accounts/{name}/disable", role="admin")
def disable_account(asked: Asked) -> Answer:
    """Let an account in no more, at once; it can be undone."""
    name = asked.path["name"]
    try:
        acts.disable(asked.session, name, at=asked.at, actor=asked.who.actor)
    except Invalid as wrong:
        return Go(f"/accounts/{name}", _told(asked, wrong))
    return Go(f"/accounts/{name}", asked.t(DISABLED, name=name), f"/accounts/{name}/enable")


@pages.post("/accounts/{name}/enable", role="admin")
def enable_account(asked: Asked) -> Answer:
    """Let an account in again."""
    name = asked.path["name"]
    acts.enable(asked.session, name, at=asked.at, actor=asked.who.actor)
    return Go(f"/accounts/{name}", asked.t(ENABLED, name=name))


@pages.post("/accounts/{name}/sign-out", role="admin")
def sign_out_account(asked: Asked) -> Answer:
    """Sign an account out of every browser, at once."""
    name = asked.path["name"]
    acts.sign_out_everywhere(asked.session, name, at=asked.at, actor=asked.who.actor)
    return Go(f"/accounts/{name}", asked.t(SIGNED_OUT, name=name))

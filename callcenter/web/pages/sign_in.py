"""Signing in and out, and what anybody may choose without signing in: language and theme."""

from starlette.responses import RedirectResponse, Response

from callcenter.access import accounts
from callcenter.access.models import Account
from callcenter.access.passwords import matches
from callcenter.access.queries import find_account
from callcenter.access.rules import LANGUAGES, NOBODY, THEMES
from callcenter.staff.queries import agent
from callcenter.web.pages.asked import Answer, Asked, Go, Page, Pages
from callcenter.web.pages.navigation import home_of
from callcenter.web.pages.visitors import A_YEAR, LANGUAGE, SIGN_IN, THEME, Cookies, local
from callcenter.web.pages.words import marked as _

pages = Pages()
WRONG = _("Name or password is wrong.")
WAIT = _("Too many tries. Wait %(minutes)s min, or ask an administrator.")


@pages.get("/sign-in", role=NOBODY)
def sign_in_form(asked: Asked) -> Answer:
    """Ask for name and password; whoever is signed in already is led on."""
    to = local(asked.reader.query.get("next"))
    if asked.who.account_id is not None:
        return Go(to if to != "/" else home_of(asked.who))
    return _form(to)


def _form(to: str, name: str = "", problem: str | None = None, status: int = 200) -> Page:
    return Page("sign_in.html", {"next": to, "name": name, "problem": problem}, status)


@pages.post("/sign-in", role=NOBODY, unhurried=True)
def sign_in(asked: Asked) -> Answer:
    """Let somebody in. Whether there is such an account is told by no word, and by no time that it takes."""
    name, to = asked.form.get("name", "").strip().lower()[:80], local(asked.form.get("next"))
    address, at = asked.reader.address, asked.at
    with asked.work.transaction() as session:
        seconds = accounts.count_try(session, name, address, at)
    if seconds:
        return _form(to, name, asked.t(WAIT, minutes=-(-seconds // 60)), 429)
    account = find_account(asked.session, name)
    is_right = matches(asked.form.get("password", ""), account.password_hash if account else None)
    if account is None or not is_right or not _is_let_in(asked, account):
        return _form(to, name, asked.t(WRONG), 422)
    return _let_in(asked, account, address, to)


def _is_let_in(asked: Asked, account: Account) -> bool:
    """Say whether an account may sign in: it is not disabled, and its agent has not left."""
    left = account.agent_id is not None and not agent(asked.session, account.agent_id).active
    return account.disabled_at is None and not left


def _let_in(asked: Asked, account: Account, address: str, to: str) -> Response:
    with asked.work.transaction() as session:
        accounts.forgive_try(session, account.name, address)
        secret = accounts.sign_in(session, account, asked.reader.headers.get("user-agent", ""), asked.at)
    response = RedirectResponse(to, 303)
    Cookies.of(asked.work.public_url).sign_in(response, secret)
    return response


@pages.post("/sign-out", role="agent")
def sign_out(asked: Asked) -> Answer:
    """Sign this browser out."""
    accounts.sign_out(asked.session, asked.who, asked.at)
    response = RedirectResponse("/sign-in", 303)
    Cookies.of(asked.work.public_url).set(response, SIGN_IN, "", 0)
    return response


@pages.post("/language", role=NOBODY)
def choose_language(asked: Asked) -> Answer:
    """Show the pages in another language from now on, and stay where one is."""
    chosen = asked.form.get("language", "")
    if chosen in LANGUAGES and asked.who.account_id is not None:
        accounts.prefer(asked.session, asked.who.account_id, language=chosen)
    return _chosen(asked, LANGUAGE, chosen if chosen in LANGUAGES else "")


@pages.post("/theme", role=NOBODY)
def choose_theme(asked: Asked) -> Answer:
    """Show the pages light, dark, or as the system is, and stay where one is."""
    chosen = asked.form.get("theme", "")
    kept = chosen if chosen in THEMES else ""
    if asked.who.account_id is not None:
        accounts.prefer(asked.session, asked.who.account_id, theme=kept)
    return _chosen(asked, THEME, kept)


def _chosen(asked: Asked, cookie: str, value: str) -> Response:
    response = RedirectResponse(local(asked.form.get("next")), 303)
    Cookies.of(asked.work.public_url).set(response, cookie, value, A_YEAR if value else 0)
    return response

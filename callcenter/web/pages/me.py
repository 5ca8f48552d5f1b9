"""One's own account: the password, language and theme, and the browsers that are signed in."""

from callcenter.access import accounts
from callcenter.access.passwords import hashed, matches
from callcenter.access.queries import account_named, browsers
from callcenter.access.rules import check_password
from callcenter.errors import Invalid
from callcenter.web.pages.asked import Answer, Asked, Go, Page, Pages
from callcenter.web.pages.navigation import home_of
from callcenter.web.pages.words import in_language
from callcenter.web.pages.words import marked as _

pages = Pages()
WRONG = _("This is not your present password.")
DIFFERENT = _("The two new passwords differ.")
CHANGED = _("Your password is changed. Other browsers are signed out.")
SIGNED_OUT = _("Every other browser is signed out.")


@pages.get("/me", role="agent")
def me(asked: Asked) -> Answer:
    """Show one's own account."""
    account = account_named(asked.session, asked.who.prefix)
    return Page("me.html", {"account": account, "browsers": browsers(asked.session, account.id, asked.at)})


@pages.get("/me/password", role="agent")
def password_form(_asked: Asked) -> Answer:
    """Ask for a new password."""
    return _form()


def _form(problem: str | None = None, field: str = "", status: int = 200) -> Page:
    return Page("password.html", {"problem": problem, "wrong": field}, status)


@pages.post("/me/password", role="agent", unhurried=True)
def change_password(asked: Asked) -> Answer:
    """Change one's own password; the other browsers are signed out."""
    name, chosen = asked.who.prefix, asked.form.get("password", "")
    address, at = asked.reader.address, asked.at
    with asked.work.transaction() as session:
        if accounts.count_try(session, name, address, at):
            return _form(asked.t(_("Too many tries. Wait a quarter of an hour.")), "present", 429)
    if not matches(asked.form.get("present", ""), account_named(asked.session, name).password_hash):
        return _form(asked.t(WRONG), "present", 422)
    try:
        check_password(chosen, name)
    except Invalid as wrong:
        told = in_language(wrong.problem, asked.reader.language)
        return _form(asked.t(_("The new password %(problem)s."), problem=told), "password", 422)
    if chosen != asked.form.get("again", ""):
        return _form(asked.t(DIFFERENT), "again", 422)
    kept = hashed(chosen)
    with asked.work.transaction() as session:
        accounts.forgive_try(session, name, address)
        accounts.set_password(session, name, kept, at=at, actor=asked.who.actor, but=asked.who.sign_in_id)
    return Go(home_of(asked.who), asked.t(CHANGED))


@pages.post("/me/sign-out-elsewhere", role="agent")
def sign_out_elsewhere(asked: Asked) -> Answer:
    """Sign every browser out but this one."""
    actor, mine = asked.who.actor, asked.who.sign_in_id
    accounts.sign_out_everywhere(asked.session, asked.who.prefix, at=asked.at, actor=actor, but=mine)
    return Go("/me", asked.t(SIGNED_OUT))

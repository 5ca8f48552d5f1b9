"""Tokens: what is kept, who is let in, who is not."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.access.actions import issue_token, revoke_token
from callcenter.access.models import Token
from callcenter.access.queries import authenticate, tokens
from callcenter.access.rules import ROLES, Principal
from callcenter.db import Database
from callcenter.errors import Invalid, Missing
from callcenter.ledger.models import LedgerEntry
from callcenter.organisation.models import Branch
from callcenter.staff.models import Agent

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def agent(session: Session, key: str = "wang") -> Agent:
    branch = Branch(key=f"branch-{key}", names={}, head_office=False)
    session.add(branch)
    session.flush()
    made = Agent(
        key=key,
        name="王",
        branch_id=branch.id,
        languages=["zh-CN"],
        address="+8613800138000",
        address_raw="-",
    )
    session.add(made)
    session.flush()
    return made


def issue(session: Session, role: str = "supervisor", **more: object) -> str:
    return issue_token(session, role=role, name="test", at=NOW, actor="system", **more)  # type: ignore[arg-type]


def test_a_token_lets_its_role_in_and_is_kept_only_as_a_digest(database: Database) -> None:
    with database.transaction() as session:
        presented = issue(session)
    with database.reading() as session:
        who = authenticate(session, presented, NOW)
        row = session.scalars(sa.select(Token)).one()
    assert who == Principal(row.prefix, "supervisor")
    assert who.actor == f"token:{row.prefix}"
    secret = presented.split("_", 2)[2]
    assert presented.startswith(f"cc_{row.prefix}_")
    assert secret not in repr({c.name: getattr(row, c.name) for c in Token.__table__.columns})


def test_an_agents_token_acts_in_the_agents_name(database: Database) -> None:
    with database.transaction() as session:
        wang = agent(session)
        presented = issue(session, "agent", agent_id=wang.id)
        who = authenticate(session, presented, NOW)
    assert who is not None
    assert (who.agent_id, who.actor) == (wang.id, "agent:wang")


def test_an_agent_who_has_left_is_not_let_in(database: Database) -> None:
    with database.transaction() as session:
        wang = agent(session)
        presented = issue(session, "agent", agent_id=wang.id)
        wang.active = False
        session.flush()
        assert authenticate(session, presented, NOW) is None


def changed(presented: str, position: int) -> str:
    other = "A" if presented[position] != "A" else "B"
    return presented[:position] + other + presented[position + 1 :]


def test_nothing_else_is_let_in(database: Database) -> None:
    with database.transaction() as session:
        good, other = issue(session), issue(session)
        forgeries = [
            "",
            "cc_",
            good[:-1],
            good + "A",
            good + "\n",
            changed(good, -2),
            changed(good, 4),
            good.upper(),
            f"cc_{good.split('_')[1]}_{other.split('_', 2)[2]}",
            "王" * 55,
        ]
        assert [authenticate(session, forgery, NOW) for forgery in forgeries] == [None] * len(forgeries)


def test_a_token_ends_when_it_expires(database: Database) -> None:
    with database.transaction() as session:
        presented = issue(session, expires_at=NOW + timedelta(days=1))
        just_before = NOW + timedelta(days=1, microseconds=-1)
        assert authenticate(session, presented, just_before) is not None
        assert authenticate(session, presented, NOW + timedelta(days=1)) is None


def test_a_revoked_token_ends_at_once_and_keeps_its_first_end(database: Database) -> None:
    with database.transaction() as session:
        presented = issue(session)
        prefix = presented.split("_")[1]
        revoke_token(session, prefix, at=NOW, actor="system")
        assert authenticate(session, presented, NOW) is None
        assert revoke_token(session, prefix, at=NOW + timedelta(hours=1), actor="system").revoked_at == NOW


def test_giving_out_and_taking_back_are_written_down(database: Database) -> None:
    with database.transaction() as session:
        prefix = issue(session).split("_")[1]
        revoke_token(session, prefix, at=NOW, actor="system")
        session.flush()
        entries = session.scalars(sa.select(LedgerEntry).order_by(LedgerEntry.id)).all()
    assert {(e.actor, e.action, e.subject_id) for e in entries} == {
        ("system", "token.issued", prefix),
        ("system", "token.revoked", prefix),
    }


@pytest.mark.parametrize("role", ["root", "agent"])
def test_a_role_must_be_known_and_an_agents_token_names_its_agent(database: Database, role: str) -> None:
    with database.transaction() as session, pytest.raises(Invalid):
        issue(session, role)


def test_an_unknown_prefix_cannot_be_revoked(database: Database) -> None:
    with database.transaction() as session, pytest.raises(Missing):
        revoke_token(session, "00000000", at=NOW, actor="system")


def test_the_list_names_tokens_and_their_agents(database: Database) -> None:
    with database.transaction() as session:
        first, second = issue(session), issue(session, "agent", agent_id=agent(session).id)
        session.flush()
        listed = {token.prefix: key for token, key in tokens(session)}
    assert listed == {first.split("_")[1]: None, second.split("_")[1]: "wang"}


def test_each_role_includes_those_below_it() -> None:
    table = {(mine, needed): Principal("p", mine).may(needed) for mine in ROLES for needed in ROLES}
    assert [pair for pair, may in table.items() if may] == [
        ("agent", "agent"),
        ("supervisor", "agent"),
        ("supervisor", "supervisor"),
        ("admin", "agent"),
        ("admin", "supervisor"),
        ("admin", "admin"),
    ]

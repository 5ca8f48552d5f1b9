"""The clock's seconds: most of them find nothing, and must cost next to nothing."""

import sqlalchemy as sa

from callcenter.clock_process import Ticker
from callcenter.db import Database
from tests.prove.routing.ground import room, stands_in_line


# Architecture 3: "the clock process sweeps (queue and ring work every second ...)": day and night.
def test_a_second_in_which_nothing_is_due_asks_the_database_once(database: Database) -> None:
    asked: list[str] = []
    with room(_address(database), 1) as floor:
        ticker = Ticker(floor.work)
        ticker.tick()
        sa.event.listen(floor.work.db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        floor.time.moves(seconds=1)
        ticker.tick()
    assert len([each for each in asked if not each.startswith("BEGIN")]) == 1, asked


# HL-12: an agent whose rest is over is free again; HL-1: a phone stops ringing when its rings are over.
def test_what_is_due_in_a_second_is_done_in_it(database: Database) -> None:
    with room(_address(database), 1) as floor:
        work, ticker = floor.work, Ticker(floor.work)
        with work.transaction() as session:
            stands_in_line(session, floor.line_id, floor.skill_id, work.at())
            session.execute(sa.text("UPDATE agent_states SET state = 'wrap_up', until = since"))
        ticker.tick()
        floor.bell.drain(work)
        with work.db.reading() as session:
            (offer,) = session.execute(sa.text("SELECT id FROM offers WHERE state = 'ringing'")).all()
        assert offer


def _address(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)

"""The schema's steps: up, down and up again, one head, and exactly what the models say."""

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from callcenter import migrate, schema
from callcenter.db import make_engine
from callcenter.tables import metadata
from tests import servers

Shape = dict[str, set[str]]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(
    request: pytest.FixtureRequest, directory: Path, worker_id: str, tmp_path: Path
) -> Iterator[Callable[[str], str]]:
    """A function that makes an empty database of a name and returns its address."""
    if request.param == "sqlite":
        yield lambda name: f"sqlite:///{tmp_path / name}.sqlite"
        return
    server: str = request.getfixturevalue("postgresql_server")
    made = []

    def make(name: str) -> str:
        made.append(servers.fresh_database(server, f"{tmp_path.name}_{worker_id}_{name}"))
        return made[-1]

    yield make
    for url in made:
        servers.drop_database(server, url)


def _one_space(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _shape(url: str) -> Shape:
    """Return every definition in a database, in its own words, by table."""
    engine = make_engine(url)
    shape: Shape = {}
    with engine.connect() as connection:
        for table, definition in connection.execute(_SHAPES[engine.dialect.name]):
            for part in (
                re.split(r",(?=\s+\w)", definition) if engine.dialect.name == "sqlite" else [definition]
            ):
                shape.setdefault(table, set()).add(_one_space(part.rstrip(" \n)")))
    shape.pop("alembic_version", None)
    return shape


_SHAPES = {
    "sqlite": sa.text("SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger'"),
    "postgresql": sa.text("""
        SELECT table_name, concat_ws(' ', column_name, data_type, character_maximum_length, is_nullable,
               column_default) FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid)
               FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """),
}


def _made_of_models(url: str) -> Shape:
    engine = make_engine(url)
    metadata.create_all(engine)
    return _shape(url)


def test_the_steps_lead_to_exactly_what_the_models_say(new_database: Callable[[str], str]) -> None:
    migrated = new_database("migrated")
    migrate.upgrade(migrated)
    assert _shape(migrated) == _made_of_models(new_database("made"))
    migrate.check(migrated)


def test_a_model_that_has_no_step_is_found(new_database: Callable[[str], str]) -> None:
    url = new_database("drifted")
    migrate.upgrade(url)
    with make_engine(url).begin() as connection:
        connection.execute(sa.text("DROP TABLE notices"))
    with pytest.raises(CommandError, match="notices"):
        migrate.check(url)


def test_down_leaves_nothing_and_up_again_is_the_same(new_database: Callable[[str], str]) -> None:
    url = new_database("updownup")
    migrate.upgrade(url)
    first = _shape(url)
    migrate.downgrade(url, "base")
    assert _shape(url) == {}
    migrate.upgrade(url)
    assert _shape(url) == first


def test_there_is_one_head() -> None:
    heads = ScriptDirectory(str(schema.STEPS)).get_heads()
    assert heads == [schema.head()]


def test_a_database_tells_how_far_it_is(new_database: Callable[[str], str]) -> None:
    url = new_database("told")
    engine = make_engine(url)
    assert schema.current(engine) is None
    migrate.upgrade(url)
    assert schema.current(engine) == schema.head()


def test_processes_that_start_together_migrate_once(new_database: Callable[[str], str]) -> None:
    url = new_database("together")
    wrong: list[BaseException] = []

    def start() -> None:
        try:
            migrate.upgrade(url)
        except BaseException as error:  # A thread's failure must reach the test.
            wrong.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert schema.current(make_engine(url)) == schema.head()


# The safety rule stands in every step, and so does the bound that keeps it from stopping the hotline.
@pytest.mark.parametrize(
    "step", sorted((schema.STEPS / "versions").glob("0*.py")), ids=lambda path: path.stem
)
def test_every_step_carries_the_safety_rule(step: Path) -> None:
    text = step.read_text()
    assert "Safety rule: " in text
    assert text.count("bounded(lock_seconds=") == 2
    assert "from callcenter" not in text

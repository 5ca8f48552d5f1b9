"""Parts of the bench still run: a figure that cannot be taken is noticed here, not at a release."""

import pytest

from callcenter.embedded import EmbeddedValkey
from tests.bench.ground import Ground
from tests.bench.run import PARTS
from tests.bench.scale import smallest


@pytest.fixture(scope="module")
def base(
    postgresql_server: str, valkey_shared: EmbeddedValkey, tmp_path_factory: pytest.TempPathFactory
) -> Ground:
    """The servers of the session: nothing is measured here."""
    return Ground(tmp_path_factory.mktemp("bench"), postgresql_server, valkey_shared.url, valkey_shared, None)


COUNTED = ("door", "claims", "ringing")
"""Those that need no time to lie in wait. Round trips have a test of their own; the other parts are kept from
rotting by `make bench ARGS=--quick`."""


@pytest.mark.parametrize("part", COUNTED)
def test_a_part_gives_its_rows(base: Ground, part: str) -> None:
    rows = PARTS[part](base, smallest(seed=1))
    assert rows
    for row in rows:
        assert row.measured.times
        assert row.faults == 0

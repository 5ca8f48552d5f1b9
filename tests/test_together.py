"""The suite's own machinery: which process runs what, and where bytecode is kept."""

from pathlib import Path

import pytest

from tests.together import GROUPS, Together

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("path", GROUPS)
def test_a_group_is_of_files_that_are_there(path: str) -> None:
    assert (ROOT / path).is_file()


def test_tests_of_a_group_go_to_one_process_and_all_others_wherever_there_is_room() -> None:
    scope = Together._split_scope
    walks = {
        scope(None, f"tests/ivr/test_{name}.py::test_one[caller]") for name in ("frozen", "graph", "ways")
    }
    assert len(walks) == 1
    assert scope(None, "tests/test_db.py::test_one[sqlite]") == "tests/test_db.py::test_one[sqlite]"

"""The checks themselves: each finds what is planted, and leaves alone what is well."""

from collections.abc import Callable, Iterator

import pytest

from tests.house import checks
from tests.house.checks import Source

SAID = '"""A module."""\n'
IT = 'class It:\n    """It is."""\n'
LONG = "def it() -> None:\n" + "    x = 1\n" * 50
CAUGHT = "try:\n    x()\nexcept{}\n    {}\n"
SILENCE = "x = 1  # type" + ": ignore{}\n"
NO_QA = "x = 1  # no" + "qa{}\n"
# Each: the check, what it must find, what it must not.
SAMPLES = [
    (checks.too_long, LONG, LONG.removesuffix("    x = 1\n")),
    (checks.too_long, "x = 1\n" * 401, "x = 1\n" * 400),
    (checks.undocumented, "x = 1\n", SAID),
    (checks.undocumented, SAID + "def it(): ...\n", SAID + "def _it(): ...\n"),
    (checks.undocumented, SAID + "class It: ...\n", SAID + 'class It:\n    """It is."""\n'),
    (checks.undocumented, SAID + 'def it():\n    """no sentence"""\n', SAID + 'def it():\n    """One."""\n'),
    (checks.undocumented, SAID + IT + "    def go(self): ...\n", SAID + IT + "    def _go(self): ...\n"),
    (
        checks.undocumented,
        SAID + IT + "    def x(self): ...\n",
        SAID + IT + "    @x.setter\n    def x(self, v): ...\n",
    ),
    *((checks.unfinished, f"x = 1  # {mark}: later\n", f"x{mark}x = 1\n") for mark in checks.UNFINISHED),
    *((checks.foreign_places, f"https://{host}/x\n", "https://example.com\n") for host in checks.REGISTRIES),
    (checks.foreign_places, "see /" + "home/me/it\n", "see var/home/me, https://example.com/home/me\n"),
    (checks.foreign_places, "cd /" + "work/tree\n", "the/work" + "/tree\n"),
    (checks.sleeping, "import time\ntime.sleep(1)\n", "event.wait(1)\n"),
    (checks.sleeping, "from time import sleep\nsleep(1)\n", "sleepy(1)\n"),
    (checks.unfailing, "assert True\n", "assert x\n"),
    (
        checks.unfailing,
        "@pytest.mark.skip\ndef it(): ...\n",
        "@pytest.mark.parametrize('a', [1])\ndef it(): ...\n",
    ),
    (checks.unfailing, "pytest.mark.xfail(strict=False)\n", "pytest.raises(ValueError)\n"),
    (checks.coloured, "async def it(): ...\n", "def it(): ...\n"),
    (checks.unexplained, CAUGHT.format(" Exception:", "y()"), CAUGHT.format(" OSError:", "y()")),
    (checks.unexplained, CAUGHT.format(":", "y()"), CAUGHT.format(" Exception:  # Why.", "y()")),
    (checks.unexplained, CAUGHT.format(" BaseException:", "y()"), CAUGHT.format(" BaseException:", "raise")),
    (checks.unexplained, SILENCE.format(""), SILENCE.format("[arg-type]")),
    (checks.unexplained, NO_QA.format(""), NO_QA.format(": S101")),
    (checks.rest_clients, "from twilio.rest import Client\n", "from twilio.twiml import Say\n"),
    (checks.rest_clients, "def it():\n    import twilio.http\n", "from twilio.request_validator import V\n"),
    (checks.environment_at_import, "X = os.environ['A']\n", "def it():\n    return os.environ['A']\n"),
    (checks.environment_at_import, "X = os.getenv('A')\n", "X = os.sep\n"),
]


@pytest.mark.parametrize(("check", "planted", "well"), SAMPLES)
def test_a_check_finds_what_is_planted_and_nothing_else(
    check: Callable[[Source], Iterator[str]], planted: str, well: str
) -> None:
    assert len(list(check(Source("callcenter/it.py", planted)))) == 1
    assert list(check(Source("callcenter/it.py", well))) == []


def functions(*lines: int) -> Source:
    text = "\n".join(f"def f{n}():\n" + "    x = 1\n" * (count - 1) for n, count in enumerate(lines))
    return Source("callcenter/it.py", text)


def test_the_shape_of_functions_is_their_median_and_their_tail() -> None:
    assert list(checks.shape_of_functions([functions(*[6] * 20)])) == []
    assert len(list(checks.shape_of_functions([functions(*[7] * 20)]))) == 1
    assert list(checks.shape_of_functions([functions(*[6] * 19, 25)])) == []
    assert len(list(checks.shape_of_functions([functions(*[6] * 19, 26)]))) == 1


def test_the_shape_of_files_is_their_median() -> None:
    def files(*lines: int) -> list[Source]:
        return [Source("callcenter/it.py", "x = 1\n" * count) for count in lines]

    assert list(checks.shape_of_files(files(90, 90, 300))) == []
    assert len(list(checks.shape_of_files(files(91, 91, 10)))) == 1


def test_a_foreign_file_in_a_concept_is_found() -> None:
    def faults(path: str) -> list[str]:
        return list(checks.foreign_files(Source(path, ""), frozenset({"figures"})))

    assert faults("callcenter/standards/helpers.py")
    assert faults("callcenter/standards/figures.py") == faults("callcenter/standards/models.py") == []


def test_a_step_of_the_schemas_history_may_be_long_but_its_functions_may_not() -> None:
    assert list(checks.too_long(Source("migrations/versions/0001_it.py", "x = 1\n" * 500))) == []
    assert len(list(checks.too_long(Source("migrations/versions/0001_it.py", LONG)))) == 1


def test_async_is_at_home_in_web_and_simulator() -> None:
    for path in ("callcenter/web/app.py", "callcenter/simulator/server.py"):
        assert list(checks.coloured(Source(path, "async def it(): ...\n"))) == []

"""An installer's first minute: a command before `callcenter migrate` is answered with what to do."""

import sys
from pathlib import Path

import pytest

from callcenter.cli import main

COMMANDS = (["hours"], ["replay", "CA" + "0" * 32], ["token", "list"], ["standards"])


@pytest.mark.parametrize("folder", ["", "var"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_command_before_migrate_says_so(
    command: list[str],
    folder: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(sys, "argv", ["callcenter", *command])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "callcenter migrate" in capsys.readouterr().err

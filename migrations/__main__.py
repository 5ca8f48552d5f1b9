"""Draft the next step of the schema: `python -m migrations "Remember what the caller chose"`.

The difference between the models and the steps so far is written as a new file of `versions`, to be read,
cleaned and tested on both back ends.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from callcenter import migrate


def main(message: str) -> None:
    """Write the draft, numbered after the last step."""
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{Path(scratch) / 'schema.sqlite'}"
        migrate.upgrade(url)
        with migrate.configured(url) as config:
            steps = ScriptDirectory.from_config(config).walk_revisions()
            command.revision(config, message, autogenerate=True, rev_id=f"{len(list(steps)) + 1:04}")


if __name__ == "__main__":
    main(sys.argv[1])

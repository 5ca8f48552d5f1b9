"""`python -m tests.bench.history DATABASE_URL`: fill an empty database with an invented year of calls.

The centre is the example's. A database that holds calls is refused: nothing of a real centre is touched.
"""

import argparse
import sys
import time
from datetime import date

from callcenter import migrate
from callcenter.errors import CallCenterError
from tests.bench.history.filling import Size, fill


def main() -> None:
    """Migrate, fill, say what was written."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.history", description=__doc__)
    parser.add_argument("database", help="its address, as DATABASE_URL has it")
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument(
        "--until", type=date.fromisoformat, help="the first day without calls; today if left out"
    )
    parser.add_argument("--words-days", type=int, default=60, help="the last days whose words are kept")
    asked = parser.parse_args()
    size = Size(
        asked.calls,
        asked.seed,
        asked.days,
        asked.words_days,
        **({"until": asked.until} if asked.until else {}),
    )
    begun = time.perf_counter()
    migrate.upgrade(asked.database)
    try:
        filled = fill(asked.database, size, say=_say)
    except CallCenterError as wrong:
        sys.exit(str(wrong))
    for table, rows in filled.items():
        sys.stdout.write(f"{rows:>12,}  {table}\n")
    sys.stdout.write(f"{time.perf_counter() - begun:>12,.0f}  seconds\n")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()

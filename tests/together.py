"""Which tests one process runs, when several share the suite: those that stand on the same dear ground.

pytest-xdist has a mark for that, which does nothing beside a pytest from 9.2 on: it writes the group into the
test's id, which is read from elsewhere now.
"""

from xdist.scheduler import LoadScopeScheduling

WALKS, BENCH, HISTORY, BROWSER = "walks of the flows", "bench", "history", "browser"
GROUPS = {
    "tests/ivr/test_frozen.py": WALKS,  # One process makes the walks, for all who look.
    "tests/ivr/test_graph.py": WALKS,
    "tests/ivr/test_ways.py": WALKS,
    "tests/bench/test_crowds.py": BENCH,  # One makes the ground: the parts share names of databases.
    "tests/bench/test_parts.py": BENCH,
    "tests/bench/test_history.py": HISTORY,  # One plays the stories.
}


class Together(LoadScopeScheduling):
    """Gives the groups out first, each to one process, then every other test to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/browser/"):  # One process and one browser for all of them.
            return BROWSER
        return GROUPS.get(nodeid.partition("::")[0], nodeid)

"""speed.md: "any webhook: database round trips, BEGIN and COMMIT counted: must <= 6, aim <= 3"."""

import os

from callcenter import migrate
from tests import servers
from tests.bench import trips

MOST = 6
# Kinds that the plays must bring about: a kind that nobody plays is one that nobody counts.
PLAYED = {
    "voice", "voice/keys", "voice/keys:opens ticket", "voice/next", "voice/wait", "voice/waitkeys",
    "voice/summon", "voice/requeue", "voice/talk", "voice/queue", "voice/recorded",
    "leg", "leg/keys", "leg/next", "leg/talk", "leg/enter", "leg/dismiss",
    "progress:initiated", "progress:ringing", "progress:in-progress", "progress:completed",
    "progress:busy", "progress:no-answer", "progress:canceled", "status:completed",
    "conference:participant-join", "conference:conference-start", "conference:participant-leave",
    "conference:conference-end", "recording", "recording/room",
}  # fmt: skip


def test_no_webhook_asks_the_database_more_than_six_times(postgresql_server: str) -> None:
    url = servers.fresh_database(postgresql_server, f"trips_{os.getpid()}")
    try:
        migrate.upgrade(url)
        counts = trips.count(postgresql_server, url)
    finally:
        servers.drop_database(postgresql_server, url)
    assert {name: max(each) for name, each in counts.items() if max(each) > MOST} == {}
    assert PLAYED - counts.keys() == set()
    assert [row.measured.middle <= MOST for row in trips.rows(counts)] == [True] * 3

"""Webhooks: nothing lost, nothing doubled, no forgery, in time (`make prove-webhooks`)."""

from tests.prove.webhooks.forgeries import A3
from tests.prove.webhooks.in_time import A8
from tests.prove.webhooks.malformed import A6
from tests.prove.webhooks.malleated import A4
from tests.prove.webhooks.missing_events import A9
from tests.prove.webhooks.nothing_lost import A1
from tests.prove.webhooks.replays import A5
from tests.prove.webhooks.same_answer import A2
from tests.prove.webhooks.slow_clients import A7

PROOFS = (A1, A2, A3, A4, A5, A6, A7, A8, A9)

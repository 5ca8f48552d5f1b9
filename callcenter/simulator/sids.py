"""Twilio's identifiers: two letters and 32 hexadecimal digits, drawn from the network's seed."""

import random
import uuid


class Sids:
    """A seeded source, so that the same script gives the same identifiers."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"sids-{seed}")

    def new(self, prefix: str) -> str:
        """Return a new identifier, e.g. `CA…` for a call."""
        return f"{prefix}{self._random.getrandbits(128):032x}"

    def token(self) -> str:
        """Return a UUID, as the idempotency header carries."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

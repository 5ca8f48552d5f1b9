"""The API's door: authentication, misfortunes, routing, errors as JSON."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from callcenter.simulator.faults import Effect, Parcel
from callcenter.simulator.ledger import RestRequest
from callcenter.simulator.recordings import sound
from callcenter.simulator.rest import calls, conferences, numbers, queues, recordings
from callcenter.simulator.rest.errors import RestError, broken, not_found, too_many, unauthenticated
from callcenter.simulator.rest.request import Json, Resource, RestQuery
from callcenter.simulator.settings import API_VERSION
from callcenter.simulator.webhooks import Pairs
from callcenter.simulator.world import World

Auth = tuple[str, str] | None
SID = r"([A-Za-z0-9_.\-% ]+)"
ROUTES: list[tuple[str, str, Resource]] = [
    ("POST", "Calls", calls.create),
    ("GET", "Calls", calls.listing),
    ("GET", f"Calls/{SID}", calls.fetch),
    ("POST", f"Calls/{SID}", calls.update),
    ("GET", f"Calls/{SID}/Recordings", recordings.of_call),
    ("POST", f"Calls/{SID}/Recordings", recordings.start),
    ("POST", f"Calls/{SID}/Recordings/{SID}", recordings.update),
    ("GET", "Recordings", recordings.listing),
    ("GET", f"Recordings/{SID}", recordings.fetch),
    ("DELETE", f"Recordings/{SID}", recordings.delete),
    ("GET", "Queues", queues.listing),
    ("GET", f"Queues/{SID}", queues.fetch),
    ("GET", f"Queues/{SID}/Members", queues.members),
    ("GET", f"Queues/{SID}/Members/{SID}", queues.fetch_member),
    ("POST", f"Queues/{SID}/Members/{SID}", queues.dequeue),
    ("GET", "Conferences", conferences.listing),
    ("GET", f"Conferences/{SID}", conferences.fetch),
    ("POST", f"Conferences/{SID}", conferences.update),
    ("GET", f"Conferences/{SID}/Participants", conferences.participants),
    ("POST", f"Conferences/{SID}/Participants", conferences.invite),
    ("GET", f"Conferences/{SID}/Participants/{SID}", conferences.fetch_participant),
    ("POST", f"Conferences/{SID}/Participants/{SID}", conferences.update_participant),
    ("DELETE", f"Conferences/{SID}/Participants/{SID}", conferences.kick),
    ("GET", "IncomingPhoneNumbers", numbers.listing),
    ("GET", f"IncomingPhoneNumbers/{SID}", numbers.fetch),
    ("POST", f"IncomingPhoneNumbers/{SID}", numbers.update),
]


# What a fault answers instead of doing what was asked.
REFUSALS: dict[Effect, Callable[[str], RestError]] = {
    "401": lambda _: unauthenticated(),
    "404": not_found,
    "429": lambda _: too_many(),
    "500": lambda _: broken(),
}


class RestFault(OSError):
    """The client sees no answer (time-out or reset); but for `timeout` the request has had its effect."""

    def __init__(self, effect: Effect) -> None:
        self.effect = effect
        super().__init__(effect)


@dataclass(frozen=True)
class Rest:
    """Twilio's REST API over one world; may be called from any thread, also from inside a webhook."""

    world: World

    def handle(
        self, method: str, path: str, form: Pairs = (), basic_auth: Auth = None
    ) -> tuple[int, Json | None]:
        """Answer one request: path from `/2010-04-01`, with its query; (status, JSON or None for 204).

        Raise RestFault where a fault swallows the answer.
        """
        parts = urlsplit(path)
        pairs = (*parse_qsl(parts.query, keep_blank_values=True), *form)
        with self.world.kernel.lock:
            effect = self.world.faults.rest_effect(Parcel("rest", "", parts.path, method.upper()))
            status, body = self._answer(method.upper(), parts.path, tuple(pairs), basic_auth, effect)
            self._write_down(method, path, tuple(pairs), status, effect)
        return self._spoilt(effect, status, body)

    def _answer(
        self, method: str, path: str, pairs: Pairs, auth: Auth, effect: Effect | None
    ) -> tuple[int, Json | None]:
        try:
            if effect in REFUSALS:
                raise REFUSALS[effect](path)
            if effect == "timeout":
                return 0, None
            if effect == "twice":
                self._route(method, self._below_account(path, auth), pairs)
            return self._route(method, self._below_account(path, auth), pairs)
        except RestError as refusal:
            return refusal.status, refusal.to_json()

    def _below_account(self, path: str, auth: Auth) -> str:
        self._authenticate(auth)
        prefix = f"/{API_VERSION}/Accounts/{self.world.settings.account_sid}/"
        if not path.startswith(prefix):
            raise not_found(path)
        return path.removeprefix(prefix).removesuffix(".json")

    def _authenticate(self, auth: Auth) -> None:
        settings = self.world.settings
        known = {settings.account_sid: settings.auth_token, **settings.api_keys}
        if auth is None or known.get(auth[0]) != auth[1]:
            raise unauthenticated()

    def _route(self, method: str, path: str, pairs: Pairs) -> tuple[int, Json | None]:
        for verb, pattern, resource in ROUTES:
            if verb == method and (match := re.fullmatch(pattern, path)):
                return resource(RestQuery(self.world, method, path, pairs), *match.groups())
        raise not_found(path)

    def media(self, path: str, basic_auth: Auth = None) -> bytes | None:
        """Return a recording's WAV (`…/Recordings/RE….wav`), None where it is not there (yet)."""
        with self.world.kernel.lock:
            try:
                below = self._below_account(path, basic_auth)
            except RestError:
                return None
            sid = below.removeprefix("Recordings/").removesuffix(".wav")
            recording = self.world.recordings.get(sid)
            if recording is None or recording.deleted or not recording.available:
                return None
            return sound(recording)

    def _write_down(self, method: str, path: str, pairs: Pairs, status: int, effect: Effect | None) -> None:
        request = RestRequest(method.upper(), path, dict(pairs), self.world.clock.now(), status, effect or "")
        self.world.ledger.requests.append(request)

    @staticmethod
    def _spoilt(effect: Effect | None, status: int, body: Json | None) -> tuple[int, Json | None]:
        if effect == "500-after-accept":
            return 500, broken().to_json()
        if effect in ("timeout", "timeout-after-accept", "reset"):
            raise RestFault(effect)
        return status, body

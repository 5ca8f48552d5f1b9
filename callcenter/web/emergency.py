"""What the bridge does when the database does not answer: apologise from memory, keep what was said."""

from functools import partial

import structlog

from callcenter import metrics
from callcenter.errors import CallCenterError
from callcenter.spool import Spool
from callcenter.web.apology import Tongues, apology, spoken, thanks
from callcenter.web.kept import SHARES, Kept, apology_of, message_of
from callcenter.web.threads import Threads
from callcenter.web.webhook import Refused, Webhook

log = structlog.get_logger()
KEEPING_SECONDS = 2.0
THREADS = 4


class Emergency:
    """Apologies and the spool; its threads are its own, for those of the webhooks may all hang."""

    def __init__(self, public_url: str, spool: Spool, tongues: Tongues) -> None:
        self._public_url = public_url
        self._spool = spool
        self._tongues = tongues
        self._threads = Threads(THREADS)

    def apology(self, webhook: Webhook) -> str:
        """Return what is said instead of an answer, in the languages of the line that was called."""
        return apology(self._public_url, webhook, self._tongues.of(webhook.form.get("To", "")))

    def thanks(self, webhook: Webhook) -> str:
        """Return what is said when a message was left after an apology, or nothing was said."""
        languages = self._tongues.of(webhook.form.get("To", ""))
        return thanks(languages) if webhook.form.get("RecordingSid") else spoken("goodbye.thanks", languages)

    async def keep_message(self, webhook: Webhook, *, emergency: bool = False) -> bool:
        """Put the recording that a webhook tells of on the disk; False when there is none, or no room.

        It is at the carrier all the same, and found there by the look back. `emergency` says that it was left
        after an apology, where its address does not.
        """
        try:
            kept = message_of(webhook, emergency=emergency)
        except Refused as refusal:
            log.warning("webhook.refused", call_sid=webhook.sid, reason=str(refusal))
            return False
        return kept is not None and await self._keep(kept)

    async def note_apology(self, webhook: Webhook, why: str) -> bool:
        """Remember, if there is room, that this caller met our fault; after he was answered."""
        return await self._keep(apology_of(webhook, why))

    async def _keep(self, kept: Kept) -> bool:
        """Write in a thread, for two seconds at most: a disk may hang as well."""
        result = "lost"
        try:
            await self._threads.run(partial(self._write, kept), KEEPING_SECONDS)
            result = "kept"
        except (OSError, CallCenterError) as fault:
            log.error("spool.lost", kind=kept.kind, call_sid=kept.call_sid, reason=type(fault).__name__)
        metrics.SPOOLED.labels(kept.kind, result).inc()
        return result == "kept"

    def _write(self, kept: Kept) -> None:
        self._spool.keep(kept.name, kept.to_json(), share=SHARES[kept.kind])

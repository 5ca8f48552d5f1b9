"""The audit log: who looked at what, who changed what, and whether the chain over it has been sealed."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter.audit.looks import LookFilter, list_looks
from callcenter.ledger.queries import head
from callcenter.web.api.cursors import Cursor
from callcenter.web.api.inputs import PageQuery, Word
from callcenter.web.pages.asked import Answer, Asked, Page, Pages

pages = Pages()
ENTRIES = Cursor("audit_log", (datetime, UUID))


class AuditQuery(PageQuery):
    """Filters: who, what was done, to what."""

    actor: Word | None = None
    action: Word | None = None
    subject: Word | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


@pages.get("/audit-log", role="supervisor")
def audit_log(asked: Asked, query: AuditQuery) -> Answer:
    """List what was written down, the newest first, and how far it is sealed."""
    wanted = LookFilter(query.actor, query.action, query.subject)
    rows = list_looks(asked.session, wanted, ENTRIES.after(asked, query), query.limit + 1)
    shown, following = ENTRIES.cut(asked, query, rows, lambda row: (row.at, row.id))
    return Page("audit_log.html", {"entries": shown, "following": following, "head": head(asked.session)})

"""The revision of the centre's configuration: it moves with every row that configures the centre.

Who has read a revision knows that whatever was read of it before still stands.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from callcenter import ids
from callcenter.statements import at_most

_CENTRES = sa.table("centres", sa.column("id"), sa.column("revision"))
_MOVE = sa.update(_CENTRES).values(revision=sa.bindparam("moved"))
REVISION = sa.select(_CENTRES.c.revision).order_by(_CENTRES.c.id).limit(at_most(1)).scalar_subquery()
"""The revision as a column of any SELECT; NULL before the first `callcenter apply`."""


class Configured:
    """A model whose rows configure the centre: to write one moves the revision, in the same transaction."""


def move(connection: sa.Connection) -> None:
    """Move the revision, so that every process reads the configuration anew."""
    connection.execute(_MOVE, {"moved": ids.new().hex})


def _moved(_mapper: Any, connection: sa.Connection, _row: Any) -> None:
    move(connection)


for _moment in ("after_insert", "after_update", "after_delete"):
    event.listen(Configured, _moment, _moved, propagate=True)

"""What a person is asked."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.tasks.actions import open_task


def task(session: Session, callback_id: UUID, at: datetime, number: str = "+8613800138000") -> None:
    """A person is asked about a callback that may not be made in time."""
    open_task(
        session, kind="not_dialled", reason="number_cap", subject_kind="callback", subject_id=callback_id,
        number=number, at=at,
    )  # fmt: skip

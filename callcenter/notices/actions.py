"""Say that something has changed; the pages and API clients who care read it again."""

from datetime import datetime

from sqlalchemy.orm import Session

from callcenter.notices.models import Notice


def announce(session: Session, type: str, subject_id: object, at: datetime) -> None:
    """Leave a hint: `type` is call, queue, agent, ticket, callback or offer; the id is its row's."""
    session.add(Notice(type=type, subject_id=str(subject_id), at=at))

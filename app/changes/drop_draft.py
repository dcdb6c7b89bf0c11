"""What was typed and not sent is given up: the report is sent, or its author does not want it."""

from sqlalchemy import delete
from sqlmodel import Session, col

from app.models import UpdateDraft


def drop_draft(session: Session, obligation_id: int, account_id: int) -> None:
    session.exec(
        delete(UpdateDraft).where(
            col(UpdateDraft.obligation_id) == obligation_id, col(UpdateDraft.account_id) == account_id
        )
    )

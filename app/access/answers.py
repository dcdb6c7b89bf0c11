"""Answers by mail 邮件答复, and the mails that came 来信."""

from sqlmodel import Session

from app.access.viewer import Viewer, row_of_region
from app.errors import Forbidden
from app.models import InboundMail, MailedAnswer, Obligation


def answer_for_settling(session: Session, viewer: Viewer, answer_id: int) -> MailedAnswer:
    """Only the liaison of the department that owes what it speaks of, or that it came to where that is not known."""
    row = row_of_region(session, viewer, MailedAnswer, answer_id, allowed=viewer.is_liaison)
    obligation = session.get(Obligation, row.obligation_id) if row.obligation_id is not None else None
    owner = obligation.department_id if obligation is not None else row.department_id
    if owner != viewer.department_id:
        raise Forbidden
    return row


def inbound_mail_for_reading(session: Session, viewer: Viewer, inbound_id: int) -> InboundMail:
    """Of the own region. What belongs to no region is in nobody's list."""
    return row_of_region(session, viewer, InboundMail, inbound_id, allowed=viewer.is_secretariat)

"""What was made once and for all: weekly lists 逾期清单, runs of reminders 提醒摘要, mails 邮件."""

from sqlmodel import Session

from app.access.viewer import Viewer, row_of_region
from app.models import ChatChannel, DigestRun, OutboxMail, OverdueList, RunHold


def overdue_list_for_reading(session: Session, viewer: Viewer, list_id: int) -> OverdueList:
    """Frozen lists are for those who read the whole region."""
    return row_of_region(session, viewer, OverdueList, list_id, allowed=viewer.reads_region)


def mail_for_reading(session: Session, viewer: Viewer, mail_id: int) -> OutboxMail:
    return row_of_region(session, viewer, OutboxMail, mail_id, allowed=viewer.is_secretariat)


def digest_run_for_reading(session: Session, viewer: Viewer, run_id: int) -> DigestRun:
    return row_of_region(session, viewer, DigestRun, run_id, allowed=viewer.is_secretariat)


def run_hold_for_releasing(session: Session, viewer: Viewer, hold_id: int) -> RunHold:
    return row_of_region(session, viewer, RunHold, hold_id, allowed=viewer.is_secretariat)


def chat_channel_for_managing(session: Session, viewer: Viewer, channel_id: int) -> ChatChannel:
    return row_of_region(session, viewer, ChatChannel, channel_id, allowed=viewer.is_secretariat)

"""An account is let go by the person who had it at the identity provider, so that a successor can come in."""

from sqlmodel import Session

from app.changes.end_sessions import end_sessions
from app.changes.last_secretariat import lock_region
from app.errors import Overtaken
from app.i18n import gettext as _
from app.models import Account
from app.settings import Settings


def unlink_provider(session: Session, account: Account, *, by: int | None, settings: Settings) -> None:
    """All its sessions end. Raises Overtaken when it is linked to nobody."""
    lock_region(session, account, by=by, separate=settings.separate_duties)
    if account.provider_subject is None:
        raise Overtaken(_("此账号没有关联的身份。"))
    account.provider_subject = None
    session.add(account)
    end_sessions(session, account)

"""Whether anything lies in the tables that only the installation's key opens."""

from sqlmodel import Session, col, select

from app.models import Account, ChatChannel


def any_sealed(session: Session) -> bool:
    """Then a key that is missing was lost, and must not be made anew in silence."""
    factor = select(Account.id).where(col(Account.totp_secret).is_not(None)).limit(1)
    channel = select(ChatChannel.id).limit(1)
    return any(session.exec(statement).first() is not None for statement in (factor, channel))

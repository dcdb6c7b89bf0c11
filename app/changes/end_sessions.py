"""Sessions end: all of an account, all but one, or a single one."""

from sqlalchemy import delete
from sqlmodel import Session, col

from app.errors import NotFound
from app.models import Account, AccountSession


def end_sessions(session: Session, account: Account, *, but: int | None = None) -> int:
    """How many ended. `but`: the session that goes on."""
    session.flush()
    which = col(AccountSession.account_id) == account.id
    if but is not None:
        which = which & (col(AccountSession.id) != but)
    return session.exec(delete(AccountSession).where(which)).rowcount


def end_one_session(session: Session, account_id: int, session_id: int) -> None:
    """Raises NotFound for another account's."""
    ended = session.exec(
        delete(AccountSession).where(col(AccountSession.id) == session_id, col(AccountSession.account_id) == account_id)
    )
    if not ended.rowcount:
        raise NotFound

"""One's own password, changed by somebody who is signed in."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.changes.known_devices import make_known
from app.changes.set_password import ChosenPassword, set_password
from app.changes.sign_in import Browser, SignedIn, open_session
from app.changes.token_hash import token_sha256
from app.domain.password_policy import PasswordPolicy
from app.errors import SignInNeeded
from app.mail.account_letters import mail_notice
from app.mail.compose import Composer
from app.models import Account, AccountSession
from app.settings import Settings


def change_password(
    session: Session,
    account_id: int,
    chosen: ChosenPassword,
    policy: PasswordPolicy,
    *,
    settings: Settings,
    browser: Browser,
    now: datetime,
) -> SignedIn:
    """All other sessions end; this browser goes on in a new one that was begun by the same way.

    Raises Overtaken when the password was changed meanwhile, SignInNeeded when the session ended meanwhile.
    """
    account = session.get_one(Account, account_id)
    way = session.exec(
        select(AccountSession.way).where(
            AccountSession.token_sha256 == token_sha256(browser.session), col(AccountSession.account_id) == account_id
        )
    ).first()
    if way is None:
        raise SignInNeeded
    set_password(session, account, chosen, policy, now=now)
    mail_notice(session, Composer(settings), account, about="password_changed", address=account.email, now=now)
    entered = open_session(
        session,
        account_id,
        now=now,
        lasts=timedelta(hours=settings.session_hours),
        way=way,
        address=browser.address,
        agent=browser.agent,
        factor_due=False,
    )
    return replace(entered, devices=make_known(session, account_id, browser.devices, now=now))

"""The link of a reminder, as its receiver has it: the run, the digest and the mail stand behind it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select
from starlette.testclient import TestClient

from app.changes.report_links import make_report_link, token_to_send
from app.db import Database
from app.mail.compose import Letter
from app.mail.keys import run_mail_key
from app.mail.outbox import queue
from app.mail.report_mark import MARK, PATH
from app.models import Account, Digest, DigestRun, OutboxMail
from app.models.digest_run import RunKind
from app.routers.form_token import masked
from app.routers.mailed_report import link_form_token
from app.sealing import Sealer
from app.settings import Settings
from tests.conftest import NOW


def mailed(database: Database, settings: Settings, login: str, obligations: Sequence[int], at: datetime = NOW) -> str:
    """The token of a mail to this account that speaks of these obligations; "" where it got no link."""
    with database.writing() as session:
        account = session.exec(select(Account).where(Account.login == login)).one()
        run = _run(session, account.region_id or 0, at)
        key = run_mail_key(RunKind.DAILY, "test", at.date(), account.id or 0)
        text = f"请填报：\n{settings.site}{PATH}{MARK}\n"
        html = f'<p><a href="{settings.site}{PATH}{MARK}">填报</a></p>'
        letter = Letter(key, f"<{key}@x>", account.id or 0, account.name, account.email or "", "提醒", text, html)
        mail_id = queue(
            session, letter, kind="daily", region_id=account.region_id, now=at, department_id=account.department_id
        )
        items = [{"obligation": key, "heading": "overdue", "due": None, "revision": 1} for key in obligations]
        digest = Digest(run_id=run.id or 0, account_id=account.id or 0, items=items, mail_id=mail_id)
        session.add(digest)
        session.flush()
        sealer = Sealer(settings.var_dir)
        made = make_report_link(
            session,
            sealer,
            account.id or 0,
            digest_id=digest.id or 0,
            mail_id=mail_id or 0,
            mail_key=key,
            settings=settings,
            now=at,
        )
        session.flush()
        token = token_to_send(session, sealer, session.get_one(OutboxMail, mail_id), settings=settings, now=at)
        assert (made is None) == (token is None)
        return token or ""


def _run(session: Session, region_id: int, at: datetime) -> DigestRun:
    there = session.exec(
        select(DigestRun).where(DigestRun.region_id == region_id, col(DigestRun.run_date) == at.date())
    ).first()
    run = there or DigestRun(
        region_id=region_id, kind=RunKind.DAILY, run_date=at.date(), made_at=at, completed_at=at, mails=1
    )
    session.add(run)
    session.flush()
    return run


class Receiver:
    """A browser that has nothing but the link."""

    def __init__(self, http: TestClient, token: str) -> None:
        self.http, self.token, self.path = http, token, f"/r/{token}"

    def get(self, query: str = "", **options: Any) -> Any:
        return self.http.get(self.path + query, **options)

    def post(self, data: dict[str, Any] | None = None, *, to: str = "", **options: Any) -> Any:
        csrf = masked(link_form_token(self.token))
        return self.http.post(self.path + to, data={"csrf": csrf, **(data or {})}, **options)

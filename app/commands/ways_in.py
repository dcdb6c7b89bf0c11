"""duban user reset-factor: back in when the phone is gone and nobody else keeps the accounts."""

from typing import Annotated

import typer

from app.changes.remove_factor import reset_factor
from app.commands.office import by_command, fail, office, say
from app.domain.audit import AuditAction
from app.models import Region
from app.queries.sessions import account_by_login


def reset_factor_of(login: Annotated[str, typer.Argument(help="登录名，如 西城区秘书处。")]) -> None:
    """重置账号的第二重验证。该账号的登录立即退出，并发邮件告知本人。"""
    with office() as (settings, database, clock):
        with database.reading() as session:
            account = account_by_login(session, login)
            region = session.get(Region, account.region_id) if account and account.region_id else None
        if region is None:
            fail(f"没有账号：{login}。")
        with database.writing(by_command(clock, AuditAction.SECOND_FACTOR, region)) as session:
            found = account_by_login(session, login)
            assert found is not None
            reset_factor(session, found, by=None, settings=settings, now=clock.now())
        say(f"已重置{login}的第二重验证。")

"""duban user role, close, reopen: the way to appoint the three administrators, and back in when none is left."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlmodel import Session

from app import words
from app.changes.close_account import close_account, reopen_account
from app.changes.edit_account import AccountEdit, account_mark, edit_account
from app.clock import Clock
from app.commands.office import by_command, fail, office, say
from app.commands.users import ROLES
from app.domain.audit import AuditAction
from app.models import Account, Department, Region
from app.models.account import IN_DEPARTMENT, AccountRole
from app.queries.sessions import account_by_login
from app.settings import Settings

Login = Annotated[str, typer.Argument(help="登录名，如 西城区审计员。")]


def _found(session: Session, login: str) -> tuple[Account, Region]:
    account = account_by_login(session, login)
    if account is None or account.region_id is None:
        fail(f"没有账号：{login}。")
    return account, session.get_one(Region, account.region_id)


@contextmanager
def _account_at_hand(login: str) -> Iterator[tuple[Session, Account, Clock, Settings]]:
    """The account in a writing session whose entry in the trail goes to its region."""
    with office() as (settings, database, clock):
        with database.reading() as session:
            _account, place = _found(session, login)
        with database.writing(by_command(clock, AuditAction.ACCOUNT, place)) as session:
            account, _place = _found(session, login)
            yield session, account, clock, settings


def role(
    login: Login,
    role: Annotated[AccountRole, typer.Option("--role", help=ROLES)],
    department: Annotated[
        str | None, typer.Option("--department", help="所属单位，可用任一写法；改为联络员或单位负责人时填写。")
    ] = None,
) -> None:
    """更改账号的角色。"""
    with _account_at_hand(login) as (session, account, clock, settings):
        held = session.get(Department, account.department_id) if account.department_id else None
        wanted = AccountEdit(
            seen=account_mark(account),
            name=account.name,
            role=role,
            department=department or (held.name if held and role in IN_DEPARTMENT else None),
            email=account.email,
        )
        edit_account(session, account, wanted, by=None, now=clock.now(), separate=settings.separate_duties)
    say(f"{login}的角色已改为{words.word(role)}。")


def close(login: Login) -> None:
    """停用账号，它在各处的登录立即退出。"""
    with _account_at_hand(login) as (session, account, clock, settings):
        close_account(session, account, by=None, now=clock.now(), separate=settings.separate_duties)
    say(f"已停用账号：{login}。")


def reopen(login: Login) -> None:
    """重新启用停用的账号。"""
    with _account_at_hand(login) as (session, account, _clock, settings):
        reopen_account(session, account, by=None, separate=settings.separate_duties)
    say(f"已重新启用账号：{login}。")

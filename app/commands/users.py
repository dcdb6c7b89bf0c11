"""duban user add, link."""

import sys
from typing import Annotated

import typer

from app import words
from app.changes.add_account import NewAccount, add_account
from app.changes.password_rules import policy_of
from app.changes.reset_password import WayIn, has_never_begun, mailed_link, shown_link
from app.commands.office import (
    RegionOption,
    by_command,
    chosen_region,
    fail,
    office,
    say,
)
from app.domain.audit import AuditAction
from app.models import Account, Region
from app.models.account import AccountRole
from app.models.one_time_link import LinkPurpose
from app.queries.sessions import account_by_login
from app.rendering import moment
from app.settings import Settings

ROLES = (
    "角色：secretariat 秘书处，liaison 联络员，head 单位负责人，leader 领导，expert 专家，"
    "admin 系统管理员，security 安全管理员，auditor 审计员。"
)


def add(
    login: Annotated[str, typer.Argument(help="登录名，如 区教委联络员。")],
    role: Annotated[AccountRole, typer.Option("--role", help=ROLES)],
    region: RegionOption = None,
    department: Annotated[
        str | None, typer.Option("--department", help="所属单位，可用任一写法；联络员和单位负责人必填。")
    ] = None,
    email: Annotated[str | None, typer.Option("--email", help="接收提醒和登录链接的邮箱。")] = None,
    *,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="从标准输入读取密码，供脚本使用。")] = False,
) -> None:
    """新增账号。本人用一次性链接设置密码：登记了邮箱的发到邮箱，否则显示在屏幕上。"""
    with office() as (settings, database, clock):
        with database.reading() as session:
            place = chosen_region(session, region)
        password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
        wanted = NewAccount(login=login, role=role, department=department, email=email, password=password)
        now = clock.now()
        with database.writing(by_command(clock, AuditAction.ACCOUNT, place)) as session:
            account = add_account(session, place, wanted, now=now, policy=policy_of(settings))
            way_in = None
            if password is None:
                # Without a mail server a mail does not leave this machine.
                make = mailed_link if email and settings.smtp_url else shown_link
                way_in = make(session, account, LinkPurpose.FIRST, by=None, settings=settings, now=now)
            added = account.login  # not to be asked for after the commit
        say(f"已新增账号：{added}（{words.word(role)}，{place.name}）")
        if way_in is not None:
            _say_way_in(way_in, settings, place.time_zone)


def link(login: Annotated[str, typer.Argument(help="登录名，如 西城区秘书处。")]) -> None:
    """显示一次性链接，供本人设置新密码：邮件不通、忘记密码时用。链接用过之前，原密码仍然有效。"""
    with office() as (settings, database, clock):
        with database.reading() as session:
            account = account_by_login(session, login)
            if account is None or account.region_id is None:
                fail(f"没有账号：{login}。")
            place = session.get_one(Region, account.region_id)
        if not account.active:
            fail(f"账号{login}已停用，请先启用：duban user reopen {login}")
        now = clock.now()
        with database.writing(by_command(clock, AuditAction.LINK_MADE, place)) as session:
            account = session.get_one(Account, account.id)
            purpose = LinkPurpose.FIRST if has_never_begun(session, account) else LinkPurpose.RESET
            way_in = shown_link(session, account, purpose, by=None, settings=settings, now=now)
        _say_way_in(way_in, settings, place.time_zone)


def _say_way_in(way_in: WayIn, settings: Settings, zone: str) -> None:
    until = moment(way_in.expires, zone)
    if way_in.mailed_to:
        say(f"设置密码的链接已进入发送队列，发往{way_in.mailed_to}，{until}前有效。邮件不通时可运行：duban user link")
        return
    say(f"请把下面的链接交给本人，由本人设置密码。链接只显示这一次，只能使用一次，{until}前有效：")
    say(f"{settings.site}{way_in.path}")

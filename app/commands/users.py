"""duban user …."""

import getpass
import sys
from typing import Annotated

import typer

from app import words
from app.changes.add_account import NewAccount, add_account
from app.commands.office import (
    RegionOption,
    by_command,
    chosen_region,
    fail,
    office,
    say,
)
from app.domain.audit import AuditAction
from app.models.account import AccountRole

_ROLES = "角色：secretariat 秘书处，liaison 联络员，head 单位负责人，leader 领导，expert 专家。"


def add(
    login: Annotated[str, typer.Argument(help="登录名，如 区教委联络员。")],
    role: Annotated[AccountRole, typer.Option("--role", help=_ROLES)],
    region: RegionOption = None,
    department: Annotated[
        str | None, typer.Option("--department", help="所属单位，可用任一写法；联络员和单位负责人必填。")
    ] = None,
    email: Annotated[str | None, typer.Option("--email", help="接收提醒的邮箱。")] = None,
    *,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="从标准输入读取密码，供脚本使用。")] = False,
) -> None:
    """新增账号。密码在屏幕上输入，不会显示。"""
    with office() as (_settings_now, database, clock):
        with database.reading() as session:
            place = chosen_region(session, region)
        if password_stdin:
            password = sys.stdin.readline().rstrip("\n")
        else:
            password = getpass.getpass("密码：")
            if password != getpass.getpass("再输入一次："):
                fail("两次输入的密码不一致，未新增账号。")
        wanted = NewAccount(login=login, role=role, department=department, email=email, password=password)
        with database.writing(by_command(clock, AuditAction.ACCOUNT, place)) as session:
            account = add_account(session, place, wanted, now=clock.now())
        say(f"已新增账号：{account.login}（{words.word(account.role)}，{place.name}）")

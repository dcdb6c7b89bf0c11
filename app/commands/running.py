"""duban run, worker."""

import threading
from typing import Annotated

import typer
from sqlalchemy import func
from sqlmodel import select

from app import words
from app.changes.record_start import record_start
from app.clock import Clock
from app.commands.office import by_command, evidence_store, fail, office, read_settings, say
from app.db import Database
from app.domain.audit import AuditAction
from app.i18n import gettext as _
from app.models import Region
from app.serving import clock_for, log_to_stderr, port_fault, serve
from app.settings import Settings
from seed.demo import PASSWORD, build_demo, demo_accounts
from seed.demo_story import DEMO_DAY


def run(
    *,
    demo: Annotated[bool, typer.Option("--demo", help="首次启动时载入五份规划和演示数据。")] = False,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="同时运行定时任务。")] = True,
) -> None:
    """启动网站和定时任务，按Ctrl-C结束。"""
    log_to_stderr(read_settings())
    with office(must_exist=False) as (settings, database, opened):
        fault = port_fault(settings)
        if fault:
            fail(f"无法监听 {settings.host}:{settings.port}（{fault}）。可用 DUBAN_PORT 换一个端口。")
        clock = (_prepare_demo(settings, database) if demo else None) or opened
        with database.writing(by_command(clock, AuditAction.SETTINGS)) as session:
            record_start(session, settings, what=_("网站和定时任务") if worker else _("网站"))
        _greet(settings, database, clock)
        serve(settings, database, clock, worker=worker)
    say("已结束。")


def _prepare_demo(settings: Settings, database: Database) -> Clock | None:
    with database.reading() as session:
        if session.exec(select(func.count()).select_from(Region)).one():
            return None
    if settings.today != DEMO_DAY:
        fail(f"演示数据停在{DEMO_DAY}，请设置 DUBAN_TODAY={DEMO_DAY}。")
    say("首次启动，正在载入五份规划和演示数据，约需一分钟……")
    build_demo(database, evidence_store(settings), settings=settings, say=say)
    (settings.var_dir / "demo-day").write_text(DEMO_DAY.isoformat())
    return clock_for(settings, database)


def _greet(settings: Settings, database: Database, clock: Clock) -> None:
    with database.reading() as session:
        accounts = demo_accounts(session)
    say("")
    say(f"督办已启动：{settings.site}")
    if clock.held_at:
        say(f"演示时钟：{words.day(clock.held_at)}")
    if accounts and clock.held_at:
        say(f"可试用的账号（密码均为 {PASSWORD}）：")
        for login, purpose in accounts:
            say(f"  {login}　{purpose}")
    where = settings.smtp_url.rpartition("@")[2] if settings.smtp_url else f"{settings.mail_dir}/*.eml"
    say(f"邮件去向：{where}（秘书处也可在“邮件”页查看）")
    say("按Ctrl-C结束。")


def worker() -> None:
    """只运行定时任务：每日提醒、每周逾期清单、发送邮件。"""
    from app.jobs.worker import run_worker, stop_on_signals  # noqa: PLC0415 (see app/serving.py)

    log_to_stderr(read_settings())
    with office() as (settings, database, clock):
        with database.writing(by_command(clock, AuditAction.SETTINGS)) as session:
            record_start(session, settings, what=_("定时任务"))
        stop = threading.Event()
        stop_on_signals(stop)
        try:
            run_worker(settings, clock, database, stop)
        except KeyboardInterrupt:
            stop.set()
    say("已结束。")

"""duban health: for cron and monitoring."""

from collections.abc import Sequence
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from app import words
from app.clock import Clock
from app.commands.office import office, say
from app.db import Database
from app.models import Region
from app.queries.health import Trouble, Workers, everything_wrong, span, workers
from app.queries.health import office as office_of
from app.rendering import moment
from app.settings import Settings

WRONG, CANNOT_TELL = 1, 2


def health(
    *,
    quiet: Annotated[bool, typer.Option("--quiet", help="正常时什么也不显示，适合定时检查。")] = False,
) -> None:
    """提醒是否正常发出：正常以0结束，有问题以1结束，无法判断以2结束。"""
    try:
        with office(writes=False, migrates=False) as (settings, database, clock):
            troubles = _report(settings, database, clock, quiet=quiet)
    except typer.Exit as error:
        raise typer.Exit(CANNOT_TELL) from error
    except SQLAlchemyError as error:
        typer.echo(f"无法判断：{type(error).__name__}", err=True)
        raise typer.Exit(CANNOT_TELL) from error
    if troubles:
        raise typer.Exit(WRONG)


def _report(settings: Settings, database: Database, clock: Clock, *, quiet: bool) -> int:
    """How much is wrong."""
    now, held = clock.now(), clock.held_at is not None
    with database.reading() as session:
        standing = workers(session, wall=clock.wall(), tick_seconds=settings.tick_seconds)
        troubles = everything_wrong(
            session,
            now=now,
            wall=clock.wall(),
            at=settings.digest_time,
            tick_seconds=settings.tick_seconds,
            held=held,
        )
        if not quiet:
            _say_workers(standing, troubles)
            for region in session.exec(select(Region).order_by(col(Region.id))).all():
                found = office_of(session, region, now=now, at=settings.digest_time, held=held)
                last = found.last_daily
                told = f"{words.day(last.run_date, weekday=False)}{last.mails}封" if last else "还没有运行过"
                next_at = moment(found.next_at, region.time_zone) or "待补发"
                state = "有问题" if found.troubles else "正常"
                say(f"{region.name}（{region.code}）：{state}；上次每日提醒：{told}；下次：{next_at}")
                _say(found.troubles, region)
    if quiet:
        for trouble in troubles:
            say(f"{trouble.region_code or '全部'}：{trouble.said}{trouble.advice}")
    return len(troubles)


def _say_workers(standing: Workers, troubles: Sequence[Trouble]) -> None:
    if standing.alive and standing.ago is not None:
        say(f"定时任务：运行中，最近一次在{span(standing.ago)}前。")
    elif not troubles:
        say("定时任务：没有在运行，也还没有需要它做的事。")
    for trouble in troubles:
        if trouble.region_id is None:
            say(f"  ！{trouble.said}{trouble.advice}")


def _say(troubles: Sequence[Trouble], region: Region) -> None:
    for trouble in troubles:
        if trouble.region_id == region.id:
            say(f"  ！{trouble.said}{trouble.advice}")

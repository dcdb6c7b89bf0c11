"""duban overdue, digest."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from app import words
from app.changes.make_digest_run import make_run
from app.clock import local_day
from app.commands.office import RegionOption, by_command, chosen_region, fail, office, say, typed_option
from app.documents.writing.overdue_xlsx import overdue_workbook
from app.domain.audit import AuditAction
from app.domain.overdue_line import OverdueLine
from app.domain.workflow import Role
from app.mail.run_previews import preview_run
from app.models import Region
from app.models.digest_run import RunKind
from app.queries.overdue import overdue_items
from app.queries.overdue_lists import frozen_list_of_day, frozen_list_of_week, frozen_rows, list_as_of


def overdue(
    region: RegionOption = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="查看过去某日当时的清单，如 2024-10-14。")] = None,
    week: Annotated[str | None, typer.Option("--week", help="已冻结的一期：期号如 2024-38，或该周内任一日期。")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="另存为Excel文件。")] = None,
) -> None:
    """逾期清单：今天的、过去某日当时的，或已冻结的一期。"""
    if as_of is not None and week is not None:
        fail("--as-of 与 --week 只能用一个。")
    with office(writes=False) as (_settings_now, database, clock), database.reading() as session:
        place = chosen_region(session, region)
        today = local_day(clock.now(), place.time_zone)
        if week is not None:
            title, day, items = _frozen(session, place, week)
        else:
            day = typed_option(as_of, "--as-of") or today
            if day > today:
                fail("不能查看将来日期的清单。")
            title, items = _as_known(session, place, day, today)
        _print_overdue(title, items)
        if xlsx is not None:
            _save(xlsx, overdue_workbook(items, title=title, as_of=day))
            say(f"已保存：{xlsx}")


def _save(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else error
        fail(f"无法保存到 {path}（{reason}），请换一个位置。")


def _as_known(session: Session, place: Region, day: date, today: date) -> tuple[str, Sequence[OverdueLine]]:
    region_id = place.id or 0
    frozen = frozen_list_of_day(session, region_id, day)
    items = overdue_items(session, list_as_of(region_id, day, today=today, zone=place.time_zone, frozen=frozen))
    return f"{place.name}逾期清单（截至{words.day(day)}）", items


def _frozen(session: Session, place: Region, week: str) -> tuple[str, date, Sequence[OverdueLine]]:
    frozen = frozen_list_of_week(session, place.id or 0, week)
    if frozen is None:
        fail(f"没有找到“{week}”这一期。", "请用期号，如 2024-38，或该周内任一日期，如 2024-11-18。")
    title = f"{place.name}逾期清单〔{frozen.year}〕第{frozen.number}期（截至{words.day(frozen.as_of)}）"
    return title, frozen.as_of, frozen_rows(session, frozen.id or 0)


def _print_overdue(title: str, items: Sequence[OverdueLine]) -> None:
    say(title)
    if not items:
        say("没有逾期事项。")
    for number, item in enumerate(items, start=1):
        say(
            f"{number:>4}  逾期{item.days_late:>4}天  {item.department}（{words.word(Role(item.role))}）  "
            f"{item.task_number} {item.task_title}  {item.phase}  {words.day(item.due, weekday=False)}  "
            f"{item.plan_title}"
        )
    say(f"共{len(items)}项。")


def digest(
    *,
    region: RegionOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只显示将要发出的内容，不发送。")] = False,
    kind: Annotated[RunKind, typer.Option("--kind", help="daily 每日提醒，weekly 每周逾期清单。")] = RunKind.DAILY,
    on: Annotated[str | None, typer.Option("--date", help="按哪一天计算，省略为今天。")] = None,
) -> None:
    """提醒摘要：查看或发送一次提醒。同一天同一类只会发送一次。"""
    with office() as (settings, database, clock):
        with database.reading() as session:
            place = chosen_region(session, region)
        now = clock.now()
        day = typed_option(on, "--date") or local_day(now, place.time_zone)
        if not dry_run:
            act = by_command(clock, AuditAction.RUN, place)
            made = make_run(database, act, place.id or 0, kind, day, now=now, by=None, settings=settings)
            say(f"{words.word(kind)}（{words.day(day)}）：{made.mails}封邮件已进入发送队列。")
            return
        with database.reading() as session:
            letters = preview_run(session, place, kind, day, now=now, settings=settings)
        for letter in letters:
            say(f"—— {letter.to_name} <{letter.to_address}>")
            say(f"主题：{letter.subject}")
            say(letter.text)
        say(f"共{len(letters)}封，未发送。")

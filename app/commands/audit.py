"""duban audit …: the audit trail at the command line."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from app.changes.shorten_trail import LEAST_MONTHS, entries_over, shorten_trail
from app.commands.office import RegionOption, by_command, chosen_region, fail, office, say
from app.domain.audit import AuditAction
from app.i18n import gettext as _
from app.models import Region
from app.queries.trail import entry_lines
from app.trail import tell

SystemOption = Annotated[bool, typer.Option("--system", help="全系统的审计链，而不是某个行政区的。")]


def export(
    region: RegionOption = None,
    *,
    system: SystemOption = False,
    after: Annotated[int, typer.Option("--after", min=0, help="只输出这一条以后的记录，供定期追加。")] = 0,
    to: Annotated[Path | None, typer.Option("--to", help="追加到这个文件；省略时输出到屏幕。")] = None,
) -> None:
    """逐行输出审计记录（JSON），供另一台机器保存。每行含校验码，可独立核对。"""
    with office() as (_settings_now, database, clock):
        with database.reading() as session:
            place = None if system else chosen_region(session, region)
        # Told first: a file that is out without an entry would be the wrong way round.
        with database.writing(by_command(clock, AuditAction.EXPORT, place)) as session:
            tell(
                session,
                subject=str(to) if to else _("屏幕"),
                reason=_("审计记录，第%(number)s条以后") % {"number": after},
            )
        with database.reading() as session:
            count = _write(to, entry_lines(session, _chain(place), after=after))
        typer.echo(f"已输出{count}条。", err=True)


def shorten(
    months: Annotated[int, typer.Option("--months", help="保留最近多少个月，至少6个月（网络安全法第二十一条）。")],
    region: RegionOption = None,
    *,
    system: SystemOption = False,
    archive: Annotated[Path | None, typer.Option("--archive", help="清理前先把这些记录逐行存入这个文件。")] = None,
) -> None:
    """清理到期的审计记录。清理本身也是一条记录，载明清理至第几条及其校验码。"""
    if months < LEAST_MONTHS:
        fail(f"--months：审计记录至少保留{LEAST_MONTHS}个月。")
    with office() as (_settings_now, database, clock):
        with database.reading() as session:
            place = None if system else chosen_region(session, region)
            over = entries_over(session, _chain(place), now=clock.now(), months=months)
            if over is None:
                say(f"没有早于{months}个月的审计记录。")
                return
            if archive is not None:
                _write(archive, entry_lines(session, _chain(place), after=over.first - 1, up_to=over.last))
        act = by_command(clock, AuditAction.TRAIL_SHORTENED, place)
        with database.writing(act) as session:
            shorten_trail(session, act(), over)
        say(f"已清理第{over.first}至{over.last}条。")


def _chain(place: Region | None) -> int:
    return place.id or 0 if place is not None else 0


def _write(path: Path | None, lines: Iterator[str]) -> int:
    """How many lines. A file that was written is on disk before anything is taken away."""
    count = 0
    if path is None:
        for line in lines:
            typer.echo(line)
            count += 1
        return count
    with path.open("a", encoding="utf-8") as file:
        for line in lines:
            file.write(line + "\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return count

"""What every command begins with: settings, an open and migrated database, the clock, and a sentence for each fault."""

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from alembic.util import CommandError
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, select

from app.clock import Clock
from app.db import Database
from app.documents.evidence_store import EvidenceStore
from app.domain.audit import Act, AuditAction, Channel
from app.domain.typed_day import parse_day
from app.drafts.faults import DraftRejected
from app.errors import DubanError
from app.i18n import SOURCE, official_language, speaking
from app.migrations import BrokenReferences, migrate
from app.models import Region
from app.serving import BadMarker, clock_for, probe_writing, ready_folder, start_fault
from app.settings import BadSettings, Settings, load_settings
from app.trail import keep_trail

RegionOption = Annotated[str | None, typer.Option("--region", help="行政区代码，如 xicheng；只有一个行政区时可省略。")]


def fail(*lines: str) -> NoReturn:
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(1)


def say(line: str) -> None:
    typer.echo(line)
    sys.stdout.flush()


def read_settings() -> Settings:
    try:
        return load_settings()
    except BadSettings as error:
        fail("设置有误，未启动：", *str(error).splitlines())


@contextmanager
def office(
    *, must_exist: bool = True, writes: bool = True, migrates: bool = True
) -> Iterator[tuple[Settings, Database, Clock]]:
    """Settings, an open and migrated database, and the clock; ends with a sentence instead of a traceback.

    A backup that may only be read can still be verified and exported: `writes` is False there. What has to take the
    database as it is, before an update or on a full disk, does not migrate it.
    """
    settings = read_settings()
    if must_exist and settings.database.startswith("sqlite:///") and not Path(settings.database[10:]).exists():
        fail("数据库尚未建立，请先运行：duban init")
    database = None
    try:
        if migrates:
            ready_folder(settings)
        database = Database(settings.database)
        keep_trail(database)
        _prepare(database, migrates=migrates)
        if writes:
            probe_writing(database)
        # The command line itself speaks Chinese; what it sends and records is in the installation's language.
        with official_language(settings.language), speaking(SOURCE):
            yield settings, database, clock_for(settings, database)
    except DraftRejected as error:
        fail(f"发现{len(error.lines)}处错误，未写入任何数据：", *error.lines)
    except DubanError as error:
        fail(error.message or "没有找到。")
    except (OSError, SQLAlchemyError, CommandError, BadMarker, BrokenReferences) as error:
        sentence = start_fault(settings, error)
        if sentence is None:
            raise
        fail(sentence)
    finally:
        if database is not None:
            database.close()


def _prepare(database: Database, *, migrates: bool) -> None:
    if migrates:
        migrate(database.engine)
    elif not inspect(database.engine).has_table("alembic_version"):
        fail("数据库中还没有督办的数据，请先运行：duban init")


def evidence_store(settings: Settings) -> EvidenceStore:
    return EvidenceStore(settings.evidence_dir, settings.upload_max_mb * 1024 * 1024)


def chosen_region(session: Session, code: str | None) -> Region:
    regions = session.exec(select(Region).order_by(Region.code)).all()
    if code is None and len(regions) == 1:
        return regions[0]
    for region in regions:
        if region.code == code:
            return region
    known = "、".join(f"{region.code}（{region.name}）" for region in regions) or "（尚无）"
    fail("请用 --region 指明行政区。" if code is None else f"没有行政区 {code}。", f"现有：{known}")


def typed_option(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    day = parse_day(text)
    if day is None:
        fail(f"{option}：“{text}”不是日期，应如 2024-11-25 或 2024年11月25日。")
    return day


def by_command(clock: Clock, action: AuditAction, region: Region | None = None) -> Callable[[], Act]:
    """Who works at the command line is known to the machine by its login name alone."""
    return lambda: Act(
        clock.now(), action, Channel.COMMAND, region_id=region.id if region else None, actor=login_name()
    )


def login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a number without a name
        return ""

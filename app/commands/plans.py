"""duban init, seed, export."""

from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import select

from app.commands.office import by_command, fail, office, say
from app.domain.audit import AuditAction
from app.models import Plan
from app.queries.plan_export import export_plan
from seed.publish import seed_all, seed_departments, seed_plan


def init() -> None:
    """建立数据库和文件夹。可重复运行，不会改动已有数据。"""
    with office(must_exist=False) as (settings, _database, _clock_now):
        for folder in (settings.evidence_dir, settings.mail_dir):
            folder.mkdir(parents=True, exist_ok=True)
        say(f"数据库已就绪：{settings.database}")


def seed(
    files: Annotated[list[Path] | None, typer.Argument(help="规划文件（YAML）；省略时载入随附的五份规划。")] = None,
) -> None:
    """载入单位名录和规划。同一份规划再次载入不会产生任何改动；有错误时先列出全部错误，不写入。"""
    missing = next((path for path in files or () if not path.is_file()), None)
    if missing is not None:
        fail(f"没有这个文件：{missing}")
    with (
        office(must_exist=False) as (_settings_now, database, clock),
        database.writing(by_command(clock, AuditAction.PLAN_PUBLISHED)) as session,
    ):
        if not files:
            seed_all(session, now=clock.now(), say=say)
            return
        seed_departments(session, say)
        for path in files:
            seed_plan(session, path, now=clock.now(), say=say)


def export(code: Annotated[str, typer.Argument(help="规划代码，如 xicheng-2022。")]) -> None:
    """按PlanDraft格式（JSON）输出已发布的规划。"""
    with office(writes=False) as (_settings_now, database, _clock_now), database.reading() as session:
        known = session.exec(select(Plan.code).order_by(Plan.code)).all()
        if code not in known:
            fail(f"没有规划 {code}。现有：{'、'.join(known) or '（尚无）'}")
        typer.echo(export_plan(session, code).model_dump_json(indent=2))

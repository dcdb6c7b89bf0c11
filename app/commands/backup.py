"""duban backup, restore."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from app.backup.archive import BackupReader
from app.backup.faults import BackupFault
from app.backup.make_backup import Made, backup_path, make_backup
from app.backup.manifest import Figures, Manifest
from app.backup.restore_backup import restore_backup
from app.changes.end_ways_in import doubt_waiting_mails, end_ways_in
from app.clock import Clock
from app.commands.office import by_command, evidence_store, fail, office, read_settings, say
from app.commands.verify import verify
from app.db import Database
from app.domain.audit import ActResult, AuditAction
from app.migrations import newest_revision
from app.serving import start_fault
from app.settings import Settings
from app.trail import tell


def backup(
    target: Annotated[Path, typer.Argument(help="备份存入的文件夹或文件；已有的文件不会被覆盖。")],
    *,
    check: Annotated[bool, typer.Option("--check", help="不作备份，只通读一份已有的备份，核对其中每个文件。")] = False,
) -> None:
    """备份：数据库、佐证材料和密钥存为一个文件。系统照常运行，不必停机。"""
    if check:
        _check(target)
        return
    with office(writes=False, migrates=False) as (settings, database, clock):
        now = clock.now()
        try:
            made = make_backup(
                database, settings, evidence_store(settings), backup_path(target, settings, now), now=now
            )
        except (BackupFault, OSError) as error:
            _tell(database, clock, f"备份失败：{target.name}", ActResult.FAILED)
            if isinstance(error, OSError):
                fail(f"{start_fault(settings, error) or error}未作备份。")
            raise
        _tell(database, clock, f"备份：{made.path.name}，SHA-256 {made.sha256}", ActResult.DONE)
        _say_made(made)
    if made.manifest.lacking:
        fail(
            f"有{len(made.manifest.lacking)}份佐证材料未能备份，其余均已备份：",
            *(f"  {sha256}：{fault}" for sha256, fault in made.manifest.lacking.items()),
        )


def _tell(database: Database, clock: Clock, subject: str, outcome: ActResult) -> None:
    """Into the audit trail, where the database has one and can be written: a backup is also for when it cannot."""
    try:
        with database.engine.connect() as connection:
            revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if revision != newest_revision():
            say("数据库结构与本程序的版本不同，这次备份不记入审计日志。")
            return
        with database.writing(by_command(clock, AuditAction.MAINTENANCE)) as session:
            tell(session, subject=subject, outcome=outcome)
    except SQLAlchemyError as error:
        typer.echo(f"注意：未能记入审计日志（{str(getattr(error, 'orig', error)).splitlines()[0]}）。", err=True)


def _say_made(made: Made) -> None:
    said = made.manifest
    say(f"已备份到 {made.path}（{made.size / 1_000_000:.1f} MB）")
    say(f"{_amount(said.figures)}；佐证材料{len(said.evidence)}份")
    say(f"SHA-256 {made.sha256}")


def _amount(figures: Figures) -> str:
    heads = "、".join(f"{chain}号链第{head.seq}条" for chain, head in sorted(figures.chains.items()))
    return f"数据库{len(figures.tables)}张表{sum(figures.tables.values())}行，结构版本{figures.revision}" + (
        f"；审计日志{heads}" if heads else ""
    )


def _check(path: Path) -> None:
    try:
        with BackupReader.opened(path) as reader:
            reader.read_through()
            said = reader.manifest
    except BackupFault as error:
        fail(error.message)
    except OSError as error:
        fail(f"无法读取 {path}（{error.strerror}）。")
    _say_read(said)
    if said.lacking:
        fail(f"制作时已缺{len(said.lacking)}份佐证材料：", *(f"  {one}：{why}" for one, why in said.lacking.items()))


def _say_read(said: Manifest) -> None:
    say(f"{said.made_at:%Y-%m-%d %H:%M:%S %Z} 由 {said.program} 版程序制作，{len(said.files)}个文件均与清单一致。")
    say(f"{_amount(said.figures)}；佐证材料{len(said.evidence)}份")


def restore(
    file: Annotated[Path, typer.Argument(help="duban backup 制作的备份文件。")],
    *,
    keep_ways_in: Annotated[
        bool,
        typer.Option(
            "--keep-sign-ins", help="搬迁时用：保留登录状态、一次性链接和接口令牌。原系统仍在运行或曾失窃时不要用。"
        ),
    ] = False,
) -> None:
    """恢复备份到空的数据库和空的文件夹，随后核对并说明核对了什么。绝不覆盖已有数据。"""
    settings = read_settings()
    said = _restored(file, settings)
    with office() as (_settings_now, database, clock):
        now = clock.now()
        with database.writing(by_command(clock, AuditAction.MAINTENANCE)) as session:
            tell(session, subject=f"从备份恢复：{file.name}", reason=f"备份时间 {said.made_at.isoformat()}")
            ended = None if keep_ways_in else end_ways_in(session, now=now)
            doubtful = doubt_waiting_mails(session)
        _say_proved(said, now)
        if ended is not None:
            say(
                f"已结束登录{ended.sessions}个、一次性链接{ended.links}个、接口令牌{ended.tokens}个；所有人须重新登录。"
            )
        if doubtful:
            say(f"待发邮件{doubtful}封将照常发送，并标为“可能已发送”：备份之后它们可能已经发出。")
    verify()


def _restored(file: Path, settings: Settings) -> Manifest:
    try:
        with BackupReader.opened(file) as reader:
            restore_backup(reader, settings)
            return reader.manifest
    except BackupFault as error:
        fail(error.message)
    except (OSError, SQLAlchemyError) as error:
        sentence = f"无法读取 {file}：没有这个文件。" if not file.exists() else start_fault(settings, error)
        if sentence is None:
            raise
        fail(sentence)


def _say_proved(said: Manifest, now: datetime) -> None:
    say(f"已恢复 {said.made_at:%Y-%m-%d %H:%M:%S %Z} 的备份。")
    say(f"与备份清单逐一核对一致：{_amount(said.figures)}；文件{len(said.files)}个的校验值。")
    if said.lacking:
        say(f"制作备份时已缺{len(said.lacking)}份佐证材料，下面的核对会列出。")
    days = (now - said.made_at).days
    if days > 0:
        say(f"备份距今{days}天。此后停用的账号、改过的密码和撤销的权限都回到了当时，请逐一重做。")

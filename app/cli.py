"""The `duban` command. Its help speaks to a secretary, not to an engineer."""

import getpass
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from alembic.util import CommandError
from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, select

from app import words
from app.changes.add_account import NewAccount, add_account
from app.changes.make_digest_run import make_run, preview_run
from app.clock import Clock, day_end, local_day
from app.db import Database
from app.documents.evidence_store import EvidenceStore
from app.documents.writing.overdue_xlsx import overdue_workbook
from app.domain.overdue_line import OverdueLine
from app.domain.typed_day import parse_day
from app.domain.workflow import Role
from app.drafts.faults import DraftRejected
from app.errors import DubanError
from app.i18n import SOURCE, official_language, speaking
from app.jobs.worker import run_worker, stop_on_signals
from app.migrations import migrate
from app.models import Plan, Region
from app.models.account import AccountRole
from app.models.digest_run import RunKind
from app.queries.overdue import overdue_as_known
from app.queries.overdue_lists import frozen_list_of_day, frozen_list_of_week, frozen_rows
from app.queries.plan_export import export_plan
from app.queries.verify import Checked, evidence_hashes, frozen_list_findings, history_findings
from app.serving import BadMarker, clock_for, log_to_stderr, port_fault, probe_writing, ready_folder, serve, start_fault
from app.settings import BadSettings, Settings, load_settings
from seed.demo import PASSWORD, build_demo, demo_accounts
from seed.demo_story import DEMO_DAY
from seed.publish import seed_all, seed_departments, seed_plan

app = typer.Typer(
    name="duban",
    help="督办：把行动计划变成可追溯的责任台账。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
user_app = typer.Typer(help="管理账号。", no_args_is_help=True)
app.add_typer(user_app, name="user")

_ROLES = "角色：secretariat 秘书处，liaison 联络员，head 单位负责人，leader 领导，expert 专家。"

RegionOption = Annotated[str | None, typer.Option("--region", help="行政区代码，如 xicheng；只有一个行政区时可省略。")]


def fail(*lines: str) -> NoReturn:
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(1)


def say(line: str) -> None:
    typer.echo(line)
    sys.stdout.flush()


def _settings() -> Settings:
    try:
        return load_settings()
    except BadSettings as error:
        fail("设置有误，未启动：", *str(error).splitlines())


@contextmanager
def _office(*, must_exist: bool = True, writes: bool = True) -> Iterator[tuple[Settings, Database, Clock]]:
    """Settings, an open and migrated database, and the clock; ends with a sentence instead of a traceback.

    A backup that may only be read can still be verified and exported: `writes` is False there.
    """
    settings = _settings()
    if must_exist and settings.database.startswith("sqlite:///") and not Path(settings.database[10:]).exists():
        fail("数据库尚未建立，请先运行：duban init")
    database = None
    try:
        ready_folder(settings)
        database = Database(settings.database)
        migrate(database.engine)
        if writes:
            probe_writing(database)
        # The command line itself speaks Chinese; what it sends and records is in the installation's language.
        with official_language(settings.language), speaking(SOURCE):
            yield settings, database, clock_for(settings, database)
    except DraftRejected as error:
        fail(f"发现{len(error.lines)}处错误，未写入任何数据：", *error.lines)
    except DubanError as error:
        fail(error.message or "没有找到。")
    except (OSError, SQLAlchemyError, CommandError, BadMarker) as error:
        sentence = start_fault(settings, error)
        if sentence is None:
            raise
        fail(sentence)
    finally:
        if database is not None:
            database.close()


def _store(settings: Settings) -> EvidenceStore:
    return EvidenceStore(settings.evidence_dir, settings.upload_max_mb * 1024 * 1024)


def _region(session: Session, code: str | None) -> Region:
    regions = session.exec(select(Region).order_by(Region.code)).all()
    if code is None and len(regions) == 1:
        return regions[0]
    for region in regions:
        if region.code == code:
            return region
    known = "、".join(f"{region.code}（{region.name}）" for region in regions) or "（尚无）"
    fail("请用 --region 指明行政区。" if code is None else f"没有行政区 {code}。", f"现有：{known}")


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    day = parse_day(text)
    if day is None:
        fail(f"{option}：“{text}”不是日期，应如 2024-11-25 或 2024年11月25日。")
    return day


@app.command()
def init() -> None:
    """建立数据库和文件夹。可重复运行，不会改动已有数据。"""
    with _office(must_exist=False) as (settings, _database, _clock_now):
        for folder in (settings.evidence_dir, settings.mail_dir):
            folder.mkdir(parents=True, exist_ok=True)
        say(f"数据库已就绪：{settings.database}")


@app.command()
def seed(
    files: Annotated[list[Path] | None, typer.Argument(help="规划文件（YAML）；省略时载入随附的五份规划。")] = None,
) -> None:
    """载入单位名录和规划。同一份规划再次载入不会产生任何改动；有错误时先列出全部错误，不写入。"""
    with _office(must_exist=False) as (_settings_now, database, clock), database.writing() as session:
        if not files:
            seed_all(session, now=clock.now(), say=say)
            return
        for path in files:
            if not path.is_file():
                fail(f"没有这个文件：{path}")
        seed_departments(session, say)
        for path in files:
            seed_plan(session, path, now=clock.now(), say=say)


@app.command()
def export(code: Annotated[str, typer.Argument(help="规划代码，如 xicheng-2022。")]) -> None:
    """按PlanDraft格式（JSON）输出已发布的规划。"""
    with _office(writes=False) as (_settings_now, database, _clock_now), database.reading() as session:
        known = session.exec(select(Plan.code).order_by(Plan.code)).all()
        if code not in known:
            fail(f"没有规划 {code}。现有：{'、'.join(known) or '（尚无）'}")
        typer.echo(export_plan(session, code).model_dump_json(indent=2))


@app.command()
def run(
    *,
    demo: Annotated[bool, typer.Option("--demo", help="首次启动时载入五份规划和演示数据。")] = False,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="同时运行定时任务。")] = True,
) -> None:
    """启动网站和定时任务，按Ctrl-C结束。"""
    log_to_stderr(_settings())
    with _office(must_exist=False) as (settings, database, opened):
        fault = port_fault(settings)
        if fault:
            fail(f"无法监听 {settings.host}:{settings.port}（{fault}）。可用 DUBAN_PORT 换一个端口。")
        clock = (_prepare_demo(settings, database) if demo else None) or opened
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
    build_demo(database, _store(settings), settings=settings, say=say)
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


@app.command()
def worker() -> None:
    """只运行定时任务：每日提醒、每周逾期清单、发送邮件。"""
    log_to_stderr(_settings())
    with _office() as (settings, database, clock):
        stop = threading.Event()
        stop_on_signals(stop)
        try:
            run_worker(settings, clock, database, stop)
        except KeyboardInterrupt:
            stop.set()
    say("已结束。")


@app.command()
def overdue(
    region: RegionOption = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="查看过去某日当时的清单，如 2024-10-14。")] = None,
    week: Annotated[str | None, typer.Option("--week", help="已冻结的一期：期号如 2024-38，或该周内任一日期。")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="另存为Excel文件。")] = None,
) -> None:
    """逾期清单：今天的、过去某日当时的，或已冻结的一期。"""
    if as_of is not None and week is not None:
        fail("--as-of 与 --week 只能用一个。")
    with _office(writes=False) as (_settings_now, database, clock), database.reading() as session:
        place = _region(session, region)
        today = local_day(clock.now(), place.time_zone)
        if week is not None:
            title, day, items = _frozen(session, place, week)
        else:
            day = _day(as_of, "--as-of") or today
            if day > today:
                fail("不能查看将来日期的清单。")
            title, items = _as_known(session, place, day, clock.now())
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


def _as_known(session: Session, place: Region, day: date, now: datetime) -> tuple[str, Sequence[OverdueLine]]:
    frozen = frozen_list_of_day(session, place.id or 0, day)
    cutoff = frozen.cutoff if frozen else min(now, day_end(day, place.time_zone))
    items = overdue_as_known(session, place.id or 0, day, cutoff=cutoff)
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


@app.command()
def digest(
    *,
    region: RegionOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只显示将要发出的内容，不发送。")] = False,
    kind: Annotated[RunKind, typer.Option("--kind", help="daily 每日提醒，weekly 每周逾期清单。")] = RunKind.DAILY,
    on: Annotated[str | None, typer.Option("--date", help="按哪一天计算，省略为今天。")] = None,
) -> None:
    """提醒摘要：查看或发送一次提醒。同一天同一类只会发送一次。"""
    with _office() as (settings, database, clock), database.writing() as session:
        place = _region(session, region)
        now = clock.now()
        day = _day(on, "--date") or local_day(now, place.time_zone)
        if not dry_run:
            made = make_run(session, place, kind, day, now=now, by=None, settings=settings)
            say(f"{words.word(kind)}（{words.day(day)}）：{made.mails}封邮件已进入发送队列。")
            return
        letters = preview_run(session, place, kind, day, now=now, settings=settings)
        for letter in letters:
            say(f"—— {letter.to_name} <{letter.to_address}>")
            say(f"主题：{letter.subject}")
            say(letter.text)
        say(f"共{len(letters)}封，未发送。")


@app.command()
def verify() -> None:
    """核对全部历史：事项与事件、已冻结清单、佐证材料文件。有差异时列出并以非零状态结束。"""
    with _office(writes=False) as (settings, database, _clock_now), database.reading() as session:
        checked = Checked()
        findings = [*history_findings(session, checked), *frozen_list_findings(session, checked)]
        store = _store(settings)
        for sha256, size in evidence_hashes(session):
            checked.files += 1
            fault = store.fault(sha256, size)
            if fault:
                findings.append(f"evidence {sha256}: {fault}")
        for finding in findings:
            say(finding)
        say(
            f"已核对：事项{checked.obligations}项、事件{checked.events}条、清单{checked.lists}期（{checked.rows}行）、"
            f"佐证材料{checked.files}份；发现差异{len(findings)}处。"
        )
        if findings:
            raise typer.Exit(1)


@user_app.command("add")
def user_add(
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
    with _office() as (_settings_now, database, clock), database.writing() as session:
        place = _region(session, region)
        if password_stdin:
            password = sys.stdin.readline().rstrip("\n")
        else:
            password = getpass.getpass("密码：")
            if password != getpass.getpass("再输入一次："):
                fail("两次输入的密码不一致，未新增账号。")
        wanted = NewAccount(login=login, role=role, department=department, email=email, password=password)
        account = add_account(session, place, wanted, now=clock.now())
        say(f"已新增账号：{account.login}（{words.word(account.role)}，{place.name}）")


def main() -> None:
    app()


if __name__ == "__main__":
    main()

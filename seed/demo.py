"""A demonstration history: what the offices of two regions might have reported up to 25 November 2024.

Nothing here is drawn at random anew: each obligation's story follows from its own names, so that every
machine shows the same demonstration. Everything is written through the same changes as in real use.
"""

import threading
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.changes.apply_successions import apply_successions
from app.changes.freeze_overdue_list import freeze_overdue_list
from app.changes.make_digest_run import make_run
from app.changes.password_hash import hash_password
from app.clock import HeldClock
from app.db import Database
from app.documents.evidence_store import EvidenceStore
from app.domain.audit import Act, AuditAction, Channel
from app.jobs.send_mail import send_waiting
from app.mail.eml_files import FileTransport
from app.models import Account, Department, LeaderCharge, Measure, Milestone, Obligation, Phase, Plan, Region, Task
from app.models.account import AccountRole
from app.models.digest_run import RunKind
from app.queries.work_calendar import work_calendar
from app.settings import Settings
from seed.demo_story import DEMO_DAY, SHANGHAI, SHOWCASE, Cast, Story, moment, tell
from seed.demo_trail import tell_history, tell_list
from seed.publish import SEED, Say, seed_departments, seed_plan

PASSWORD = "duban-demo"
WEEKS = 10
BATCH = 250

# When each plan came to the office; the order is the order of publication.
_PUBLISHED = (
    ("healthy-xicheng-2030", date(2018, 10, 8)),
    ("xicheng-2016", date(2021, 1, 4)),
    ("xicheng-2021", date(2021, 11, 11)),
    ("shenzhen-2022", date(2022, 10, 31)),
    ("xicheng-2022", date(2022, 12, 5)),
)
# What the district's leader is in charge of: health, education, social affairs. Some of it is long overdue.
_LED = frozenset({"区卫生健康委", "区教委", "区残联", "区委社会工委区民政局", "区人力资源社会保障局", "区医保局"})
_REORGANISED = date(2019, 4, 1)  # by this day the district's successions had taken effect


def build_demo(database: Database, store: EvidenceStore, *, settings: Settings, say: Say) -> None:
    """Fills an empty database; the caller has migrated it.

    The history is one transaction: whoever pulls the plug half-way starts again from an empty database.
    """
    with database.writing() as session:
        seed_departments(session, say)
        for code, day in _PUBLISHED:
            seed_plan(session, SEED / "plans" / f"{code}.yaml", now=moment(day, 9), say=say)
            if day < _REORGANISED:
                for region in session.exec(select(Region)).all():
                    apply_successions(session, region, today=_REORGANISED, now=moment(_REORGANISED, 9))
        _accounts(session)
        _history(session, store, say)
        told = _weekly_lists(session, say)
    _last_week(database, settings, told, say)


def demo_accounts(session: Session) -> list[tuple[str, str]]:
    """(login, what to try it for), the ones worth trying first."""
    wanted = (
        ("西城区秘书处", "审核、逾期清单、提醒摘要"),
        ("区卫生健康委联络员", "填报进展、申请办结、申请延期"),
        ("区残联联络员", "牵头单位，事项最多"),
        ("德胜街道联络员", "街道，多为配合事项"),
        ("区卫生健康委负责人", "只读查看本单位事项"),
        ("西城区领导", "查看规划完成情况"),
        ("西城区系统管理员", "单位、节假日、规划版本"),
        ("西城区安全管理员", "账号和登录"),
        ("西城区审计员", "审计记录"),
        ("深圳市秘书处", "另一行政区，互不可见"),
        ("市卫生健康委联络员", "深圳市的联络员"),
    )
    known = set(session.exec(select(Account.login)).all())
    return [(login, purpose) for login, purpose in wanted if login in known]


def _accounts(session: Session) -> None:
    """One liaison for every department that owes something, heads of the departments shown around with."""
    hashed = hash_password(PASSWORD)
    created = moment(date(2018, 10, 8), 8)

    def add(login: str, role: AccountRole, region: Region, email: str, department_id: int | None = None) -> None:
        session.add(
            Account(
                region_id=region.id,
                department_id=department_id,
                login=login,
                name=login,
                email=f"{email}@{region.code}.example.org",
                role=role,
                password_hash=hashed,
                created_at=created,
            )
        )

    for region in session.exec(select(Region).order_by(col(Region.id))).all():
        short = region.name.removeprefix("北京市")
        add(f"{short}秘书处", AccountRole.SECRETARIAT, region, "secretariat")
        add(f"{short}领导", AccountRole.LEADER, region, "leader")
        _put_in_charge(session, region, f"{short}领导")
        add(f"{short}专家", AccountRole.EXPERT, region, "expert")
        add(f"{short}系统管理员", AccountRole.ADMIN, region, "admin")
        add(f"{short}安全管理员", AccountRole.SECURITY, region, "security")
        add(f"{short}审计员", AccountRole.AUDITOR, region, "auditor")
        owing = session.exec(
            select(Department)
            .where(
                Department.region_id == region.id,
                col(Department.id).in_(select(Obligation.department_id).distinct()),
            )
            .order_by(col(Department.position))
        ).all()
        for number, department in enumerate(owing, start=1):
            add(f"{department.name}联络员", AccountRole.LIAISON, region, f"liaison{number:02}", department.id)
            if department.name in SHOWCASE:
                add(f"{department.name}负责人", AccountRole.HEAD, region, f"head{number:02}", department.id)
    session.flush()


def _put_in_charge(session: Session, region: Region, login: str) -> None:
    session.flush()
    leader = session.exec(select(Account.id).where(Account.login == login)).one() or 0
    led = select(Department.id).where(Department.region_id == region.id, col(Department.name).in_(_LED))
    for key in session.exec(led.order_by(col(Department.position))):
        session.add(LeaderCharge(region_id=region.id or 0, account_id=leader, department_id=key))


def _cast(session: Session, store: EvidenceStore) -> Cast:
    accounts = session.exec(select(Account)).all()
    return Cast(
        liaisons={a.department_id: a.id or 0 for a in accounts if a.role is AccountRole.LIAISON and a.department_id},
        secretariats={a.region_id: a.id or 0 for a in accounts if a.role is AccountRole.SECRETARIAT and a.region_id},
        calendars={region.id or 0: work_calendar(session, region.id or 0) for region in session.exec(select(Region))},
        store=store,
    )


def _history(session: Session, store: EvidenceStore, say: Say) -> None:
    keys = list(session.exec(select(Obligation.id).order_by(col(Obligation.id))).all())
    cast = _cast(session, store)
    measures: dict[int, list[str]] = {}
    for task_id, text in session.exec(
        select(Measure.task_id, Measure.text).order_by(col(Measure.task_id), col(Measure.position))
    ):
        measures.setdefault(task_id, []).append(text)
    published = dict(_PUBLISHED)
    for start in range(0, len(keys), BATCH):
        for row, plan, task, phase, department in _batch(session, keys[start : start + BATCH]):
            story = Story(plan, task, phase, department, published[plan.code], measures.get(row.task_id, []))
            tell(session, cast, row, story)
        session.flush()
        session.expunge_all()
        say(f"演示历史：已写入{min(start + BATCH, len(keys))}/{len(keys)}项")


def _batch(session: Session, keys: list[int | None]) -> list[tuple[Obligation, Plan, Task, str, str]]:
    statement = (
        select_columns(Obligation, Plan, Task, col(Phase.name), col(Department.name))
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Department, col(Department.id) == Obligation.department_id)
        .where(col(Obligation.id).in_(keys))
        .order_by(col(Obligation.id))
    )
    return list(session.execute(statement))


def _weekly_lists(session: Session, say: Say) -> dict[int, datetime]:
    """The lists of the weeks before the last, each frozen at half past eight on its week's first working day.

    Region -> until when its audit trail has been told.
    """
    told: dict[int, datetime] = {}
    for region in session.exec(select(Region)).all():
        calendar = work_calendar(session, region.id or 0)
        for week in range(WEEKS, 1, -1):
            day = calendar.first_of_week(DEMO_DAY - timedelta(weeks=week))
            if day is not None:
                now = moment(day, 8, 30)
                tell_history(session, region.id or 0, told, until=now)
                tell_list(session, freeze_overdue_list(session, region, as_of=day, now=now, by=None))
    say(f"逾期清单：已冻结此前{WEEKS - 1}周")
    return told


def _last_week(database: Database, settings: Settings, told: dict[int, datetime], say: Say) -> None:
    """The runs of the week before, with their mails, as the worker would have made and sent them."""
    transport = FileTransport(settings.mail_dir, sender=settings.mail_from, zone=SHANGHAI)
    with database.reading() as session:
        regions = [key or 0 for key in session.exec(select(Region.id).order_by(col(Region.id)))]
    for back in range(7, 0, -1):
        day = DEMO_DAY - timedelta(days=back)
        now = moment(day, 8, 30)
        mails = 0
        for region_id in regions:
            with database.writing(lambda: None) as session:
                calendar = work_calendar(session, region_id)
                if not calendar.is_working(day):
                    continue
                tell_history(session, region_id, told, until=now)
            act = partial(Act, now, AuditAction.RUN, Channel.WORKER, region_id=region_id)
            kinds = [RunKind.WEEKLY] if calendar.first_of_week(day) == day else []
            for kind in (*kinds, RunKind.DAILY):
                mails += make_run(database, act, region_id, kind, day, now=now, by=None, settings=settings).mails
        send_waiting(
            settings, HeldClock(day, SHANGHAI, now, opens=now.hour), database, threading.Event(), transport=transport
        )
        if mails:
            say(f"提醒摘要：{day.isoformat()}，{mails}封邮件")
    with database.writing(lambda: None) as session:
        for region_id in regions:
            tell_history(session, region_id, told, until=moment(DEMO_DAY, 8))

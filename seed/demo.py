"""A demonstration history: what the offices of two regions might have reported up to 25 November 2024.

Nothing here is drawn at random anew: each obligation's story follows from its own names, so that every
machine shows the same demonstration. Everything is written through the same changes as in real use.
"""

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.changes.apply_successions import apply_successions
from app.changes.extend_due import decide_extension, request_extension
from app.changes.freeze_overdue_list import freeze_overdue_list
from app.changes.review_update import review_update
from app.changes.sign_in import hash_password
from app.changes.submit_update import Report, submit_update
from app.db import Database
from app.documents.evidence_store import EvidenceStore, StoredFile
from app.domain.workdays import WorkCalendar
from app.domain.workflow import Role
from app.models import Account, Department, Extension, Measure, Milestone, Obligation, Phase, Plan, Region, Task
from app.models.account import AccountRole
from app.models.progress_update import UpdateKind
from app.models.review import ReviewDecision
from app.queries.work_calendar import work_calendar
from seed.publish import SEED, Say, seed_departments, seed_plan

DEMO_DAY = date(2024, 11, 25)
PASSWORD = "duban-demo"
SHANGHAI = ZoneInfo("Asia/Shanghai")
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
_REORGANISED = date(2019, 4, 1)  # by this day the district's successions had taken effect

# Departments that are shown around with: each has something of every kind among what was due.
_SHOWCASE = frozenset({"区卫生健康委", "区残联", "区教委", "市卫生健康委", "市残联"})
_SHOWCASE_PAST = ("silent", "returned", "waiting", "silent", "late", "granted")
_SHOWCASE_SOON = ("returned", "waiting", "interim", "risk", "asks", "accepted")

_RETURN_REASONS = (
    "佐证材料不足，请补充活动台账或统计报表。",
    "进展描述过于笼统，请写明数量和完成时间。",
    "所附材料与本节点要求不符，请核对后重新提交。",
)
_DIFFICULTIES = ("", "", "", "人手紧张，部分点位推进较慢。", "跨部门数据尚未打通，统计口径待统一。", "所需经费下半年方能到位。")
_NEXT_STEPS = ("", "按计划继续推进，月底前汇总台账。", "会同配合单位开展一次联合检查。", "下月组织培训，补齐薄弱环节。")
_EXTENSION_REASONS = ("项目招标流程调整，验收时间顺延。", "上级配套文件尚未印发，需待文件明确后实施。")


def _moment(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), SHANGHAI).astimezone(UTC)


@dataclass(slots=True)
class _Cast:
    """Account ids by department and region, and the working days."""

    liaisons: dict[int, int]
    secretariats: dict[int, int]
    calendars: dict[int, WorkCalendar]
    store: EvidenceStore
    shown: dict[tuple[int, str], Iterator[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Story:
    """What is needed to tell one obligation's story."""

    plan: Plan
    task: Task
    phase: str
    department: str
    published: date
    measures: list[str]


def build_demo(database: Database, store: EvidenceStore, *, say: Say) -> None:
    """Fills an empty database; the caller has migrated it."""
    with database.writing() as session:
        seed_departments(session, say)
        for code, day in _PUBLISHED:
            seed_plan(session, SEED / "plans" / f"{code}.yaml", now=_moment(day, 9), say=say)
            if day < _REORGANISED:
                for region in session.exec(select(Region)).all():
                    apply_successions(session, region, today=_REORGANISED, now=_moment(_REORGANISED, 9))
        _accounts(session)
    _history(database, store, say)
    _weekly_lists(database, say)


def demo_accounts(session: Session) -> list[tuple[str, str]]:
    """(login, what to try it for), the ones worth trying first."""
    wanted = (
        ("西城区秘书处", "审核、逾期清单、提醒摘要"),
        ("区卫生健康委联络员", "填报进展、申请办结、申请延期"),
        ("区残联联络员", "牵头单位，事项最多"),
        ("德胜街道联络员", "街道，多为配合事项"),
        ("区卫生健康委负责人", "只读查看本单位事项"),
        ("西城区领导", "查看规划完成情况"),
        ("深圳市秘书处", "另一行政区，互不可见"),
        ("市卫生健康委联络员", "深圳市的联络员"),
    )
    known = set(session.exec(select(Account.login)).all())
    return [(login, purpose) for login, purpose in wanted if login in known]


def _accounts(session: Session) -> None:
    """One liaison for every department that owes something, heads of the departments shown around with."""
    hashed = hash_password(PASSWORD)
    created = _moment(date(2018, 10, 8), 8)

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
        add(f"{short}专家", AccountRole.EXPERT, region, "expert")
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
            if department.name in _SHOWCASE:
                add(f"{department.name}负责人", AccountRole.HEAD, region, f"head{number:02}", department.id)
    session.flush()


def _cast(session: Session, store: EvidenceStore) -> _Cast:
    accounts = session.exec(select(Account)).all()
    return _Cast(
        liaisons={a.department_id: a.id or 0 for a in accounts if a.role is AccountRole.LIAISON and a.department_id},
        secretariats={a.region_id: a.id or 0 for a in accounts if a.role is AccountRole.SECRETARIAT and a.region_id},
        calendars={region.id or 0: work_calendar(session, region.id or 0) for region in session.exec(select(Region))},
        store=store,
    )


def _history(database: Database, store: EvidenceStore, say: Say) -> None:
    with database.reading() as session:
        keys = list(session.exec(select(Obligation.id).order_by(col(Obligation.id))).all())
        cast = _cast(session, store)
        measures: dict[int, list[str]] = {}
        for measure in session.exec(select(Measure).order_by(col(Measure.task_id), col(Measure.position))):
            measures.setdefault(measure.task_id, []).append(measure.text)
    published = dict(_PUBLISHED)
    for start in range(0, len(keys), BATCH):
        with database.writing() as session:
            for row, plan, task, phase, department in _batch(session, keys[start : start + BATCH]):
                story = _Story(plan, task, phase, department, published[plan.code], measures.get(row.task_id, []))
                _tell(session, cast, row, story)
        say(f"演示历史：已写入{min(start + BATCH, len(keys))}/{len(keys)}项")


def _batch(session: Session, keys: list[int | None]) -> list[tuple[Obligation, Plan, Task, str, str]]:
    statement = (
        select(Obligation, Plan, Task, Phase.name, Department.name)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Department, col(Department.id) == Obligation.department_id)
        .where(col(Obligation.id).in_(keys))
        .order_by(col(Obligation.id))
    )
    return [tuple(row) for row in session.execute(statement)]  # type: ignore[misc]


def _outcome(cast: _Cast, row: Obligation, story: _Story, dice: random.Random) -> str:
    """How the obligation stands on the day of the demonstration."""
    if row.due is None:
        return "interim" if dice.random() < 0.2 else "nothing"
    left = (row.due - DEMO_DAY).days
    if story.department in _SHOWCASE and left < 60 and row.due.year >= 2023:
        kind, stories = ("past", _SHOWCASE_PAST) if left < 0 else ("soon", _SHOWCASE_SOON)
        told = cast.shown.setdefault((row.department_id, kind), iter(stories))
        chosen = next(told, None)
        if chosen is not None:
            return chosen
    chance = dice.random()
    if left < 0:
        steps = (("accepted", 0.82), ("late", 0.93), ("granted", 0.955), ("silent", 0.98), ("returned", 0.99))
        return next((name for name, limit in steps if chance < limit), "waiting")
    if left < 60:
        steps = (("accepted", 0.2), ("waiting", 0.27), ("interim", 0.55), ("risk", 0.58), ("asks", 0.59))
        return next((name for name, limit in steps if chance < limit), "nothing")
    return "interim" if chance < 0.06 else "nothing"


def _tell(session: Session, cast: _Cast, row: Obligation, story: _Story) -> None:
    dice = random.Random("|".join((story.plan.code, story.task.number, story.phase, story.department)))  # noqa: S311
    outcome = _outcome(cast, row, story, dice)
    by = cast.liaisons.get(row.department_id)
    if by is None or outcome == "nothing":
        return
    teller = _Teller(session, cast, row, story, dice, by)
    getattr(teller, outcome)()


@dataclass(slots=True)
class _Teller:
    session: Session
    cast: _Cast
    row: Obligation
    story: _Story
    dice: random.Random
    by: int

    def accepted(self) -> None:
        self._report_and_accept(self._before_due(5, 55))

    def late(self) -> None:
        assert self.row.due is not None
        self._report_and_accept(self._working(self.row.due + timedelta(days=self.dice.randint(2, 40))))

    def waiting(self) -> None:
        self._complete(self._recent(3, 12))

    def silent(self) -> None:
        if self.dice.random() < 0.5:
            self._interim(self._before_due(10, 50), risk=False)

    def returned(self) -> None:
        day = self._complete(self._recent(12, 25))
        self._return(self._working(day + timedelta(days=self.dice.randint(1, 5))))

    def interim(self) -> None:
        self._interim(self._recent(5, 50), risk=False)

    def risk(self) -> None:
        self._interim(self._recent(5, 30), risk=True)

    def asks(self) -> None:
        """An extension that waits for its decision."""
        assert self.row.due is not None
        day = self._recent(2, 9)
        self._ask(day, self.row.due + timedelta(days=90))

    def granted(self) -> None:
        """Extended once, then done by the new date."""
        assert self.row.due is not None
        asked = self._before_due(8, 20)
        extension = self._ask(asked, self.row.due + timedelta(days=91))
        decided = self._working(asked + timedelta(days=3))
        decide_extension(
            self.session,
            extension,
            grant=True,
            reason="同意延期，请抓紧推进。",
            granted_due=None,
            by=self._secretariat,
            now=_moment(decided, 15),
            today=decided,
        )
        self.session.refresh(self.row)
        self._report_and_accept(self._before_due(3, 25))

    @property
    def _secretariat(self) -> int:
        return self.cast.secretariats[self.row.region_id]

    def _working(self, day: date) -> date:
        """A working day between the plan's publication and the eve of the demonstration."""
        calendar = self.cast.calendars[self.row.region_id]
        day = min(max(day, self.story.published + timedelta(days=3)), DEMO_DAY - timedelta(days=3))
        return calendar.on_or_before(day)

    def _before_due(self, least: int, most: int) -> date:
        assert self.row.due is not None
        return self._working(min(self.row.due, DEMO_DAY) - timedelta(days=self.dice.randint(least, most)))

    def _recent(self, least: int, most: int) -> date:
        return self._working(DEMO_DAY - timedelta(days=self.dice.randint(least, most)))

    def _report_and_accept(self, day: date) -> None:
        if self.dice.random() < 0.08:
            self._complete(day)
            day = self._working(day + timedelta(days=2))
            self._return(day)
            day = self._working(day + timedelta(days=4))
        day = self._complete(day)
        self._review(ReviewDecision.ACCEPTED, self._working(day + timedelta(days=self.dice.randint(1, 9))), "")

    def _return(self, day: date) -> None:
        self._review(ReviewDecision.RETURNED, day, self.dice.choice(_RETURN_REASONS))

    def _review(self, decision: ReviewDecision, day: date, reason: str) -> None:
        review_update(
            self.session,
            self.row,
            decision,
            reason=reason,
            revision=self.row.revision,
            by=self._secretariat,
            now=_moment(day, 16, self.dice.randint(0, 59)),
            today=day,
        )

    def _complete(self, day: date) -> date:
        files = self._evidence() if self.dice.random() < 0.1 else ()
        self._submit(day, UpdateKind.COMPLETION, percent=100, risk=False, files=files)
        return day

    def _interim(self, day: date, *, risk: bool) -> None:
        self._submit(day, UpdateKind.INTERIM, percent=self.dice.randrange(20, 90, 5), risk=risk)

    def _submit(
        self, day: date, kind: UpdateKind, *, percent: int, risk: bool, files: tuple[StoredFile, ...] = ()
    ) -> None:
        report = Report(
            revision=self.row.revision,
            kind=kind,
            text=self._text(kind),
            difficulties=self.dice.choice(_DIFFICULTIES) or ("进度偏慢，预计不能按期完成。" if risk else ""),
            next_step="" if kind is UpdateKind.COMPLETION else self.dice.choice(_NEXT_STEPS),
            percent=percent,
            risk=risk,
            proves="工作台账" if files else "",
            files=files,
        )
        submit_update(
            self.session,
            self.row,
            report,
            by=self.by,
            now=_moment(day, self.dice.randint(9, 15), self.dice.randint(0, 59)),
            today=day,
        )

    def _text(self, kind: UpdateKind) -> str:
        measure = self.dice.choice(self.story.measures) if self.story.measures else self.story.task.title
        title = self.story.task.title
        if kind is UpdateKind.INTERIM:
            return f"正在推进“{title}”：{measure}已启动，阶段台账已建立。"
        if self.row.role is Role.SUPPORT:
            return f"已按分工配合完成“{title}”：{measure}，情况已报牵头单位。"
        return f"本节点任务已完成：{measure}，台账齐备，请予审核。"

    def _evidence(self) -> tuple[StoredFile, ...]:
        lines = ["事项,节点,单位", f"{self.story.task.title},{self.story.phase},{self.story.department}"]
        lines += [f"第{number}项,{measure},已完成" for number, measure in enumerate(self.story.measures, start=1)]
        content = io.BytesIO("\r\n".join(lines).encode("utf-8-sig"))
        return (self.cast.store.store(content, f"{self.story.department}工作台账.csv"),)

    def _ask(self, day: date, proposed: date) -> Extension:
        return request_extension(
            self.session,
            self.row,
            reason=self.dice.choice(_EXTENSION_REASONS),
            proposed_due=proposed,
            by=self.by,
            now=_moment(day, 10),
            today=day,
        )


def _weekly_lists(database: Database, say: Say) -> None:
    """The lists of the weeks before, each frozen at half past eight on its week's first working day."""
    with database.writing() as session:
        for region in session.exec(select(Region)).all():
            calendar = work_calendar(session, region.id or 0)
            for week in range(WEEKS, 0, -1):
                day = calendar.first_of_week(DEMO_DAY - timedelta(weeks=week))
                if day is not None:
                    freeze_overdue_list(session, region, as_of=day, now=_moment(day, 8, 30), by=None)
            say(f"逾期清单：{region.name}，已冻结最近{WEEKS}周")

"""One obligation's story: what its department might have reported, and what became of it.

Nothing is drawn anew: each story follows from the obligation's own names, so that every machine shows the same.
"""

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.changes.extend_due import decide_extension, request_extension
from app.changes.review_update import review_update
from app.changes.submit_update import Report, submit_update
from app.documents.evidence_store import EvidenceStore, StoredFile
from app.domain.workdays import WorkCalendar
from app.domain.workflow import Role
from app.models import Extension, Obligation, Plan, Task
from app.models.progress_update import UpdateKind
from app.models.review import ReviewDecision

DEMO_DAY = date(2024, 11, 25)
SHANGHAI = ZoneInfo("Asia/Shanghai")

# Departments that are shown around with: each has something of every kind among what was due.
SHOWCASE = frozenset({"区卫生健康委", "区残联", "区教委", "市卫生健康委", "市残联"})
_SHOWCASE_PAST = ("silent", "returned", "waiting", "lapsed", "cleared", "granted")
_SHOWCASE_SOON = ("returned", "waiting", "interim", "risk", "asks", "accepted")

# How likely each outcome is: (outcome, running total).
_PAST_STEPS = (
    ("accepted", 0.81),
    ("late", 0.91),
    ("granted", 0.93),
    ("cleared", 0.955),
    ("lapsed", 0.965),
    ("silent", 0.98),
    ("returned", 0.99),
)
_SOON_STEPS = (("accepted", 0.2), ("waiting", 0.27), ("interim", 0.55), ("risk", 0.58), ("asks", 0.59))

_RETURN_REASONS = (
    "佐证材料不足，请补充活动台账或统计报表。",
    "进展描述过于笼统，请写明数量和完成时间。",
    "所附材料与本节点要求不符，请核对后重新提交。",
)
_DIFFICULTIES = (
    *("", "", ""),
    "人手紧张，部分点位推进较慢。",
    "跨部门数据尚未打通，统计口径待统一。",
    "所需经费下半年方能到位。",
)
_NEXT_STEPS = ("", "按计划继续推进，月底前汇总台账。", "会同配合单位开展一次联合检查。", "下月组织培训，补齐薄弱环节。")
_EXTENSION_REASONS = ("项目招标流程调整，验收时间顺延。", "上级配套文件尚未印发，需待文件明确后实施。")


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), SHANGHAI).astimezone(UTC)


@dataclass(slots=True)
class Cast:
    """Account ids by department and region, and the working days."""

    liaisons: dict[int, int]
    secretariats: dict[int, int]
    calendars: dict[int, WorkCalendar]
    store: EvidenceStore
    shown: dict[tuple[int, str], Iterator[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """What is needed to tell one obligation's story."""

    plan: Plan
    task: Task
    phase: str
    department: str
    published: date
    measures: list[str]


def _outcome(cast: Cast, row: Obligation, story: Story, dice: random.Random) -> str:
    """How the obligation stands on the day of the demonstration."""
    if row.due is None:
        return "interim" if dice.random() < 0.2 else "nothing"
    left = (row.due - DEMO_DAY).days
    if story.department in SHOWCASE and left < 60 and row.due.year >= 2023:
        kind, stories = ("past", _SHOWCASE_PAST) if left < 0 else ("soon", _SHOWCASE_SOON)
        told = cast.shown.setdefault((row.department_id, kind), iter(stories))
        chosen = next(told, None)
        if chosen is not None:
            return chosen
    chance = dice.random()
    if left < 0:
        return next((name for name, limit in _PAST_STEPS if chance < limit), "waiting")
    if left < 60:
        return next((name for name, limit in _SOON_STEPS if chance < limit), "nothing")
    return "interim" if chance < 0.06 else "nothing"


def tell(session: Session, cast: Cast, row: Obligation, story: Story) -> None:
    dice = random.Random("|".join((story.plan.code, story.task.number, story.phase, story.department)))  # noqa: S311
    outcome = _outcome(cast, row, story, dice)
    by = cast.liaisons.get(row.department_id)
    if by is None or outcome == "nothing":
        return
    teller = Teller(session, cast, row, story, dice, by)
    getattr(teller, outcome)()


@dataclass(slots=True)
class Teller:
    session: Session
    cast: Cast
    row: Obligation
    story: Story
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
        day = self._recent(5, 50)
        text = self._text(UpdateKind.INTERIM)
        if self.dice.random() < 0.15:  # some say the same words every quarter
            self._interim(self._working(day - timedelta(days=90)), risk=False, text=text)
        self._interim(day, risk=False, text=text)

    def risk(self) -> None:
        self._interim(self._recent(5, 30), risk=True)

    def asks(self) -> None:
        """An extension that waits for its decision."""
        assert self.row.due is not None
        day = self._recent(2, 9)
        self._ask(day, self.row.due + timedelta(days=90))

    def cleared(self) -> None:
        """Long overdue, and off the weekly list since this autumn."""
        self._report_and_accept(self._recent(12, 65))

    def lapsed(self) -> None:
        """Extended into this autumn, and late again: new on one of the weekly lists."""
        self._extend(DEMO_DAY - timedelta(days=self.dice.randint(6, 60)))

    def granted(self) -> None:
        """Extended once, then done by the new date."""
        assert self.row.due is not None
        self._extend(self.row.due + timedelta(days=91))
        self._report_and_accept(self._before_due(3, 25))

    def _extend(self, due: date) -> None:
        asked = self._before_due(8, 20)
        extension = self._ask(asked, due)
        decided = self._working(asked + timedelta(days=3))
        decide_extension(
            self.session,
            extension,
            grant=True,
            reason="同意延期，请抓紧推进。",
            granted_due=None,
            by=self._secretariat,
            now=moment(decided, 15),
            today=decided,
        )
        self.session.refresh(self.row)

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
            now=moment(day, 16, self.dice.randint(0, 59)),
            today=day,
        )

    def _complete(self, day: date) -> date:
        files = self._evidence() if self.dice.random() < 0.1 else ()
        self._submit(day, UpdateKind.COMPLETION, percent=100, risk=False, files=files)
        return day

    def _interim(self, day: date, *, risk: bool, text: str = "") -> None:
        self._submit(day, UpdateKind.INTERIM, percent=self.dice.randrange(20, 90, 5), risk=risk, text=text)

    def _submit(
        self,
        day: date,
        kind: UpdateKind,
        *,
        percent: int,
        risk: bool,
        text: str = "",
        files: tuple[StoredFile, ...] = (),
    ) -> None:
        report = Report(
            revision=self.row.revision,
            kind=kind,
            text=text or self._text(kind),
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
            now=moment(day, self.dice.randint(9, 15), self.dice.randint(0, 59)),
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
            now=moment(day, 10),
            today=day,
        )

"""Whatever comes later: every frozen list is told again by the events, row by row and word by word."""

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.changes.close_account import close_account, reopen_account
from app.changes.edit_department import DepartmentEdit, edit_department
from app.changes.extend_due import decide_extension
from app.changes.local_days import LocalDay, add_local_day, remove_local_day
from app.changes.publish_plan import publish_plan
from app.db import Database
from app.drafts.faults import DraftRejected
from app.drafts.plan_draft import PlanDraft
from app.errors import Invalid, Overtaken
from app.models import (
    Account,
    DayException,
    Department,
    Extension,
    Obligation,
    ObligationEvent,
    OverdueList,
    OverdueRow,
)
from app.models.extension import ExtensionState
from app.models.review import ReviewDecision
from app.queries.known_then import differences, known_then_findings
from app.queries.overdue import overdue_as_known
from app.queries.overdue_lists import frozen_rows
from app.queries.verify import Checked, frozen_list_findings, history_findings
from tests.conftest import PLAN, SHANGHAI
from tests.history import History
from tests.tampering import tamper

BEGIN = datetime(2024, 1, 8, 9, tzinfo=SHANGHAI)  # the first phase ended a week ago
REFUSED = (Invalid, Overtaken, DraftRejected, IntegrityError)


@dataclass
class OneSession:
    """For `History`: all steps in one transaction that is rolled back, each of them in a savepoint."""

    session: Session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        yield self.session
        self.session.flush()

    reading = writing


@dataclass
class Office:
    """What may happen in an office. `hours` is the clock, `lag` how long ago the step in hand began."""

    session: Session
    hours: int = 0
    lag: int = 0
    plan: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(PLAN))
    copies: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.history = History(OneSession(self.session))  # type: ignore[arg-type]
        self.region = self.history.region(self.session)
        self.region_id = self.region.id or 0
        first_phase = select(Obligation.id).where(Obligation.due == date(2023, 12, 31))
        self.keys = list(self.session.exec(first_phase.order_by(col(Obligation.id))).all())
        self.secretary = self.history.account("秘书处")

    @property
    def now(self) -> datetime:
        return BEGIN + timedelta(hours=self.hours - self.lag)

    @property
    def today(self) -> date:
        return self.now.date()

    def carry_out(self, step: tuple[Any, ...], *, lag: int = 0) -> None:
        name, *rest = step
        self.lag = lag if name != "wait" else 0
        try:
            with self.session.begin_nested():
                getattr(self, name)(*rest)
        except REFUSED:
            self.session.expire_all()

    def key(self, pick: int) -> int:
        return self.keys[pick % len(self.keys)] or 0

    def wait(self, hours: int) -> None:
        self.hours = max(self.hours + hours, 0)

    def report(self, pick: int, what: str) -> None:
        self.history.submit(self.key(pick), self.today, self.now.hour, complete=what == "complete")

    def review(self, pick: int, decision: ReviewDecision) -> None:
        self.history.review(self.key(pick), decision, self.today, self.now.hour)

    def accept(self, pick: int) -> None:
        self.history.accept(self.key(pick), self.today, self.now.hour)

    def ask(self, pick: int, days: int) -> None:
        self.history.ask(self.key(pick), self.today, self.today + timedelta(days=days), self.now.hour)

    def decide(self, what: str) -> None:
        asked = self.session.exec(select(Extension).where(Extension.state == ExtensionState.REQUESTED)).first()
        if asked is not None:
            decide_extension(
                self.session,
                asked,
                grant=what == "grant",
                reason="按程序",
                granted_due=None,
                by=self.secretary,
                now=self.now,
                today=self.today,
            )

    def succeed(self, old: int, new: int) -> None:
        names = self.session.exec(
            select(Department.name).where(Department.region_id == self.region_id).order_by(col(Department.id))
        ).all()
        self.history.succeed(names[old], names[new], self.today, self.now.hour)

    def rename(self, pick: int, name: str) -> None:
        one = self.session.exec(select(Department).order_by(col(Department.id)).offset(pick).limit(1)).one()
        edit_department(self.session, one, DepartmentEdit(name, one.kind, place=1))

    def publish(self, what: str, pick: int) -> None:
        plan = copy.deepcopy(self.plan)
        task = [one for one in plan["tasks"] if "milestones" in one][-(pick % 2)]
        match what:
            case "title":
                plan["title"] = f"测试行动计划（第{pick}次修订）"
            case "task":
                task["title"] = f"开展宣传活动{pick}"
            case "date":
                moved = f"20{23 + pick % 2}-{pick + 1:02}-15"
                task["milestones"][0]["due"] = moved
            case "drop":
                plan["tasks"] = [one for one in plan["tasks"] if one["number"] != "2.1"]
            case "whole":
                plan = copy.deepcopy(PLAN)
            case "support":
                task["support"] = task["as_printed"]["support"] = ["丙局"]
        plan["source_notes"] = []
        publish_plan(self.session, PlanDraft.model_validate(plan), now=self.now)
        self.plan = plan

    def day_off(self, days: int) -> None:
        wanted = LocalDay(self.today + timedelta(days=days), working=False, reason="本地安排")
        add_local_day(self.session, self.region_id, wanted, today=self.today)

    def day_on(self) -> None:
        row = self.session.exec(select(DayException)).first()
        if row is not None:
            remove_local_day(self.session, row, today=self.today)

    def account(self, what: str) -> None:
        one = self.session.exec(select(Account).where(Account.login == "乙局联络员")).one()
        one.name = f"联络员{self.hours}"
        if what == "close":
            close_account(self.session, one, by=self.secretary, now=self.now)
        else:
            reopen_account(self.session, one, by=self.secretary)

    def freeze(self, late: int) -> None:
        day = self.today - timedelta(days=late)
        key = self.history.freeze(self.today, self.now.hour, as_of=day)
        self.copies[key] = [row.model_dump() for row in frozen_rows(self.session, key)]


PICK = st.integers(0, 5)
EDITIONS = st.sampled_from(["title", "task", "date", "drop", "whole", "support"])
STEP = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1, 5, 14, 24, 72, 168])),
    st.tuples(st.just("wait"), st.sampled_from([-1, -3, -14])),  # set back, over midnight too
    st.tuples(st.just("freeze"), st.sampled_from([0, 0, 0, 1, 2])),
    st.tuples(st.just("freeze"), st.just(0)),
    st.tuples(st.just("report"), PICK, st.sampled_from(["complete", "interim"])),
    st.tuples(st.just("accept"), PICK),
    st.tuples(st.just("review"), PICK, st.sampled_from(ReviewDecision)),
    st.tuples(st.just("ask"), PICK, st.sampled_from([10, 400])),
    st.tuples(st.just("decide"), st.sampled_from(["grant", "refuse"])),
    st.tuples(st.just("succeed"), st.integers(0, 6), st.integers(0, 6)),
    st.tuples(st.just("publish"), EDITIONS, PICK),
    st.tuples(st.just("rename"), st.integers(0, 6), st.sampled_from(["新局", "改名局"])),
    st.tuples(st.just("day_off"), st.integers(0, 9)),
    st.tuples(st.just("day_on")),
    st.tuples(st.just("account"), st.sampled_from(["close", "reopen"])),
)
# A request that began before a list was frozen and ends behind it bears the earlier moment.
STEPS = st.lists(st.tuples(STEP, st.sampled_from([0, 0, 2])), min_size=8, max_size=30)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_every_frozen_list_is_what_the_events_tell_of_its_day(
    database: Database, steps: list[tuple[tuple[Any, ...], int]]
) -> None:
    with Session(database.engine) as session:
        office = Office(session)
        for step, lag in [*steps, (("wait", 24), 0), (("freeze", 0), 0)]:
            office.carry_out(step, lag=lag)
        session.expire_all()
        assert list(known_then_findings(session)) == []
        for key, copied in office.copies.items():
            assert [row.model_dump() for row in frozen_rows(session, key)] == copied
        checked = Checked()
        assert [*history_findings(session, checked), *frozen_list_findings(session, checked)] == []
        session.rollback()


@pytest.fixture
def told(session: Session) -> Office:
    return Office(session)


def rows_now(office: Office, key: int) -> tuple[list[OverdueRow], list[str]]:
    office.session.expire_all()
    frozen = office.session.get_one(OverdueList, key)
    rows = list(frozen_rows(office.session, key))
    known = overdue_as_known(office.session, frozen.region_id, frozen.as_of, cutoff=frozen.cutoff)
    return rows, list(differences(rows, known))


def test_a_past_list_speaks_in_the_words_of_its_day(told: Office) -> None:
    """The steps of the random histories do what they say, and what they change shows today."""
    told.freeze(0)
    (first,) = told.copies
    told.wait(24)
    told.publish("title", 3)
    told.publish("task", 5)
    told.wait(1)
    told.freeze(0)
    second = max(told.copies)
    told.wait(24)
    told.publish("task", 7)
    told.publish("date", 0)
    told.accept(2)
    told.succeed(5, 6)
    for key in (first, second):
        assert rows_now(told, key)[1] == []
    before, after = rows_now(told, first)[0][0], rows_now(told, second)[0][0]
    assert (before.plan_title, before.task_title) == ("测试行动计划", "开展宣传活动")
    assert after.plan_title == "测试行动计划（第3次修订）"
    titles = {(row.task_number, row.task_title) for row in rows_now(told, second)[0]}
    assert ("2.1", "开展宣传活动5") in titles
    assert len(told.copies[first]) == len(told.copies[second])


def test_a_department_that_ever_owed_something_keeps_its_name(told: Office) -> None:
    """A list of the past names it; what is called otherwise is a successor."""
    told.succeed(5, 6)  # 西街道 is followed by 旧局, which owed nothing before
    told.succeed(6, 3)
    one = told.session.exec(select(Department).where(Department.name == "旧局")).one()
    with pytest.raises(Invalid, match="沿革"):
        edit_department(told.session, one, DepartmentEdit("新局", one.kind, place=1))


def test_what_is_recorded_late_or_by_a_clock_set_back_stays_behind_the_list(told: Office) -> None:
    told.wait(24)
    told.freeze(0)
    (key,) = told.copies
    told.wait(-3)
    told.accept(0)
    told.publish("date", 0)
    told.publish("title", 1)
    moments = told.session.exec(select(ObligationEvent.recorded_at).where(ObligationEvent.seq > 1)).all()
    cutoff = told.session.get_one(OverdueList, key).cutoff
    assert moments
    assert min(moments) >= cutoff
    assert rows_now(told, key)[1] == []


def test_an_event_never_comes_before_the_one_it_follows(told: Office) -> None:
    told.wait(48)
    told.report(0, "complete")
    told.wait(-30)
    told.review(0, ReviewDecision.RETURNED)
    events = told.session.exec(
        select(ObligationEvent.recorded_at)
        .where(ObligationEvent.obligation_id == told.key(0))
        .order_by(col(ObligationEvent.seq))
    ).all()
    assert list(events) == sorted(events)
    assert events[1] == events[2]


@pytest.mark.parametrize(
    ("tampering", "finding"),
    [
        ("UPDATE obligation_event SET recorded_at = :later WHERE obligation_id = 1 AND seq = 1", "was on it"),
        ("UPDATE obligation_event SET due = '2023-11-30' WHERE obligation_id = 1 AND seq = 1", "due was"),
        ("UPDATE obligation_event SET state = 'accepted' WHERE obligation_id = 1 AND seq = 1", "was on it"),
        ("UPDATE obligation_event SET department_id = 3 WHERE obligation_id = 1 AND seq = 1", "department was"),
        ("UPDATE obligation_event SET recorded_at = :early WHERE obligation_id = 1 AND seq = 2", "was on it"),
        ("UPDATE obligation_event SET recorded_at = :later WHERE obligation_id = 2 AND seq > 1", "was not on it"),
        ("UPDATE plan_edition SET published_at = :later", "plan_title was"),
        ("UPDATE overdue_row SET days_late = 3 WHERE position = 1", "days_late was"),
        ("DELETE FROM overdue_row WHERE position = 1", "was not on it"),
    ],
)
def test_a_past_that_was_written_anew_is_found(told: Office, tampering: str, finding: str) -> None:
    first, second = told.keys[:2]
    told.accept(1)
    told.wait(24)
    told.freeze(0)
    told.wait(24)
    told.report(0, "complete")
    told.publish("title", 1)
    assert list(known_then_findings(told.session)) == []
    spoken = tampering.replace("obligation_id = 1", f"obligation_id = {first}").replace(
        "obligation_id = 2", f"obligation_id = {second}"
    )
    values = {":later": told.now + timedelta(days=90), ":early": BEGIN - timedelta(days=90)}
    named = {name[1:]: moment.astimezone(UTC).replace(tzinfo=None) for name, moment in values.items() if name in spoken}
    tamper(told.session, spoken, **named)
    assert any(finding in found for found in known_then_findings(told.session))

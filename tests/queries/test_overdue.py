"""The list of any past day against a fold of the same events, done in Python."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from app.changes.record_event import record_event
from app.clock import day_end
from app.db import Database
from app.domain.workflow import WAITING_FOR_DEPARTMENT, EventKind, Happening, Role, State, apply, may, opening
from app.models import Department, Obligation, ObligationEvent, Region
from app.models.review import ReviewDecision
from app.queries.overdue import AsOf, OverdueFilter, OverdueItem, overdue_as_known, overdue_now
from app.queries.overdue_table import (
    Arrangement,
    Grouping,
    Order,
    PageKey,
    department_totals,
    overdue_all,
    overdue_counts,
    overdue_page,
    plan_totals,
)
from tests.conftest import NOW, TODAY
from tests.history import History, at

ZONE = "Asia/Shanghai"
FIRST_DAY = date(2023, 12, 1)

KINDS = st.sampled_from(
    [
        EventKind.REPORTED,
        EventKind.SUBMITTED,
        EventKind.RETURNED,
        EventKind.ACCEPTED,
        EventKind.REOPENED,
        EventKind.EXTENDED,
        EventKind.DUE_MOVED,
        EventKind.TRANSFERRED,
        EventKind.ROLE_CHANGED,
        EventKind.CANCELLED,
    ]
)


@dataclass(frozen=True)
class Step:
    """`obligation` counts through the cast's; `shift` moves a due date, `pick` chooses a department or a role."""

    obligation: int
    kind: EventKind
    after: timedelta
    shift: int
    pick: int


STEPS = st.lists(
    st.builds(
        Step,
        obligation=st.integers(0, 11),
        kind=KINDS,
        after=st.timedeltas(timedelta(0), timedelta(days=40)),
        shift=st.integers(-400, 400),
        pick=st.integers(0, 9),
    ),
    max_size=30,
)


@dataclass
class Told:
    """What was recorded of one obligation, and when."""

    events: list[tuple[datetime, Happening]] = field(default_factory=list)

    def known(self, cutoff: datetime) -> list[Happening]:
        return [happening for moment, happening in self.events if moment < cutoff]


@dataclass
class Play:
    """Carries steps out in the tables and keeps what was told beside them."""

    session: Session
    now: datetime = field(default_factory=lambda: at(FIRST_DAY))
    told: dict[int, Told] = field(default_factory=dict)
    rows: list[Obligation] = field(default_factory=list)
    departments: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows = list(self.session.exec(select(Obligation).order_by(col(Obligation.id))).all())
        self.departments = [
            key or 0
            for key in self.session.exec(
                select(Department.id).join(Region).where(Region.code == "test").order_by(col(Department.id))
            ).all()
        ]
        for event in self.session.exec(select(ObligationEvent)).all():
            opened = Happening(event.kind, event.on, due=event.due, department_id=event.department_id, role=event.role)
            self.told.setdefault(event.obligation_id, Told()).events.append((event.recorded_at, opened))

    def carry_out(self, step: Step) -> None:
        self.now += step.after
        row = self.rows[step.obligation % len(self.rows)]
        if not may(row.state, step.kind):
            return
        due = None
        if step.kind in {EventKind.EXTENDED, EventKind.DUE_MOVED} and row.due is not None:
            due = row.due + timedelta(days=step.shift)
        department_id = None
        if step.kind is EventKind.TRANSFERRED:
            # One department owes one milestone once.
            taken = {other.department_id for other in self.rows if other.milestone_id == row.milestone_id}
            free = [key for key in self.departments if key not in taken]
            department_id = free[step.pick % len(free)]
        role = list(Role)[step.pick % len(Role)] if step.kind is EventKind.ROLE_CHANGED else None
        on = self.now.date()
        record_event(
            self.session, row, step.kind, on=on, now=self.now, by=None, due=due, department_id=department_id, role=role
        )
        happening = Happening(step.kind, on, due=due, department_id=department_id, role=role)
        self.told[row.id or 0].events.append((self.now, happening))

    def expected(self, day: date, cutoff: datetime) -> list[tuple[object, ...]]:
        found: list[tuple[date, int, tuple[object, ...]]] = []
        for key, told in self.told.items():
            events = told.known(cutoff)
            if not events:
                continue
            standing = opening(events[0])
            for happening in events[1:]:
                standing = apply(standing, happening)
            if standing.state not in WAITING_FOR_DEPARTMENT or standing.due is None or standing.due >= day:
                continue
            line = (
                key,
                standing.department_id,
                standing.role,
                standing.state,
                standing.due,
                standing.first_due,
                standing.extensions,
                (day - standing.due).days,
            )
            found.append((standing.due, key, line))
        return [line for _due, _key, line in sorted(found)]


def lines(items: list[OverdueItem]) -> list[tuple[object, ...]]:
    return [
        (
            item.obligation_id,
            item.department_id,
            item.role,
            item.state,
            item.due,
            item.first_due,
            item.extensions,
            item.days_late,
        )
        for item in items
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, days=st.lists(st.integers(-800, 1500), min_size=3, max_size=6))
def test_the_list_of_any_day_is_the_fold_of_the_events_known_by_then(
    database: Database, steps: list[Step], days: list[int]
) -> None:
    with Session(database.engine) as session:
        play = Play(session)
        region_id = play.rows[0].region_id
        for step in steps:
            play.carry_out(step)
        for offset in days:
            day = FIRST_DAY + timedelta(days=offset)
            cutoff = day_end(day, ZONE)
            assert lines(overdue_as_known(session, region_id, day, cutoff=cutoff)) == play.expected(day, cutoff)
        for moment in {moment for told in play.told.values() for moment, _event in told.events}:
            day = moment.astimezone(NOW.tzinfo).date()
            # An event that bears the moment of the cutoff itself came too late for the list.
            assert lines(overdue_as_known(session, region_id, day, cutoff=moment)) == play.expected(day, moment)
        today = play.now.date()
        now = play.now + timedelta(microseconds=1)
        assert overdue_now(session, region_id, today) == overdue_as_known(session, region_id, today, cutoff=now)
        session.rollback()


@pytest.fixture
def history(database: Database) -> History:
    told = History(database)
    told.accept(told.key("甲局"), date(2024, 1, 15))
    told.submit(told.key("乙局"), date(2024, 2, 1))
    told.review(told.key("乙局"), ReviewDecision.RETURNED, date(2024, 2, 5))
    told.extend(told.key("东街道"), date(2024, 3, 1), date(2024, 6, 30))
    told.succeed("西街道", "旧局", date(2024, 5, 1))
    return told


@pytest.fixture
def reading(history: History) -> Iterator[Session]:
    with history.database.reading() as session:
        yield session


@pytest.fixture
def region_id(reading: Session) -> int:
    return reading.exec(select(Region.id).where(Region.code == "test")).one() or 0


def test_a_day_in_the_past_shows_who_owed_it_then(reading: Session, region_id: int) -> None:
    def departments(day: date) -> set[str]:
        known = overdue_as_known(reading, region_id, day, cutoff=day_end(day, ZONE))
        return {item.department for item in known if item.task_number == "1.1"}

    assert departments(date(2023, 12, 31)) == set()
    assert departments(date(2024, 1, 1)) == {"甲局", "乙局", "东街道", "西街道"}
    assert departments(date(2024, 1, 15)) == {"乙局", "东街道", "西街道"}
    assert departments(date(2024, 2, 4)) == {"东街道", "西街道"}  # 乙局 is under review
    assert departments(date(2024, 4, 1)) == {"乙局", "西街道"}  # 东街道 has a later date
    assert departments(date(2024, 7, 1)) == {"乙局", "东街道", "旧局"}


def test_a_moved_date_counts_from_the_new_one_and_keeps_the_first(reading: Session, region_id: int) -> None:
    (item,) = [item for item in overdue_now(reading, region_id, TODAY) if item.department == "东街道"]
    assert (item.first_due, item.due, item.extensions) == (date(2023, 12, 31), date(2024, 6, 30), 1)
    assert item.days_late == (TODAY - date(2024, 6, 30)).days


def test_filters_narrow_the_list(reading: Session, region_id: int) -> None:
    everything = overdue_now(reading, region_id, TODAY)
    one = everything[0]
    for wanted in (
        OverdueFilter(department_id=one.department_id),
        OverdueFilter(min_days=200),
        OverdueFilter(plan_code="test-plan", min_days=1),
        OverdueFilter(plan_code="no-such-plan"),
    ):
        found = overdue_now(reading, region_id, TODAY, wanted)
        assert found == [
            item
            for item in everything
            if wanted.department_id in {None, item.department_id}
            and wanted.plan_code in {None, item.plan_code}
            and item.days_late >= (wanted.min_days or 0)
        ]
    assert overdue_now(reading, region_id, TODAY, OverdueFilter(min_days=200)) != everything


def test_another_region_has_a_list_of_its_own(reading: Session) -> None:
    other = reading.exec(select(Region.id).where(Region.code == "next")).one() or 0
    assert overdue_now(reading, other, TODAY) == []


@pytest.mark.parametrize("cutoff", [None, day_end(TODAY, ZONE)])
@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("grouping", Grouping)
def test_pages_in_any_order_hold_every_row_once(
    reading: Session, region_id: int, cutoff: datetime | None, order: Order, grouping: Grouping
) -> None:
    asked, wanted, arrangement = AsOf(region_id, TODAY, cutoff), OverdueFilter(), Arrangement(order, grouping)
    whole = list(overdue_all(reading, asked, wanted, arrangement))
    assert sorted(item.obligation_id for item in whole) == sorted(
        item.obligation_id for item in overdue_now(reading, region_id, TODAY)
    )
    seen: list[OverdueItem] = []
    after: PageKey | None = None
    for _page in range(10):
        found = overdue_page(reading, asked, wanted, arrangement, after=after, limit=2)
        seen += found.items
        if found.after is None:
            break
        assert len(found.after) == arrangement.key_width + 2
        after = found.after
    assert seen == whole
    if Grouping.DEPARTMENT in {grouping, str(order)} and grouping is not Grouping.PLAN:
        names = [item.department for item in whole]
        assert names == sorted(names, key=["甲局", "乙局", "丙局", "残联", "东街道", "西街道", "旧局"].index)


def test_counts_by_department_and_by_plan_add_up_to_the_same(reading: Session, region_id: int) -> None:
    for asked in (AsOf(region_id, TODAY), AsOf(region_id, date(2024, 4, 1), day_end(date(2024, 4, 1), ZONE))):
        counts = overdue_counts(reading, asked, OverdueFilter())
        items = overdue_all(reading, asked, OverdueFilter(), Arrangement())
        assert sum(department_totals(counts).values()) == sum(plan_totals(counts).values()) == len(items)
        for (key, _name), count in department_totals(counts).items():
            assert count == sum(1 for item in items if item.department_id == key)


def test_what_is_under_review_or_accepted_is_never_overdue(reading: Session, region_id: int) -> None:
    assert {item.state for item in overdue_now(reading, region_id, TODAY)} == {State.OPEN, State.RETURNED}

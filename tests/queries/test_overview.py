"""The figures of the overview against the plan pages' own, and against the rule for one milestone at a time."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlmodel import Session, col, select

from app.domain.completion import waits
from app.domain.lights import Light
from app.models import Department, Obligation, Plan
from app.models.review import ReviewDecision
from app.queries.awaited import holdups
from app.queries.milestone_standings import milestone_standings
from app.queries.overview import next_deadlines, overview
from app.queries.plans import completion
from app.queries.waiting import PRESSING
from tests.conftest import TODAY
from tests.queries.reporting import all_obligations, decide, report, spread_states
from tests.queries.test_plans import real_plan as _real_plan

real_plan = _real_plan
DAYS = [date(2023, 12, 31), date(2024, 1, 1), TODAY, date(2025, 1, 1)]


@pytest.fixture
def plan(session: Session) -> Plan:
    found = session.exec(select(Plan).where(Plan.code == "test-plan")).one()
    spread_states(session, all_obligations(session, found.id or 0))
    return found


def assert_like_the_plan_page(session: Session, plan: Plan, today: date) -> None:
    expected = completion(session, plan.id or 0, today)
    standings = milestone_standings(session, [plan.id or 0], today)
    assert {one.id: one.light for one in standings} == {
        key: light for key, (light, _parts) in expected.standing.items()
    }
    found = overview(session, plan.region_id, [plan], standings, today)
    for part, share in ((found.milestones, expected.milestones), (found.obligations, expected.obligations)):
        assert (part.done, part.total, part.overdue) == (share.done, share.total, share.overdue)
    assert {light: found.obligations.of(light) for light in Light} == expected.lights
    for line in found.phases:
        share = expected.by_phase[line.id]
        assert (line.tally.done, line.tally.total, line.tally.overdue) == (share.done, share.total, share.overdue)
    assert sum(line.tally.total for line in found.areas) == found.milestones.total
    for one in found.departments:
        share = expected.by_department[one.id]
        assert (one.obligations.done, one.obligations.total) == (share.done, share.total)
    assert found.past.total == sum(1 for one in standings if one.due and one.due < today)
    assert found.past.overdue <= found.milestones.overdue


@pytest.mark.parametrize("today", DAYS)
def test_the_figures_are_those_of_the_plan_page(session: Session, plan: Plan, today: date) -> None:
    assert_like_the_plan_page(session, plan, today)


def test_so_are_those_of_a_real_plan(session: Session, real_plan: Plan) -> None:
    spread_states(session, all_obligations(session, real_plan.id or 0)[::5])
    for today in (TODAY, date(2023, 12, 20)):
        assert_like_the_plan_page(session, real_plan, today)
        assert_waiting_follows_the_rule(session, real_plan, today)


def assert_waiting_follows_the_rule(session: Session, plan: Plan, today: date) -> None:
    names = dict(session.execute(select(Department.name, Department.id)).all())
    standings = milestone_standings(session, [plan.id or 0], today)
    expected: set[tuple[int, str]] = set()
    awaited: set[tuple[int, str]] = set()
    standing = completion(session, plan.id or 0, today).standing
    for key, (light, parts) in standing.items():
        pairs = waits(parts) if light in PRESSING else []
        expected |= {(key, who) for who, _whom in pairs}
        awaited |= {(key, whom) for _who, whom in pairs}
    found = holdups(session, standings)
    assert sum(one.count for one in found.waits) == len(expected)
    assert {one.department for one in found.waits} == {who for _key, who in expected}
    assert sum(one.count for one in found.awaited) == len(awaited)
    assert all(one.department in names for one in found.awaited)


@pytest.mark.parametrize("today", DAYS)
def test_who_waits_for_whom_is_what_the_task_page_says(session: Session, plan: Plan, today: date) -> None:
    assert_waiting_follows_the_rule(session, plan, today)


def test_a_supporter_that_has_submitted_is_waited_for_no_more(
    session: Session, obligation_of: Callable[..., Obligation]
) -> None:
    plan_id = obligation_of("甲局").plan_id
    before = holdups(session, milestone_standings(session, [plan_id], TODAY))
    assert [(one.department, one.count) for one in before.waits] == [("甲局", 1)]
    assert sum(one.count for one in before.awaited) == 3
    report(session, session.get_one(Obligation, obligation_of("乙局").id), complete=True)
    after = holdups(session, milestone_standings(session, [plan_id], TODAY))
    assert "乙局" not in {one.department for one in after.awaited}


def test_on_time_counts_what_was_accepted_in_time(session: Session, obligation_of: Callable[..., Obligation]) -> None:
    for phase in ("第一阶段", "第二阶段"):
        row = session.get_one(Obligation, obligation_of("甲局", phase=phase).id)
        report(session, row, complete=True)
        decide(session, row, ReviewDecision.ACCEPTED)
    plan = session.exec(select(Plan).where(Plan.code == "test-plan")).one()
    standings = milestone_standings(session, [plan.id or 0], TODAY)
    line = next(
        one for one in overview(session, plan.region_id, [plan], standings, TODAY).departments if one.name == "甲局"
    )
    assert (line.on_time, line.on_time_percent) == (1, 50)
    assert (line.milestones.done, line.milestones.total) == (2, 2)


def test_the_next_deadlines_count_what_is_not_submitted(session: Session, plan: Plan) -> None:
    found = next_deadlines(session, plan.region_id, [plan.id or 0], TODAY)
    waiting = session.exec(
        select(Obligation).where(
            Obligation.plan_id == plan.id,
            col(Obligation.state).in_(["open", "returned"]),
            Obligation.due == date(2024, 12, 31),
        )
    ).all()
    assert [(one.due, one.count) for one in found] == [(date(2024, 12, 31), len(waiting))]
    assert found[0].departments == len({row.department_id for row in waiting})

"""The numbers of the plan page, recomputed row by row without the query that makes them."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from app.changes.publish_plan import publish_plan
from app.changes.record_event import record_event
from app.changes.register_departments import register_departments
from app.documents.reading.yaml_draft import read_draft
from app.domain.lights import Light
from app.domain.workflow import EventKind, State
from app.drafts.department_register import DepartmentRegister
from app.drafts.plan_draft import PlanDraft
from app.models import Obligation, Plan
from app.models.review import ReviewDecision
from app.queries.plan_contents import plan_contents
from app.queries.plan_obligations import Wanted, plan_obligations
from app.queries.plan_overview import plans_overview
from app.queries.plans import Share, completion, summed
from tests.conftest import TODAY
from tests.queries.reporting import DAY, MOMENT, all_obligations, decide, report, spread_states

SEED = Path(__file__).resolve().parents[2] / "seed"


Counts = dict[Any, list[int]]  # key -> [done, total, overdue]


def figures(share: Share) -> list[int]:
    return [share.done, share.total, share.overdue]


def by_key(shares: Mapping[Any, Share]) -> Counts:
    return {key: figures(share) for key, share in shares.items()}


def recount(session: Session, plan_id: int, today: date) -> dict[str, Counts]:
    """From the bare rows, by the words of the rule and nothing else."""
    rows = session.execute(
        text(
            "SELECT o.milestone_id, o.department_id, o.role, o.state, o.due, m.phase_id, t.area_id"
            " FROM obligation o JOIN milestone m ON m.id = o.milestone_id JOIN task t ON t.id = o.task_id"
            " WHERE o.plan_id = :plan AND o.state <> 'cancelled'"
        ),
        {"plan": plan_id},
    ).all()
    found: dict[str, Counts] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))

    def count(noun: str, key: Any, *, done: bool, late: bool) -> None:
        for place, more in enumerate((done, True, late)):
            found[noun][key][place] += more

    milestones = defaultdict(list)
    for row in rows:
        late = row.state in ("open", "returned") and row.due is not None and str(row.due) < today.isoformat()
        milestones[row.milestone_id].append((row, late))
        count("department", row.department_id, done=row.state == "accepted", late=late)
        count("all", "obligations", done=row.state == "accepted", late=late)
    for parts in milestones.values():
        leads = [part for part in parts if part[0].role == "lead"]
        deciders = leads or [part for part in parts if part[0].role == "shared"]
        done = bool(deciders) and all(row.state == "accepted" for row, _late in deciders)
        late = not done and any(late for _row, late in deciders)
        for key in (("area", parts[0][0].area_id), ("phase", parts[0][0].phase_id), ("all", "milestones")):
            count(*key, done=done, late=late)
    return found


def assert_adds_up(session: Session, plan: Plan, today: date) -> None:
    counted, expected = completion(session, plan.id or 0, today), recount(session, plan.id or 0, today)
    assert figures(counted.milestones) == expected["all"]["milestones"]
    assert figures(counted.obligations) == expected["all"]["obligations"]
    assert by_key(counted.by_area) == expected["area"]
    assert by_key(counted.by_phase) == expected["phase"]
    assert by_key(counted.by_department) == expected["department"]
    for parts in (counted.by_area, counted.by_phase, counted.by_task):
        assert summed(parts.values()) == counted.milestones
    assert summed(counted.by_department.values()) == counted.obligations
    assert sum(counted.lights.values()) == counted.obligations.total
    contents = plan_contents(session, plan, today)
    assert summed(group.share for group in contents.groups) == counted.milestones
    overview = next(one for one in plans_overview(session, plan.region_id, today) if one.plan.id == plan.id)
    assert (overview.milestones, overview.obligations) == (counted.milestones, counted.obligations)


def cast_plan(session: Session) -> Plan:
    return session.exec(select(Plan).where(Plan.code == "test-plan")).one()


def test_an_untouched_plan_has_nothing_done_and_last_years_milestones_overdue(session: Session) -> None:
    counted = completion(session, cast_plan(session).id or 0, TODAY)
    assert figures(counted.milestones) == [0, 4, 2]
    assert figures(counted.obligations) == [0, 12, 6]
    assert counted.milestones.percent == 0


def test_the_numbers_add_up_after_some_were_accepted(
    session: Session, obligation_of: Callable[..., Obligation]
) -> None:
    for department, task in (("甲局", "1.1"), ("乙局", "2.1"), ("东街道", "1.1")):
        row = session.get_one(Obligation, obligation_of(department, task).id)
        report(session, row, complete=True)
        decide(session, row, ReviewDecision.ACCEPTED)
    plan = cast_plan(session)
    counted = completion(session, plan.id or 0, TODAY)
    assert (counted.milestones.done, counted.milestones.overdue) == (1, 1)
    assert counted.obligations.done == 3
    assert_adds_up(session, plan, TODAY)


def test_the_numbers_add_up_in_every_mixture_of_states(session: Session) -> None:
    plan = cast_plan(session)
    spread_states(session, all_obligations(session, plan.id or 0))
    assert_adds_up(session, plan, TODAY)
    assert_adds_up(session, plan, date(2023, 12, 31))
    assert_adds_up(session, plan, date(2025, 1, 1))


def test_a_withdrawn_duty_counts_nowhere(session: Session, obligation_of: Callable[..., Obligation]) -> None:
    row = session.get_one(Obligation, obligation_of("丙局", "2.1").id)
    before = completion(session, row.plan_id, TODAY)
    record_event(session, row, EventKind.CANCELLED, on=DAY, now=MOMENT, by=None, reason="撤销")
    after = completion(session, row.plan_id, TODAY)
    assert after.obligations.total == before.obligations.total - 1
    assert row.state is State.CANCELLED
    assert_adds_up(session, cast_plan(session), TODAY)


def test_no_percentage_is_rounded_up_to_a_hundred() -> None:
    assert Share(done=199, total=200).percent == 99
    assert Share(done=38, total=132).percent == 29
    assert Share(done=200, total=200).percent == 100
    assert Share().percent is None


@pytest.fixture
def real_plan(session: Session) -> Plan:
    """xicheng-2022 as it is seeded: 66 tasks, 132 milestones with departments, over a thousand obligations."""
    register, _lines = read_draft(SEED / "departments" / "xicheng.yaml", DepartmentRegister)
    register_departments(session, register)
    draft, _lines = read_draft(SEED / "plans" / "xicheng-2022.yaml", PlanDraft)
    publish_plan(session, draft, now=datetime(2022, 1, 4, tzinfo=UTC))
    return session.exec(select(Plan).where(Plan.code == "xicheng-2022")).one()


def test_the_numbers_of_a_real_plan_add_up(session: Session, real_plan: Plan) -> None:
    spread_states(session, all_obligations(session, real_plan.id or 0)[::7])
    assert_adds_up(session, real_plan, TODAY)
    counted = completion(session, real_plan.id or 0, TODAY)
    for light, count in counted.lights.items():
        assert count == len(walk(session, real_plan, Wanted(light=light))), light
    worst = max(counted.by_department, key=lambda key: counted.by_department[key].overdue)
    late = walk(session, real_plan, Wanted(department_id=worst, light=Light.OVERDUE))
    assert len(late) == counted.by_department[worst].overdue > 0


def walk(session: Session, plan: Plan, wanted: Wanted) -> list[int]:
    """All pages of the list: every row once, most urgent first."""
    ids: list[int] = []
    dues: list[date | None] = []
    after = None
    while True:
        found = plan_obligations(session, plan.id or 0, wanted, TODAY, after=after)
        ids += [row.id for row in found.rows]
        dues += [row.due for row in found.rows]
        assert len(found.rows) <= 50
        if found.after is None:
            break
        after = found.after
    assert found.count == len(ids) == len(set(ids))
    assert dues == sorted(dues, key=lambda due: due or date.max)
    return ids

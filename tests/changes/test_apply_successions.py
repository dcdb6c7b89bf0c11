import copy
from datetime import date

from sqlmodel import Session, col, select

from app.changes.apply_successions import apply_successions
from app.changes.publish_plan import publish_plan
from app.changes.record_event import record_event
from app.changes.register_departments import register_departments
from app.domain.workflow import EventKind, State
from app.drafts.department_register import DepartmentRegister
from app.drafts.plan_draft import PlanDraft
from app.models import Assignment, Department, Obligation, ObligationEvent, Region, Succession
from app.queries.verify import Checked, history_findings
from tests.conftest import NOW, PLAN, REGISTER, TODAY

DAY = date(2024, 6, 1)


def region(session: Session) -> Region:
    return session.exec(select(Region).where(Region.code == "test")).one()


def succeed(session: Session, *pairs: tuple[str, str]) -> None:
    register = copy.deepcopy(REGISTER)
    register["successions"] = [
        {"predecessor": old, "successor": new, "kind": "merge", "on": DAY.isoformat(), "certainty": "probable"}
        for old, new in pairs
    ]
    register_departments(session, DepartmentRegister.model_validate(register))


def owners(session: Session, state: State = State.OPEN) -> list[str]:
    return list(
        session.exec(
            select(Department.name)
            .join(Obligation, col(Obligation.department_id) == Department.id)
            .where(Obligation.state == state)
            .order_by(col(Obligation.id))
        ).all()
    )


def test_open_obligations_move_and_done_ones_keep_the_old_name(session: Session) -> None:
    row = session.exec(select(Obligation).join(Department).where(Department.name == "丙局")).first()
    assert row is not None
    record_event(session, row, EventKind.SUBMITTED, on=DAY, now=NOW, by=None)
    record_event(session, row, EventKind.ACCEPTED, on=DAY, now=NOW, by=None)
    succeed(session, ("丙局", "甲局"))
    assert apply_successions(session, region(session), today=TODAY, now=NOW) == 1
    assert "丙局" not in owners(session)
    assert owners(session, State.ACCEPTED) == ["丙局"]
    event = session.exec(select(ObligationEvent).where(ObligationEvent.kind == EventKind.TRANSFERRED)).one()
    assert (event.on, "甲局" in event.reason) == (DAY, True)
    assert list(history_findings(session, Checked())) == []


def test_two_predecessors_of_one_successor_owe_one_report(session: Session) -> None:
    succeed(session, ("乙局", "旧局"), ("丙局", "旧局"))
    apply_successions(session, region(session), today=TODAY, now=NOW)
    assert owners(session).count("旧局") == 4
    assert len(owners(session, State.CANCELLED)) == 2
    assert list(history_findings(session, Checked())) == []


def test_a_succession_is_applied_once_and_not_before_its_day(session: Session) -> None:
    succeed(session, ("丙局", "甲局"))
    assert apply_successions(session, region(session), today=date(2024, 5, 31), now=NOW) == 0
    assert apply_successions(session, region(session), today=DAY, now=NOW) == 2
    assert apply_successions(session, region(session), today=TODAY, now=NOW) == 0
    assert session.exec(select(Succession.applied_at)).one() == NOW


def test_a_plan_published_afterwards_asks_the_successor_and_keeps_the_printed_name(session: Session) -> None:
    succeed(session, ("旧局", "甲局"))
    plan = copy.deepcopy(PLAN) | {"code": "later-plan", "source_notes": []}
    plan["tasks"][0] |= {"lead": ["旧局"], "as_printed": {}}
    plan["tasks"][0]["support"] = ["乙局"]
    publish_plan(session, PlanDraft.model_validate(plan), now=NOW)
    assert "旧局" not in owners(session)
    printed = session.exec(select(Assignment.printed).join(Department).where(Department.name == "旧局")).all()
    assert printed == ["旧局"]


def test_departments_that_follow_in_a_circle_do_not_hang(session: Session) -> None:
    succeed(session, ("乙局", "丙局"), ("丙局", "乙局"))
    apply_successions(session, region(session), today=TODAY, now=NOW)
    assert list(history_findings(session, Checked())) == []

import copy
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from app.changes.publish_plan import publish_plan
from app.changes.record_event import record_event
from app.changes.submit_update import Report, submit_update
from app.db import Database
from app.domain.workflow import EventKind, Role, State
from app.drafts.faults import DraftRejected
from app.drafts.plan_draft import PlanDraft
from app.models import Account, Department, Obligation, ObligationEvent, Plan, PlanEdition, SourceNote, Task
from app.models.progress_update import UpdateKind
from app.queries.plan_export import export_plan
from app.queries.verify import Checked, history_findings
from tests.conftest import NOW, PLAN, TODAY


def amended(**changes: Any) -> dict[str, Any]:
    plan = copy.deepcopy(PLAN)
    plan.update(changes)
    return plan


def publish(session: Session, plan: dict[str, Any], now: datetime = NOW):  # type: ignore[no-untyped-def]
    return publish_plan(session, PlanDraft.model_validate(plan), now=now)


def obligations(session: Session, task: str) -> dict[tuple[str, date | None], Obligation]:
    rows = session.exec(
        select(Obligation, Department.name)
        .join(Department, col(Department.id) == Obligation.department_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .where(Task.number == task)
    )
    return {(name, row.due): row for row, name in rows}


def test_a_group_becomes_an_obligation_of_each_member(session: Session) -> None:
    rows = obligations(session, "1.1")
    assert {name for name, _due in rows} == {"甲局", "乙局", "东街道", "西街道"}
    assert {row.role for (name, _due), row in rows.items() if name == "甲局"} == {Role.LEAD}
    assert {row.role for (name, _due), row in rows.items() if name == "东街道"} == {Role.SUPPORT}


def test_where_no_lead_is_named_everybody_shares(session: Session) -> None:
    assert {row.role for row in obligations(session, "2.1").values()} == {Role.SHARED}


def test_an_unassigned_task_is_nobodys_obligation(session: Session) -> None:
    assert obligations(session, "保障1") == {}


def test_publishing_the_export_again_changes_nothing(session: Session) -> None:
    before = session.exec(select(func.count()).select_from(ObligationEvent)).one()
    done = publish_plan(session, export_plan(session, "test-plan"), now=NOW)
    assert not done.changed
    assert session.exec(select(func.count()).select_from(ObligationEvent)).one() == before
    assert session.exec(select(func.count()).select_from(PlanEdition)).one() == 1


def test_the_export_is_the_draft_that_was_published(session: Session) -> None:
    plan = amended()
    plan["indicators"][0]["as_printed"] = ["甲局"]  # where a draft prints no spelling it prints the name
    plan["tasks"][1]["as_printed"] = {"support": ["乙局", "丙局"]}
    assert export_plan(session, "test-plan") == PlanDraft.model_validate(plan)


def test_a_department_named_directly_and_in_a_group_owes_one_report_in_the_heavier_role(session: Session) -> None:
    plan = amended()
    plan["tasks"][0] |= {"lead": ["东街道"], "support": ["各街道"], "as_printed": {"lead": [], "support": []}}
    publish(session, plan)
    rows = [row for (name, _due), row in obligations(session, "1.1").items() if name == "东街道"]
    assert [row.role for row in rows] == [Role.LEAD, Role.LEAD]


def test_a_new_edition_moves_dates_and_keeps_the_first_one(session: Session) -> None:
    plan = amended()
    plan["tasks"][0]["milestones"][1]["due"] = "2025-03-31"
    done = publish(session, plan)
    row = obligations(session, "1.1")["甲局", date(2025, 3, 31)]
    assert (row.first_due, row.state, done.moved) == (date(2024, 12, 31), State.OPEN, 4)
    assert list(history_findings(session, Checked())) == []


def test_a_new_edition_that_drops_a_department_cancels_with_a_reason(session: Session) -> None:
    plan = amended()
    plan["tasks"][0] |= {"support": ["各街道"], "as_printed": {"lead": ["区甲局"], "support": ["各街道办事处"]}}
    done = publish(session, plan)
    row = obligations(session, "1.1")["乙局", date(2024, 12, 31)]
    assert (row.state, done.cancelled) == (State.CANCELLED, 2)
    reason = session.exec(
        select(ObligationEvent.reason).where(
            ObligationEvent.obligation_id == row.id, ObligationEvent.kind == EventKind.CANCELLED
        )
    ).one()
    assert "第2版" in reason
    back = publish(session, amended(), NOW + timedelta(hours=1))
    assert back.opened == 2
    assert obligations(session, "1.1")["乙局", date(2024, 12, 31)].state is State.OPEN
    assert list(history_findings(session, Checked())) == []


def test_a_closed_plan_asks_nobody_any_more(session: Session) -> None:
    publish(session, amended(status="closed"))
    assert {row.state for row in obligations(session, "1.1").values()} == {State.CANCELLED}
    assert session.exec(select(Plan.status)).one().value == "closed"


def test_what_was_accepted_stays_accepted_when_the_plan_closes(session: Session) -> None:
    row = obligations(session, "1.1")["甲局", date(2023, 12, 31)]
    by = session.exec(select(Account.id).where(Account.login == "甲局联络员")).one()
    report = Report(revision=row.revision, kind=UpdateKind.COMPLETION, text="完成", percent=100)
    submit_update(session, row, report, by=by or 0, now=NOW, today=TODAY)
    record_event(session, row, EventKind.ACCEPTED, on=TODAY, now=NOW, by=by)
    publish(session, amended(status="closed"))
    session.refresh(row)
    assert row.state is State.ACCEPTED


def test_a_decided_source_note_keeps_its_decision(session: Session) -> None:
    note = session.exec(select(SourceNote)).one()
    note.decision = "以甲说为准"
    session.add(note)
    plan = amended(title="测试行动计划（修订）")
    plan["source_notes"] = [{"about": "plan", "lines": [1], "readings": ["新注"]}, *plan["source_notes"]]
    publish(session, plan)
    notes = session.exec(select(SourceNote).order_by(col(SourceNote.position))).all()
    assert [(found.about, found.decision) for found in notes] == [("plan", ""), ("task:2.1", "以甲说为准")]


FAULTY: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("unknown department", lambda p: p["tasks"][0].update(lead=["甲居"], as_printed={}), "没有单位“甲居”"),
    ("alias as canonical", lambda p: p["tasks"][0].update(lead=["区甲局"], as_printed={}), "请写规范名称"),
    ("task without area", lambda p: p["tasks"][0].update(area=None), "没有写明所属领域"),
    ("unknown area", lambda p: p["tasks"][0].update(area="9"), "没有领域“9”"),
    ("same lead twice", lambda p: p["tasks"][0].update(lead=["甲局", "甲局"], as_printed={}), "“甲局”写了两次"),
    (
        "leads and supports",
        lambda p: p["tasks"][0].update(support=["甲局"], as_printed={}),
        "甲局既牵头又配合",
    ),
    (
        "before the period",
        lambda p: p["tasks"][0]["milestones"][0].update(due="2021-12-31"),
        "不在规划期2022至2025年之内",
    ),
    ("unknown phase", lambda p: p["tasks"][0]["milestones"][0].update(phase="第九阶段"), "没有阶段“第九阶段”"),
    (
        "two milestones",
        lambda p: p["tasks"][0]["milestones"][1].update(phase="第一阶段"),
        "有两个节点",
    ),
    ("same number", lambda p: p["tasks"][1].update(number="1.1"), "“1.1”出现了两次"),
    ("wrong mode", lambda p: p["tasks"][1].update(mode="sole"), "应为只有牵头单位，现为只有配合单位"),
    ("printed too few", lambda p: p["tasks"][0]["as_printed"].update(support=["乙局"]), "原文写法1个，规范名称2个"),
    ("printed other", lambda p: p["tasks"][0]["as_printed"].update(lead=["乙局"]), "“乙局”是乙局，不是甲局"),
    ("note about nothing", lambda p: p["source_notes"][0].update(about="task:9"), "没有task:9"),
    ("unknown region", lambda p: p.update(region="nowhere"), "没有行政区nowhere"),
    ("left unresolved", lambda p: p.update(unresolved=["某局"]), "未能识别的名称：某局"),
]


@pytest.mark.parametrize(("spoil", "message"), [case[1:] for case in FAULTY], ids=[case[0] for case in FAULTY])
def test_a_faulty_draft_is_refused_before_the_first_write(
    database: Database, spoil: Callable[[dict[str, Any]], Any], message: str
) -> None:
    plan = amended(title="有错误的计划")
    spoil(plan)
    with database.writing() as session, pytest.raises(DraftRejected) as caught:
        publish(session, plan)
    assert any(message in line for line in caught.value.lines), caught.value.lines
    with database.reading() as session:
        assert session.exec(select(Plan.title)).one() == "测试行动计划"


def test_all_faults_are_listed_at_once(session: Session) -> None:
    plan = amended()
    plan["tasks"][0].update(area=None, lead=["甲居"], as_printed={})
    plan["tasks"][1]["milestones"][0]["due"] = "2020-01-01"
    with pytest.raises(DraftRejected) as caught:
        publish(session, plan)
    assert len(caught.value.lines) == 3


def test_another_region_may_not_take_over_a_plan(session: Session) -> None:
    plan = amended(region="next", tasks=[], indicators=[], source_notes=[])
    with pytest.raises(DraftRejected, match="别的行政区"):
        publish(session, plan)

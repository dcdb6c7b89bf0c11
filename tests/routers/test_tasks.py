from collections.abc import Callable
from datetime import date
from urllib.parse import quote

import pytest
from sqlmodel import Session

from app.changes.publish_plan import publish_plan
from app.changes.record_event import record_event
from app.db import Database
from app.domain.workflow import EventKind
from app.drafts.plan_draft import PlanDraft
from app.models import Obligation
from tests.conftest import PLAN, PUBLISHED, TODAY, Person
from tests.history import History
from tests.queries.reporting import MOMENT, report

SignIn = Callable[[str], Person]
TASK = "/plans/test-plan/tasks/1.1"


@pytest.mark.parametrize("number", ["9.9", "保障", "1.1/", "%00", "1.1%20", "📋"])
def test_an_unknown_number_is_not_found(sign_in: SignIn, number: str) -> None:
    assert sign_in("领导").get(f"/plans/test-plan/tasks/{number}").status_code == 404


def test_a_task_shows_who_does_what_by_when(sign_in: SignIn) -> None:
    page = sign_in("领导").get(TASK).text
    for words in (
        "1.1 开展宣传活动",
        "牵头与配合",
        "第10行",
        "（原文“区甲局”）",
        "（原文“各街道办事处”）",
        "共2个单位",
        "东街道",
        "每年举办3场宣传活动",
        "2023年12月31日 周日",
        "2024年12月底前",
    ):
        assert words in page, words
    assert "原文存疑" not in page


def test_the_notes_on_a_task_stand_on_its_page(sign_in: SignIn) -> None:
    page = sign_in("领导").get("/plans/test-plan/tasks/2.1").text
    assert "原文存疑" in page
    assert "甲说" in page


def test_an_unassigned_task_is_never_guessed(sign_in: SignIn) -> None:
    page = sign_in("领导").get(f"/plans/test-plan/tasks/{quote('保障1')}").text
    assert page.count("待明确责任单位") >= 2
    assert "各单位进展" not in page


def test_a_number_may_hold_what_the_document_prints(sign_in: SignIn, session: Session) -> None:
    task = {**PLAN["tasks"][0], "number": "创新/4.1 a"}  # type: ignore[index]
    odd = PlanDraft.model_validate(
        {**PLAN, "code": "odd-plan", "title": "编号计划", "tasks": [task], "source_notes": []}
    )
    publish_plan(session, odd, now=PUBLISHED)
    session.commit()
    leader = sign_in("领导")
    address = "/plans/odd-plan/tasks/" + quote("创新/4.1 a")
    assert f'href="{address}"' in leader.get("/plans/odd-plan").text
    assert "创新/4.1 a 开展宣传活动" in leader.get(address).text


def test_a_late_lead_waits_for_its_supporters_by_name(
    sign_in: SignIn, session: Session, obligation_of: Callable[..., Obligation]
) -> None:
    leader = sign_in("领导")
    assert "甲局等待乙局、东街道、西街道报送" in leader.get(TASK).text
    report(session, session.get_one(Obligation, obligation_of("东街道").id), complete=True)
    session.commit()
    assert "甲局等待乙局、西街道报送" in leader.get(TASK).text
    report(session, session.get_one(Obligation, obligation_of("甲局").id), complete=True)
    session.commit()
    assert "报送。" not in leader.get(TASK).text


def test_nobody_waits_while_there_is_time(sign_in: SignIn) -> None:
    assert "第二阶段</b>：甲局等待" not in sign_in("领导").get(TASK).text


@pytest.mark.parametrize("login", ["领导", "秘书处", "甲局联络员", "乙局联络员", "甲局负责人"])
def test_those_who_take_part_read_the_reports(
    sign_in: SignIn, session: Session, obligation_of: Callable[..., Obligation], login: str
) -> None:
    row = session.get_one(Obligation, obligation_of("东街道").id)
    report(session, row)
    session.commit()
    page = sign_in(login).get(TASK).text
    assert f'href="/obligations/{row.id}"' in page
    assert "已开展。" in page
    assert "2024年11月20日填报" in page


def test_others_see_the_lights_but_not_the_words(
    sign_in: SignIn, session: Session, obligation_of: Callable[..., Obligation]
) -> None:
    report(session, session.get_one(Obligation, obligation_of("甲局").id))
    session.commit()
    page = sign_in("丙局联络员").get(TASK).text
    assert "逾期" in page
    assert "/obligations/" not in page.split("<main", 1)[1]
    assert "已开展。" not in page
    assert "仅参与本任务的单位可以查看" in page


def test_a_withdrawn_duty_is_named_but_asks_for_nothing(
    sign_in: SignIn, session: Session, obligation_of: Callable[..., Obligation]
) -> None:
    row = session.get_one(Obligation, obligation_of("乙局").id)
    record_event(session, row, EventKind.CANCELLED, on=TODAY, now=MOMENT, by=None, reason="撤销")
    session.commit()
    page = sign_in("领导").get(TASK).text
    assert "已撤销的承办事项（1项）" in page
    assert "甲局等待东街道、西街道报送" in page


def test_an_extended_date_stands_beside_the_first_one(
    sign_in: SignIn, database: Database, obligation_of: Callable[..., Obligation]
) -> None:
    History(database).extend(obligation_of("甲局").id or 0, date(2024, 1, 8), date(2024, 11, 1))
    leader = sign_in("领导")
    page = leader.get(TASK).text
    assert "延至2024年11月1日：甲局" in page
    assert "期限2024年11月1日（原2023年12月31日）" in page
    assert "逾期24天" in page
    assert "延至2024年11月1日" in leader.get("/plans/test-plan/phases").text
    assert "延至2024年11月1日" in leader.get("/plans/test-plan/milestones").text
    assert "原期限2023年12月31日" in leader.get("/plans/test-plan/timeline").text

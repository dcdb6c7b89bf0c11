from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlmodel import Session, select
from starlette.testclient import TestClient

from app.changes.publish_plan import publish_plan
from app.changes.register_departments import register_departments
from app.db import Database
from app.documents.reading.yaml_draft import read_draft
from app.drafts.department_register import DepartmentRegister
from app.drafts.plan_draft import PlanDraft
from app.models import Account, Obligation, Region
from tests.conftest import PLAN, PUBLISHED, Person
from tests.queries.reporting import all_obligations, spread_states
from tests.routers.figures import assert_every_figure_opens_its_rows, linked_figures

SEED = Path(__file__).resolve().parents[2] / "seed"
PAGES = [
    *("", "/phases", "/responsibilities", "/timeline", "/milestones", "/obligations", "/indicators", "/notes"),
    *("/tasks/1.1", "/tasks/保障1", "/responsibilities.xlsx"),
]
SignIn = Callable[[str], Person]


@pytest.mark.parametrize("page", ["/plans", *(f"/plans/test-plan{page}" for page in PAGES)])
def test_nobody_reads_a_plan_without_signing_in(client: TestClient, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=/plans")


@pytest.mark.parametrize("login", ["秘书处", "领导", "专家", "甲局联络员", "丙局联络员", "甲局负责人"])
def test_every_role_of_the_region_reads_its_plans(sign_in: SignIn, login: str) -> None:
    person = sign_in(login)
    assert "测试行动计划" in person.get("/plans").text
    for page in PAGES:
        assert person.get(f"/plans/test-plan{page}").status_code == 200, page


def test_another_region_finds_nothing(sign_in: SignIn) -> None:
    stranger = sign_in("邻区秘书处")
    assert "测试行动计划" not in stranger.get("/plans").text
    for page in PAGES:
        assert stranger.get(f"/plans/test-plan{page}").status_code == 404, page


@pytest.mark.parametrize("page", PAGES)
def test_an_unknown_plan_is_not_found(sign_in: SignIn, page: str) -> None:
    leader = sign_in("领导")
    assert leader.get(f"/plans/no-such-plan{page}").status_code == 404
    assert leader.get(f"/plans/%00{page}").status_code == 404
    assert leader.get(f"/plans/规划📋\u202e{page}").status_code == 404


def test_the_plan_page_shows_its_numbers_and_tasks(sign_in: SignIn) -> None:
    page = sign_in("领导").get("/plans/test-plan").text
    assert page.count("<h1>") == 1
    for words in ("测试行动计划", "2022年至2025年", "1 宣传行动", "开展宣传活动", "甲局", "各街道", "保障措施"):
        assert words in page, words
    assert "1处，其中1处待核定" in page
    assert "1项任务待明确责任单位" in page


def test_every_figure_of_the_plan_pages_opens_exactly_its_rows(sign_in: SignIn, session: Session) -> None:
    plan_id = session.exec(select(Obligation.plan_id)).first() or 0
    spread_states(session, all_obligations(session, plan_id))
    session.commit()
    leader = sign_in("领导")
    assert assert_every_figure_opens_its_rows(leader, "/plans") >= 4
    assert assert_every_figure_opens_its_rows(leader, "/plans/test-plan") > 20


def test_a_closed_plan_says_that_nothing_is_asked_any_more(sign_in: SignIn, session: Session) -> None:
    closed = PlanDraft.model_validate({**PLAN, "code": "old-plan", "title": "往期计划", "status": "closed"})
    publish_plan(session, closed, now=PUBLISHED)
    session.commit()
    leader = sign_in("领导")
    assert "已收官：不再要求填报" in leader.get("/plans").text
    page = leader.get("/plans/old-plan").text
    assert "已收官：不再要求填报" in page
    assert "待明确责任单位。" not in page
    assert linked_figures(page) == []
    assert "规划已收官：不再要求填报" in leader.get("/plans/old-plan/tasks/1.1").text


def test_a_plan_that_names_nobody_says_so(sign_in: SignIn, session: Session) -> None:
    tasks = [{"number": "1", "kind": "action", "area": "1", "title": "开展工作", "mode": "unassigned"}]
    open_plan = {**PLAN, "code": "new-plan", "title": "待定计划", "tasks": tasks, "source_notes": [], "indicators": []}
    publish_plan(session, PlanDraft.model_validate(open_plan), now=PUBLISHED)
    session.commit()
    leader = sign_in("领导")
    assert "待明确责任单位（1项任务）" in leader.get("/plans").text
    assert "原文未写明任何任务的责任单位" in leader.get("/plans/new-plan").text
    assert "没有存疑之处" in leader.get("/plans/new-plan/notes").text
    assert "没有量化指标" in leader.get("/plans/new-plan/indicators").text
    assert "共0个节点" in leader.get("/plans/new-plan/milestones").text
    assert "共0项" in leader.get("/plans/new-plan/obligations").text
    assert "没有可列的分工" in leader.get("/plans/new-plan/responsibilities").text
    assert "没有可列的节点" in leader.get("/plans/new-plan/phases").text
    assert "没有可画的时间轴" in leader.get("/plans/new-plan/timeline").text


def test_indicators_show_formula_target_and_doubts(sign_in: SignIn) -> None:
    leader = sign_in("领导")
    page = leader.get("/plans/test-plan/indicators").text
    for words in ("宣传行动", "知识普及率", "知晓人数／调查人数 × 100%", "2025年目标", "≥85%", "甲局"):
        assert words in page, words


def test_notes_stand_beside_what_they_are_about(sign_in: SignIn) -> None:
    page = sign_in("领导").get("/plans/test-plan/notes").text
    for words in ("1处待核定", "任务2.1 提供上门服务", "原文第12、13行", "甲说", "乙说", "待核定"):
        assert words in page, words
    assert 'href="/plans/test-plan/tasks/2.1"' in page


@contextmanager
def counted_queries(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def test_the_number_of_queries_does_not_grow_with_the_plan(
    sign_in: SignIn, session: Session, database: Database
) -> None:
    register, _lines = read_draft(SEED / "departments" / "xicheng.yaml", DepartmentRegister)
    region = register_departments(session, register)
    draft, _lines = read_draft(SEED / "plans" / "xicheng-2022.yaml", PlanDraft)
    publish_plan(session, draft, now=datetime(2022, 1, 4, tzinfo=UTC))
    reader = session.exec(select(Account).where(Account.login == "专家")).one()
    reader.region_id = session.exec(select(Region.id).where(Region.code == region.code)).one()
    session.add(reader)
    session.commit()
    small, big = sign_in("领导"), sign_in("专家")
    for page in PAGES[:-2]:
        with counted_queries(database) as few:
            assert small.get(f"/plans/test-plan{page}").status_code == 200
        with counted_queries(database) as many:
            assert big.get(f"/plans/xicheng-2022{page}").status_code == 200
        assert len(many) == len(few) <= 16, page
    for page in ("/plans", "/departments"):
        with counted_queries(database) as few:
            small.get(page)
        with counted_queries(database) as many:
            big.get(page)
        assert len(many) == len(few) <= 8, page

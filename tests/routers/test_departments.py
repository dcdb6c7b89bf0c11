import re
from collections.abc import Callable
from datetime import date

import pytest
from sqlmodel import Session, col, select
from starlette.testclient import TestClient

from app.changes.register_departments import register_departments
from app.db import Database
from app.drafts.department_register import DepartmentRegister
from app.models import Department, Obligation
from tests.conftest import REGISTER, Person
from tests.history import History, counted
from tests.queries.reporting import all_obligations, spread_states
from tests.routers.figures import assert_every_figure_opens_its_rows

SignIn = Callable[[str], Person]


def test_nobody_reads_the_register_without_signing_in(client: TestClient) -> None:
    assert client.get("/departments").headers["location"] == "/sign-in?next=/departments"
    assert client.get("/departments/1").headers["location"] == "/sign-in?next=/departments/1"


@pytest.mark.parametrize("login", ["秘书处", "领导", "专家", "丙局联络员", "甲局负责人"])
def test_every_role_reads_the_departments_of_the_region(
    sign_in: SignIn, obligation_of: Callable[..., Obligation], login: str
) -> None:
    person = sign_in(login)
    page = person.get("/departments").text
    for words in ("政府部门", "街道", "群团组织", "甲局", "没有承办事项"):
        assert words in page, words
    assert person.get(f"/departments/{obligation_of('甲局').department_id}").status_code == 200


def test_a_department_of_another_region_is_not_found(sign_in: SignIn, obligation_of: Callable[..., Obligation]) -> None:
    stranger = sign_in("邻区秘书处")
    assert stranger.get(f"/departments/{obligation_of('甲局').department_id}").status_code == 404
    assert "乙局" not in stranger.get("/departments").text


@pytest.mark.parametrize(("key", "status"), [("999999", 404), ("0", 422), ("-1", 422), ("x", 422), (str(10**30), 422)])
def test_an_address_without_a_department_gets_a_clear_page(sign_in: SignIn, key: str, status: int) -> None:
    answer = sign_in("领导").get(f"/departments/{key}")
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_a_department_shows_its_names_and_groups(sign_in: SignIn, obligation_of: Callable[..., Obligation]) -> None:
    leader = sign_in("领导")
    page = leader.get(f"/departments/{obligation_of('甲局').department_id}").text
    assert "区甲局" in page
    page = leader.get(f"/departments/{obligation_of('东街道').department_id}").text
    assert "各街道" in page
    assert "原文载明" in page


def test_a_succession_is_told_on_both_sides(sign_in: SignIn, session: Session) -> None:
    succession = {
        "predecessor": "旧局",
        "successor": "甲局",
        "kind": "rename",
        "on": date(2019, 3, 18),
        "certainty": "probable",
        "document": "机构改革方案",
    }
    register_departments(session, DepartmentRegister.model_validate({**REGISTER, "successions": [succession]}))
    old, new = (
        session.exec(select(Department.id).where(Department.name == name).order_by(col(Department.id))).first()
        for name in ("旧局", "甲局")
    )
    session.commit()
    leader = sign_in("领导")
    page = leader.get(f"/departments/{old}").text
    for words in ("承继单位", "甲局", "2019年3月18日更名", "较可靠，待核定", "机构改革方案"):
        assert words in page, words
    assert "现为甲局" in leader.get("/departments").text
    assert f'<a href="/departments/{new}">甲局</a>' in page
    assert "前身" in leader.get(f"/departments/{new}").text


def test_every_figure_of_a_department_opens_exactly_its_rows(
    sign_in: SignIn, session: Session, obligation_of: Callable[..., Obligation]
) -> None:
    row = obligation_of("乙局")
    spread_states(session, all_obligations(session, row.plan_id))
    session.commit()
    assert assert_every_figure_opens_its_rows(sign_in("领导"), f"/departments/{row.department_id}") >= 3


def test_the_list_is_narrowed_by_kind_group_and_words(sign_in: SignIn) -> None:
    leader = sign_in("领导")

    def names(query: str) -> list[str]:
        return re.findall(r'<a href="/departments/\d+">([^<]+)</a>', leader.get(f"/departments?{query}").text)

    assert names("kind=subdistrict") == ["东街道", "西街道"]
    assert names("group=1") == ["东街道", "西街道"]
    assert names("q=区甲") == ["甲局"]
    assert names("q=街道&kind=government") == []
    assert len(names("q=&kind=&group=")) == 7
    assert names("q=%25") == names("q=_") == []


def test_a_list_without_a_match_leads_back(sign_in: SignIn) -> None:
    page = sign_in("领导").get("/departments?q=没有").text
    assert "没有符合条件的单位" in page
    assert '<a href="/departments">查看全部单位</a>' in page


@pytest.mark.parametrize("query", ["kind=x", "group=99", "group=x", f"group={10**30}"])
def test_a_faulty_filter_is_named_and_the_words_stay(sign_in: SignIn, query: str) -> None:
    answer = sign_in("领导").get(f"/departments?{query}&q=<b>街道")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "&lt;b&gt;街道" in answer.text


def test_punctuality_is_told_by_half_years_and_by_quarters(
    sign_in: SignIn, database: Database, obligation_of: Callable[..., Obligation]
) -> None:
    history = History(database)
    history.accept(history.key("甲局"), date(2024, 1, 5))
    history.submit(history.key("甲局", phase="第二阶段"), date(2024, 11, 5))
    path = f"/departments/{obligation_of('甲局').department_id}"
    leader = sign_in("领导")
    page = leader.get(path).text
    for words in ("2023年下半年", "2024年下半年", "0%", "100%"):
        assert words in page, words
    assert "2023年第4季度" in leader.get(f"{path}?by=quarter").text
    assert leader.get(f"{path}?by=week").status_code == 422
    assert assert_every_figure_opens_its_rows(leader, path) >= 6
    assert assert_every_figure_opens_its_rows(leader, f"{path}?by=quarter") >= 6


def test_a_department_without_duties_says_what_would_bring_some(sign_in: SignIn, session: Session) -> None:
    leader = sign_in("领导")
    key = session.exec(select(Department.id).where(Department.name == "旧局").order_by(col(Department.id))).first()
    assert "列入本单位后" in leader.get(f"/departments/{key}").text


def test_the_number_of_statements_is_constant(
    sign_in: SignIn, session: Session, database: Database, obligation_of: Callable[..., Obligation]
) -> None:
    row = obligation_of("乙局")
    leader = sign_in("领导")
    with counted(database) as few:
        leader.get(f"/departments/{row.department_id}")
    spread_states(session, all_obligations(session, row.plan_id))
    session.commit()
    with counted(database) as many:
        leader.get(f"/departments/{row.department_id}")
    assert len(many) == len(few) <= 16

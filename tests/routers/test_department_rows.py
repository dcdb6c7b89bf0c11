from collections.abc import Callable

import pytest
from sqlmodel import Session
from starlette.testclient import TestClient

from app.db import Database
from app.models import Obligation
from tests.conftest import Person
from tests.history import counted
from tests.queries.reporting import all_obligations, spread_states
from tests.routers.figures import rows_behind

SignIn = Callable[[str], Person]


@pytest.fixture
def rows(obligation_of: Callable[..., Obligation]) -> str:
    """The address of 乙局's obligations: supports 1.1, shares 2.1, each in two phases."""
    return f"/departments/{obligation_of('乙局').department_id}/obligations"


def test_nobody_reads_them_without_signing_in(client: TestClient, rows: str) -> None:
    assert client.get(rows).headers["location"] == f"/sign-in?next={rows}"


@pytest.mark.parametrize("login", ["秘书处", "丙局联络员", "甲局负责人"])
def test_everybody_of_the_region_sees_what_a_department_owes(sign_in: SignIn, rows: str, login: str) -> None:
    assert rows_behind(sign_in(login), rows) == 4


def test_another_region_finds_nothing(sign_in: SignIn, rows: str) -> None:
    assert sign_in("邻区秘书处").get(rows).status_code == 404


def test_filters_narrow_the_list(sign_in: SignIn, rows: str) -> None:
    leader = sign_in("领导")
    assert rows_behind(leader, f"{rows}?role=support") == 2
    assert rows_behind(leader, f"{rows}?light=overdue&role=shared") == 1
    assert rows_behind(leader, f"{rows}?outcome=missing") == 2
    assert rows_behind(leader, f"{rows}?outcome=ahead&from=2024-12-31&to=2024年12月31日") == 2
    assert rows_behind(leader, f"{rows}?plan=test-plan&from=2025/1/1") == 0
    assert rows_behind(leader, f"{rows}?plan=&role=&light=&outcome=&from=&to=") == 4


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("role=boss", "没有这种分工"),
        ("light=purple", "没有这种状态"),
        ("outcome=x", "没有这种提交情况"),
        ("plan=nothing", "没有这个规划"),
        ("from=2024-02-30", "不是可用的日期"),
        ("to=9999-12-31", "不是可用的日期"),
        ("from=2024-12-31&to=2024-01-01", "截止日期早于起始日期"),
        ("role=" + "x" * 10_000, "没有这种分工"),
    ],
)
def test_a_faulty_filter_is_named_at_its_field_and_the_others_stay_chosen(
    sign_in: SignIn, rows: str, query: str, sentence: str
) -> None:
    answer = sign_in("领导").get(f"{rows}?{query}" + ("" if query.startswith("light") else "&light=overdue"))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'aria-invalid="true"' in answer.text
    if not query.startswith("light"):
        assert '<option value="overdue" selected>' in answer.text


@pytest.mark.parametrize("after", ["x", "2024-02-30_1", "2024-12-31", f"2024-12-31_{10**30}", "17", "2024-12-31_١"])
def test_a_place_that_no_link_of_ours_names_is_refused(sign_in: SignIn, rows: str, after: str) -> None:
    assert sign_in("领导").get(f"{rows}?after={after}").status_code == 422


def test_what_was_typed_is_never_markup(sign_in: SignIn, rows: str) -> None:
    page = sign_in("领导").get(f"{rows}?from=<script>alert(1)</script>\u202e🎉").text
    assert "<script>alert" not in page


def test_only_those_who_may_read_a_row_get_its_link(sign_in: SignIn, rows: str) -> None:
    assert sign_in("领导").get(rows).text.count('class="cell-link"') == 4
    assert sign_in("丙局联络员").get(rows).text.count('class="cell-link"') == 2


def test_an_empty_list_leads_back(sign_in: SignIn, rows: str) -> None:
    page = sign_in("领导").get(f"{rows}?light=done").text
    assert "没有符合条件的承办事项" in page
    assert f'<a href="{rows}">查看全部</a>' in page


def test_the_number_of_statements_does_not_grow(
    sign_in: SignIn, session: Session, database: Database, obligation_of: Callable[..., Obligation], rows: str
) -> None:
    leader = sign_in("领导")
    with counted(database) as few:
        leader.get(f"{rows}?role=support")
    spread_states(session, all_obligations(session, obligation_of("乙局").plan_id))
    session.commit()
    with counted(database) as many:
        leader.get(rows)
    assert len(many) == len(few) <= 8

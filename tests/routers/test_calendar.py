import re
from collections.abc import Callable
from datetime import date
from urllib.parse import unquote

import pytest
from sqlmodel import Session
from starlette.testclient import TestClient

from app.db import Database
from app.models import DayException, Milestone, Obligation
from tests.conftest import Person
from tests.history import counted
from tests.queries.reporting import all_obligations, spread_states
from tests.routers.figures import rows_behind

SignIn = Callable[[str], Person]
_COUNTS = re.compile(r'<a href="(/calendar/[^"]+)">.*?<span class="day-count">(\d+)</span>', re.DOTALL)


def counts(page: str) -> list[tuple[str, int]]:
    return [(href.replace("&amp;", "&"), int(count)) for href, count in _COUNTS.findall(page)]


def cell(page: str, day: str) -> str:
    """The cell of a day, marks and all."""
    found = re.search(rf'<td[^>]*>(?:(?!</td>).)*datetime="{day}".*?</td>', page, re.DOTALL)
    assert found, day
    return found[0]


@pytest.mark.parametrize("path", ["/calendar", "/calendar/2024-12-31"])
def test_nobody_reads_it_without_signing_in(client: TestClient, path: str) -> None:
    assert client.get(path).headers["location"] == f"/sign-in?next={path}"


def test_a_liaison_sees_the_own_department_first_and_may_see_all(sign_in: SignIn) -> None:
    liaison = sign_in("甲局联络员")
    assert counts(liaison.get("/calendar?month=2024-12").text) == [("/calendar/2024-12-31?light=on_track", 1)]
    assert counts(liaison.get("/calendar?month=2024-12&mine=0").text) == [
        ("/calendar/2024-12-31?light=on_track&mine=0", 6)
    ]


@pytest.mark.parametrize("login", ["秘书处", "领导", "专家"])
def test_who_reads_the_region_sees_everybody(sign_in: SignIn, login: str) -> None:
    page = sign_in(login).get("/calendar?month=2024-12").text
    assert counts(page) == [("/calendar/2024-12-31?light=on_track", 6)]
    assert 'name="mine"' not in page


def test_another_region_has_a_calendar_of_its_own(sign_in: SignIn) -> None:
    stranger = sign_in("邻区秘书处")
    assert "没有到期的事项，也没有阶段期限" in stranger.get("/calendar?month=2024-12").text
    assert "这一天没有到期的事项" in stranger.get("/calendar/2024-12-31").text


def test_every_figure_opens_exactly_its_rows(
    sign_in: SignIn, session: Session, obligation_of: Callable[..., Obligation]
) -> None:
    spread_states(session, all_obligations(session, obligation_of("甲局").plan_id))
    session.commit()
    for login in ("领导", "乙局联络员"):
        person = sign_in(login)
        for month in ("2023-12", "2024-12"):
            figures = counts(person.get(f"/calendar?month={month}&plan=test-plan").text)
            assert figures
            for href, count in figures:
                assert rows_behind(person, href) == count, href
            assert rows_behind(person, f"/calendar/{month}-31?plan=test-plan") == sum(count for _, count in figures)


def test_the_present_month_marks_today(sign_in: SignIn) -> None:
    page = sign_in("领导").get("/calendar").text
    assert "2024年11月" in page
    assert page.count('aria-current="date"') == 1
    assert 'aria-current="date"' in cell(page, "2024-11-25")
    assert 'aria-current="date"' not in sign_in("领导").get("/calendar?month=2024-12").text


def test_working_days_are_marked_by_the_notice_and_by_the_region(sign_in: SignIn, session: Session) -> None:
    session.add(DayException(region_id=1, day=date(2024, 10, 16), working=False, reason="停电检修"))
    session.commit()
    page = sign_in("领导").get("/calendar?month=2024-10").text
    assert ">休<" in cell(page, "2024-10-01")
    assert ">班<" in cell(page, "2024-10-12")
    assert "停电检修" in cell(page, "2024-10-16")
    assert "day-mark" not in cell(page, "2024-10-14")
    assert "暂定" not in page
    assert "暂定" in sign_in("领导").get("/calendar?month=2030-12").text


def test_phases_of_plans_end_on_their_day(sign_in: SignIn) -> None:
    leader = sign_in("领导")
    assert "第二阶段期满" in cell(leader.get("/calendar?month=2024-12").text, "2024-12-31")
    assert "测试行动计划</a> 第二阶段" in leader.get("/calendar/2024-12-31").text


def test_what_has_no_date_is_listed_in_the_month_of_its_review(
    sign_in: SignIn, session: Session, obligation_of: Callable[..., Obligation]
) -> None:
    row = session.get_one(Obligation, obligation_of("甲局").id)
    milestone = session.get_one(Milestone, row.milestone_id)
    milestone.due, milestone.review, row.due = None, "03-31", None
    session.add_all([milestone, row])
    session.commit()
    assert "3月31日，1个单位" in sign_in("领导").get("/calendar?month=2025-03").text
    assert "本月检视" not in sign_in("领导").get("/calendar?month=2025-04").text
    assert "本月检视" not in sign_in("丙局联络员").get("/calendar?month=2025-03").text


def test_an_empty_month_leads_to_the_next_and_the_last_that_is_not(sign_in: SignIn) -> None:
    page = unquote(sign_in("领导").get("/calendar?month=2024-06").text)
    assert "下一个有事项到期的月份：2024年12月" in page
    assert "上一个有事项到期的月份：2023年12月" in page


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("month=2024-13", "不是可查的月份"),
        ("month=1999-12", "不是可查的月份"),
        ("month=2100-01", "不是可查的月份"),
        ("month=<script>", "不是可查的月份"),
        ("month=" + "9" * 5000, "不是可查的月份"),
        ("plan=nothing", "没有这个规划"),
        ("mine=2", "范围只能是"),
    ],
)
def test_a_faulty_month_or_filter_gets_a_sentence(sign_in: SignIn, query: str, sentence: str) -> None:
    for login in ("甲局联络员", "秘书处"):
        answer = sign_in(login).get(f"/calendar?{query}")
        assert answer.status_code == 422
        assert sentence in answer.text
        assert "<script>" not in answer.text.replace('<script src="', "")


@pytest.mark.parametrize("day", ["x", "2024-02-30", "1999-12-31", "2100-01-01", "2024-12", "9" * 400, "🎉"])
def test_what_is_no_day_gets_a_sentence(sign_in: SignIn, day: str) -> None:
    answer = sign_in("秘书处").get(f"/calendar/{day}")
    assert answer.status_code == 422
    assert "不是可查的日期" in answer.text


@pytest.mark.parametrize(
    "query", ["light=purple", "plan=nothing", "mine=x", "after=x", "after=1_2", f"after=1_2_{10**30}"]
)
def test_a_faulty_filter_of_a_day_is_refused(sign_in: SignIn, query: str) -> None:
    assert sign_in("秘书处").get(f"/calendar/2024-12-31?{query}").status_code == 422


@pytest.mark.parametrize("month", ["2000-01", "2099-12"])
def test_the_century_has_a_first_and_a_last_month(sign_in: SignIn, month: str) -> None:
    answer = sign_in("领导").get(f"/calendar?month={month}")
    assert answer.status_code == 200
    assert ('rel="prev"' in answer.text) is (month != "2000-01")
    assert ('rel="next"' in answer.text) is (month != "2099-12")


def test_a_day_lists_by_plan_and_task_and_links_what_may_be_read(sign_in: SignIn) -> None:
    page = sign_in("丙局联络员").get("/calendar/2024-12-31?mine=0").text
    assert page.count('class="group-row"') == 1
    assert page.count('class="group-row task-row"') == 2
    assert page.count('class="cell-link"') == 2


@pytest.mark.parametrize("path", ["/calendar?month={}-12", "/calendar/{}-12-31"])
def test_the_number_of_statements_is_constant(sign_in: SignIn, database: Database, path: str) -> None:
    leader, liaison = sign_in("领导"), sign_in("丙局联络员")
    with counted(database) as many:
        leader.get(path.format(2024))
    with counted(database) as again:
        leader.get(path.format(2023))
    with counted(database) as few:
        liaison.get(path.format(2024))
    assert len(many) == len(again) <= 9
    assert len(few) <= len(many) + 1

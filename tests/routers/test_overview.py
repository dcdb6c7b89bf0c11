"""The overview: who may open it, that every figure opens its rows, and what it costs."""

import html
import re
from collections.abc import Callable
from datetime import date

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from app.changes.publish_plan import publish_plan
from app.drafts.plan_draft import PlanDraft
from app.models import Obligation, Plan
from tests.conftest import PLAN, PUBLISHED, Person
from tests.history import History, at, counted
from tests.queries.reporting import all_obligations, spread_states
from tests.routers.figures import rows_behind

SignIn = Callable[[str], Person]
PAGES = ("/overview", "/overview/obligations", "/overview/milestones")
# A figure in a table, or a part of the sentence on top.
FIGURE = re.compile(r'<a class="figure" href="([^"]+)"><span[^>]*>[^<]*</span>(\d+)</a>')
TOLD = re.compile(r'<a href="([^"]+)" data-count="(\d+)">')
LISTED = re.compile(r'<a class="figure" href="(/overdue/lists/\d+)">')


@pytest.fixture
def lived_in(history: History) -> History:
    """All states, a list that was frozen, and a second plan."""
    history.accept(history.key("甲局"), date(2024, 11, 12))
    history.freeze(date(2024, 11, 18))
    history.extend(history.key("东街道"), date(2024, 11, 19), date(2025, 3, 31))
    with history.database.writing() as opened:
        publish_plan(opened, PlanDraft.model_validate({**PLAN, "code": "second-plan"}), now=PUBLISHED)
        second = opened.exec(select(Plan).where(Plan.code == "second-plan")).one()
        spread_states(opened, all_obligations(opened, second.id or 0))
    return history


def overdue_rows(person: Person, path: str) -> int:
    """What a page of the overdue lists says that it holds; all fit on one page here."""
    answer = person.get(path)
    assert answer.status_code == 200, path
    table = re.search(r'<table class="stack overdue[^"]*">(.*?)</table>', answer.text, re.DOTALL)
    return len(re.findall(r'<th scope="row"', table[1])) if table else 0


def follow(person: Person, path: str) -> int:
    text = person.get(path).text
    found = FIGURE.findall(text) + TOLD.findall(text)
    for address, count in found:
        href = html.unescape(address)
        rows = overdue_rows if href.startswith("/overdue") else rows_behind
        assert rows(person, href) == int(count), href
    return len(found)


@pytest.mark.parametrize("path", PAGES)
def test_nobody_reads_it_without_signing_in(client: TestClient, path: str) -> None:
    assert client.get(path).headers["location"].startswith("/sign-in?next=/overview")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("login", ["甲局联络员", "甲局负责人", "丙局联络员"])
def test_a_department_has_no_overview_of_the_region(sign_in: SignIn, path: str, login: str) -> None:
    assert sign_in(login).get(path).status_code == 404


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("login", ["领导", "秘书处", "专家"])
def test_those_who_read_the_region_read_it(sign_in: SignIn, path: str, login: str) -> None:
    assert sign_in(login).get(path).status_code == 200


@pytest.mark.parametrize("login", ["领导", "专家"])
def test_it_is_where_they_land(sign_in: SignIn, login: str) -> None:
    assert sign_in(login).get("/").headers["location"] == "/overview"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("plan", ["other", "%00", "测试", "x" * 3000])
def test_a_plan_that_the_region_does_not_have_is_not_found(sign_in: SignIn, path: str, plan: str) -> None:
    assert sign_in("领导").get(f"{path}?plan={plan}").status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_another_regions_plan_is_not_found(sign_in: SignIn, path: str) -> None:
    assert sign_in("邻区秘书处").get(f"{path}?plan=test-plan").status_code == 404


def test_another_region_sees_nothing_of_this_one(sign_in: SignIn, lived_in: History) -> None:
    stranger = sign_in("邻区秘书处")
    page = stranger.get("/overview").text
    assert "还没有承办事项" in page
    assert "测试行动计划" not in page
    assert rows_behind(stranger, "/overview/obligations") == 0
    assert rows_behind(stranger, "/overview/milestones") == 0


@pytest.mark.parametrize("path", ["/overview", "/overview?plan=test-plan", "/overview?plan=second-plan"])
def test_every_figure_opens_exactly_its_rows(sign_in: SignIn, lived_in: History, path: str) -> None:
    assert follow(sign_in("领导"), path) > 40


def test_the_sentence_says_how_it_stands(sign_in: SignIn, lived_in: History) -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", sign_in("领导").get("/overview?plan=test-plan").text))
    assert "截至2024年11月25日 周一，《测试行动计划》共有2个节点期限已过：1个已完成，1个逾期。" in text
    assert "承办事项逾期4项，比上周（2024年11月18日）减少1项：新增0项，消除1项。" in text


def test_a_frozen_week_leads_to_its_list_and_a_counted_one_to_its_day(sign_in: SignIn, lived_in: History) -> None:
    page = sign_in("领导").get("/overview").text
    assert len(LISTED.findall(page)) == 1
    assert page.count('class="listed"') == 1 + 1  # the mark and its explanation
    assert "/overdue?as_of=2024-11-11" in page


def test_todays_row_names_the_list_that_was_frozen_today(sign_in: SignIn, history: History) -> None:
    leader = sign_in("领导")
    assert "已冻结）" not in leader.get("/overview").text
    frozen = history.freeze(date(2024, 11, 25), 8)
    history.accept(history.key("甲局"), date(2024, 11, 25), 9)
    page = leader.get("/overview").text
    assert re.search(rf'目前（<a href="/overdue/lists/{frozen}">〔2024〕第\d+期</a>已冻结）', page)
    assert page.count('class="listed"') == 1 + 1  # the mark and its explanation
    assert re.search(r'href="/overdue"><span[^>]*>[^<]*</span>5</a>', page), "the figure is of now, the list held 6"


def test_a_bar_says_nothing_that_its_line_does_not(sign_in: SignIn, lived_in: History) -> None:
    page = sign_in("领导").get("/overview").text
    for svg in re.findall(r"<svg[^>]*>", page):
        assert 'aria-hidden="true"' in svg or ('role="img"' in svg and "aria-labelledby" in svg), svg
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("show=purple", "没有这种状态"),
        ("due=gestern", "不是日期"),
        ("due=2024-02-30", "不是日期"),
        ("show=cancelled", "没有这种状态"),
        (f"due={'9' * 5000}", "不是日期"),
        ("show=%3Cscript%3E&due=2024-12-31", "没有这种状态"),
    ],
)
@pytest.mark.parametrize("path", PAGES[1:])
def test_a_faulty_filter_gets_its_sentence_and_the_right_ones_stay(
    sign_in: SignIn, obligation_of: Callable[..., Obligation], path: str, query: str, sentence: str
) -> None:
    key = obligation_of("甲局").department_id
    answer = sign_in("领导").get(f"{path}?{query}&department={key}&plan=test-plan")
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'<option value="{key}" selected>' in answer.text
    assert '<option value="test-plan" selected>' in answer.text
    assert "<script>" not in answer.text.replace("<script src", "")


@pytest.mark.parametrize("path", PAGES[1:])
@pytest.mark.parametrize("query", ["after=x", "after=2024-12-31.%D9%A1", f"after=2024-12-31.{10**30}"])
def test_a_faulty_place_in_a_list_is_answered(sign_in: SignIn, path: str, query: str) -> None:
    assert sign_in("领导").get(f"{path}?{query}").status_code == 422


@pytest.mark.parametrize("path", PAGES[1:])
@pytest.mark.parametrize("department", ["0", "-1", "x", "99999999", str(10**30)])
def test_a_department_that_is_not_there_is_not_found(sign_in: SignIn, path: str, department: str) -> None:
    assert sign_in("领导").get(f"{path}?department={department}").status_code == 404


def test_a_day_may_be_typed_in_several_ways(sign_in: SignIn) -> None:
    leader = sign_in("领导")
    for day in ("2024-12-31", "2024/12/31", "2024年12月31日"):
        assert rows_behind(leader, f"/overview/obligations?due={day}") == 6
        assert rows_behind(leader, f"/overview/milestones?due={day}") == 2


def test_what_was_withdrawn_since_last_week_is_told_as_gone(sign_in: SignIn, history: History) -> None:
    history.freeze(date(2024, 11, 18))
    without = {**PLAN, "tasks": [task for task in PLAN["tasks"] if task["number"] != "2.1"], "source_notes": []}
    with history.database.writing() as session:
        publish_plan(session, PlanDraft.model_validate(without), now=at(date(2024, 11, 20)))
    leader = sign_in("领导")
    assert rows_behind(leader, "/overview/obligations?show=cleared") == 2
    assert follow(leader, "/overview") > 20


def test_a_closed_plan_has_nothing_to_count(sign_in: SignIn, history: History) -> None:
    with history.database.writing() as session:
        publish_plan(session, PlanDraft.model_validate({**PLAN, "status": "closed"}), now=at(date(2024, 11, 20)))
    leader = sign_in("领导")
    assert "还没有承办事项" in leader.get("/overview").text
    assert "没有承办事项" in leader.get("/overview?plan=test-plan").text


@pytest.mark.parametrize("path", PAGES)
def test_the_number_of_queries_does_not_grow(sign_in: SignIn, history: History, path: str) -> None:
    leader = sign_in("领导")
    leader.get(path)
    with counted(history.database) as before:
        leader.get(path)
    with history.database.writing() as session:
        for number in range(3):
            publish_plan(session, PlanDraft.model_validate({**PLAN, "code": f"plan-{number}"}), now=PUBLISHED)
        second = session.exec(select(Plan).where(Plan.code == "plan-1")).one()
        spread_states(session, all_obligations(session, second.id or 0))
    history.freeze(date(2024, 11, 18))
    with counted(history.database) as after:
        leader.get(path)
    assert len(after) == len(before) <= 25


def test_long_lists_come_in_pages(sign_in: SignIn, history: History) -> None:
    with history.database.writing() as session:
        for number in range(20):
            publish_plan(session, PlanDraft.model_validate({**PLAN, "code": f"plan-{number}"}), now=PUBLISHED)
    leader = sign_in("领导")
    assert rows_behind(leader, "/overview/obligations") == 21 * 12
    assert rows_behind(leader, "/overview/milestones") == 21 * 4

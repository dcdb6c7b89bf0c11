from collections.abc import Callable
from datetime import date

import pytest
from starlette.testclient import TestClient

from app.db import Database
from app.models import Obligation
from app.queries.silent import SilentWanted, repeated, unreported
from tests.conftest import Person
from tests.history import History, counted

SignIn = Callable[[str], Person]
TODAY = date(2024, 11, 25)


def say(history: History, key: int, *texts: str) -> None:
    for day, said in enumerate(texts, 1):
        history.submit(key, date(2024, 11, day), said=said, complete=False)


def test_nobody_reads_it_without_signing_in(client: TestClient) -> None:
    assert client.get("/departments/silent").headers["location"] == "/sign-in?next=/departments/silent"


@pytest.mark.parametrize(
    ("login", "status"), [("秘书处", 200), ("领导", 200), ("甲局联络员", 404), ("甲局负责人", 404)]
)
def test_it_is_for_those_who_read_the_region(sign_in: SignIn, login: str, status: int) -> None:
    assert sign_in(login).get("/departments/silent").status_code == status


def test_who_never_reported_is_listed_with_the_days_since_the_duty_was_opened(
    sign_in: SignIn, history: History
) -> None:
    secretary = sign_in("秘书处")
    page = secretary.get("/departments/silent").text
    assert "共12件" in page
    assert "立项1056天，尚未填报" in page
    say(history, history.key("甲局"), "已办一场")
    history.submit(history.key("乙局"), date(2024, 11, 1))
    assert "共10件" in secretary.get("/departments/silent").text


def test_what_is_further_away_than_a_year_is_not_silent(database: Database) -> None:
    with database.reading() as session:
        rows, _after = unreported(session, 1, SilentWanted(), date(2023, 12, 1))
        assert len(rows) == 6


def test_the_same_words_again_are_listed_and_others_are_not(sign_in: SignIn, history: History) -> None:
    say(history, history.key("甲局"), "正在推进宣传，已办1场。", "正在推进宣传，已办2场", "正在推进宣传，已办3场！")
    say(history, history.key("乙局"), "正在筹备", "招标已经完成")
    page = sign_in("秘书处").get("/departments/silent?kind=repeated").text
    assert "近3次内容相同或相近，最近一次2024年11月3日" in page
    assert page.count('<th scope="row"') == 1


def test_what_was_accepted_is_silent_no_more(sign_in: SignIn, history: History) -> None:
    key = history.key("甲局")
    say(history, key, "正在推进宣传", "正在推进宣传")
    history.accept(key, date(2024, 11, 20))
    assert "没有内容重复的填报" in sign_in("秘书处").get("/departments/silent?kind=repeated").text


def test_filters_narrow_both_lists(sign_in: SignIn, history: History, obligation_of: Callable[..., Obligation]) -> None:
    secretary = sign_in("秘书处")
    key = obligation_of("乙局").department_id
    assert "共4件" in secretary.get(f"/departments/silent?department={key}&plan=test-plan").text
    say(history, history.key("甲局"), "正在推进宣传", "正在推进宣传")
    assert "没有符合条件的事项" in secretary.get(f"/departments/silent?kind=repeated&department={key}").text


@pytest.mark.parametrize(
    "query",
    [
        "kind=x",
        "department=99999999",
        "department=x",
        "plan=nothing",
        "after=x",
        "after=2024-12-31",
        f"kind=repeated&after={10**30}",
        "kind=repeated&after=2024-12-31_1",
    ],
)
def test_a_faulty_address_gets_a_clear_page(sign_in: SignIn, query: str) -> None:
    answer = sign_in("秘书处").get(f"/departments/silent?{query}")
    assert answer.status_code == 422
    assert "<h1>" in answer.text


def test_pages_follow_one_another_without_gap_or_overlap(database: Database, history: History) -> None:
    for department in ("甲局", "乙局", "东街道", "西街道"):
        say(history, history.key(department), "正在推进宣传", "正在推进宣传")
    with database.reading() as session:
        wanted, seen, after = SilentWanted(), [], None
        while True:
            rows, after = unreported(session, 1, wanted, TODAY, after=after, limit=3)
            seen += [row.id for row in rows]
            if after is None:
                break
        assert len(seen) == len(set(seen)) == 8
        first, further = repeated(session, 1, wanted, looked_at=3)
        rest, end = repeated(session, 1, wanted, after=further, looked_at=3)
        assert [len(first), len(rest), end] == [3, 1, None]
        assert not {row.id for row in first} & {row.id for row in rest}


def test_the_department_sees_its_own_and_not_those_of_others(
    sign_in: SignIn, obligation_of: Callable[..., Obligation]
) -> None:
    page = f"/departments/{obligation_of('甲局').department_id}"
    assert "静默事项" in sign_in("甲局联络员").get(page).text
    assert "静默事项" not in sign_in("乙局联络员").get(page).text


@pytest.mark.parametrize("kind", ["unreported", "repeated"])
def test_the_number_of_statements_is_constant(sign_in: SignIn, database: Database, history: History, kind: str) -> None:
    secretary = sign_in("秘书处")
    say(history, history.key("甲局"), "正在推进宣传", "正在推进宣传")
    with counted(database) as few:
        secretary.get(f"/departments/silent?kind={kind}")
    for department in ("乙局", "东街道"):
        say(history, history.key(department), "正在推进宣传", "正在推进宣传")
    with counted(database) as many:
        secretary.get(f"/departments/silent?kind={kind}")
    assert len(many) == len(few) <= 8

import re
from collections.abc import Callable
from datetime import date

import pytest

from app.changes.publish_plan import publish_plan
from app.db import Database
from app.drafts.plan_draft import PlanDraft
from app.routers.search import LONGEST, MOST_WORDS
from tests.conftest import PLAN, PUBLISHED, Person
from tests.history import History, counted

SignIn = Callable[[str], Person]
DAY = date(2024, 11, 20)


def found(person: Person, words: str, **more: str) -> str:
    """What the page says, without its tags; the page itself must be there."""
    answer = person.get("/search", params={"q": words, **more})
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.text.split('id="found"')[1].split("</section>")[0]))


def test_nobody_searches_without_an_account(client: object, sign_in: SignIn) -> None:
    person = sign_in("丙局联络员")
    person.post("/sign-out")
    assert person.get("/search?q=宣传").status_code == 303


def test_a_part_of_a_word_finds_tasks_measures_indicators_and_departments(sign_in: SignIn) -> None:
    leader = sign_in("领导")
    assert "1.1 开展宣传活动 测试行动计划" in found(leader, "展宣")
    assert "每年举办3场宣传活动" in found(leader, "3场")
    assert "1 知识普及率" in found(leader, "普及")
    assert "甲局" in found(leader, "甲")
    assert "甲局" in found(leader, "区甲"), "by its alias"
    assert "1.1" in found(leader, "1.1"), "by its number"
    assert "没有找到" in found(leader, "没有这个")


def test_every_word_must_be_there_and_full_width_is_the_same(sign_in: SignIn) -> None:
    leader = sign_in("领导")
    assert "举办3场宣传活动" in found(leader, "宣传　３场")
    assert "没有找到" in found(leader, "宣传 上门")


@pytest.mark.parametrize("words", ["%", "_", "\\", "'; DROP TABLE task; --", "<script>alert(1)</script>", "‮😀", "\x00"])
def test_signs_with_a_meaning_elsewhere_are_searched_as_they_are(sign_in: SignIn, words: str) -> None:
    answer = sign_in("领导").get("/search", params={"q": words})
    assert answer.status_code in {200, 404}
    assert "<script>alert" not in answer.text
    assert "开展宣传活动" not in answer.text


def test_another_region_finds_nothing_of_ours(sign_in: SignIn, history: History) -> None:
    history.submit(history.key("甲局"), DAY, said="宣传已办")
    stranger = sign_in("邻区秘书处")
    for words in ("宣传", "普及", "丙局", "已办"):
        assert "没有找到" in found(stranger, words)


def test_reports_are_found_by_those_who_may_read_them(sign_in: SignIn, history: History) -> None:
    history.submit(history.key("甲局"), DAY, said="已办三场讲座，签到表见附件", complete=False)
    for reader in ("秘书处", "领导", "甲局联络员", "乙局联络员"):
        assert "讲座" in found(sign_in(reader), "讲座"), f"{reader} takes part or reads the region"
    assert "没有找到" in found(sign_in("丙局联络员"), "讲座"), "has no part in task 1.1"


def test_one_kind_is_read_page_by_page(sign_in: SignIn, history: History) -> None:
    key = history.key("甲局")
    for number in range(23):
        history.submit(key, DAY, said=f"进展之{number}，", complete=False)
    leader = sign_in("领导")
    first = leader.get("/search?q=进展之&kind=report").text
    assert first.count('class="hit-text"') == 20
    more = re.search(r'href="(/search\?[^"]*after=\d+)"', first)
    assert more is not None
    rest = leader.get(more[1].replace("&amp;", "&")).text
    assert rest.count('class="hit-text"') == 3
    assert "之</mark>0，" in rest, "newest first"


def test_too_much_is_refused_with_what_was_typed(sign_in: SignIn) -> None:
    leader = sign_in("领导")
    for words in ("长" * (LONGEST + 1), " ".join("一二三四五六七八九"[: MOST_WORDS + 1])):
        answer = leader.get("/search", params={"q": words})
        assert answer.status_code == 422
        assert f'value="{words}"' in answer.text
        assert 'id="q-fault"' in answer.text
    assert leader.get("/search?q=x&kind=nothing").status_code == 422
    assert leader.get("/search?q=x&kind=task&after=0").status_code == 422
    assert leader.get("/search").status_code == 200


def test_what_left_the_plan_is_not_found(sign_in: SignIn, database: Database) -> None:
    later = PLAN | {"tasks": [task for task in PLAN["tasks"] if task["number"] != "1.1"]}  # type: ignore[attr-defined]
    with database.writing() as session:
        publish_plan(session, PlanDraft.model_validate(later), now=PUBLISHED)
    assert "没有找到" in found(sign_in("领导"), "开展宣传")


def test_the_number_of_queries_does_not_grow_with_the_hits(
    sign_in: SignIn, history: History, database: Database
) -> None:
    leader = sign_in("领导")
    found(leader, "活动")
    with counted(database) as before:
        found(leader, "活动")
    for number in range(10):
        history.submit(history.key("甲局"), DAY, said=f"活动{number}", complete=False)
    with counted(database) as after:
        found(leader, "活动")
    assert len(after) == len(before)

"""The public page of a plan: closed until the secretariat opens it, and never a word more than was released."""

import itertools
import json
from collections.abc import Callable, Iterable
from datetime import date

import pytest
from sqlmodel import Session, select
from starlette.testclient import TestClient

from app.db import Database
from app.drafts.plan_draft import PlanStatus
from app.models import Plan, PlanRelease, Region
from app.models.plan_release import PublicField
from tests.conftest import Person
from tests.history import History, counted

SignIn = Callable[[str], Person]
SETTINGS = "/plans/test-plan/public"
ALL = tuple(field.value for field in PublicField)

# Words of the cast that belong to one field each; 甲局 leads the indicator, too, which says so with responsibilities.
WORDS = {
    "measures": ["每年举办3场宣传活动"],
    "responsibility": ["甲局", "乙局", "丙局", "各街道", "牵头", "配合"],
    "dates": ["第一阶段", "第二阶段", "2023年12月31日", "2024年12月31日", "2024-12-31"],
    "progress": ["完成情况", "节点", "已完成", "<progress"],
    "indicators": ["知识普及率", "≥85%"],
}
ALWAYS = ["测试行动计划", "2022年至2025年", "宣传行动", "服务行动", "开展宣传活动", "提供上门服务", "加强保障"]
NEVER = [
    *("已办两场", "场地紧张", "下月验收", "签到表.pdf", "请补充材料", "招标延后", "联络员", "秘书处", "example.org"),
    *("甲说", "乙说", "知晓人数", "逾期", "待审", "退回", "区甲局", "待核定"),
]


@pytest.fixture
def history(database: Database) -> History:
    """One milestone is complete, one report says a lot, one extension was granted."""
    told = History(database)
    told.accept(told.key("甲局"), date(2024, 11, 12))
    told.submit(told.key("乙局"), date(2024, 11, 13), said="已办两场", complete=False)
    told.extend(told.key("东街道"), date(2024, 11, 14), date(2025, 3, 31))
    return told


def release(person: Person, shown: Iterable[str], seen: object = "") -> int:
    return int(person.post(SETTINGS, {"shown": list(shown), "seen": seen}).status_code)


def newest(database: Database) -> int:
    with database.reading() as session:
        return max(row.id or 0 for row in session.exec(select(PlanRelease)))


def withdraw(person: Person, database: Database) -> int:
    return int(person.post(SETTINGS, {"decision": "withdraw", "seen": newest(database)}).status_code)


@pytest.mark.parametrize("path", ["/public/test-plan", "/public/test-plan.json", "/public/nothing", "/public/%00"])
def test_nothing_is_public_by_itself(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "测试行动计划" not in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "shown",
    [*itertools.combinations(ALL, 0), *itertools.combinations(ALL, 1), *itertools.combinations(ALL, 4), ALL],
    ids=lambda shown: "+".join(shown) or "titles",
)
def test_only_what_was_released_is_in_the_page_and_in_the_data(
    sign_in: SignIn, client: TestClient, history: History, shown: tuple[str, ...]
) -> None:
    assert release(sign_in("秘书处"), shown) == 303
    answers = [client.get("/public/test-plan"), client.get("/public/test-plan.json")]
    assert [answer.status_code for answer in answers] == [200, 200]
    page, data = answers[0].text, json.dumps(answers[1].json(), ensure_ascii=False)
    for text in ALWAYS:
        assert text in page, text
    for text in (page, data):
        for word in NEVER:
            assert word not in text, word
        for field, words in WORDS.items():
            if field not in shown:
                assert [word for word in words if word in text] == [], field
    for field in shown:
        assert any(word in page for word in WORDS[field]), field
    assert set(answers[1].json()["shown"]) == set(shown)


def test_progress_is_what_is_complete_and_nothing_else(sign_in: SignIn, client: TestClient, history: History) -> None:
    release(sign_in("秘书处"), ["progress"])
    assert "共4个节点，已完成1个。" in client.get("/public/test-plan").text
    assert client.get("/public/test-plan.json").json()["progress"] == {"done": 1, "total": 4}


def test_released_pages_may_be_found_and_are_asked_for_again_each_time(sign_in: SignIn, client: TestClient) -> None:
    release(sign_in("秘书处"), ALL)
    for path in ("/public/test-plan", "/public/test-plan.json"):
        headers = client.get(path).headers
        assert headers["X-Robots-Tag"] == "all"
        assert headers["Cache-Control"] == "no-cache"
        assert "Content-Security-Policy" in headers
        assert "set-cookie" not in headers


@pytest.mark.parametrize("shown", [(), ALL], ids=["titles", "all"])
def test_who_publishes_and_the_day_are_always_told(
    sign_in: SignIn, client: TestClient, session: Session, shown: tuple[str, ...]
) -> None:
    release(sign_in("秘书处"), shown)
    name = session.exec(select(Region.name).join(Plan).where(Plan.code == "test-plan")).one()
    assert f"{name}公开，数据截至2024年11月25日。" in client.get("/public/test-plan").text
    data = client.get("/public/test-plan.json").json()
    assert (data["published_by"], data["as_of"]) == (name, "2024-11-25")


@pytest.mark.parametrize("shown", [(), ALL], ids=["titles", "all"])
def test_a_draft_says_so_whatever_is_shown(
    sign_in: SignIn, client: TestClient, database: Database, shown: tuple[str, ...]
) -> None:
    secretariat = sign_in("秘书处")
    release(secretariat, shown)
    preview = f"{SETTINGS}/preview?" + "&".join(f"shown={field}" for field in shown)
    for page in (client.get("/public/test-plan").text, secretariat.get(preview).text):
        assert "征求意见稿" not in page
    with database.writing() as session:
        session.exec(select(Plan).where(Plan.code == "test-plan")).one().status = PlanStatus.DRAFT
    for page in (client.get("/public/test-plan").text, secretariat.get(preview).text):
        assert '<p class="public-draft" role="note"><b>征求意见稿，正式印发后以印发稿为准。</b></p>' in page
    assert client.get("/public/test-plan.json").json()["status"] == "draft"


def test_the_public_page_leads_nowhere_inside(sign_in: SignIn, client: TestClient) -> None:
    release(sign_in("秘书处"), ALL)
    for reader in (client, sign_in("秘书处").http):
        page = reader.get("/public/test-plan").text
        for inside in ('href="/plans', 'href="/departments', 'href="/obligations', "<form", "<nav"):
            assert inside not in page, inside


def test_taken_back_it_is_gone_at_once(sign_in: SignIn, client: TestClient, database: Database) -> None:
    secretariat = sign_in("秘书处")
    release(secretariat, ALL)
    assert client.get("/public/test-plan").status_code == 200
    assert withdraw(secretariat, database) == 303
    assert client.get("/public/test-plan").status_code == 404
    assert client.get("/public/test-plan.json").status_code == 404


def test_every_decision_is_kept_with_who_and_when(sign_in: SignIn, session: Session, database: Database) -> None:
    secretariat = sign_in("秘书处")
    release(secretariat, ["dates"])
    release(secretariat, ["dates", "progress"], newest(database))
    withdraw(secretariat, database)
    rows = session.exec(select(PlanRelease).order_by(PlanRelease.id)).all()  # type: ignore[arg-type]
    assert [(row.public, row.shown) for row in rows] == [
        (True, ["dates"]),
        (True, ["dates", "progress"]),
        (False, []),
    ]
    page = secretariat.get(SETTINGS).text
    for words in ("撤回公开", "公开：阶段期限、完成情况", "2024年11月25日 10:00"):
        assert words in page, words


@pytest.mark.parametrize("login", ["领导", "专家", "甲局联络员", "甲局负责人", "邻区秘书处"])
def test_nobody_else_decides(sign_in: SignIn, client: TestClient, login: str) -> None:
    person = sign_in(login)
    for path in (SETTINGS, f"{SETTINGS}/preview"):
        assert person.get(path).status_code == 404
    assert release(person, ALL) == 404
    assert client.get("/public/test-plan").status_code == 404
    assert client.get(SETTINGS).status_code == 303


def test_the_preview_shows_the_chosen_and_changes_nothing(
    sign_in: SignIn, client: TestClient, session: Session
) -> None:
    page = sign_in("秘书处").get(f"{SETTINGS}/preview?shown=measures&shown=dates").text
    assert "预览" in page
    assert "每年举办3场宣传活动" in page
    assert "知识普及率" not in page
    assert client.get("/public/test-plan").status_code == 404
    assert session.exec(select(PlanRelease)).all() == []


def test_an_unknown_field_is_refused_and_the_others_stay_chosen(sign_in: SignIn, session: Session) -> None:
    secretariat = sign_in("秘书处")
    answer = secretariat.post(SETTINGS, {"shown": ["dates", "evidence"], "seen": ""})
    assert answer.status_code == 422
    assert "没有这项内容" in answer.text
    assert answer.text.count("checked") == 1
    assert secretariat.get(f"{SETTINGS}/preview?shown=evidence").status_code == 422
    assert session.exec(select(PlanRelease)).all() == []


def test_of_two_who_decide_at_once_the_second_is_told(sign_in: SignIn, client: TestClient, database: Database) -> None:
    secretariat = sign_in("秘书处")
    assert release(secretariat, ["dates"]) == 303
    answer = secretariat.post(SETTINGS, {"shown": ["indicators"], "seen": ""})
    assert answer.status_code == 409
    assert "刚刚已被更改" in answer.text
    assert "知识普及率" not in client.get("/public/test-plan").text
    assert withdraw(secretariat, database) == 303
    assert withdraw(secretariat, database) == 409


@pytest.mark.parametrize("seen", ["x", "-1", str(10**30)])
def test_a_form_that_was_tampered_with_changes_nothing(sign_in: SignIn, session: Session, seen: str) -> None:
    assert release(sign_in("秘书处"), ALL, seen) in {409, 422}
    assert session.exec(select(PlanRelease)).all() == []


def test_a_form_without_its_token_is_refused(sign_in: SignIn, client: TestClient) -> None:
    assert sign_in("秘书处").http.post(SETTINGS, data={"shown": "dates"}).status_code == 403
    assert client.get("/public/test-plan").status_code == 404


def test_the_page_takes_few_queries(sign_in: SignIn, client: TestClient, database: Database) -> None:
    release(sign_in("秘书处"), ALL)
    with counted(database) as sent:
        client.get("/public/test-plan")
    assert len(sent) <= 18


def test_the_plans_page_leads_to_the_settings(sign_in: SignIn) -> None:
    assert f'href="{SETTINGS}"' in sign_in("秘书处").get("/plans/test-plan").text
    assert f'href="{SETTINGS}"' not in sign_in("领导").get("/plans/test-plan").text

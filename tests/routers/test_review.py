import threading
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from app.domain.workflow import State
from app.models import Obligation, Review
from app.models.review import ReviewDecision
from app.queries.verify import Checked, history_findings
from tests.conftest import TODAY, Person
from tests.history import History, counted

SignIn = Callable[[str], Person]
SUBMITTED = date(2024, 11, 20)
OTHERS = ["甲局联络员", "甲局负责人", "领导", "专家"]


@pytest.fixture
def key(history: History) -> int:
    """甲局's report on task 1.1 waits for review."""
    found = history.key("甲局")
    history.submit(found, SUBMITTED, said="举办了3场宣传活动。")
    return found


def row(history: History, key: int) -> Obligation:
    with history.database.reading() as session:
        return session.get_one(Obligation, key)


def reviews(history: History) -> list[Review]:
    with history.database.reading() as session:
        return list(session.exec(select(Review)).all())


def decision(history: History, key: int, **typed: str) -> dict[str, str]:
    return {"revision": str(row(history, key).revision), **typed}


# The queue


def test_the_queue_shows_who_has_waited_longest_first(sign_in: SignIn, history: History) -> None:
    history.submit(history.key("乙局"), SUBMITTED)
    history.submit(history.key("甲局"), SUBMITTED - timedelta(days=3), said="长" * 400)
    history.submit(history.key("东街道", phase="第二阶段"), SUBMITTED)
    page = sign_in("秘书处").get("/review").text
    assert "共有3项办结申请待审核" in page
    assert page.index("甲局") < page.index("乙局") < page.index("东街道")
    assert f"逾期{(SUBMITTED - timedelta(days=3) - date(2023, 12, 31)).days}天提交" in page
    assert "按期提交" in page  # the second phase is due in December
    assert "长" * 50 in page
    assert "长" * 61 not in page


def test_an_empty_queue_says_so(sign_in: SignIn) -> None:
    assert "没有待审核的事项" in sign_in("秘书处").get("/review").text


def test_the_queue_is_paged_by_key(sign_in: SignIn, history: History) -> None:
    history.submit(history.key("甲局"), SUBMITTED - timedelta(days=1))
    second = history.key("乙局")
    history.submit(second, SUBMITTED)
    place = f"{(SUBMITTED - timedelta(days=1)).isoformat()}_{history.key('甲局')}"
    page = sign_in("秘书处").get(f"/review?after={place}").text
    assert f'href="/review/{second}"' in page
    assert f'href="/review/{history.key("甲局")}"' not in page
    assert "回到第一页" in page


@pytest.mark.parametrize("place", ["x", "2024-13-01_1", "2024-01-01_", "2024-01-01_" + "9" * 30, "_", "2024-01-01_-1"])
def test_a_place_that_is_none_is_refused(sign_in: SignIn, place: str) -> None:
    answer = sign_in("秘书处").get("/review", params={"after": place})
    assert answer.status_code == 422
    assert "翻页位置不正确" in answer.text


# Who may


@pytest.mark.parametrize("login", OTHERS)
def test_only_the_secretariat_reviews(sign_in: SignIn, history: History, key: int, login: str) -> None:
    person = sign_in(login)
    assert person.get("/review").status_code == 404
    assert person.get(f"/review/{key}").status_code == 404
    assert person.post(f"/review/{key}", decision(history, key, decision="accepted")).status_code == 404
    assert person.post(f"/review/{key}/reopen", decision(history, key, reopen_reason="再查")).status_code == 404
    assert row(history, key).state is State.SUBMITTED


def test_another_regions_secretariat_neither_sees_nor_decides(sign_in: SignIn, history: History, key: int) -> None:
    neighbour = sign_in("邻区秘书处")
    assert "没有待审核的事项" in neighbour.get("/review").text
    assert neighbour.get(f"/review/{key}").status_code == 404
    assert neighbour.post(f"/review/{key}", decision(history, key, decision="accepted")).status_code == 404


def test_nobody_reviews_without_signing_in(client: TestClient, key: int) -> None:
    assert client.get(f"/review/{key}").headers["location"] == f"/sign-in?next=/review/{key}"
    assert client.post(f"/review/{key}", data={"decision": "accepted"}).status_code == 401


@pytest.mark.parametrize(("number", "status"), [("999999", 404), ("0", 422), ("x", 422), ("9" * 30, 422)])
def test_what_is_not_there_is_not_found(sign_in: SignIn, number: str, status: int) -> None:
    assert sign_in("秘书处").get(f"/review/{number}").status_code == status


# One report


def test_the_report_is_shown_in_full_beside_what_was_asked_for(sign_in: SignIn, history: History, key: int) -> None:
    page = sign_in("秘书处").get(f"/review/{key}").text
    for text in (
        "举办了3场宣传活动。",
        "开展宣传活动",
        "甲局",
        "第一阶段",
        "每年举办3场宣传活动",
        "各街道",
        "未附佐证材料",
    ):
        assert text in page
    assert "首次审核" in page


def test_earlier_decisions_stand_beside_the_report(sign_in: SignIn, history: History, key: int) -> None:
    history.review(key, ReviewDecision.RETURNED, SUBMITTED)
    history.submit(key, TODAY, hour=8, said="已补充台账。")
    page = sign_in("秘书处").get(f"/review/{key}").text
    assert page.index("已补充台账。") < page.index("举办了3场宣传活动。")
    assert "请补充材料" in page
    assert "首次审核" not in page


def test_accepting_closes_the_obligation_and_leads_to_the_next_one(sign_in: SignIn, history: History, key: int) -> None:
    following = history.key("乙局")
    history.submit(following, TODAY, hour=8)
    secretary = sign_in("秘书处")
    answer = secretary.post(f"/review/{key}", decision(history, key, decision="accepted"))
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/review/{following}?notice=accepted-next"
    assert "上一件已审核通过" in secretary.get(answer.headers["location"]).text
    assert row(history, key).state is State.ACCEPTED
    answer = secretary.post(f"/review/{following}", decision(history, following, decision="accepted"))
    assert answer.headers["location"] == "/review?notice=accepted"
    with history.database.reading() as session:
        assert list(history_findings(session, Checked())) == []


def test_behind_the_last_one_the_queue_begins_again(sign_in: SignIn, history: History, key: int) -> None:
    later = history.key("乙局")
    history.submit(later, TODAY, hour=8)
    answer = sign_in("秘书处").post(f"/review/{later}", decision(history, later, decision="accepted"))
    assert answer.headers["location"] == f"/review/{key}?notice=accepted-next"


def test_returning_tells_the_department_why(sign_in: SignIn, history: History, key: int) -> None:
    typed = decision(history, key, decision="returned", quick="佐证材料不全，请补充", reason="缺活动照片")
    answer = sign_in("秘书处").post(f"/review/{key}", typed)
    assert answer.headers["location"] == "/review?notice=returned"
    assert row(history, key).state is State.RETURNED
    assert reviews(history)[0].reason == "佐证材料不全，请补充；缺活动照片"
    assert "缺活动照片" in sign_in("甲局联络员").get(f"/obligations/{key}").text


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"decision": "returned"}, "reason", "请写明理由"),
        ({"decision": "returned", "reason": " \n "}, "reason", "请写明理由"),
        ({"decision": "returned", "reason": "长" * 2001}, "reason", "理由不得超过2000字"),
        ({"decision": "accepted", "quick": "佐证材料不全，请补充"}, "quick", "不能同时审核通过"),
        ({"reason": "好"}, "reason", "请选择"),
        ({"decision": "reopened", "reason": "好"}, "reason", "请选择"),
        ({"decision": "cancelled", "reason": "好"}, "reason", "请选择"),
    ],
)
def test_a_fault_comes_back_with_what_was_typed(
    sign_in: SignIn, history: History, key: int, typed: dict[str, str], field: str, sentence: str
) -> None:
    answer = sign_in("秘书处").post(f"/review/{key}", decision(history, key, **typed))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'id="{field}-fault"' in answer.text
    assert (
        f"{field}-fault"
        in answer.text.split(
            f'<{"fieldset" if field == "quick" else "textarea"} class="{"quick" if field == "quick" else "brief"}" id="{field}"'
        )[1][:200]
    )
    assert typed.get("reason", "").strip() in answer.text
    if "quick" in typed:
        assert f'value="{typed["quick"]}" checked>' in answer.text
    assert row(history, key).state is State.SUBMITTED
    assert reviews(history) == []


@pytest.mark.parametrize("reason", ["<script>alert(1)</script>", "👍🏽‮目录", "=1+1\x00", "&amp;"])
def test_any_text_survives(sign_in: SignIn, history: History, key: int, reason: str) -> None:
    secretary = sign_in("秘书处")
    secretary.post(f"/review/{key}", decision(history, key, decision="returned", reason=reason))
    assert reviews(history)[0].reason == reason.replace("\x00", "")
    page = secretary.get(f"/review/{key}").text
    assert reason.replace("\x00", "") in unescape(page)
    assert "<script>alert" not in page


def test_whoever_is_second_is_told_and_keeps_the_reason(sign_in: SignIn, history: History, key: int) -> None:
    secretary = sign_in("秘书处")
    typed = decision(history, key, decision="returned", quick="佐证材料不全，请补充", reason="缺活动照片")
    history.review(key, ReviewDecision.ACCEPTED, TODAY, hour=8)
    answer = secretary.post(f"/review/{key}", typed)
    assert answer.status_code == 409
    assert "已被他人处理" in answer.text
    assert "佐证材料不全，请补充；缺活动照片" in answer.text
    assert row(history, key).state is State.ACCEPTED
    assert len(reviews(history)) == 1


def test_a_report_that_came_anew_meanwhile_is_shown_with_the_reason_still_typed(
    sign_in: SignIn, history: History, key: int
) -> None:
    secretary = sign_in("秘书处")
    typed = decision(history, key, decision="returned", reason="缺活动照片")
    history.review(key, ReviewDecision.RETURNED, TODAY, hour=8)
    history.submit(key, TODAY, hour=9, said="已补照片。")
    answer = secretary.post(f"/review/{key}", typed)
    assert answer.status_code == 409
    assert "已补照片。" in answer.text
    assert ">缺活动照片</textarea>" in answer.text
    assert f'name="revision" value="{row(history, key).revision}"' in answer.text


def test_a_forged_revision_is_no_way_round(sign_in: SignIn, history: History, key: int) -> None:
    secretary = sign_in("秘书处")
    for revision in ("", "x", "-1", "9" * 50):
        assert secretary.post(f"/review/{key}", {"decision": "accepted", "revision": revision}).status_code == 409
    assert row(history, key).state is State.SUBMITTED


def test_what_is_not_under_review_cannot_be_decided(sign_in: SignIn, history: History) -> None:
    key = history.key("甲局")
    secretary = sign_in("秘书处")
    assert "目前不在审核中" in secretary.get(f"/review/{key}").text
    assert secretary.post(f"/review/{key}", decision(history, key, decision="accepted")).status_code == 409
    assert row(history, key).state is State.OPEN


def test_of_two_decisions_at_once_one_is_told(sign_in: SignIn, history: History, key: int) -> None:
    people = [sign_in("秘书处"), sign_in("秘书处")]
    typed = [decision(history, key, decision="accepted"), decision(history, key, decision="returned", reason="缺照片")]
    statuses: list[int] = []
    barrier = threading.Barrier(2)

    def decide(person: Person, form: dict[str, str]) -> None:
        barrier.wait()
        statuses.append(person.post(f"/review/{key}", form).status_code)

    threads = [threading.Thread(target=decide, args=pair) for pair in zip(people, typed, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 409]
    assert len(reviews(history)) == 1


# Reopening


def test_what_was_accepted_can_be_reopened_with_a_reason(sign_in: SignIn, history: History, key: int) -> None:
    history.review(key, ReviewDecision.ACCEPTED, SUBMITTED)
    secretary = sign_in("秘书处")
    assert "撤回办结" in secretary.get(f"/review/{key}").text
    assert f'href="/review/{key}"' in secretary.get(f"/obligations/{key}").text
    answer = secretary.post(f"/review/{key}/reopen", decision(history, key, reopen_reason="抽查发现活动未开展"))
    assert answer.headers["location"] == f"/obligations/{key}?notice=reopened"
    assert row(history, key).state is State.OPEN
    assert reviews(history)[-1].decision is ReviewDecision.REOPENED


def test_reopening_needs_a_reason(sign_in: SignIn, history: History, key: int) -> None:
    history.review(key, ReviewDecision.ACCEPTED, SUBMITTED)
    answer = sign_in("秘书处").post(f"/review/{key}/reopen", decision(history, key, reopen_reason=""))
    assert answer.status_code == 422
    assert 'id="reopen_reason-fault"' in answer.text
    assert row(history, key).state is State.ACCEPTED


def test_only_what_is_accepted_can_be_reopened(sign_in: SignIn, history: History, key: int) -> None:
    answer = sign_in("秘书处").post(f"/review/{key}/reopen", decision(history, key, reopen_reason="抽查"))
    assert answer.status_code == 409
    assert "目前不是已办结状态" in answer.text
    assert row(history, key).state is State.SUBMITTED


# Queries


def test_the_number_of_queries_does_not_grow(sign_in: SignIn, history: History, key: int) -> None:
    secretary = sign_in("秘书处")

    def count(path: str) -> int:
        with counted(history.database) as sent:
            assert secretary.get(path).status_code == 200
        return len(sent)

    before = [count("/review"), count(f"/review/{key}")]
    for department in ("乙局", "东街道", "西街道"):
        history.submit(history.key(department), TODAY, hour=8)
    history.review(key, ReviewDecision.RETURNED, TODAY, hour=8)
    history.submit(key, TODAY, hour=9)
    assert [count("/review"), count(f"/review/{key}")] == before

import re
import threading
from collections.abc import Callable
from datetime import date
from html import unescape

import pytest
from starlette.testclient import TestClient

from app.changes.extend_due import decide_extension
from app.models import Extension, Obligation
from app.models.extension import ExtensionState
from app.queries.verify import Checked, history_findings
from tests.conftest import NOW, TODAY, Person
from tests.history import History, counted

SignIn = Callable[[str], Person]
ASKED = date(2024, 11, 20)
PROPOSED = date(2025, 3, 31)


@pytest.fixture
def asked(history: History) -> int:
    """甲局 asks for a later date for the second phase of task 1.1."""
    return history.ask(history.key("甲局", phase="第二阶段"), ASKED, PROPOSED, reason="设备招标延后")


def extension(history: History, key: int) -> Extension:
    with history.database.reading() as session:
        return session.get_one(Extension, key)


def obligation(history: History) -> Obligation:
    with history.database.reading() as session:
        return session.get_one(Obligation, history.key("甲局", phase="第二阶段"))


def test_requests_are_shown_with_all_that_a_decision_needs(sign_in: SignIn, history: History, asked: int) -> None:
    page = sign_in("秘书处").get("/extensions").text
    for text in (
        "甲局",
        "1.1 开展宣传活动",
        "设备招标延后",
        "剩36天",
        "2024年12月31日",
        "2025年3月31日 周一",
        "晚90天",
    ):
        assert text in page
    assert re.search(rf'id="granted_due-{asked}" name="granted_due" type="text"[^>]* value="2025-03-31"', page)
    assert f'id="reason-{asked}"' in page


def test_the_first_date_stays_beside_a_date_that_was_moved_before(sign_in: SignIn, history: History) -> None:
    key = history.key("甲局")
    history.extend(key, date(2024, 1, 10), date(2024, 10, 31))
    history.ask(key, ASKED, PROPOSED)
    page = sign_in("秘书处").get("/extensions").text
    for text in ("2023年12月31日 周日", "2024年10月31日 周四", "已延期1次", "逾期25天"):
        assert text in page


def test_without_requests_the_page_says_so(sign_in: SignIn) -> None:
    assert "没有待审批的延期申请" in sign_in("秘书处").get("/extensions").text


def test_requests_are_paged_by_key(sign_in: SignIn, history: History, asked: int) -> None:
    second = history.ask(history.key("乙局"), ASKED, PROPOSED)
    page = sign_in("秘书处").get(f"/extensions?after={asked}").text
    assert f'action="/extensions/{second}"' in page
    assert f'action="/extensions/{asked}"' not in page
    for place in ("x", "-1", "9" * 30, "987654321"):
        assert sign_in("秘书处").get(f"/extensions?after={place}").status_code == 422


def test_who_asked_first_stands_first_whatever_the_number(sign_in: SignIn, history: History, asked: int) -> None:
    earlier = history.ask(history.key("乙局"), date(2024, 11, 18), PROPOSED)
    assert earlier > asked
    secretary = sign_in("秘书处")
    page = secretary.get("/extensions").text
    assert page.index(f'action="/extensions/{earlier}"') < page.index(f'action="/extensions/{asked}"')
    page = secretary.get(f"/extensions?after={earlier}").text
    assert f'action="/extensions/{asked}"' in page
    assert f'action="/extensions/{earlier}"' not in page
    assert "没有更多" in secretary.get(f"/extensions?after={asked}").text


@pytest.mark.parametrize("login", ["甲局联络员", "甲局负责人", "领导", "专家", "邻区秘书处"])
def test_nobody_else_decides(sign_in: SignIn, history: History, asked: int, login: str) -> None:
    person = sign_in(login)
    assert person.get(f"/extensions/{asked}").status_code == 404
    assert person.post(f"/extensions/{asked}", {"decision": "grant"}).status_code == 404
    if login == "邻区秘书处":
        assert "没有待审批的延期申请" in person.get("/extensions").text
    else:
        assert person.get("/extensions").status_code == 404
    assert extension(history, asked).state is ExtensionState.REQUESTED


def test_nobody_decides_without_signing_in(client: TestClient, asked: int) -> None:
    assert client.get("/extensions").headers["location"] == "/sign-in?next=/extensions"
    assert client.post(f"/extensions/{asked}", data={"decision": "grant"}).status_code == 401


@pytest.mark.parametrize(
    ("typed", "due"),
    [
        ({"granted_due": "2025-03-31"}, PROPOSED),
        ({"granted_due": ""}, PROPOSED),
        ({}, PROPOSED),
        ({"granted_due": "2025年1月31日", "reason": "请抓紧"}, date(2025, 1, 31)),
    ],
)
def test_granting_moves_the_date(
    sign_in: SignIn, history: History, asked: int, typed: dict[str, str], due: date
) -> None:
    answer = sign_in("秘书处").post(f"/extensions/{asked}", {"decision": "grant", **typed})
    assert answer.headers["location"] == "/extensions?notice=extension-granted"
    granted, row = extension(history, asked), obligation(history)
    assert (granted.state, granted.granted_due) == (ExtensionState.GRANTED, due)
    assert (row.due, row.first_due, row.extensions) == (due, date(2024, 12, 31), 1)
    with history.database.reading() as session:
        assert list(history_findings(session, Checked())) == []


def test_refusing_needs_a_reason_and_moves_nothing(sign_in: SignIn, history: History, asked: int) -> None:
    secretary = sign_in("秘书处")
    answer = secretary.post(f"/extensions/{asked}", {"decision": "refuse", "reason": " "})
    assert answer.status_code == 422
    assert f'id="reason-{asked}-fault"' in answer.text
    answer = secretary.post(f"/extensions/{asked}", {"decision": "refuse", "reason": "请按期完成"})
    assert answer.headers["location"] == "/extensions?notice=extension-refused"
    assert extension(history, asked).decision_reason == "请按期完成"
    assert obligation(history).due == date(2024, 12, 31)


def test_a_date_typed_beside_a_refusal_does_not_matter(sign_in: SignIn, history: History, asked: int) -> None:
    typed = {"decision": "refuse", "reason": "请按期完成", "granted_due": "不知道"}
    assert sign_in("秘书处").post(f"/extensions/{asked}", typed).status_code == 303
    assert extension(history, asked).state is ExtensionState.REFUSED


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"decision": "grant", "granted_due": "明年春天"}, "granted_due", "请填写日期"),
        ({"decision": "grant", "granted_due": "2025-02-30"}, "granted_due", "请填写日期"),
        ({"decision": "grant", "granted_due": "2024-12-31"}, "granted_due", "应晚于现行期限"),
        ({"decision": "grant", "granted_due": "2999-01-01"}, "granted_due", "延期最多到规划期满后一年"),
        ({"decision": "grant", "granted_due": "2025-03-31", "reason": "长" * 2001}, "reason", "不得超过2000字"),
        ({"decision": "maybe", "reason": "好"}, "reason", "请选择"),
        ({"reason": "好"}, "reason", "请选择"),
    ],
)
def test_a_fault_comes_back_with_what_was_typed(
    sign_in: SignIn, history: History, asked: int, typed: dict[str, str], field: str, sentence: str
) -> None:
    answer = sign_in("秘书处").post(f"/extensions/{asked}", typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'id="{field}-{asked}-fault"' in answer.text
    assert f'href="#{field}-{asked}"' in answer.text
    assert f'value="{typed.get("granted_due", "")}"' in answer.text
    assert typed.get("reason", "") in answer.text
    assert extension(history, asked).state is ExtensionState.REQUESTED
    assert obligation(history).due == date(2024, 12, 31)


def test_whoever_is_second_is_told_and_keeps_the_reason(sign_in: SignIn, history: History, asked: int) -> None:
    secretary = sign_in("秘书处")
    by = history.account("秘书处")
    with history.database.writing() as session:
        decide_extension(
            session,
            session.get_one(Extension, asked),
            grant=True,
            reason="",
            granted_due=None,
            by=by,
            now=NOW,
            today=TODAY,
        )
    answer = secretary.post(f"/extensions/{asked}", {"decision": "refuse", "reason": "请按期完成"})
    assert answer.status_code == 409
    assert "已由秘书处审批（同意），您的决定未执行" in answer.text
    assert "秘书处于2024年11月25日 10:00审批" in answer.text
    assert "请按期完成" in answer.text
    assert "延至2025年3月31日" in answer.text
    assert extension(history, asked).state is ExtensionState.GRANTED


@pytest.mark.parametrize(
    "decision",
    [
        {"decision": "grant", "granted_due": "2025年1月31日", "reason": "请抓紧"},
        {"decision": "grant", "granted_due": ""},
        {"decision": "refuse", "reason": "请按期完成"},
    ],
)
def test_ones_own_decision_sent_twice_is_done_once(
    sign_in: SignIn, history: History, asked: int, decision: dict[str, str]
) -> None:
    secretary = sign_in("秘书处")
    first, second = (secretary.post(f"/extensions/{asked}", decision) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert obligation(history).extensions == (decision["decision"] == "grant")


@pytest.mark.parametrize(
    "typed",
    [
        {"decision": "grant", "granted_due": "明年春天"},
        {"decision": "grant", "granted_due": "2024-12-31"},
        {"decision": "refuse"},
        {},
    ],
)
def test_what_is_decided_already_is_told_before_any_fault(
    sign_in: SignIn, history: History, asked: int, typed: dict[str, str]
) -> None:
    secretary = sign_in("秘书处")
    secretary.post(f"/extensions/{asked}", {"decision": "grant"})
    answer = secretary.post(f"/extensions/{asked}", typed)
    assert answer.status_code == 409
    assert "已由秘书处审批（同意）" in answer.text


def test_of_two_decisions_at_one_moment_one_counts(sign_in: SignIn, history: History, asked: int) -> None:
    people = [sign_in("秘书处") for _ in range(2)]
    answers = [{"decision": "grant"}, {"decision": "refuse", "reason": "请按期完成"}]
    barrier = threading.Barrier(2)
    codes: list[int] = []

    def send(person: Person, typed: dict[str, str]) -> None:
        barrier.wait()
        codes.append(person.post(f"/extensions/{asked}", typed).status_code)

    threads = [threading.Thread(target=send, args=pair) for pair in zip(people, answers, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [303, 409]
    with history.database.reading() as session:
        assert list(history_findings(session, Checked())) == []


def test_a_request_on_what_was_accepted_meanwhile_is_not_granted(sign_in: SignIn, history: History, asked: int) -> None:
    history.accept(history.key("甲局", phase="第二阶段"), TODAY, hour=8)
    answer = sign_in("秘书处").post(f"/extensions/{asked}", {"decision": "grant", "reason": "同意"})
    assert answer.status_code == 409
    assert ">同意</textarea>" in answer.text
    assert extension(history, asked).state is ExtensionState.REQUESTED


@pytest.mark.parametrize("reason", ["<b>急</b>", "👍🏽‮目录", "a&amp;b"])
def test_any_text_survives(sign_in: SignIn, history: History, asked: int, reason: str) -> None:
    secretary = sign_in("秘书处")
    secretary.post(f"/extensions/{asked}", {"decision": "refuse", "reason": reason})
    assert extension(history, asked).decision_reason == reason
    page = secretary.get(f"/extensions/{asked}").text
    assert reason in unescape(page)
    assert "<b>急" not in page


def test_the_number_of_queries_does_not_grow(sign_in: SignIn, history: History, asked: int) -> None:
    secretary = sign_in("秘书处")
    with counted(history.database) as before:
        secretary.get("/extensions")
    for department in ("乙局", "东街道", "西街道"):
        history.ask(history.key(department), ASKED, PROPOSED)
    with counted(history.database) as after:
        secretary.get("/extensions")
    assert len(after) == len(before)

import threading
from collections.abc import Callable
from datetime import date
from html import unescape

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from app.db import Database
from app.models import Extension, Obligation
from app.models.extension import ExtensionState
from tests.conftest import TODAY, Person
from tests.history import History

SignIn = Callable[[str], Person]
ObligationOf = Callable[..., Obligation]

TYPED = {"reason": "设备招标延后", "proposed_due": "2025-03-31"}


def address(row: Obligation) -> str:
    return f"/obligations/{row.id}/extensions"


def requests(database: Database) -> list[Extension]:
    with database.reading() as session:
        return list(session.exec(select(Extension)).all())


@pytest.mark.parametrize("written", ["2025-03-31", "2025年3月31日", "2025/3/31", "2025.3.31", " 2025年03月31日 "])
def test_a_liaison_asks_for_a_later_date_however_it_is_written(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf, written: str
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    answer = liaison.post(address(row), {**TYPED, "proposed_due": written})
    assert answer.headers["location"] == f"/obligations/{row.id}?notice=extension-requested"
    (asked,) = requests(database)
    assert (asked.reason, asked.due_before, asked.proposed_due, asked.requested_on, asked.state) == (
        "设备招标延后",
        date(2023, 12, 31),
        date(2025, 3, 31),
        TODAY,
        ExtensionState.REQUESTED,
    )
    assert obligation_of("甲局").due == date(2023, 12, 31)  # asking moves nothing
    page = liaison.get(f"/obligations/{row.id}").text
    assert "由2023年12月31日延至2025年3月31日" in page
    assert "待审批" in page
    assert 'id="extension-form"' not in page


@pytest.mark.parametrize("login", ["甲局负责人", "乙局联络员", "丙局联络员", "秘书处", "领导", "邻区秘书处"])
def test_nobody_else_asks_for_a_department(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf, login: str
) -> None:
    assert sign_in(login).post(address(obligation_of("甲局")), TYPED).status_code == 404
    assert requests(database) == []


def test_a_request_without_signing_in_is_refused(client: TestClient, obligation_of: ObligationOf) -> None:
    assert client.post(address(obligation_of("甲局")), data=TYPED).status_code == 401


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"reason": ""}, "reason", "请填写延期理由。"),
        ({"reason": "长" * 2001}, "reason", "理由不得超过2000字。"),
        ({"proposed_due": ""}, "proposed_due", "请填写日期"),
        ({"proposed_due": "明年春天"}, "proposed_due", "请填写日期"),
        ({"proposed_due": "2025-02-30"}, "proposed_due", "请填写日期"),
        ({"proposed_due": "9" * 40 + "-1-1"}, "proposed_due", "请填写日期"),
        ({"proposed_due": "2023-12-31"}, "proposed_due", "应晚于现行期限"),
        ({"proposed_due": "2022-01-01"}, "proposed_due", "应晚于现行期限"),
        ({"proposed_due": "2999-01-01"}, "proposed_due", "延期最多到规划期满后一年"),
    ],
)
def test_a_fault_comes_back_with_what_was_typed_and_a_message_at_its_field(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf, changes: dict[str, str], field: str, sentence: str
) -> None:
    typed = {**TYPED, **changes}
    answer = sign_in("甲局联络员").post(address(obligation_of("甲局")), typed)
    assert answer.status_code == 422
    page = unescape(answer.text)
    assert sentence in page.split(f'id="{field}-fault"')[1].split("</p>")[0]
    assert f"{typed['reason']}</textarea>" in page
    assert f'value="{typed["proposed_due"]}"' in page
    assert '<details class="sheet" open>' in page
    assert requests(database) == []


def test_a_date_comes_back_as_it_was_typed_whatever_else_is_wrong(sign_in: SignIn, obligation_of: ObligationOf) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    for typed in ("2025年3月31日", "2025-03-31", "2025/3/31", "20250331"):
        answer = liaison.post(address(row), {"reason": "", "proposed_due": typed})
        assert answer.status_code == 422
        assert f'value="{typed}"' in answer.text
        assert 'id="proposed_due-fault"' not in answer.text
    assert 'type="date"' not in answer.text


@pytest.mark.parametrize("reason", ["\u200b", "\u3000\u2060\ufeff", "\u202e\u2069", "\u3164"])
def test_a_reason_that_nobody_can_see_is_no_reason(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf, reason: str
) -> None:
    answer = sign_in("甲局联络员").post(address(obligation_of("甲局")), {**TYPED, "reason": reason})
    assert answer.status_code == 422
    assert "请填写延期理由。" in answer.text
    assert requests(database) == []


def test_joined_emoji_stay_whole(sign_in: SignIn, database: Database, obligation_of: ObligationOf) -> None:
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
    sign_in("甲局联络员").post(address(obligation_of("甲局")), {**TYPED, "reason": f" {family}需要照顾 "})
    (asked,) = requests(database)
    assert asked.reason == f"{family}需要照顾"


def test_the_same_request_sent_twice_is_one(sign_in: SignIn, database: Database, obligation_of: ObligationOf) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    assert [liaison.post(address(row), TYPED).status_code for _ in range(2)] == [303, 303]
    assert len(requests(database)) == 1


def test_a_second_request_is_told_and_keeps_its_text(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    liaison.post(address(row), TYPED)
    answer = liaison.post(address(row), {**TYPED, "reason": "另一个理由"})
    assert answer.status_code == 409
    assert "已有一份延期申请待秘书处审批" in answer.text
    assert "另一个理由</textarea>" in answer.text
    assert "提交延期申请</button>" not in answer.text
    assert len(requests(database)) == 1


def test_of_requests_at_the_same_moment_one_is_taken(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    people = [sign_in("甲局联络员") for _ in range(4)]
    barrier = threading.Barrier(len(people))
    codes: list[int] = []

    def send(person: Person, reason: str) -> None:
        barrier.wait()
        codes.append(person.post(address(row), {**TYPED, "reason": reason}).status_code)

    threads = [threading.Thread(target=send, args=(person, f"理由{n}")) for n, person in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [303, 409, 409, 409]
    assert len(requests(database)) == 1


def test_what_is_in_review_is_not_extended(sign_in: SignIn, database: Database, obligation_of: ObligationOf) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    liaison.post(
        f"/obligations/{row.id}/updates", {"revision": str(row.revision), "kind": "completion", "text": "完成"}
    )
    answer = liaison.post(address(row), TYPED)
    assert answer.status_code == 409
    assert "设备招标延后</textarea>" in answer.text
    assert requests(database) == []


def test_a_faulty_request_on_what_is_closed_is_told_that_it_is_closed(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    history = History(database)
    row = obligation_of("甲局")
    history.accept(row.id or 0, TODAY, hour=8)
    answer = sign_in("甲局联络员").post(address(row), {"reason": "", "proposed_due": "明年春天"})
    assert answer.status_code == 409
    assert "已提交审核或已办结，不能再申请延期" in answer.text
    assert 'value="明年春天"' in answer.text
    assert "提交延期申请</button>" not in answer.text


@pytest.mark.parametrize("key", ["0", "987654321", "9223372036854775808", "x"])
def test_a_request_on_what_is_not_there_is_answered(sign_in: SignIn, key: str) -> None:
    assert sign_in("甲局联络员").post(f"/obligations/{key}/extensions", TYPED).status_code in {404, 422}

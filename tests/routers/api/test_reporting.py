"""A program reports: once, on what it saw, for its own department."""

import json
import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import col, func, select

from app.db import Database
from app.domain.audit import AuditAction
from app.models import AuditEntry, Evidence, Obligation, ProgressUpdate, UpdateDraft
from app.models.api_token import TokenScope
from app.models.review import ReviewDecision
from app.settings import Settings
from tests.conftest import Person
from tests.documents import samples
from tests.history import History
from tests.routers.api.conftest import V1, Program

Begin = Callable[..., Program]
BODY: dict[str, Any] = {"kind": "interim", "text": "已举办两场。", "next_step": "再办一场", "percent": 60}


@pytest.fixture
def liaison(program: Begin) -> Program:
    return program("甲局联络员", TokenScope.REPORT)


def report(program: Program, key: int, revision: int | None, *, name: str | None = None, **changes: Any) -> Any:
    headers = {} if revision is None else {"If-Match": f'"{revision}"'}
    if name is not None:
        headers["Idempotency-Key"] = name
    return program.post(f"/obligations/{key}/updates", json={**BODY, **changes}, headers=headers)


def count(database: Database) -> int:
    with database.reading() as session:
        return session.exec(select(func.count()).select_from(ProgressUpdate)).one()


def test_a_report_is_written_by_the_same_rules_as_on_the_page(
    liaison: Program, history: History, database: Database
) -> None:
    key = history.key("甲局")
    seen = liaison.get(f"/obligations/{key}")
    answer = liaison.post(
        f"/obligations/{key}/updates",
        json={**BODY, "text": " 已举办两场。\n", "risk": True},
        headers={"If-Match": seen.headers["etag"]},
    )
    assert answer.status_code == 201
    said = answer.json()
    assert (said["text"], said["percent"], said["revision"], said["author"]) == ("已举办两场。", 60, 2, "甲局联络员")
    assert said["on"] == "2024-11-25"
    assert liaison.get(answer.headers["location"]).json() == said
    after = liaison.get(f"/obligations/{key}").json()
    assert (after["revision"], after["percent"], after["risk"]) == (2, 60, True)
    done = report(liaison, key, said["revision"], kind="completion", percent=None)
    assert (done.status_code, done.json()["percent"]) == (201, 100)
    assert liaison.get(f"/obligations/{key}").json()["state"] == "submitted"
    with database.reading() as session:
        told = session.exec(
            select(AuditEntry).where(AuditEntry.action == AuditAction.REPORT).order_by(col(AuditEntry.id))
        ).first()
    assert told is not None
    assert (told.channel.value, told.actor) == ("api", "甲局联络员")


def test_without_the_revision_it_saw_a_program_writes_nothing(
    liaison: Program, history: History, database: Database
) -> None:
    key = history.key("甲局")
    missing = report(liaison, key, None)
    assert (missing.status_code, missing.json()["code"]) == (428, "revision_needed")
    history.submit(key, date(2024, 11, 20), complete=False)
    stale = report(liaison, key, 1)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_revision")
    for header in ("7", "*", '"x"', '"1', '"99999999999"', "W/1", '"1"; "2"'):
        answer = liaison.post(f"/obligations/{key}/updates", json=BODY, headers={"If-Match": header})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "If-Match"), header
    assert count(database) == 1
    either = liaison.post(f"/obligations/{key}/updates", json=BODY, headers={"If-Match": '"1", W/"2-' + "0" * 32 + '"'})
    assert either.status_code == 201


def test_what_waits_for_no_report_takes_none(liaison: Program, history: History) -> None:
    key = history.key("甲局")
    history.submit(key, date(2024, 11, 20))
    answer = report(liaison, key, 2)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_open")
    history.review(key, ReviewDecision.RETURNED, date(2024, 11, 21))
    same = report(liaison, key, 3, kind="completion", text="已完成", next_step="", percent=100)
    assert (same.status_code, same.json()["errors"][0]["field"]) == (422, "text")
    assert report(liaison, key, 3, kind="completion", text="已补充材料", percent=100).status_code == 201


def test_the_same_name_is_answered_again_and_not_written_again(
    liaison: Program, history: History, database: Database
) -> None:
    key = history.key("甲局")
    first = report(liaison, key, 1, name="2024-11-25/1.1", percent=None)
    history.submit(key, date(2024, 11, 25), hour=11)
    again = report(liaison, key, 1, name="2024-11-25/1.1", percent=None)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["location"] == first.headers["location"]
    other = report(liaison, key, 1, name="2024-11-25/1.1", text="别的内容")
    elsewhere = report(liaison, history.key("甲局", phase="第二阶段"), 1, name="2024-11-25/1.1", percent=None)
    assert [answer.json()["code"] for answer in (other, elsewhere)] == ["key_reused", "key_reused"]
    assert count(database) == 2


def test_names_of_one_account_mean_nothing_to_another(program: Begin, liaison: Program, history: History) -> None:
    assert report(liaison, history.key("甲局"), 1, name="1").status_code == 201
    other = program("乙局联络员", TokenScope.REPORT)
    assert report(other, history.key("乙局"), 1, name="1").status_code == 201


def test_a_lost_answer_does_no_harm_without_a_name_either(
    liaison: Program, history: History, database: Database
) -> None:
    key = history.key("甲局")
    first = report(liaison, key, 1)
    again = report(liaison, key, 1)
    assert (again.status_code, again.content) == (201, first.content)
    assert report(liaison, key, 1, text="别的内容").status_code == 412
    assert count(database) == 1


@pytest.mark.parametrize("name", ["a", None])
def test_of_two_at_once_one_is_written(
    liaison: Program, history: History, database: Database, name: str | None
) -> None:
    key = history.key("甲局")
    answers: list[Any] = []
    start = threading.Barrier(3)

    def send() -> None:
        start.wait()
        answers.append(report(liaison, key, 1, name=name))

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.content for answer in answers}) == 1
    assert count(database) == 1


def test_files_are_brought_first_and_named_by_their_receipts(
    liaison: Program, program: Begin, history: History, database: Database
) -> None:
    key, content = history.key("甲局"), samples.excel()
    brought = liaison.post("/uploads", files={"file": ("../签到表.xlsx", content, "text/html")})
    assert brought.status_code == 201
    upload = brought.json()
    assert (upload["file_name"], upload["size"]) == ("签到表.xlsx", len(content))
    stolen = report(program("乙局联络员", TokenScope.REPORT), history.key("乙局"), 1, evidence=[upload["receipt"]])
    assert (stolen.status_code, stolen.json()["errors"][0]["field"]) == (422, "evidence.0")
    other_end = "1" if upload["receipt"].endswith("0") else "0"
    forged = report(liaison, key, 1, evidence=[upload["receipt"][:-1] + other_end])
    assert forged.status_code == 422
    twice = [upload["receipt"]] * 2
    first = report(liaison, key, 1, evidence=twice, proves="两场活动的签到", name="f")
    (file,) = first.json()["evidence"]
    assert (file["sha256"], file["proves"]) == (upload["sha256"], "两场活动的签到")
    assert liaison.get(file["content"]).content == content
    assert report(liaison, key, 1, evidence=twice, proves="两场活动的签到", name="f").content == first.content
    assert report(liaison, key, 1, proves="两场活动的签到", name="f").json()["code"] == "key_reused"
    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(Evidence)).one() == 1
        told = session.exec(select(AuditEntry).where(col(AuditEntry.reason).startswith("upload"))).one()
    assert (told.subject, told.reason) == ("签到表.xlsx", f"upload sha256 {upload['sha256']}")


def test_what_may_not_be_brought_is_refused(liaison: Program, app: FastAPI, settings: Settings) -> None:
    app.state.settings = settings.model_copy(update={"upload_max_mb": 1})
    program = ("照片.png", samples.EXE)
    for files, data, status in (
        ({"file": program}, {}, 422),
        ({"file": ("a.docm", samples.word())}, {}, 422),
        ({"other": ("a.txt", "活动".encode())}, {}, 422),
        ({"file": ("a.txt", "活动".encode())}, {"note": "x"}, 422),
        ({"file": ("a.txt", b"")}, {}, 422),
        ({"file": ("a.txt", "活动".encode() * 300_000)}, {}, 413),
    ):
        answer = liaison.post("/uploads", files=files, data=data)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    two = liaison.post("/uploads", files=[("file", ("a.txt", b"x")), ("file", ("b.txt", b"x"))])
    assert two.status_code == 422
    assert liaison.post("/uploads", json={}).status_code == 415
    broken = liaison.post("/uploads", content=b"x", headers={"Content-Type": "multipart/form-data"})
    assert broken.status_code == 400


def test_only_the_liaison_who_owes_it_reports(program: Begin, history: History, database: Database) -> None:
    key = history.key("甲局")
    for login in ("乙局联络员", "甲局负责人", "秘书处", "领导", "专家", "邻区秘书处"):
        answer = report(program(login, TokenScope.REPORT), key, 1)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), login
    assert program("秘书处", TokenScope.REPORT).post("/uploads", files={"file": ("a.txt", b"x")}).status_code == 404
    assert count(database) == 0


def test_nobody_writes_more_than_a_report(liaison: Program, history: History, database: Database) -> None:
    """Mass assignment: names of columns are unknown fields."""
    key = history.key("甲局")
    for name in ("state", "due", "department_id", "author_id", "on", "recorded_at", "id", "revision", "region_id"):
        body = {**BODY, name: 1}
        answer = liaison.post(f"/obligations/{key}/updates", json=body, headers={"If-Match": '"1"'})
        assert (answer.status_code, answer.json()["errors"]) == (
            422,
            [{"place": "body", "field": name, "message": "没有这一项，请核对名称。"}],
        )
    assert count(database) == 0


HOSTILE = [
    ({"text": ""}, "text"),
    ({"text": "\u200b \u3000"}, "text"),
    ({"text": "长" * 10_001}, "text"),
    ({"text": None}, "text"),
    ({"text": ["a"]}, "text"),
    ({"kind": "accepted"}, "kind"),
    ({"percent": 101}, "percent"),
    ({"percent": -1}, "percent"),
    ({"percent": 10**30}, "percent"),
    ({"percent": "60"}, "percent"),
    ({"percent": 60.5}, "percent"),
    ({"percent": True}, "percent"),
    ({"kind": "completion", "percent": 60}, "percent"),
    ({"risk": "yes"}, "risk"),
    ({"proves": "长" * 501}, "proves"),
    ({"evidence": ["x"]}, "evidence.0"),
    ({"evidence": ["x"] * 11}, "evidence"),
    ({"evidence": "x"}, "evidence"),
]


def test_every_fault_is_told_at_its_field(
    liaison: Program, history: History, database: Database, subtests: pytest.Subtests
) -> None:
    key = history.key("甲局")
    for changes, name in HOSTILE:
        with subtests.test(str(changes)[:60]):
            answer = report(liaison, key, 1, **changes)
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
            assert [fault["field"] for fault in answer.json()["errors"]] == [name]
    assert count(database) == 0


@pytest.mark.parametrize("text", ["\x00已办", "<script>alert(1)</script>", "\u202e倒\u2066序", "a\r\nb", "😀" * 100])
def test_hostile_texts_are_kept_as_texts(liaison: Program, history: History, text: str) -> None:
    answer = report(liaison, history.key("甲局"), 1, text=text)
    assert answer.status_code == 201
    assert answer.json()["text"] == text.replace("\x00", "").replace("\r\n", "\n")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"kind":"interim","text":"\\ud800"}', b"[" * 100_000, b"1e999"],
)
def test_what_is_no_report_is_refused(liaison: Program, history: History, content: bytes) -> None:
    headers = {"If-Match": '"1"', "Content-Type": "application/json"}
    answer = liaison.post(f"/obligations/{history.key('甲局')}/updates", content=content, headers=headers)
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"] or answer.status_code == 400


def test_a_body_beyond_all_measure_is_not_read(liaison: Program, program: Begin, history: History) -> None:
    path = f"/obligations/{history.key('甲局')}/updates"
    large = json.dumps({**BODY, "text": "x" * 10_000_000}).encode()
    headers = {"Content-Type": "application/json", "If-Match": '"1"'}
    assert liaison.post(path, content=large, headers=headers).status_code == 413
    pieces = (large[start : start + 65536] for start in range(0, len(large), 65536))
    chunked = liaison.post(path, content=pieces, headers=headers)  # which says no length beforehand
    assert (chunked.status_code, chunked.json()["code"]) == (413, "too_large")
    assert program().post(path, content=large, headers=headers).status_code == 401


def test_a_program_leaves_alone_what_is_being_typed(
    liaison: Program, sign_in: Callable[[str], Person], obligation_of: Callable[..., Obligation], database: Database
) -> None:
    row = obligation_of("甲局")
    typing = sign_in("甲局联络员")
    kept = typing.post(f"/obligations/{row.id}/draft", {"revision": "1", "kind": "interim", "text": "正在写"})
    assert kept.status_code < 400
    assert report(liaison, row.id or 0, 1).status_code == 201
    with database.reading() as session:
        assert session.exec(select(UpdateDraft)).one().typed["text"] == "正在写"
    assert f"{V1}/" not in typing.get(f"/obligations/{row.id}").text

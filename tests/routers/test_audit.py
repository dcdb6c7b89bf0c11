"""The audit page, and what it has to tell besides changes: files that went out, and who was refused."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlalchemy import event, text

from app.changes.record_refusal import MOST, MOST_OF_STRANGERS
from app.db import Database
from app.domain.audit import Act, ActResult, AuditAction
from app.models import Account, Obligation
from app.models.account import AccountRole
from tests.conftest import NOW, Person
from tests.documents import samples
from tests.routers.test_acts import routes
from tests.tampering import tamper
from tests.trail import acting, changes_of, entries, fill, newest, rename

SignIn = Callable[[str], Person]
Find = Callable[..., Obligation]


@pytest.fixture
def auditor(database: Database, sign_in: SignIn) -> Person:
    with database.writing() as session:
        like = session.get_one(Account, 1)
        told = like.model_dump(exclude={"id", "login", "name", "role", "email"})
        session.add(Account(login="审计员", name="审计员", email="audit@example.org", role=AccountRole.AUDITOR, **told))
    return sign_in("审计员")


def refusals(database: Database, chain: int = 1) -> list[str]:
    return [one.subject for one in entries(database, chain) if one.outcome is ActResult.REFUSED]


# The page


def test_the_auditor_reads_who_did_what_when_and_from_where(
    auditor: Person, sign_in: SignIn, database: Database
) -> None:
    sign_in("秘书处").post("/manage/calendar", {"day": "2024-12-24", "working": "off", "reason": "停电检修"})
    page = auditor.get("/audit").text
    entry = newest(database)
    assert entry.action is AuditAction.CALENDAR
    assert (entry.actor, entry.role, entry.address) == ("秘书处", "secretariat", "testclient")
    assert all(word in page for word in ("工作日历", "秘书处", "网页", "testclient"))
    details = auditor.get(f"/audit/region/{entry.seq}").text
    assert "停电检修" in details
    assert entry.sha256 in details
    assert entry.previous_sha256 in details
    assert "与本条内容相符" in details


@pytest.mark.parametrize("path", ["/audit", "/audit?place=system", "/audit/region/1", "/audit.xlsx", "/audit.csv"])
@pytest.mark.parametrize("login", ["甲局联络员", "甲局负责人", "领导", "专家"])
def test_nobody_else_reads_it(sign_in: SignIn, database: Database, path: str, login: str) -> None:
    fill(database, 1)
    assert sign_in(login).get(path).status_code == 404


def test_another_regions_entries_are_not_there(sign_in: SignIn, database: Database) -> None:
    fill(database, 3, region_id=1)
    other = sign_in("邻区秘书处")
    page = other.get("/audit?q=经办").text
    assert "没有符合条件的记录" in page
    assert other.get("/audit/region/3").status_code == 404


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("who=经办2", {2}),
        ("q=测试区3", {3}),
        ("from=2024年11月25日&to=2024/11/25&who=经办", {0, 1, 2, 3}),
        ("from=20241126", set()),
        ("to=2024-11-24", set()),
        ("action=department", {0, 1, 2, 3}),
        ("action=review", set()),
        ("outcome=refused", set()),
        ("channel=command&who=经办1", {1}),
        ("address=10.", set()),
        ("about=region-1", {0, 1, 2, 3}),
        ("about=account-1", set()),
        ("q=%25", set()),
        ("q=_", set()),
    ],
)
def test_filters_show_what_they_say(auditor: Person, database: Database, query: str, shown: set[int]) -> None:
    fill(database, 4)
    page = auditor.get(f"/audit?{query}").text
    assert {number for number in range(4) if f"<bdi>经办{number}</bdi>" in page} == shown


def test_somebody_is_found_by_the_login_that_is_not_the_name(auditor: Person, database: Database) -> None:
    with database.writing() as session:
        session.get_one(Account, 1).login = "zhang.san"
    fill(database, 1)
    with database.writing(acting(actor="秘书处", actor_id=1)) as session:
        rename(session, 1, "新")
    page = auditor.get("/audit?who=zhang").text
    assert "<bdi>秘书处</bdi>" in page
    assert "<bdi>经办0</bdi>" not in page


@pytest.mark.parametrize(
    "query",
    [
        "from=x",
        "to=0001-01-01",
        "from=2024-11-25&to=2024-11-01",
        "action=x",
        "outcome=x",
        "channel=x",
        "about=x-1",
        "about=account-" + "9" * 30,
        "q=" + "长" * 5000,
        "who=" + "x" * 101,
    ],
)
def test_bad_questions_get_a_sentence_and_keep_what_was_typed(auditor: Person, query: str) -> None:
    answer = auditor.get(f"/audit?{query}")
    assert answer.status_code == 422
    assert 'class="fault"' in answer.text


@pytest.mark.parametrize("path", ["/audit?q=%00", "/audit?before=x", "/audit?before=" + "9" * 40, "/audit?place=x"])
def test_no_address_breaks_it(auditor: Person, path: str) -> None:
    assert auditor.get(path).status_code in {200, 404, 422}


@pytest.mark.parametrize("path", ["/audit/region/999", "/audit/elsewhere/1", "/audit/region/" + "9" * 18])
def test_what_does_not_exist_is_not_found(auditor: Person, path: str) -> None:
    assert auditor.get(path).status_code == 404


def test_pages_go_on_by_key_and_ask_no_more_for_more(auditor: Person, database: Database) -> None:
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    fill(database, 3)
    del asked[:]
    auditor.get("/audit")
    few = len(asked)
    fill(database, 57)
    del asked[:]
    first = auditor.get("/audit").text
    assert len(asked) == few
    assert few <= 9
    assert first.count('<td data-label="操作">') == 50
    before = first.partition("before=")[2].partition('"')[0]
    second = auditor.get(f"/audit?before={before}").text
    assert 10 <= second.count('<td data-label="操作">') <= 14
    assert "回到最新" in second


def test_hostile_text_stays_text(auditor: Person, database: Database) -> None:
    with database.writing(acting(actor="<script>alert(1)</script>", address="\u202e1.0.0.721")) as session:
        rename(session, 1, "<img src=x onerror=alert(1)>")
    fill(database, 1)
    number = next(one.seq for one in entries(database, 1) if "script" in one.actor)
    for path in ("/audit", f"/audit/region/{number}"):
        page = auditor.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;" in page


def test_a_changed_entry_says_so_on_its_page(auditor: Person, database: Database) -> None:
    fill(database, 2)
    with database.writing() as session:
        tamper(session, "UPDATE audit_entry SET actor = '别人' WHERE chain = 1 AND seq = 1")
    assert "写入后被改动过" in auditor.get("/audit/region/1").text


def test_following_the_chain_is_an_entry_and_stands_on_top(auditor: Person, database: Database) -> None:
    fill(database, 2)
    last = newest(database).seq
    answer = auditor.post("/audit/check")
    assert answer.headers["location"] == "/audit?notice=trail_checked"
    assert f"第1至{last}条，链完整。" in auditor.get("/audit").text
    assert newest(database).action is AuditAction.MAINTENANCE
    with database.writing() as session:
        tamper(session, "UPDATE audit_entry SET actor = '别人' WHERE chain = 1 AND seq = 1")
    auditor.post("/audit/check")
    page = auditor.get("/audit").text
    assert "发现差异1处：audit chain 1: entry 1 was changed after it was written" in page
    assert newest(database).outcome is ActResult.FAILED
    auditor.post("/audit/check", {"place": "system"})
    assert "链完整" in auditor.get("/audit?place=system").text


def test_files_hold_what_is_filtered_and_nothing_becomes_a_formula(auditor: Person, database: Database) -> None:
    fill(database, 2)
    with database.writing(acting(actor="=cmd|' /C calc'!A0")) as session:
        rename(session, 1, "新")
    sheet = load_workbook(io.BytesIO(auditor.get("/audit.xlsx?action=department").content)).active
    assert sheet is not None
    actors = [row[2].value for row in sheet.iter_rows(min_row=4)]
    assert actors == ["=cmd|' /C calc'!A0", "经办1", "经办0"]
    assert sheet.cell(4, 3).data_type == "s"
    csv = auditor.get("/audit.csv?action=department").content.decode("utf-8-sig")
    assert ",'=cmd|' /C calc'!A0," in csv
    assert auditor.get("/audit.xlsx?action=x").status_code == 422
    told = [one for one in entries(database, 1) if one.action is AuditAction.EXPORT]
    assert [one.reason for one in told] == ["/audit.xlsx?action=department", "/audit.csv?action=department"]
    assert told[0].subject.endswith(".xlsx")
    assert told[0].subject.startswith("测试区审计记录")


# Files that go out


@pytest.mark.parametrize(
    "path",
    [
        "/overdue.xlsx",
        "/overdue/lists/{list}.xlsx",
        "/overdue/lists/{list}.docx",
        "/plans/test-plan/responsibilities.xlsx",
        "/manage/plans/test-plan/editions/1.json",
        "/mail/{mail}.eml",
        "/digests/{run}.xlsx",
        "/audit.csv",
        "/audit.xlsx",
    ],
)
def test_every_file_that_goes_out_is_told(sign_in: SignIn, database: Database, path: str) -> None:
    office = sign_in("秘书处")
    office.post("/digests", {"kind": "weekly", "run_date": "2024-11-25"})
    keys = {
        "list": key(database, "overdue_list"),
        "mail": key(database, "outbox_mail"),
        "run": key(database, "digest_run"),
    }
    known = len(entries(database, 1))
    answer = office.get(path.format(**keys))
    assert answer.status_code == 200, answer.text
    assert "Content-Disposition" in answer.headers
    told = entries(database, 1)[known:]
    assert [(one.action, one.actor, one.reason) for one in told] == [
        (AuditAction.EXPORT, "秘书处", path.format(**keys))
    ]
    assert told[0].subject


FILES = {
    "/overdue.xlsx",
    "/overdue/lists/{list_id}.xlsx",
    "/overdue/lists/{list_id}.docx",
    "/plans/{code}/responsibilities.xlsx",
    "/manage/plans/{code}/editions/{number}.json",
    "/mail/{mail_id}.eml",
    "/digests/{run_id}.xlsx",
    "/audit.{kind}",
    "/evidence/{evidence_id}",
    "/account/handover.docx",
    "/handovers/{handover_id}.docx",
}
# Released to everybody, and not sent as a file.
NO_FILES = {"/public/{code}.json"}


def test_no_route_that_looks_like_a_file_is_left_out() -> None:
    found = {route.path for route in routes() if re.search(r"\.(\w{3,4}|\{kind\})$", route.path)}
    assert found - NO_FILES == FILES - {"/evidence/{evidence_id}"}


def test_evidence_that_is_read_is_told(sign_in: SignIn, database: Database, obligation_of: Find) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    answer = liaison.post(
        f"/obligations/{row.id}/updates",
        {"revision": str(row.revision), "kind": "interim", "text": "见附件", "percent": "40"},
        files=[("files", ("台账.docx", samples.word(), "application/msword"))],
    )
    assert answer.status_code == 303, answer.text
    number = key(database, "evidence")
    assert liaison.get(f"/evidence/{number}").status_code == 200
    told = newest(database)
    assert (told.action, told.subject, told.subject_table, told.subject_id) == (
        AuditAction.EXPORT,
        "台账.docx",
        "evidence",
        number,
    )


def key(database: Database, table: str) -> int | None:
    with database.reading() as session:
        found: int | None = session.execute(text(f"SELECT min(id) FROM {table}")).scalar()
    return found


def test_a_file_does_not_go_out_when_its_entry_cannot_be_written(
    app: FastAPI, sign_in: SignIn, database: Database
) -> None:
    office = sign_in("秘书处")
    with database.writing() as session:
        tamper(session, "UPDATE audit_chain SET seq = 0 WHERE id = 1")  # the next number is taken
    browser = TestClient(app, raise_server_exceptions=False, cookies=office.http.cookies)
    answer = browser.get("/overdue.xlsx")
    assert answer.status_code == 500
    assert "Content-Disposition" not in answer.headers


# Refusals


def test_what_was_refused_is_told_once(sign_in: SignIn, database: Database) -> None:
    liaison = sign_in("甲局联络员")
    assert liaison.get("/manage/accounts/1").status_code == 404
    told = newest(database)
    assert (told.action, told.outcome, told.actor) == (AuditAction.ACCESS, ActResult.REFUSED, "甲局联络员")
    assert (told.subject, told.subject_table, told.subject_id) == ("GET /manage/accounts/1", "account", 1)
    assert refusals(database) == ["GET /manage/accounts/1"]


def test_addresses_that_lead_nowhere_are_not(sign_in: SignIn, client: TestClient, database: Database) -> None:
    liaison = sign_in("甲局联络员")
    known = len(entries(database))
    for path in ("/nothing", "/obligations/999999", "/plans/none", "/" + "x" * 5000, "/obligations/x"):
        liaison.get(path)
        client.get(path)
    assert len(entries(database)) == known


def test_a_form_without_its_token_is_told(sign_in: SignIn, database: Database) -> None:
    office = sign_in("秘书处")
    answer = office.http.post("/manage/calendar", data={"csrf": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert newest(database).subject == "POST /manage/calendar"
    assert "其他网站" in newest(database).reason


def test_a_flood_of_refusals_is_told_once_and_for_all(sign_in: SignIn, client: TestClient, database: Database) -> None:
    liaison = sign_in("甲局联络员")
    for _ in range(MOST + 5):
        liaison.get("/manage/accounts/1")
    assert len(refusals(database)) == MOST
    assert "不再逐条记录" in newest(database).reason
    other = sign_in("乙局联络员")
    other.get("/manage/accounts/1")
    assert newest(database).actor == "乙局联络员"
    for _ in range(MOST + 5):
        client.post("/sign-in", data={"login": "x", "password": "y"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert len(refusals(database, 0)) == MOST
    assert MOST_OF_STRANGERS > MOST


def test_after_some_minutes_refusals_are_told_again(sign_in: SignIn, database: Database) -> None:
    liaison = sign_in("甲局联络员")
    for number in range(MOST):
        past = acting(AuditAction.ACCESS, actor_id=account(database), outcome=ActResult.REFUSED, subject=f"{number}")()
        with database.writing(partial(shifted, past)) as session:
            rename(session, 1, f"{number}")
    liaison.get("/manage/accounts/1")
    assert newest(database).subject == "GET /manage/accounts/1"


def shifted(act: Act) -> Act:
    return replace(act, at=NOW - timedelta(minutes=11))


def account(database: Database) -> int:
    with database.reading() as session:
        found: int = session.execute(text("SELECT id FROM account WHERE login = '甲局联络员'")).scalar_one()
    return found


# What a request is about


def test_an_act_says_which_obligation_it_was_about(
    sign_in: SignIn, auditor: Person, database: Database, obligation_of: Find
) -> None:
    row = obligation_of("甲局")
    number = row.id
    sign_in("甲局联络员").post(
        f"/obligations/{number}/updates",
        {"revision": str(row.revision), "kind": "interim", "text": "正在推进", "percent": "40"},
    )
    told = newest(database)
    assert (told.action, told.subject_table, told.subject_id) == (AuditAction.REPORT, "obligation", number)
    assert changes_of(told, "progress_update")[0]["after"]["text"] == "正在推进"
    page = auditor.get(f"/audit?about=obligation-{number}").text
    assert "1.1 开展宣传活动" in page
    assert "甲局联络员" in page

"""What became of a run's mails: each figure opens exactly its rows."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import event
from sqlmodel import Session, col, select
from starlette.testclient import TestClient

from app.db import Database
from app.domain.delivery import OF_ANY_MAIL, Delivery
from app.models import Account, Digest, DigestRun, Obligation, OutboxMail, ProgressUpdate, ReportLink
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailFault, MailState
from app.models.progress_update import UpdateKind
from tests.conftest import NOW, TODAY, Person
from tests.routers.test_mail import add_mail

SignIn = Callable[[str], Person]
LATER = NOW + timedelta(hours=1)


def add_run(session: Session, **changed: Any) -> DigestRun:
    account = session.exec(select(Account).where(Account.login == "甲局联络员")).one()
    said = {"region_id": account.region_id, "kind": RunKind.DAILY, "run_date": TODAY, "made_at": NOW}
    run = DigestRun(**(said | {"completed_at": NOW} | changed))  # type: ignore[arg-type]
    session.add(run)
    session.flush()
    return run


def add_told(session: Session, run: DigestRun, login: str, number: int, **changed: Any) -> Digest:
    account = session.exec(select(Account).where(Account.login == login)).one()
    said = {"account_id": account.id, "department_id": account.department_id, "to_name": login}
    mail = add_mail(session, number, **(said | changed))
    owed = session.exec(
        select(Obligation.id).where(Obligation.department_id == account.department_id).order_by(col(Obligation.id))
    ).all()
    items = [{"obligation": one, "heading": "overdue", "due": None, "revision": 1} for one in owed]
    digest = Digest(run_id=run.id or 0, account_id=account.id or 0, items=items, mail_id=mail.id)
    session.add(digest)
    session.flush()
    return digest


def add_report(session: Session, digest: Digest, at: Any) -> None:
    obligation = session.get_one(Obligation, digest.items[0]["obligation"])
    session.add(
        ProgressUpdate(
            region_id=obligation.region_id,
            obligation_id=obligation.id or 0,
            department_id=obligation.department_id,
            author_id=digest.account_id,
            kind=UpdateKind.INTERIM,
            text="进展",
            percent=10,
            on=TODAY,
            recorded_at=at,
        )
    )


@pytest.fixture
def run_id(database: Database) -> int:
    """甲局 was told, opened and reported; 乙局 reported before the mail alone; 丙局's came back; and so on."""
    gone = {"state": MailState.SENT, "sent_at": NOW, "attempts": 1}
    with database.writing() as session:
        run = add_run(session, mails=6)
        first = add_told(session, run, "甲局联络员", 1, **gone, answer="250 2.0.0 Ok: queued as 4XyZ1k")
        add_report(session, first, LATER)
        session.add(
            ReportLink(
                region_id=run.region_id,
                account_id=first.account_id,
                digest_id=first.id or 0,
                mail_id=first.mail_id or 0,
                token_sha256="0" * 64,
                created_at=NOW,
                expires_at=LATER,
                opened_at=LATER,
            )
        )
        early = add_told(session, run, "乙局联络员", 2, **gone)
        add_report(session, early, NOW - timedelta(minutes=1))
        add_told(session, run, "丙局联络员", 3, **gone, bounced_at=LATER, bounce="550 5.1.1 gone", in_doubt=True)
        add_told(session, run, "东街道联络员", 4, held_at=NOW, held_by=1, reason="核对")
        failed = add_told(
            session, run, "西街道联络员", 5, state=MailState.FAILED, fault=MailFault.ADDRESS, error="550 no such user"
        )
        add_mail(session, 6, to_name="西街道联络员", copy_of=failed.mail_id, **gone)
        add_told(session, run, "甲局负责人", 7)
        session.exec(select(Account).where(Account.login == "秘书处")).one().email = None
        return run.id or 0


EXPECTED = {
    Delivery.QUEUED: ["甲局负责人"],
    Delivery.HELD: ["东街道联络员"],
    Delivery.SENDING: [],
    Delivery.SENT: ["甲局联络员", "乙局联络员", "西街道联络员"],
    Delivery.BOUNCED: ["丙局联络员"],
    Delivery.FAILED: [],
    Delivery.DROPPED: [],
    Delivery.DOUBT: ["丙局联络员"],
    Delivery.AGAIN: ["西街道联络员"],
    Delivery.OPENED: ["甲局联络员"],
    Delivery.REPORTED: ["甲局联络员"],
    Delivery.SILENT: ["乙局联络员", "西街道联络员"],
    Delivery.UNADDRESSED: ["秘书处"],
}


def rows(html: str) -> list[str]:
    return re.findall(r'<th scope="row"><bdi>([^<]+)</bdi>', html)


def test_each_figure_opens_exactly_its_rows(sign_in: SignIn, run_id: int) -> None:
    secretary = sign_in("秘书处")
    html = secretary.get(f"/digests/{run_id}").text
    assert len(rows(html)) == 6
    assert figures(html) == {one.value: str(len(found)) for one, found in EXPECTED.items() if found}
    for one, found in EXPECTED.items():
        if found:
            assert rows(secretary.get(f"/digests/{run_id}?show={one.value}").text) == found, one
    assert "没有这种情况的邮件" in secretary.get(f"/digests/{run_id}?show=sending").text


def test_a_person_is_told_of_with_the_servers_words(sign_in: SignIn, run_id: int) -> None:
    html = sign_in("秘书处").get(f"/digests/{run_id}").text
    for said in (
        "queued as 4XyZ1k",
        "550 5.1.1 gone",
        "列入",
        "已填报1项",
        "2024年11月25日 11:00",
        "再次发送1次",
        "暂缓发送",
    ):
        assert said in html
    assert "550 no such user" not in html, "it was sent again since"


def figures(html: str) -> dict[str, str]:
    return dict(re.findall(r"\?show=(\w+)[^>]*>[^<]*<span class=\"tab-count\">(\d+)", html))


GONE: dict[str, Any] = {"state": MailState.SENT, "sent_at": NOW, "attempts": 1}
TAKEN_BACK: dict[str, Any] = {
    "state": MailState.FAILED,
    "fault": MailFault.DROPPED,
    "error": "秘书处已取消发送：重复",
}
REFUSED: dict[str, Any] = {"state": MailState.FAILED, "fault": MailFault.ADDRESS, "error": "550 no such user"}


@pytest.mark.parametrize(
    ("first", "copies", "standing", "newest", "again"),
    [
        (GONE, [TAKEN_BACK], Delivery.SENT, "已取消", 0),
        (GONE, [{}], Delivery.SENT, "待发送", 1),
        (GONE, [{"held_at": NOW}], Delivery.SENT, "暂缓发送", 1),
        (GONE, [REFUSED], Delivery.SENT, "发送失败", 1),
        (GONE | {"bounced_at": LATER}, [GONE], Delivery.SENT, None, 1),
        (GONE | {"bounced_at": LATER}, [TAKEN_BACK], Delivery.BOUNCED, "已取消", 0),
        (GONE, [GONE | {"bounced_at": LATER}, TAKEN_BACK], Delivery.BOUNCED, "已取消", 1),
        (REFUSED, [{}], Delivery.QUEUED, None, 1),
        (REFUSED, [TAKEN_BACK], Delivery.DROPPED, None, 0),
        (TAKEN_BACK, [], Delivery.DROPPED, None, 0),
        (REFUSED, [], Delivery.FAILED, None, 0),
    ],
)
def test_a_copy_counts_for_its_person_once_it_was_sent(
    sign_in: SignIn,
    database: Database,
    first: dict[str, Any],
    copies: list[dict[str, Any]],
    standing: Delivery,
    newest: str | None,
    again: int,
) -> None:
    with database.writing() as session:
        run = add_run(session, mails=1)
        told = add_told(session, run, "乙局联络员", 1, **first)
        for number, copy in enumerate(copies, start=2):
            add_mail(session, number, to_name="乙局联络员", copy_of=told.mail_id, **copy)
        run_id = run.id
    html = sign_in("秘书处").get(f"/digests/{run_id}").text
    of_mails = {one.value for one in OF_ANY_MAIL} & set(figures(html))
    assert of_mails == {standing.value}
    assert figures(html).get("again", "0") == str(min(again, 1))
    assert (f"再次发送{again}次" in html) == (again > 0)
    assert re.findall(r"最近一次再次发送：([^<]+)", html) == ([newest] if newest else [])
    assert ("发送失败" in html) == (standing is Delivery.FAILED or newest == "发送失败")


def test_only_who_can_report_is_waited_for(sign_in: SignIn, database: Database) -> None:
    logins = ("乙局联络员", "甲局负责人", "领导", "秘书处")
    with database.writing() as session:
        run = add_run(session, mails=4)
        items = add_told(session, run, "乙局联络员", 1, **GONE).items
        for number, login in enumerate(logins[1:], start=2):
            add_told(session, run, login, number, **GONE).items = items
        run_id = run.id
    secretary = sign_in("秘书处")
    html = secretary.get(f"/digests/{run_id}").text
    assert rows(html) == list(logins)
    assert figures(html)["silent"] == "1"
    assert rows(secretary.get(f"/digests/{run_id}?show=silent").text) == ["乙局联络员"]
    assert html.count('—</span><span class="visually-hidden">不填报</span>') == 3
    assert html.count("暂无") == 1
    assert re.findall(r'<td data-label="单位">([^<]+)</td>', html) == ["乙局", "甲局", "领导", "秘书处"]


def test_a_leader_without_an_address_is_a_leader(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session:
        run_id = add_run(session).id
        session.exec(select(Account).where(Account.login == "领导")).one().email = None
    html = sign_in("秘书处").get(f"/digests/{run_id}?show=unaddressed").text
    assert re.findall(r'<td data-label="单位">([^<]+)</td>', html) == ["领导"]


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", listen)
    yield said
    event.remove(database.engine, "before_cursor_execute", listen)


def test_the_number_of_queries_does_not_grow_and_pages_have_fifty_rows(
    sign_in: SignIn, database: Database, run_id: int
) -> None:
    secretary = sign_in("秘书处")
    secretary.get(f"/digests/{run_id}")
    with statements(database) as few:
        secretary.get(f"/digests/{run_id}")
    with database.writing() as session:
        run = session.get_one(DigestRun, run_id)
        pattern = session.exec(select(Account).where(Account.login == "乙局联络员")).one()
        for number in range(60):
            session.add(
                Account(
                    **pattern.model_dump(exclude={"id"})
                    | {"login": f"更多{number}", "email": f"more{number}@example.org", "provider_subject": None}
                )
            )
            session.flush()
            add_told(session, run, f"更多{number}", 100 + number)
    with statements(database) as many:
        first = secretary.get(f"/digests/{run_id}").text
    assert len(many) == len(few)
    assert len(rows(first)) == 50
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert len(rows(secretary.get(following).text)) == 16


def test_the_file_holds_everybody_and_no_formula(sign_in: SignIn, database: Database, run_id: int) -> None:
    with database.writing() as session:
        session.exec(select(OutboxMail).where(OutboxMail.to_name == "乙局联络员")).one().answer = "=1+1"
    answer = sign_in("秘书处").get(f"/digests/{run_id}.xlsx")
    page = load_workbook(io.BytesIO(answer.content)).active
    assert page is not None
    lines = [[cell.value for cell in line] for line in page.iter_rows(min_row=3)]
    assert [line[0] for line in lines] == [
        "甲局联络员",
        "乙局联络员",
        "丙局联络员",
        "东街道联络员",
        "西街道联络员",
        "甲局负责人",
        "秘书处",
    ]
    assert lines[1][6] == "=1+1"
    assert page["G4"].data_type == "s"
    assert page["G4"].quotePrefix
    assert lines[2][4] == "退信，可能已发送"
    assert lines[6][4] == "未登记邮箱"


@pytest.mark.parametrize("path", ["", ".xlsx"])
def test_only_the_secretariat_of_the_region_reads_it(
    sign_in: SignIn, client: TestClient, run_id: int, path: str
) -> None:
    assert client.get(f"/digests/{run_id}{path}").headers["location"].startswith("/sign-in")
    for login in ("甲局联络员", "领导", "邻区秘书处"):
        assert sign_in(login).get(f"/digests/{run_id}{path}").status_code == 404


@pytest.mark.parametrize("query", ["show=x", "after=-1", "after=99999999999999999999"])
def test_bad_questions_have_a_clear_page(sign_in: SignIn, run_id: int, query: str) -> None:
    answer = sign_in("秘书处").get(f"/digests/{run_id}?{query}")
    assert answer.status_code == 422
    assert "<h1>" in answer.text


def test_an_unfinished_run_says_so(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session:
        run_id = add_run(session, completed_at=None, cut_short=True).id
    html = sign_in("秘书处").get(f"/digests/{run_id}").text
    assert "尚未全部生成" in html
    assert "下一次提醒告知" in html
    assert "未发出邮件" in html

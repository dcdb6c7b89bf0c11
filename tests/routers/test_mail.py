import email
import email.policy
import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlmodel import Session, select
from starlette.testclient import TestClient

from app.db import Database
from app.models import Account, OutboxMail
from app.models.outbox_mail import MailState
from tests.conftest import NOW, Person

SignIn = Callable[[str], Person]


def add_mail(session: Session, number: int = 1, **values: object) -> OutboxMail:
    person = session.exec(select(Account).where(Account.login == "甲局联络员")).one()
    standard: dict[str, object] = {
        "region_id": person.region_id,
        "account_id": person.id,
        "key": f"daily.test.2024-11-25.{number}",
        "message_id": f"<daily.test.2024-11-25.{number}@example.org>",
        "kind": "daily",
        "to_name": "甲局联络员",
        "to_address": "liaison@example.org",
        "subject": f"【督办提醒】逾期{number}项",
        "text": "甲局联络员：\n\n正文",
        "html": '<!doctype html><p style="color:#a61b1b">逾期</p><script>alert(1)</script>',
        "state": MailState.QUEUED,
        "attempts": 0,
        "next_try_at": NOW,
        "created_at": NOW,
    }
    mail = OutboxMail.model_validate(standard | values)
    session.add(mail)
    session.flush()
    return mail


def put(database: Database, **values: object) -> int:
    with database.writing() as session:
        return add_mail(session, **values).id or 0  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/mail", "/mail/{}", "/mail/{}.eml", "/mail/{}/html"])
def test_only_the_secretariat_of_the_region_reads_mails(
    sign_in: SignIn, client: TestClient, database: Database, path: str
) -> None:
    path = path.format(put(database))
    assert client.get(path).headers["location"].startswith("/sign-in")
    assert sign_in("秘书处").get(path).status_code == 200
    for login in ("甲局联络员", "甲局负责人", "领导", "专家"):
        assert sign_in(login).get(path).status_code == 404
    elsewhere = sign_in("邻区秘书处").get(path)
    assert elsewhere.status_code == (200 if path == "/mail" else 404)
    assert "【督办提醒】" not in elsewhere.text


def test_the_log_says_how_far_each_mail_has_come(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session:
        add_mail(session, 1)
        add_mail(session, 2, state=MailState.SENT, attempts=1, sent_at=NOW + timedelta(minutes=1))
        add_mail(session, 3, state=MailState.FAILED, attempts=1, error="550 5.1.1 no such user")
        add_mail(
            session, 4, state=MailState.QUEUED, attempts=2, error="451 later", next_try_at=NOW + timedelta(hours=1)
        )
    html = sign_in("秘书处").get("/mail").text
    for said in (
        "待发送",
        "已发送",
        "发送失败",
        "550 5.1.1 no such user",
        "2024年11月25日 10:01",
        "下次发送：2024年11月25日 11:00",
    ):
        assert said in html
    assert "tag-doubt" not in html
    assert html.index("逾期4项") < html.index("逾期1项"), "newest first"


def test_a_mail_that_may_have_got_through_says_so(sign_in: SignIn, database: Database) -> None:
    sent = put(database, number=1, state=MailState.SENT, attempts=2, in_doubt=True, sent_at=NOW)
    put(database, number=2, state=MailState.QUEUED, attempts=1, in_doubt=True)
    secretary = sign_in("秘书处")
    html = secretary.get("/mail").text
    assert html.count("tag-doubt") == 2
    assert html.count("可能已发送两次") == 1
    assert "可能收到两封标识相同的邮件" in secretary.get(f"/mail/{sent}").text


def test_mails_are_found_by_state(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session:
        add_mail(session, 1)
        add_mail(session, 2, state=MailState.FAILED)
    secretary = sign_in("秘书处")
    html = secretary.get("/mail?state=failed").text
    assert "逾期2项" in html
    assert "逾期1项" not in html
    assert "没有这种状态的邮件" in secretary.get("/mail?state=sent").text


def test_the_log_goes_on_page_by_page(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session:
        for number in range(1, 103):
            add_mail(session, number)
    secretary = sign_in("秘书处")
    pages = [secretary.get("/mail?state=queued").text]
    while 'rel="next"' in pages[-1]:
        following = pages[-1].split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
        pages.append(secretary.get(following.replace("&amp;", "&")).text)
    assert [html.count("mail-subject") for html in pages] == [50, 50, 2]


def test_mails_are_found_by_any_part_of_name_or_address(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session:
        add_mail(session, 1)
        add_mail(session, 2, to_name="乙局负责人", to_address="head_50%@example.org", state=MailState.FAILED)
    secretary = sign_in("秘书处")

    def found(query: str) -> list[str]:
        return re.findall(r"【督办提醒】逾期(\d)项", secretary.get(f"/mail?{query}").text)

    assert found("q=乙局") == ["2"]
    assert found("q=LIAISON@") == ["1"]
    assert found("q=example.org") == ["2", "1"]
    assert found("q=50%25") == ["2"]
    assert found("q=d_5") == ["2"]
    assert found("q=n_e") == [], "signs of a pattern are only signs"
    assert found("q=乙局&state=sent") == []
    assert found("q=乙局&state=failed") == ["2"]
    assert "没有发给这个收件人的邮件" in secretary.get("/mail?q=nobody").text
    assert 'value="乙局"' in secretary.get("/mail?q=乙局&state=failed").text


def test_the_search_is_kept_from_page_to_page(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session:
        for number in range(1, 61):
            add_mail(session, number, to_name="甲 & 乙" if number % 10 else "丙局")
    secretary = sign_in("秘书处")
    html = secretary.get("/mail?q=甲 %26 乙&state=queued").text
    assert html.count("mail-subject") == 50
    following = html.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "state=queued" in following
    assert secretary.get(following).text.count("mail-subject") == 4
    tabs = re.findall(r'<li><a href="([^"]+)"', html.split('class="tabs"')[1].split("</ul>")[0])
    assert all("q=" in tab for tab in tabs)


def test_a_search_that_is_too_long_is_said_at_its_field(sign_in: SignIn) -> None:
    answer = sign_in("秘书处").get("/mail?q=" + "长" * 101)
    assert (answer.status_code, "查找内容不能超过100个字" in answer.text) == (422, True)


def test_one_mail_shows_headers_text_and_a_locked_frame(sign_in: SignIn, database: Database) -> None:
    key = put(database)
    secretary = sign_in("秘书处")
    answer = secretary.get(f"/mail/{key}")
    for said in (
        "liaison@example.org",
        "duban@localhost.localdomain",
        "&lt;daily.test.2024-11-25.1@example.org&gt;",
        "正文",
    ):
        assert said in answer.text
    assert f'src="/mail/{key}/html"' in answer.text
    assert "<script>alert(1)</script>" not in answer.text
    frame = secretary.get(f"/mail/{key}/html")
    policy = frame.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "逾期" in frame.text


def test_the_mail_can_be_taken_away_as_a_file(sign_in: SignIn, database: Database) -> None:
    key = put(database, attachments=[{"file_name": "清单.xlsx", "media_type": "application/zip", "content": "UEsD"}])
    answer = sign_in("秘书处").get(f"/mail/{key}.eml")
    assert answer.headers["content-type"].startswith("message/rfc822")
    assert "attachment" in answer.headers["content-disposition"]
    message = email.message_from_bytes(answer.content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert message["Subject"] == "【督办提醒】逾期1项"
    assert message["Message-ID"] == "<daily.test.2024-11-25.1@example.org>"
    assert [part.get_filename() for part in message.iter_attachments()] == ["清单.xlsx"]


def test_a_mail_without_a_right_address_says_so_instead_of_failing(sign_in: SignIn, database: Database) -> None:
    key = put(database, to_address="no address")
    secretary = sign_in("秘书处")
    assert secretary.get(f"/mail/{key}").status_code == 200
    refused = secretary.get(f"/mail/{key}.eml")
    assert refused.status_code == 422
    assert "收件地址不正确" in refused.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/mail?state=lost", 422),
        ("/mail?before=0", 422),
        ("/mail?before=x", 422),
        ("/mail?before=99999999999999999999", 422),
        ("/mail/0", 422),
        ("/mail/x", 422),
        ("/mail/404", 404),
        ("/mail/404.eml", 404),
        ("/mail/404/html", 404),
        ("/mail/99999999999999999999.eml", 422),
    ],
)
def test_bad_addresses_have_a_clear_page(sign_in: SignIn, path: str, status: int) -> None:
    answer = sign_in("秘书处").get(path)
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_an_empty_log_says_so(sign_in: SignIn) -> None:
    assert "没有邮件" in sign_in("秘书处").get("/mail").text

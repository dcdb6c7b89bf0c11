"""The secretariat holds, releases, drops and repeats single mails, each with a reason on record."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from app.db import Database
from app.domain.audit import AuditAction, Channel
from app.models import OutboxMail, ReportLink
from app.models.outbox_mail import MailFault, MailState
from app.settings import Settings
from tests.conftest import NOW, Person
from tests.mailed_links import mailed
from tests.routers.test_mail import add_mail, put
from tests.trail import entries

SignIn = Callable[[str], Person]
MARKED = "https://duban.example.org/r/{report-link}"


def row(database: Database, mail_id: int) -> OutboxMail:
    with database.reading() as session:
        mail = session.get_one(OutboxMail, mail_id)
        session.expunge(mail)
        return mail


def newest_act(database: Database) -> Any:
    return [one for one in entries(database) if one.action is AuditAction.MAIL and one.channel is Channel.WEB][-1]


def test_a_mail_is_held_released_and_dropped_each_on_record(sign_in: SignIn, database: Database) -> None:
    mail_id = put(database)
    secretary = sign_in("秘书处")
    held = secretary.post(f"/mail/{mail_id}/hold", {"reason": "与甲局核对"})
    assert (held.status_code, held.headers["location"]) == (303, f"/mail/{mail_id}?notice=mail-held")
    assert secretary.post(f"/mail/{mail_id}/hold", {"reason": "与甲局核对"}).status_code == 303, "a double click"
    html = secretary.get(f"/mail/{mail_id}").text
    assert "暂缓发送" in html
    assert "秘书处于2024年11月25日 10:00暂缓：与甲局核对" in html
    assert "恢复发送" in html
    assert secretary.get("/mail?state=held").text.count("mail-subject") == 1
    assert secretary.get("/mail?state=queued").text.count("mail-subject") == 0
    assert newest_act(database).reason == "暂缓发送：与甲局核对"
    assert newest_act(database).actor == "秘书处"
    secretary.post(f"/mail/{mail_id}/release", {"reason": "已核对"})
    assert row(database, mail_id).held_at is None
    assert newest_act(database).reason == "恢复发送：已核对"
    secretary.post(f"/mail/{mail_id}/drop", {"reason": "重复"})
    dropped = row(database, mail_id)
    assert (dropped.state, dropped.fault) == (MailState.FAILED, MailFault.DROPPED)
    html = secretary.get(f"/mail/{mail_id}").text
    assert "</span> 已取消</span>" in html
    assert "原因：重复" in html
    assert "发送失败" not in html
    listed = secretary.get("/mail?state=dropped").text
    assert listed.count("mail-subject") == 1
    assert "秘书处已取消发送：重复" in listed
    assert secretary.get("/mail?state=failed").text.count("mail-subject") == 0
    assert "?state=failed" not in secretary.get("/desk").text, "what was meant is no failure"
    assert "没有发送失败的邮件" in secretary.get("/manage").text
    late = secretary.post(f"/mail/{mail_id}/hold", {"reason": "太晚"})
    assert late.status_code == 409
    assert "不再发送" in late.text
    assert 'value="太晚"' in late.text


@pytest.mark.parametrize("reason", ["", "   ", "一" * 501, "一" * 10_000, "甲\u202e乙", "甲\n乙"])
@pytest.mark.parametrize("verb", ["hold", "again"])
def test_without_a_good_reason_nothing_happens_and_nothing_is_lost(
    sign_in: SignIn, database: Database, verb: str, reason: str
) -> None:
    mail_id = put(database, state=MailState.SENT if verb == "again" else MailState.QUEUED, sent_at=NOW)
    answer = sign_in("秘书处").post(f"/mail/{mail_id}/{verb}", {"reason": reason, "copies": "0"})
    assert answer.status_code == 422
    assert 'id="reason-fault"' in answer.text
    assert reason.strip()[:20] in answer.text
    with database.reading() as session:
        assert len(session.exec(select(OutboxMail)).all()) == 1


def test_a_mail_is_sent_again_once_per_form(sign_in: SignIn, database: Database) -> None:
    mail_id = put(database, state=MailState.SENT, sent_at=NOW, to_address="account4@example.org")
    secretary = sign_in("秘书处")
    typed = {"reason": "收件人反映<script>未收到", "copies": "0"}
    first, second = (secretary.post(f"/mail/{mail_id}/again", typed) for _click in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    copy = secretary.get(first.headers["location"]).text
    assert "再次发送：【督办提醒】逾期1项" in copy
    assert "首次邮件" in copy
    assert "收件人反映&lt;script&gt;未收到" in copy
    shown = secretary.get(f"/mail/{mail_id}").text
    assert "第1次再次发送" in shown
    assert 'action="/mail/' not in shown, "while one is on its way there is no second"
    assert newest_act(database).reason == "再次发送：收件人反映<script>未收到"
    for copies in ("1", "x", "", "99999999999999999999"):
        late = secretary.post(f"/mail/{mail_id}/again", {"reason": "又一次", "copies": copies})
        assert late.status_code == 409
        assert "又一次" in late.text


def test_a_copy_keeps_the_reason_it_was_sent_again_for(sign_in: SignIn, database: Database) -> None:
    mail_id = put(database, state=MailState.SENT, sent_at=NOW, to_address="account4@example.org")
    secretary = sign_in("秘书处")
    copy = secretary.post(f"/mail/{mail_id}/again", {"reason": "未收到", "copies": "0"}).headers["location"]
    copy = copy.split("?")[0]
    copy_id = int(copy.rsplit("/", 1)[1])

    def done(verb: str, reason: str) -> str:
        for _click in range(2 if verb != "release" else 1):
            assert secretary.post(f"{copy}/{verb}", {"reason": reason}).status_code == 303
        assert row(database, copy_id).reason == "未收到"
        assert newest_act(database).reason.endswith(f"：{reason}")
        html: str = secretary.get(copy).text
        assert "秘书处再次发送，原因：未收到" in html
        return html

    held = done("hold", "等一等")
    assert "秘书处于2024年11月25日 10:00暂缓，原因见审计记录" in held
    assert "暂缓：未收到" not in held
    done("release", "可以了")
    dropped = done("drop", "已当面告知")
    assert "秘书处已取消发送：已当面告知" in dropped
    assert "</span> 已取消</span>" in dropped
    assert "</span> 已取消</span>" in secretary.get(f"/mail/{mail_id}").text


def test_a_dropped_mail_takes_its_report_link_with_it(sign_in: SignIn, database: Database, settings: Settings) -> None:
    mailed(database, settings, "乙局联络员", [1])
    with database.writing() as session:
        link = session.exec(select(ReportLink)).one()
        mail = session.get_one(OutboxMail, link.mail_id)
        mail_id, mail.state, mail.sent_at, mail.fault = link.mail_id, MailState.QUEUED, None, None
    secretary = sign_in("秘书处")
    assert "撤销填报链接" in secretary.get(f"/mail/{mail_id}").text
    assert secretary.post(f"/mail/{mail_id}/drop", {"reason": "重复"}).status_code == 303
    with database.reading() as session:
        assert session.exec(select(ReportLink.revoked_at)).one() is not None
    html = secretary.get(f"/mail/{mail_id}").text
    assert "填报链接" in html
    assert "/report-link/revoke" not in html


@pytest.mark.parametrize("state", [MailState.SENT, MailState.FAILED])
def test_a_dropped_copy_leaves_the_link_of_what_went_out(
    sign_in: SignIn, database: Database, settings: Settings, state: MailState
) -> None:
    mailed(database, settings, "乙局联络员", [1])
    with database.writing() as session:
        first = session.exec(select(ReportLink.mail_id)).one()
        session.get_one(OutboxMail, first).state = state
        again = add_mail(session, 9, copy_of=first, account_id=session.get_one(OutboxMail, first).account_id)
        copy_id = again.id
    secretary = sign_in("秘书处")
    assert secretary.post(f"/mail/{copy_id}/drop", {"reason": "重复"}).status_code == 303
    with database.reading() as session:
        assert (session.exec(select(ReportLink.revoked_at)).one() is None) == (state is MailState.SENT)


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        ({"state": MailState.SENT, "sent_at": NOW, "bounced_at": NOW, "bounce": "550 gone"}, "收下后又退回"),
        ({"state": MailState.FAILED, "fault": MailFault.ADDRESS}, "在账号管理中改正后再次发送"),
        ({"state": MailState.FAILED, "fault": MailFault.CONTENT}, "转给邮件服务器管理员"),
        ({"state": MailState.FAILED, "fault": MailFault.GAVE_UP}, "已不再自动发送"),
        ({"state": MailState.FAILED, "fault": MailFault.UNWANTED}, "已有变动"),
        ({"state": MailState.FAILED, "fault": MailFault.DROPPED}, "由秘书处取消"),
        ({"error": "451 later", "attempts": 1, "next_try_at": NOW + timedelta(hours=1)}, "不必处理"),
    ],
)
def test_the_page_of_a_mail_that_did_not_arrive_says_what_to_do(
    sign_in: SignIn, database: Database, values: dict[str, Any], advice: str
) -> None:
    mail_id = put(database, **values)
    assert advice in sign_in("秘书处").get(f"/mail/{mail_id}").text


def test_bounced_mails_are_found_and_said(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session:
        add_mail(session, 1, state=MailState.SENT, sent_at=NOW)
        add_mail(session, 2, state=MailState.SENT, sent_at=NOW, bounced_at=NOW, bounce="550 5.1.1 gone")
    secretary = sign_in("秘书处")
    html = secretary.get("/mail?state=bounced").text
    assert "逾期2项" in html
    assert "逾期1项" not in html
    assert "550 5.1.1 gone" in html
    assert "逾期2项" not in secretary.get("/mail?state=sent").text


def test_the_place_of_a_report_link_is_covered_wherever_a_mail_is_shown(sign_in: SignIn, database: Database) -> None:
    mail_id = put(database, text=f"填报：{MARKED}", html=f'<a href="{MARKED}">填报</a>')
    secretary = sign_in("秘书处")
    for path in (f"/mail/{mail_id}", f"/mail/{mail_id}/html", f"/mail/{mail_id}.eml"):
        assert "report-link" not in secretary.get(path).text
    assert "/r/••••••" in secretary.get(f"/mail/{mail_id}/html").text


@pytest.mark.parametrize("verb", ["hold", "release", "drop", "again"])
def test_only_the_secretariat_of_the_region_steers(
    sign_in: SignIn, client: TestClient, database: Database, verb: str
) -> None:
    mail_id = put(database)
    typed = {"reason": "核对", "copies": "0"}
    assert client.post(f"/mail/{mail_id}/{verb}", data=typed).status_code == 401
    for login in ("甲局联络员", "甲局负责人", "领导", "邻区秘书处"):
        assert sign_in(login).post(f"/mail/{mail_id}/{verb}", typed).status_code == 404
    secretary = sign_in("秘书处")
    assert secretary.post(f"/mail/404/{verb}", typed).status_code == 404
    assert row(database, mail_id).held_at is None

"""What mail servers send back: reports of RFC 3464 and what others write, and that a forged one changes nothing."""

import pytest
from sqlmodel import select

from app.changes.edit_account import account_mark
from app.models import Account, OutboxMail
from app.models.inbound_mail import InboundKind
from tests.inbox.conftest import Office

REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: duban@localhost.localdomain
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Message-ID: <{number}@mx.example.org>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--b
Content-Type: {returned}

From: duban@localhost.localdomain
Message-ID: {message_id}
Subject: x

--b--
"""


def report(office: Office, login: str = "甲局联络员", **changed: str) -> bytes:
    letter = office.letter(login)
    values = {
        "address": letter.to_address,
        "action": "failed",
        "status": "5.1.1",
        "said": "550 5.1.1 no such user",
        "returned": "text/rfc822-headers",
        "message_id": letter.message_id,
        "number": "1",
    }
    return REPORT.format(**{**values, **changed}).encode()


def standing(office: Office, login: str = "甲局联络员") -> tuple[bool, str, str]:
    """(whether it bounced, what is said with the mail, what with the account)."""
    with office.database.reading() as session:
        account = session.exec(select(Account).where(Account.login == login)).one()
        mail = session.exec(select(OutboxMail).where(OutboxMail.account_id == account.id)).one()
        assert (account.mail_fault_at is None) is (account.mail_fault == "")
        return mail.bounced_at is not None, mail.bounce, account.mail_fault


@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
def test_a_hard_bounce_is_told_with_the_mail_and_the_account(office: Office, returned: str) -> None:
    taken = office.take(report(office, returned=returned))
    said = "收件地址不存在（5.1.1）：550 5.1.1 no such user"
    assert (taken.kind, taken.outcome) == (InboundKind.BOUNCE, said)
    assert standing(office) == (True, said, said)


@pytest.mark.parametrize(
    ("action", "status", "bounced"),
    [("delayed", "4.4.1", False), ("failed", "4.4.7", True), ("delivered", "2.0.0", False)],
)
def test_what_is_not_for_good_is_no_fault_of_the_address(
    office: Office, action: str, status: str, bounced: bool
) -> None:
    office.take(report(office, action=action, status=status, said="try again"))
    came_back, _said, fault = standing(office)
    assert (came_back, fault) == (bounced, "")


def test_an_address_that_was_changed_meanwhile_is_not_blamed(office: Office) -> None:
    bounced = report(office)
    office.change("甲局联络员", email="new@example.org")
    office.take(bounced)
    assert standing(office)[0::2] == (True, "")


def test_a_forged_report_changes_nothing(office: Office) -> None:
    for number, message_id in enumerate(("<x@example.org>", "", "<daily.test.2024-11-25.7@localhost.localdomain>")):
        taken = office.take(report(office, message_id=message_id, number=str(number)))
        assert taken.kind is InboundKind.STRANGER
    assert standing(office) == (False, "", "")


QQ = """\
From: PostMaster <PostMaster@qq.com>
To: duban@localhost.localdomain
Subject: =?utf-8?b?57O757uf6YCA5L+hL1N5c3RlbXMgYm91bmNl?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="q"

--q
Content-Type: text/html; charset=utf-8

<p>抱歉，您的邮件被退回来了……</p><p>无法发送到 {address}</p><p>退信原因：收件人邮件地址（{address}）不存在，邮件无法送达。</p>
<p>host mx.qq.com said: 550 Mailbox unavailable or access denied</p>
--q
Content-Type: application/octet-stream; name="original.eml"
Content-Disposition: attachment; filename="original.eml"

Message-ID: {message_id}
Subject: x
--q--
"""
EXCHANGE = """\
From: <postmaster@office.example.org>
To: duban@localhost.localdomain
Subject: =?utf-8?b?5pyq6YCB6L6+?=
In-Reply-To: {message_id}
Content-Type: text/plain; charset=gb2312
Content-Transfer-Encoding: 8bit

未能将邮件传递到以下收件人：
{address}
邮箱已满。 #< #5.2.2 smtp;552 5.2.2 mailbox full>
"""


@pytest.mark.parametrize(("text", "charset", "status"), [(QQ, "utf-8", "550"), (EXCHANGE, "gb18030", "5.2.2")])
def test_reports_that_keep_to_no_standard(office: Office, text: str, charset: str, status: str) -> None:
    letter = office.letter("甲局联络员")
    content = text.format(address=letter.to_address, message_id=letter.message_id)
    taken = office.take(content.encode(charset))
    assert taken.kind is InboundKind.BOUNCE
    came_back, said, fault = standing(office)
    assert came_back
    assert f"（{status}）" in said
    assert fault == said


def test_an_answer_that_speaks_of_a_bounce_is_an_answer(office: Office) -> None:
    taken = office.take(office.reply("甲局联络员", "昨天的邮件被退信，550错误，已处理。", Subject="退信的说明"))
    assert taken.kind is InboundKind.ANSWER
    assert standing(office) == (False, "", "")


def test_another_address_makes_the_fault_forgotten(office: Office, sign_in) -> None:  # type: ignore[no-untyped-def]
    office.take(report(office))
    key = office.account("甲局联络员").id
    person = sign_in("秘书处")
    shown = person.get(f"/manage/accounts/{key}").text
    assert "收件地址不存在（5.1.1）" in shown
    assert "退信" in person.get("/manage/accounts?standing=bounced").text
    assert "1个账号的邮件被退回" in person.get("/manage").text
    data = {
        "seen": account_mark(office.account("甲局联络员")),
        "name": "甲局联络员",
        "role": "liaison",
        "department": "甲局",
    }
    assert person.post(f"/manage/accounts/{key}", {**data, "email": "new@example.org"}).status_code == 303
    assert office.account("甲局联络员").mail_fault == ""
    assert "被退回" not in person.get("/manage").text

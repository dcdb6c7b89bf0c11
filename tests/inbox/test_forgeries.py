"""Forged senders get nowhere: their mails are recorded with the reason, and nothing else changes."""

import pytest
from sqlmodel import col, func, select

from app.models import Account, AuditEntry, MailedAnswer, OutboxMail
from app.models.account import AccountRole
from app.models.inbound_mail import InboundKind
from tests.inbox.conftest import Office


def refused(office: Office, reason: str) -> None:
    (mail,) = office.inbound()
    assert mail.kind is InboundKind.STRANGER
    assert reason in mail.outcome
    assert office.answers() == []


@pytest.mark.parametrize(
    "sender",
    [
        "甲局联络员 <somebody@example.org>",
        '"{own}" <somebody@example.org>',
        "{own} <somebody@example.org>",
        "somebody@example.org <x{own}>",
    ],
)
def test_an_answer_from_another_address(office: Office, sender: str) -> None:
    own = office.letter("甲局联络员").to_address
    office.take(office.reply("甲局联络员", "冒名", From=sender.replace("{own}", own)))
    (mail,) = office.inbound()
    assert mail.kind is InboundKind.STRANGER
    assert office.answers() == []


@pytest.mark.parametrize("more", ["From: somebody@example.org\n", "from: {own}\n"])
def test_two_from_headers(office: Office, more: str) -> None:
    own = office.letter("甲局联络员").to_address
    raw = office.reply("甲局联络员", "冒名").as_bytes()
    office.take(more.replace("{own}", own).encode() + raw)
    refused(office, "发件人不明")


@pytest.mark.parametrize(
    "sender",
    [
        "{own}, somebody@example.org",
        "<{own}> <somebody@example.org>",
        "班子: {own};",
        "",
        "{own} (somebody@example.org)",
    ],
)
def test_a_from_header_that_says_more_or_less_than_one_address(office: Office, sender: str) -> None:
    own = office.letter("甲局联络员").to_address
    raw = office.reply("甲局联络员", "冒名", From="x@example.org").as_bytes()
    office.take(raw.replace(b"From: x@example.org", b"From: " + sender.replace("{own}", own).encode()))
    refused(office, "发件人不明")


def test_sender_and_reply_to_count_for_nothing(office: Office) -> None:
    own = office.letter("甲局联络员").to_address
    office.take(office.reply("甲局联络员", "冒名", From="x@example.org", Sender=own, Reply_To=own))
    refused(office, "发件地址不是")


@pytest.mark.parametrize(
    "answered", ["", "<daily.test.2024-11-25.7@localhost.localdomain>", "<" + "0" * 24 + "@localhost.localdomain>"]
)
def test_the_right_sender_without_the_code(office: Office, answered: str) -> None:
    office.take(office.reply("甲局联络员", "冒名", In_Reply_To=answered, References=answered))
    refused(office, "未引用本系统发出的邮件")
    (mail,) = office.inbound()
    assert (mail.region_id is not None, mail.text) == (True, "")


def test_the_code_of_another_persons_mail(office: Office) -> None:
    other = office.letter("乙局联络员").message_id
    office.take(office.reply("甲局联络员", "冒名", In_Reply_To=other, References=other))
    refused(office, "发件地址不是")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"active": False}, "已停用"),
        ({"email": "new@example.org"}, "发件地址不是"),
        ({"role": AccountRole.LEADER}, "不是联络员"),
        ({"department_id": 3}, "已不在收到邮件时的单位"),
    ],
)
def test_who_may_not_answer_any_more(office: Office, changed: dict[str, object], reason: str) -> None:
    message = office.reply("甲局联络员", "已完成")
    office.change("甲局联络员", **changed)
    office.take(message)
    refused(office, reason)


@pytest.mark.parametrize(
    ("said", "believed"),
    [
        ("mx.example.gov.cn; dmarc=fail header.from=example.org; spf=pass", False),
        ("MX.example.gov.cn 1; spf=fail (no) smtp.mailfrom=x", False),
        ("mx.example.gov.cn; dkim=fail; dmarc=pass", True),
        ("elsewhere.example.org; dmarc=fail", True),
        ("mx.example.gov.cn; spf=pass; dkim=none", True),
    ],
)
def test_what_the_offices_own_server_found_out_counts(office: Office, said: str, believed: bool) -> None:
    settings = office.settings.model_copy(update={"inbox_trusts": "mx.example.gov.cn"})
    trusting = Office(office.database, settings, office.store)
    taken = trusting.take(trusting.reply("甲局联络员", "已完成", Authentication_Results=said))
    assert (taken.kind is InboundKind.ANSWER) is believed, taken.outcome
    other = office.take(office.reply("甲局联络员", "已完成二", number=2, Authentication_Results=said))
    assert other.kind is InboundKind.ANSWER  # without the setting nobody looks


def test_an_answer_to_another_kind_of_mail_is_none(office: Office) -> None:
    message = office.reply("甲局联络员", "https://x/sign-in/link/secret", In_Reply_To="<link.1@x>", References="")
    with office.database.writing() as session:
        letter = session.get_one(OutboxMail, office.letter("甲局联络员").id)
        other = {"key": "link.1", "message_id": "<link.1@x>", "kind": "link"}
        session.add(OutboxMail(**{**letter.model_dump(exclude={"id"}), **other}))
    taken = office.take(message)
    assert (taken.kind, taken.outcome) == (InboundKind.STRANGER, "所答复的邮件不是事项提醒，未采用。")
    assert [mail.text for mail in office.inbound()] == [""]


def test_strangers_leave_no_entry_in_the_trail(office: Office) -> None:
    def entries() -> int:
        with office.database.reading() as session:
            return session.exec(select(func.count()).select_from(AuditEntry)).one()

    before = entries()
    for number in range(3):
        office.take(office.reply("甲局联络员", "冒名", From="x@example.org", number=number))
    assert entries() == before
    office.take(office.reply("甲局联络员", "已完成"))
    assert entries() == before + 1


def test_an_automatic_answer_is_recorded_and_nothing_else(office: Office) -> None:
    for number, headers in enumerate(
        (
            {"Auto_Submitted": "auto-replied"},
            {"Precedence": "bulk"},
            {"X_Autoreply": "yes"},
            {"Subject": "自动回复：【督办提醒】逾期1项"},
            {"List_Id": "<x.example.org>"},
        )
    ):
        taken = office.take(office.reply("甲局联络员", "我休假了", number=number, **headers))
        assert taken.kind is InboundKind.AUTO_REPLY, headers
    assert office.answers() == []
    with office.database.reading() as session:
        mails = session.exec(select(func.count()).select_from(OutboxMail).where(col(OutboxMail.kind) != "daily")).one()
        assert (mails, session.exec(select(func.count()).select_from(MailedAnswer)).one()) == (0, 0)
        assert session.exec(select(func.count()).select_from(Account).where(col(Account.mail_fault) != "")).one() == 0

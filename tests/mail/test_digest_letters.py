"""What the letters of a daily run say, to whom, and how it can be answered.

The cast's plan has obligations due 2023-12-31, long overdue on the test day, and 2024-12-31.
"""

import io
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

import pytest
from icalendar import Calendar
from openpyxl import load_workbook
from sqlmodel import Session, col, select

from app.changes.digest_attachments import digest_attachments
from app.changes.record_event import record_event
from app.db import Database
from app.documents.report_sheet_shape import CODE_CELL
from app.domain.digest import PersonDigest, entry_of
from app.domain.reminder_rules import Pace
from app.domain.reminders import Heading, Matter
from app.domain.workflow import EventKind, Role, State
from app.mail.compose import Composer
from app.mail.digest_letters import SHOWN, Besides, DigestLetters, Told, shown_of_parts
from app.mail.message import build_message
from app.mail.outbox import queue
from app.mail.report_mark import MARK
from app.models import (
    Account,
    Department,
    Digest,
    DigestRun,
    LeaderCharge,
    Obligation,
    OutboxMail,
    Region,
    ReminderRule,
)
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailFault, MailState
from app.queries.reminders import Person, people
from app.settings import Settings
from tests.conftest import NOW, SHANGHAI, TODAY
from tests.history import counted

# 20 and 30 working days after New Year's Eve 2023; the weekly repetition of the others begins there, too.
CROSSED = date(2024, 1, 31)
LATER = date(2024, 2, 26)


def at(day: date, hour: int = 8) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 30, tzinfo=SHANGHAI)


def region(session: Session) -> Region:
    return session.exec(select(Region).where(Region.code == "test")).one()


def account(session: Session, login: str) -> Account:
    return session.exec(select(Account).where(Account.login == login)).one()


def letters(
    session: Session, settings: Settings, day: date = TODAY, *, now: datetime | None = None, attach: bool = False
) -> dict[str, Told]:
    """By login (which is everybody's name), of those who get a letter."""
    here = region(session)
    files = digest_attachments(settings) if attach else None
    writer = DigestLetters(session, Composer(settings), here, day, now or at(day), attach=files)
    told = writer.to(people(session, here.id or 0, limit=100))
    return {one.person.name: one for one in told if one.letter is not None}


def html_of(told: Told) -> str:
    assert told.letter is not None
    return told.letter.html


def text_of(told: Told) -> str:
    assert told.letter is not None
    return told.letter.text


def tell_all(database: Database, settings: Settings, day: date = TODAY) -> None:
    """As a run does: what was said is on record."""
    with database.writing() as session:
        run = DigestRun(region_id=region(session).id or 0, kind=RunKind.DAILY, run_date=day, made_at=at(day))
        session.add(run)
        session.flush()
        for one in letters(session, settings, day).values():
            assert one.letter is not None
            assert one.digest is not None
            mail = queue(session, one.letter, kind="daily", region_id=run.region_id, now=at(day))
            session.add(
                Digest(run_id=run.id or 0, account_id=one.person.account_id, items=one.digest.items, mail_id=mail)
            )


def put_in_charge(session: Session, *departments: str | None) -> None:
    leader = account(session, "领导")
    ids = {row.name: row.id for row in session.exec(select(Department).where(Department.region_id == leader.region_id))}
    for name in departments:
        session.add(
            LeaderCharge(
                region_id=leader.region_id or 0,
                account_id=leader.id or 0,
                department_id=ids[name] if name else None,
            )
        )


def items_named(letter: str) -> set[int]:
    return {int(found) for found in re.findall(r"/obligations/(\d+)", letter)}


class Headings(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if re.fullmatch("h[1-6]", tag):
            self._open = tag
            self.found.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[-1] = (self._open, self.found[-1][1] + data.strip())


def test_the_letter_has_headings_in_order_and_groups_by_plan(session: Session, settings: Settings) -> None:
    told = letters(session, settings)["乙局联络员"]
    assert Headings(html_of(told)).found == [
        ("h1", "督办提醒"),
        ("h2", "一、逾期（2项）"),
        ("h3", "《测试行动计划》"),
    ]
    assert text_of(told).count("《测试行动计划》") == 1


def test_every_item_stands_in_both_parts_and_none_of_another_department_in_any(
    database: Database, settings: Settings
) -> None:
    with database.writing() as session:
        put_in_charge(session, "甲局", "丙局")
    with database.reading() as session:
        owner = {row.id: row.department_id for row in session.exec(select(Obligation))}
        for day in (CROSSED, LATER, TODAY, date(2024, 12, 30)):
            found = letters(session, settings, day)
            assert found
            for one in found.values():
                assert one.digest is not None
                items = {entry.matter.obligation_id for entry in one.digest.entries}
                assert items_named(html_of(one)) == items_named(text_of(one)) == items
                theirs = one.person.hearer.departments if one.person.hearer else frozenset()
                assert theirs is None or {owner[item] for item in items} <= theirs


def test_the_secretariat_hears_once_of_what_is_overdue_for_twenty_working_days(
    database: Database, settings: Settings
) -> None:
    with database.reading() as session:
        before = letters(session, settings, CROSSED - timedelta(days=3))
        told = letters(session, settings, CROSSED)["秘书处"]
    assert "秘书处" not in before
    assert told.letter is not None
    assert told.letter.subject == "【督办提醒】逾期超过20个工作日6项，涉及5个单位（1月31日）"
    assert next(found for found in Headings(told.letter.html).found if found[0] == "h2") == ("h2", "乙局（2项）")
    assert "1. 乙局：2项，其中牵头0项，最长逾期31天" in told.letter.text
    assert "牵头单位：甲局" in told.letter.text
    assert "邻区" not in told.letter.text
    tell_all(database, settings, CROSSED)
    with database.reading() as session:
        assert "秘书处" not in letters(session, settings, CROSSED + timedelta(days=1))


def test_a_leader_hears_weekly_of_the_departments_in_charge(database: Database, settings: Settings) -> None:
    with database.reading() as session:
        assert "领导" not in letters(session, settings), "in charge of nothing"
    with database.writing() as session:
        put_in_charge(session, "丙局")
    with database.reading() as session:
        told = letters(session, settings)["领导"]
    assert told.letter is not None
    assert told.letter.subject == "【督办呈阅】逾期超过30个工作日1项，涉及1个单位（11月25日）"
    assert "您分管范围内有1项承办事项逾期超过30个工作日" in told.letter.html
    tell_all(database, settings)
    with database.reading() as session:
        assert "领导" not in letters(session, settings, TODAY + timedelta(days=1))
        assert "领导" in letters(session, settings, TODAY + timedelta(days=7))
    with database.writing() as session:
        put_in_charge(session, None)
    with database.reading() as session:
        assert "涉及5个单位" in letters(session, settings, TODAY + timedelta(days=7))["领导"].letter.subject  # type: ignore[union-attr]


def test_heads_hear_by_the_rules_of_the_plan(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        plan = session.exec(select(Obligation.plan_id)).first()
        rule = {"before": [7], "on_day": True, "after": [1], "weekly": True, "counting": "calendar", "at_once": 3}
        session.add(
            ReminderRule(
                region_id=region(session).id or 0,
                plan_id=plan,
                head_after=200,
                set_at=NOW,
                **rule,  # type: ignore[arg-type]
            )
        )
    with database.reading() as session:
        told = letters(session, settings)["甲局负责人"]
    assert told.letter is not None
    assert told.letter.subject == "【督办提醒·抄送】甲局逾期超过200个工作日1项（11月25日）"
    with database.writing() as session:
        row = session.exec(select(ReminderRule)).one()
        row.head_after = 400
        session.add(row)
    with database.reading() as session:
        assert "甲局负责人" not in letters(session, settings)


def test_it_says_what_changed_since_the_last_one_and_what_is_said_for_the_first_time(
    database: Database, settings: Settings
) -> None:
    with database.reading() as session:
        first = letters(session, settings)["乙局联络员"]
    assert "自上次提醒" not in text_of(first)
    assert "首次提示" not in text_of(first), "all of it is"
    tell_all(database, settings)
    next_week = TODAY + timedelta(days=7)
    with database.writing() as session:
        department = account(session, "乙局联络员").department_id
        rows = session.exec(
            select(Obligation)
            .where(Obligation.department_id == department, Obligation.due == date(2024, 12, 31))
            .order_by(col(Obligation.id))
        ).all()
        record_event(session, rows[0], EventKind.EXTENDED, on=TODAY, now=at(TODAY, 10), by=None, due=date(2025, 6, 30))
    with database.reading() as session:
        told = letters(session, settings, next_week)["乙局联络员"]
    for part in (html_of(told), text_of(told)):
        assert "自上次提醒（11月25日）以来：延期1项。" in part
        assert "其中首次提示1项。" in part
        assert "二、临期" in part
        assert "（1项，均为首次提示）" in part
        assert "〔首次提示〕" not in part, "the heading says it"


def test_who_hears_weekly_is_told_so(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        person = account(session, "乙局联络员")
        person.pace = Pace.WEEKLY
        session.add(person)
    with database.reading() as session:
        at_once = text_of(letters(session, settings)["乙局联络员"])
        weekly = text_of(letters(session, settings, TODAY + timedelta(days=7))["乙局联络员"])
    assert "您选择每周提醒一次，本次为须即时提醒的事项。逾期、退回和3天内到期的事项仍随时提醒。" in at_once
    assert "您选择每周提醒一次，本邮件为本周汇总。" in weekly


def test_a_link_to_report_goes_to_liaisons_who_want_it_and_need_no_second_factor(
    database: Database, settings: Settings
) -> None:
    with database.writing() as session:
        put_in_charge(session, None)
        unwanted, guarded = account(session, "丙局联络员"), account(session, "东街道联络员")
        unwanted.one_click = False
        guarded.totp_secret = "sealed"
        session.add_all([unwanted, guarded])
    with database.reading() as session:
        marked = {name for name, one in letters(session, settings).items() if MARK in text_of(one)}
        told = letters(session, settings)["甲局联络员"]
        stricter = settings.model_copy(update={"second_factor_roles": "liaison"})
        assert not any(MARK in html_of(one) for one in letters(session, stricter).values())
    assert marked == {"甲局联络员", "乙局联络员", "西街道联络员"}
    assert f'href="{settings.site}/r/{MARK}"' in html_of(told)
    assert f"\n{settings.site}/r/{MARK}\n" in text_of(told)
    assert "有效期至2024年12月2日" in text_of(told)


def test_the_foot_says_whether_it_can_be_answered(session: Session, settings: Settings) -> None:
    closed = letters(session, settings)["甲局联络员"]
    open_ = settings.model_copy(update={"inbox_url": "imap://duban%40office.example.org:x@localhost/INBOX"})
    answered = letters(session, open_)
    assert "请勿直接回复" in text_of(closed)
    assert "也可直接回复本邮件填写进展" in text_of(answered["甲局联络员"])
    assert "请勿直接回复" in text_of(answered["甲局负责人"]), "a head does not report"
    assert f"{settings.site}/account" in html_of(closed)
    assert open_.answers_to == "duban@office.example.org"


def test_what_a_dead_address_did_not_take_is_said_again_to_the_new_one(database: Database, settings: Settings) -> None:
    tell_all(database, settings)
    tomorrow = TODAY + timedelta(days=1)
    with database.writing() as session:
        became: dict[str, dict[str, object]] = {
            "甲局联络员": {"state": MailState.FAILED, "fault": MailFault.ADDRESS},
            "乙局联络员": {"state": MailState.SENT, "bounced_at": at(TODAY, 10)},
            "丙局联络员": {"state": MailState.FAILED, "fault": MailFault.DROPPED},
            "东街道联络员": {"state": MailState.FAILED, "fault": MailFault.ADDRESS},
        }
        for login, values in became.items():
            person = account(session, login)
            mail = session.exec(select(OutboxMail).where(OutboxMail.account_id == person.id)).one()
            for name, value in values.items():
                setattr(mail, name, value)
            if login != "东街道联络员":
                person.email = f"new{person.id}@example.org"
            session.add_all([mail, person])
    with database.reading() as session:
        assert set(letters(session, settings, tomorrow)) == {"甲局联络员", "乙局联络员"}


def test_calendar_and_sheet_come_to_who_wants_them(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        person = account(session, "乙局联络员")
        person.attach_calendar = person.attach_sheet = True
        session.add(person)
    with database.writing() as session:
        found = letters(session, settings, attach=True)
        assert [one.person.name for one in found.values() if one.letter and one.letter.attachments] == ["乙局联络员"]
        told = found["乙局联络员"]
        assert told.letter is not None
        assert told.digest is not None
        key = queue(session, told.letter, kind="daily", region_id=None, now=NOW)
        session.flush()
        mail = session.get_one(OutboxMail, key)
        message = build_message(mail, sender="duban@example.org", at=NOW, answers_to="answers@example.org")
    content = message.as_bytes()
    assert re.search(rb"filename\*(0\*)?=utf-8''", content), "RFC 2231"
    parsed = message_from_bytes(content, policy=default)
    assert isinstance(parsed, EmailMessage)
    assert parsed["Reply-To"] == "answers@example.org"
    assert parsed["Auto-Submitted"] == "auto-generated"
    calendar, sheet = parsed.iter_attachments()
    assert calendar.get_filename() == "乙局督办期限2024-11-25.ics"
    assert calendar.get_content_type() == "text/calendar"
    assert calendar["Content-Type"].params["method"] == "PUBLISH"
    events = Calendar.from_ical(calendar.get_content()).walk("VEVENT")
    assert len(events) == len(told.digest.entries)
    assert sheet.get_filename() == "乙局进展填报表2024-11-25.xlsx"
    book = load_workbook(io.BytesIO(sheet.get_content()))
    code = book.worksheets[0][CODE_CELL].value
    assert f".{code}@" in told.letter.message_id, "the sheet names the mail that it came with"
    assert "附件：乙局督办期限2024-11-25.ics、乙局进展填报表2024-11-25.xlsx" in told.letter.text


def test_a_batch_costs_the_same_number_of_queries_whoever_is_in_it(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        put_in_charge(session, "甲局", "乙局")
    tell_all(database, settings, TODAY - timedelta(days=7))

    def asked() -> int:
        with counted(database) as statements, database.reading() as session:
            assert letters(session, settings)
        return len(statements)

    before = asked()
    with database.writing() as session:
        for login in ("乙局联络员", "秘书处", "领导"):
            pattern = account(session, login)
            for number in range(5):
                values = pattern.model_dump(exclude={"id"}) | {"login": f"{login}{number}", "name": f"{login}{number}"}
                one = Account(**values)
                session.add(one)
                session.flush()
                if login == "领导":
                    session.add(LeaderCharge(region_id=one.region_id or 0, account_id=one.id or 0))
    assert asked() == before <= 20


NASTY = "<script>alert(1)</script>\r\nBcc: x@example.org {{ 7*7 }} \u202e"


def crowd(count: int, heading: Heading = Heading.OVERDUE, **rest: object) -> Iterable[Matter]:
    for number in range(1, count + 1):
        yield replace(
            Matter(
                obligation_id=number,
                department_id=1,
                plan_title="北京市西城区残疾预防行动计划（2022—2025年）",
                task_number=f"{number}.1",
                task_title="健全残疾预防工作机制，" * 4,
                phase="重点推进阶段",
                role=Role.LEAD,
                state=State.OPEN,
                due=TODAY - timedelta(days=5),
                first_due=TODAY - timedelta(days=40),
                revision=1,
                department=f"单位{number % 40}",
            ),
            **rest,  # type: ignore[arg-type]
        )


@pytest.mark.parametrize("name", ["甲局联络员", "秘书处"])
def test_a_mail_about_very_much_stays_small_and_counts_the_rest(
    session: Session, settings: Settings, name: str
) -> None:
    told = written(session, settings, name, crowd(500))
    assert len(html_of(told).encode()) < 100_000
    assert len(items_named(html_of(told))) == len(items_named(text_of(told))) == SHOWN
    assert "500项" in html_of(told)
    assert "请登录系统查看" in text_of(told)


@pytest.mark.parametrize("name", ["甲局联络员", "甲局负责人", "秘书处"])
def test_what_people_wrote_is_text_in_a_mail(session: Session, settings: Settings, name: str) -> None:
    nasty = dict.fromkeys(("plan_title", "task_number", "task_title", "phase", "reason", "department"), NASTY)
    told = written(session, settings, name, crowd(2, state=State.RETURNED, **nasty), department=NASTY)  # type: ignore[arg-type]
    assert "<script" not in html_of(told)
    assert "&lt;script&gt;" in html_of(told)
    assert told.letter is not None
    assert "\n" not in told.letter.subject
    assert "49" not in told.letter.text


def written(
    session: Session, settings: Settings, name: str, matters: Iterable[Matter], *, department: str | None = None
) -> Told:
    """The letter about these."""
    here = region(session)
    (person,) = (one for one in people(session, here.id or 0, limit=100) if one.name == name)
    changed: Person = replace(person, department=department or person.department)
    assert changed.hearer is not None
    digest = PersonDigest(changed.hearer, [entry_of(one, Heading.OVERDUE, TODAY) for one in matters])
    writer = DigestLetters(session, Composer(settings), here, TODAY, NOW)
    return writer.told(changed, digest, Besides())


def test_the_first_of_every_department_goes_before_the_rest_of_one() -> None:
    assert shown_of_parts([200, 3, 10]) == [SHOWN - 8, 3, 5]
    assert sum(shown_of_parts([9] * 40)) == SHOWN
    assert shown_of_parts([2, 1]) == [2, 1]


def test_items_are_numbered_through_the_letter_alike_in_both_parts(session: Session, settings: Settings) -> None:
    here = region(session)
    (person,) = (one for one in people(session, here.id or 0, limit=100) if one.name == "甲局联络员")
    assert person.hearer is not None
    late, new = crowd(3), (replace(one, obligation_id=one.obligation_id + 50) for one in crowd(3))
    entries = [
        *(entry_of(one, Heading.OVERDUE, TODAY) for one in late),
        *(entry_of(one, Heading.NEW, TODAY) for one in new),
    ]
    told = DigestLetters(session, Composer(settings), here, TODAY, NOW).told(
        person, PersonDigest(person.hearer, entries), Besides()
    )
    numbers = [f"{number}" for number in range(1, 7)]
    assert re.findall(r"^(\d+)\. 健全", text_of(told), re.MULTILINE) == numbers
    assert re.findall(r">(\d+)\. 健全", html_of(told)) == numbers

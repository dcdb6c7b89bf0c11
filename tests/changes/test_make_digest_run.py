"""A run tells everybody once, all or nothing, and the next one knows what was said.

The cast's plan has obligations due 2023-12-31, long overdue on the test day, and 2024-12-31.
"""

import io
import re
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import event
from sqlmodel import Session, col, func, select

from app.changes.freeze_overdue_list import freeze_overdue_list
from app.changes.make_digest_run import make_run
from app.changes.record_event import record_event
from app.changes.review_update import review_update
from app.changes.submit_update import Report, submit_update
from app.db import Database
from app.domain.workflow import EventKind
from app.errors import Invalid, Overtaken
from app.mail.run_previews import preview_run
from app.models import Account, DayException, Digest, DigestRun, Obligation, OutboxMail, OverdueList, Region
from app.models.digest_run import RunKind
from app.models.progress_update import UpdateKind
from app.models.review import ReviewDecision
from app.settings import Settings
from tests.conftest import NOW, SHANGHAI, TODAY

DAILY, WEEKLY = RunKind.DAILY, RunKind.WEEKLY
Find = Callable[..., Obligation]


def at(day: date, hour: int = 8, minute: int = 30) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


def region(session: Session) -> Region:
    return session.exec(select(Region).where(Region.code == "test")).one()


def account(session: Session, login: str) -> Account:
    return session.exec(select(Account).where(Account.login == login)).one()


def run(
    database: Database, settings: Settings, kind: RunKind = DAILY, day: date = TODAY, now: datetime | None = None
) -> int:
    """Makes the run and returns the number of its mails."""
    return make(database, settings, kind, day, now).mails


def make(
    database: Database, settings: Settings, kind: RunKind = DAILY, day: date = TODAY, now: datetime | None = None
) -> DigestRun:
    with database.reading() as session:
        here = region(session).id or 0
    return make_run(database, lambda: None, here, kind, day, now=now or at(day), by=None, settings=settings)


def subjects(database: Database, kind: RunKind = DAILY) -> dict[str, str]:
    """By login, of the newest run."""
    with database.reading() as session:
        last = session.exec(select(func.max(DigestRun.id)).where(DigestRun.kind == kind)).one()
        rows = session.exec(
            select(Account.login, OutboxMail.subject)
            .join(OutboxMail, col(OutboxMail.account_id) == Account.id)
            .join(Digest, col(Digest.mail_id) == OutboxMail.id)
            .where(Digest.run_id == last)
        )
        return dict(rows.all())


def mail_to(database: Database, login: str, kind: RunKind = DAILY) -> OutboxMail:
    with database.reading() as session:
        found = session.exec(
            select(OutboxMail)
            .join(Account, col(Account.id) == OutboxMail.account_id)
            .where(Account.login == login, OutboxMail.kind == kind.value)
            .order_by(col(OutboxMail.id).desc())
            .limit(1)
        ).one()
        session.expunge(found)
        return found


def return_it(database: Database, obligation: Obligation, reason: str, now: datetime = NOW) -> None:
    with database.writing() as session:
        row = session.get_one(Obligation, obligation.id)
        liaison = account(session, "乙局联络员").id or 0
        report = Report(
            revision=row.revision, kind=UpdateKind.COMPLETION, text="已完成全部培训工作，请审核。", percent=100
        )
        submit_update(session, row, report, by=liaison, now=now, today=now.date())
        review_update(
            session,
            row,
            ReviewDecision.RETURNED,
            reason=reason,
            revision=row.revision,
            by=account(session, "秘书处").id or 0,
            now=now,
            today=now.date(),
        )


def test_each_person_gets_one_mail_over_all_items(database: Database, settings: Settings) -> None:
    assert run(database, settings) == 6
    assert subjects(database) == {
        "甲局联络员": "【督办提醒】逾期1项（11月25日）",
        "乙局联络员": "【督办提醒】逾期2项（11月25日）",
        "丙局联络员": "【督办提醒】逾期1项（11月25日）",
        "东街道联络员": "【督办提醒】逾期1项（11月25日）",
        "西街道联络员": "【督办提醒】逾期1项（11月25日）",
        "甲局负责人": "【督办提醒·抄送】甲局逾期超过10个工作日1项（11月25日）",
    }


def test_a_mail_says_plan_task_phase_role_due_date_days_and_link(
    database: Database, settings: Settings, obligation_of: Find
) -> None:
    run(database, settings)
    mail = mail_to(database, "甲局联络员")
    for part in (
        "甲局联络员：",
        "测试行动计划",
        "开展宣传活动",
        "第一阶段",
        "牵头",
        "2023年12月31日 周日",
        "逾期330天",
        f"{settings.site}/obligations/{obligation_of('甲局').id}",
    ):
        assert part in mail.text
        assert part in mail.html
    assert 'lang="zh-CN"' in mail.html
    assert re.fullmatch(rf"<{re.escape(mail.key)}\.[0-9a-f]{{24}}@localhost\.localdomain>", mail.message_id)
    assert mail.key == f"daily.test.2024-11-25.{mail.account_id}"


def test_links_lead_to_pages_and_change_nothing(database: Database, settings: Settings) -> None:
    run(database, settings, WEEKLY)
    run(database, settings)
    with database.reading() as session:
        for mail in session.exec(select(OutboxMail)):
            assert "token" not in mail.html
            assert mail.html.count("<form") == 0


def test_the_second_run_of_a_day_is_refused_and_writes_nothing(database: Database, settings: Settings) -> None:
    run(database, settings)
    with pytest.raises(Overtaken) as refused:
        run(database, settings)
    assert "已经发送" in refused.value.message
    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(OutboxMail)).one() == 6


def test_what_was_said_is_not_said_again_until_there_is_something_new(database: Database, settings: Settings) -> None:
    assert run(database, settings, DAILY, TODAY) == 6
    assert run(database, settings, DAILY, TODAY + timedelta(days=1)) == 0
    assert run(database, settings, DAILY, TODAY + timedelta(days=4)) == 5, "30 days before 31 December is a Sunday"
    assert subjects(database)["乙局联络员"] == "【督办提醒】临期2项（11月29日）"
    assert run(database, settings, DAILY, TODAY + timedelta(days=7)) == 6, "overdue, a week later"


def test_days_that_were_missed_are_made_up_by_the_next_run(database: Database, settings: Settings) -> None:
    run(database, settings, DAILY, TODAY)
    assert run(database, settings, DAILY, TODAY + timedelta(days=8)) == 6
    assert subjects(database)["甲局联络员"] == "【督办提醒】逾期1项、临期1项（12月3日）"


def test_what_was_returned_is_said_with_its_reason(database: Database, settings: Settings, obligation_of: Find) -> None:
    run(database, settings, DAILY, TODAY)
    return_it(database, obligation_of("乙局", "1.1", "第二阶段"), "请补充台账。\n逐项说明。")
    run(database, settings, DAILY, TODAY + timedelta(days=1))
    assert subjects(database) == {"乙局联络员": "【督办提醒】退回1项（11月26日）"}
    mail = mail_to(database, "乙局联络员")
    assert "请补充台账。 逐项说明。" in mail.text
    assert "退回理由：请补充台账。" in mail.html
    assert run(database, settings, DAILY, TODAY + timedelta(days=2)) == 0


def test_a_reason_cannot_bring_html_into_the_mail(database: Database, settings: Settings, obligation_of: Find) -> None:
    return_it(database, obligation_of("乙局"), "<script>alert(1)</script>\u202e")
    run(database, settings)
    assert "<script>" not in mail_to(database, "乙局联络员").html


def test_what_came_since_the_last_run_is_new(database: Database, settings: Settings, obligation_of: Find) -> None:
    run(database, settings, DAILY, TODAY)
    with database.writing() as session:
        heir = account(session, "丙局联络员").department_id
        row = session.get_one(Obligation, obligation_of("甲局", "1.1", "第二阶段").id)
        record_event(
            session, row, EventKind.TRANSFERRED, on=TODAY, now=NOW, by=None, reason="职责划转", department_id=heir
        )
    run(database, settings, DAILY, TODAY + timedelta(days=1))
    assert subjects(database) == {"丙局联络员": "【督办提醒】新增1项（11月26日）"}
    assert run(database, settings, DAILY, TODAY + timedelta(days=2)) == 0


def test_nobody_hears_of_another_department_or_region(database: Database, settings: Settings) -> None:
    run(database, settings)
    with database.reading() as session:
        told = {
            digest.account_id: {item["obligation"] for item in digest.items} for digest in session.exec(select(Digest))
        }
        owner = {row.id: row.department_id for row in session.exec(select(Obligation))}
        for key, items in told.items():
            person = session.get_one(Account, key)
            assert {owner[item] for item in items} == {person.department_id}
        assert account(session, "邻区秘书处").id not in told


def test_without_address_or_when_closed_there_is_no_mail(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        nameless = account(session, "甲局联络员")
        nameless.email = None
        closed = account(session, "乙局联络员")
        closed.active = False
        session.add_all([nameless, closed])
    run(database, settings)
    assert set(subjects(database)) == {"丙局联络员", "东街道联络员", "西街道联络员", "甲局负责人"}


def test_a_preview_shows_the_very_mails_and_writes_nothing(database: Database, settings: Settings) -> None:
    with database.reading() as session:
        before = preview_run(session, region(session), DAILY, TODAY, now=NOW, settings=settings)
    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(DigestRun)).one() == 0
        assert session.exec(select(func.count()).select_from(OutboxMail)).one() == 0
    run(database, settings, now=NOW)
    with database.reading() as session:
        sent = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).all()
        assert [(one.key, one.subject, one.text, one.html) for one in before] == [
            (one.key, one.subject, one.text, one.html) for one in sent
        ]


def test_a_run_is_not_made_ahead_and_a_daily_one_not_behind(database: Database, settings: Settings) -> None:
    for kind, day in (
        (DAILY, TODAY + timedelta(days=1)),
        (WEEKLY, TODAY + timedelta(days=1)),
        (DAILY, date(2024, 11, 22)),
    ):
        with pytest.raises(Invalid):
            run(database, settings, kind, day, NOW)


def test_the_weekly_run_freezes_the_list_and_sends_it_with_the_file(database: Database, settings: Settings) -> None:
    assert run(database, settings, WEEKLY, now=NOW) == 7
    with database.reading() as session:
        frozen = session.exec(select(OverdueList)).one()
        assert (frozen.as_of, frozen.late, frozen.row_count) == (TODAY, False, 6)
    mail = mail_to(database, "秘书处", WEEKLY)
    assert mail.subject == "【逾期清单】〔2024〕第1期：逾期6项，涉及5个单位（11月25日）"
    (attachment,) = mail.attachments
    assert attachment["file_name"] == "测试区逾期清单〔2024〕第1期.xlsx"
    page = load_workbook(io.BytesIO(b64decode(attachment["content"]))).worksheets[0]
    assert "开展宣传活动" in {cell.value for row in page.iter_rows() for cell in row}
    assert f"{settings.site}/overdue/lists/{frozen.id}" in mail.text


def test_each_department_gets_its_part_of_the_list(database: Database, settings: Settings) -> None:
    run(database, settings, WEEKLY)
    told = subjects(database, WEEKLY)
    assert told["乙局联络员"] == "【逾期清单】乙局逾期2项（11月25日）"
    assert told["甲局负责人"] == "【逾期清单·抄送】甲局逾期超过10个工作日1项（11月25日）"
    assert mail_to(database, "乙局联络员", WEEKLY).attachments == []
    assert "甲局" not in mail_to(database, "乙局联络员", WEEKLY).text


def test_the_digest_of_the_day_does_not_repeat_the_list(database: Database, settings: Settings) -> None:
    run(database, settings, WEEKLY)
    assert run(database, settings, DAILY) == 0
    assert run(database, settings, DAILY, TODAY + timedelta(days=4)) == 5
    assert subjects(database)["甲局联络员"] == "【督办提醒】临期1项（11月29日）"


def test_a_list_that_is_frozen_already_is_the_one_that_is_sent(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        frozen = freeze_overdue_list(session, region(session), as_of=TODAY, now=at(TODAY, 7), by=None)
        sha256 = frozen.sha256
    assert run(database, settings, WEEKLY) == 7
    with database.reading() as session:
        assert [one.sha256 for one in session.exec(select(OverdueList))] == [sha256]


def test_a_list_that_is_made_up_is_dated_rightly_and_marked(database: Database, settings: Settings) -> None:
    wednesday = TODAY + timedelta(days=2)
    assert run(database, settings, WEEKLY, TODAY, now=at(wednesday)) == 7
    with database.reading() as session:
        made = session.exec(select(DigestRun)).one()
        frozen = session.exec(select(OverdueList)).one()
        assert (made.run_date, made.late, frozen.as_of, frozen.late) == (TODAY, True, TODAY, True)
    assert "本期为补发" in mail_to(database, "秘书处", WEEKLY).text
    assert run(database, settings, DAILY, wednesday) == 0, "the list said it under Monday's date"


def test_the_list_of_a_week_that_is_over_goes_to_the_secretariat_alone(database: Database, settings: Settings) -> None:
    assert run(database, settings, WEEKLY, TODAY, now=at(TODAY + timedelta(days=7))) == 1
    assert set(subjects(database, WEEKLY)) == {"秘书处"}


def test_the_secretariat_hears_what_changed_since_the_last_list(
    database: Database, settings: Settings, obligation_of: Find
) -> None:
    run(database, settings, WEEKLY)
    with database.writing() as session:
        row = session.get_one(Obligation, obligation_of("甲局").id)
        record_event(session, row, EventKind.CANCELLED, on=TODAY, now=NOW, by=None, reason="撤销")
    run(database, settings, WEEKLY, TODAY + timedelta(days=7))
    mail = mail_to(database, "秘书处", WEEKLY)
    assert "较上期新增0项，销号1项，延期0项" in mail.text
    assert "较上期新增0项，销号1项，延期0项" in mail.html


def test_without_anything_overdue_the_secretariat_hears_that(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        for row in session.exec(select(Obligation)).all():
            record_event(session, row, EventKind.CANCELLED, on=TODAY, now=NOW, by=None, reason="撤销")
    assert run(database, settings, WEEKLY, now=NOW + timedelta(hours=1)) == 1
    assert subjects(database, WEEKLY) == {"秘书处": "【逾期清单】〔2024〕第1期：无逾期事项（11月25日）"}


def test_a_local_closure_moves_the_rung(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        closed = DayException(
            region_id=region(session).id or 0, day=date(2024, 11, 29), working=False, reason="机关停电检修"
        )
        session.add(closed)
    run(database, settings, DAILY, TODAY)
    assert run(database, settings, DAILY, date(2024, 11, 28)) == 5, "said the day before the closure"


def test_of_two_at_the_same_moment_one_makes_the_run(database: Database, settings: Settings) -> None:
    barrier = threading.Barrier(2)
    results: list[str] = []

    def attempt() -> None:
        barrier.wait()
        try:
            results.append(f"made {run(database, settings)}")
        except Overtaken:
            results.append("overtaken")

    threads = [threading.Thread(target=attempt) for _who in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["made 6", "overtaken"]
    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(OutboxMail)).one() == 6
        assert session.exec(select(func.count()).select_from(Digest)).one() == 6


@contextmanager
def queries(database: Database) -> Iterator[list[str]]:
    """The statements that were executed within the block."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_run_costs_the_same_number_of_queries_whoever_hears(database: Database, settings: Settings) -> None:
    def preview() -> int:
        with queries(database) as statements, database.reading() as session:
            preview_run(session, region(session), DAILY, TODAY, now=NOW, settings=settings)
        return len(statements)

    before = preview()
    assert before > 3
    with database.writing() as session:
        pattern = account(session, "乙局联络员")
        for number in range(20):
            session.add(
                Account(
                    region_id=pattern.region_id,
                    department_id=pattern.department_id,
                    login=f"乙局联络员{number}",
                    name="联络员",
                    email=f"more{number}@example.org",
                    role=pattern.role,
                    password_hash="x",
                    created_at=NOW,
                )
            )
    assert preview() == before

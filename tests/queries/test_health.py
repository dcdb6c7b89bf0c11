"""Do reminders go out? Each way in which they may not, as the tables show it."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlmodel import select

from app.clock import HeldClock
from app.db import Database
from app.jobs.beat import beat, rest
from app.jobs.schedule import due_runs
from app.models import ChatChannel, DayException, DigestRun, OutboxMail, RunHold, WorkerBeat
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailState
from app.queries.health import Health, What, everything_wrong, region_health
from tests.conftest import NOW, SHANGHAI, TODAY
from tests.history import History, at, counted

FRIDAY = date(2024, 11, 22)
WALL = datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)  # the real moment has nothing to do with a held clock
MINUTE = timedelta(minutes=1)
AT = time(8, 30)


def run(history: History, day: date, kind: RunKind = RunKind.DAILY, **columns: Any) -> None:
    with history.database.writing() as session:
        region = history.region(session)
        made = at(day, 8, 30)
        standing: dict[str, Any] = {"made_at": made, "completed_at": made, "mails": 3}
        session.add(DigestRun(region_id=region.id or 0, kind=kind, run_date=day, **standing | columns))


def mail(history: History, number: int, **columns: Any) -> None:
    with history.database.writing() as session:
        standing: dict[str, Any] = {
            "region_id": history.region(session).id,
            "key": f"key.{number}",
            "message_id": f"<{number}@test>",
            "kind": "daily",
            "to_address": "account@example.org",
            "subject": "主题",
            "text": "",
            "html": "",
            "state": MailState.QUEUED,
            "next_try_at": NOW,
            "created_at": NOW,
        }
        session.add(OutboxMail(**standing | columns))


def add_closure(history: History, until: date) -> None:
    with history.database.writing() as session:
        region_id = history.region(session).id or 0
        for number in range((until - TODAY).days + 1):
            day = TODAY + timedelta(days=number)
            session.add(DayException(region_id=region_id, day=day, working=False, reason="停电"))


def health(history: History, now: datetime = NOW, wall: datetime = WALL, *, held: bool = False) -> Health:
    with history.database.reading() as session:
        return region_health(session, history.region(session), now=now, wall=wall, at=AT, tick_seconds=20, held=held)


def wrong(history: History, now: datetime = NOW, wall: datetime = WALL) -> Sequence[What]:
    return [trouble.what for trouble in health(history, now, wall).troubles]


def alive(history: History, **columns: Any) -> None:
    beat(history.database, WALL - MINUTE, "host:1", WALL - 60 * MINUTE, **columns)


def week_is_made(history: History) -> None:
    """Everything that should be there on Monday at ten."""
    alive(history)
    run(history, FRIDAY)
    run(history, TODAY, RunKind.WEEKLY)
    run(history, TODAY)


def test_all_is_well(history: History) -> None:
    week_is_made(history)
    found = health(history)
    assert found.troubles == []
    assert found.workers.ago == MINUTE
    assert found.ago == "1分钟"
    assert found.office.last_daily is not None
    assert found.office.last_daily.run_date == TODAY
    assert found.office.next_at == at(date(2024, 11, 26), 8, 30)


@pytest.mark.parametrize(
    ("beaten", "ended", "said"),
    [
        (None, False, "也没有它运行过的记录"),
        (30 * MINUTE, False, "最后一次工作在30分钟前，此后没有响应"),
        (3 * MINUTE, True, "3分钟前正常结束，此后没有再启动"),
    ],
)
def test_without_a_worker_it_says_so(history: History, beaten: timedelta | None, ended: bool, said: str) -> None:
    if beaten is not None:
        beat(history.database, WALL - beaten, "host:1", WALL - 60 * MINUTE)
        if ended:
            rest(history.database, WALL - beaten, "host:1")
    trouble = health(history).troubles[0]
    assert trouble.what is What.WORKER
    assert said in trouble.said
    beat(history.database, WALL, "host:2", WALL)  # another one is enough
    assert wrong(history) == []


def test_a_worker_that_starts_again_is_the_same_row_and_old_ones_are_forgotten(history: History) -> None:
    beat(history.database, WALL - timedelta(days=40), "host:7", WALL - timedelta(days=41))
    beat(history.database, WALL - timedelta(days=1), "host:1", WALL - timedelta(days=2), "读不到邮箱", inbox_at=WALL)
    rest(history.database, WALL - timedelta(days=1), "host:1")
    beat(history.database, WALL, "host:1", WALL)
    beat(history.database, WALL, "host:2", WALL)
    with history.database.reading() as session:
        rows = {row.name: row for row in session.exec(select(WorkerBeat))}
    assert set(rows) == {"host:1", "host:2"}
    assert (rows["host:1"].stopped_at, rows["host:1"].fault, rows["host:1"].inbox_at) == (None, "", WALL)


def test_a_run_that_should_be_there_is_missed_half_an_hour_after_its_time(history: History) -> None:
    alive(history)
    run(history, FRIDAY)
    assert wrong(history, at(TODAY, 8, 59)) == []
    found = health(history, at(TODAY, 9))
    assert [trouble.name for trouble in found.troubles] == ["missed.daily.test", "missed.weekly.test"]
    assert "2024年11月25日08:30应发出的每日提醒尚未发出" in found.troubles[0].said
    run(history, TODAY, RunKind.WEEKLY)
    assert wrong(history, at(TODAY, 9)) == [What.MISSED_DAILY]
    assert wrong(history, at(date(2024, 11, 26), 3)) == [What.MISSED_DAILY]  # in the night it is still missing
    run(history, TODAY)
    assert wrong(history, at(TODAY, 9)) == []


def test_nothing_is_missed_on_a_holiday_or_before_the_first_run(history: History) -> None:
    alive(history)
    assert wrong(history, at(TODAY, 12)) == []
    run(history, date(2024, 9, 27))
    run(history, date(2024, 9, 30))
    run(history, date(2024, 9, 30), RunKind.WEEKLY)
    for day in (date(2024, 10, 1), date(2024, 10, 4), date(2024, 10, 7), date(2024, 10, 6)):
        assert wrong(history, at(day, 12)) == [], day
    assert wrong(history, at(date(2024, 10, 8), 12)) == [What.MISSED_DAILY, What.MISSED_WEEKLY]


def test_a_run_that_is_held_is_not_missed(history: History) -> None:
    alive(history)
    run(history, FRIDAY)
    with history.database.writing() as session:
        for kind in RunKind:
            region_id = history.region(session).id or 0
            session.add(RunHold(region_id=region_id, kind=kind, run_date=TODAY, reason="开会", held_at=NOW))
    assert wrong(history) == []


def test_a_list_made_on_another_day_of_the_week_is_the_week_s(history: History) -> None:
    alive(history)
    run(history, FRIDAY)
    wednesday = date(2024, 11, 27)
    run(history, wednesday)
    run(history, wednesday, RunKind.WEEKLY)
    assert wrong(history, at(wednesday, 12)) == []
    add_closure(history, wednesday)  # entered later: now the week begins to be worked on Thursday
    assert wrong(history, at(date(2024, 11, 28), 8)) == []


def test_what_the_worker_would_make_is_what_is_missed(history: History) -> None:
    """The plainer rule of the watcher agrees with the scheduler's over a year of working days and holidays."""
    run(history, date(2024, 1, 2))
    alive(history)
    disagreed = []
    with history.database.reading() as session:
        region = history.region(session)
        for number in range(0, 340, 5):
            now = at(date(2024, 1, 15) + timedelta(days=number), 11)
            due = {(one.kind, one.run_date) for one in due_runs(session, region, now=now, at=AT)}
            office = region_health(session, region, now=now, wall=WALL, at=AT, tick_seconds=20, held=False).office
            missed = {(RunKind(one.what.value.partition(".")[2]), one.on) for one in office.troubles}
            if due and not missed <= due:
                disagreed.append((now.date(), missed - due))
    assert disagreed == []


def test_an_unfinished_run_is_told(history: History) -> None:
    week_is_made(history)
    with history.database.writing() as session:
        row = session.exec(select(DigestRun).where(DigestRun.kind == RunKind.DAILY, DigestRun.run_date == TODAY)).one()
        row.completed_at = None
        session.add(row)
    assert wrong(history, at(TODAY, 8, 50)) == []
    trouble = health(history).troubles[0]
    assert (trouble.what, trouble.on) == (What.UNFINISHED, TODAY)
    assert "只做了一部分：已写好3封" in trouble.said


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"next_try_at": NOW - 59 * MINUTE}, []),
        ({"next_try_at": NOW - 61 * MINUTE}, [What.STUCK]),
        ({"next_try_at": NOW - 61 * MINUTE, "held_at": NOW}, []),
        ({"state": MailState.SENDING, "lease_until": NOW - 9 * MINUTE}, []),
        ({"state": MailState.SENDING, "lease_until": NOW - 11 * MINUTE}, [What.ABANDONED]),
        ({"state": MailState.SENT, "sent_at": NOW}, []),
        ({"attempts": 1, "error": "450 later", "created_at": NOW - 20 * MINUTE}, []),
        ({"attempts": 3, "error": "450 later", "created_at": NOW - 20 * MINUTE}, [What.SERVER]),
        ({"attempts": 0, "error": "无法连接", "created_at": NOW - 20 * MINUTE}, [What.SERVER]),
        ({"attempts": 0, "error": "无法连接", "created_at": NOW - MINUTE}, []),
    ],
)
def test_mails_that_do_not_move_are_told(history: History, columns: dict[str, Any], expected: list[What]) -> None:
    week_is_made(history)
    mail(history, 1, **columns)
    assert wrong(history) == expected


def test_while_other_mails_get_through_the_server_is_not_blamed(history: History) -> None:
    week_is_made(history)
    mail(history, 1, attempts=4, error="450 later", created_at=NOW - 20 * MINUTE)
    mail(history, 2, state=MailState.SENT, sent_at=NOW - 5 * MINUTE)
    assert wrong(history) == []


def test_a_group_that_hears_nothing_is_told_and_the_mail_server_not_blamed(history: History) -> None:
    week_is_made(history)
    with history.database.writing() as session:
        channel = ChatChannel(
            region_id=history.region(session).id or 0, name="群", service="json", sealed_url="x", created_at=NOW
        )
        session.add(channel)
        session.flush()
        key = channel.id
    mail(history, 1, attempts=3, error="HTTP 500", created_at=NOW - 20 * MINUTE, channel_id=key)
    assert wrong(history) == [What.CHANNEL]


def test_many_bounces_are_told(history: History) -> None:
    week_is_made(history)
    for number in range(4):
        mail(history, number, state=MailState.SENT, sent_at=NOW, bounced_at=NOW)
    assert wrong(history) == []
    mail(history, 9, state=MailState.SENT, sent_at=NOW, bounced_at=NOW)
    assert wrong(history) == [What.BOUNCES]
    assert "近7天有5封邮件被退回" in health(history).troubles[0].said


def test_a_mailbox_that_is_not_read_and_what_a_tick_could_not_do_are_told(history: History) -> None:
    week_is_made(history)
    alive(history, inbox_at=WALL - 30 * MINUTE)
    assert wrong(history) == []
    alive(history, fault="邮件发送中断。", inbox_at=WALL - 90 * MINUTE)
    found = health(history).troubles
    assert [trouble.what for trouble in found] == [What.FAULT, What.INBOX]
    assert "邮件发送中断" in found[0].said
    assert "1小时" in found[1].said


def test_a_clock_that_was_set_back_is_told_unless_it_is_held(history: History) -> None:
    week_is_made(history)
    yesterday = at(FRIDAY, 10)
    assert What.CLOCK in wrong(history, yesterday)
    assert [trouble.what for trouble in health(history, yesterday, held=True).troubles] == []
    assert What.CLOCK in wrong(history, NOW, WALL - timedelta(days=1))


def test_all_regions_are_looked_at_and_an_empty_installation_is_well(history: History, clock: HeldClock) -> None:
    def everything() -> list[str]:
        with history.database.reading() as session:
            found = everything_wrong(session, now=NOW, wall=WALL, at=AT, tick_seconds=20, held=True)
        return [trouble.name for trouble in found]

    assert everything() == []
    run(history, FRIDAY)
    assert everything() == ["worker", "missed.daily.test", "missed.weekly.test"]
    mail(history, 1, region_id=None, next_try_at=NOW - 61 * MINUTE)
    assert everything() == ["worker", "stuck", "missed.daily.test", "missed.weekly.test"]


def test_it_takes_four_statements(history: History, database: Database) -> None:
    week_is_made(history)
    for number in range(3):
        mail(history, number, attempts=4, error="450", created_at=NOW - 20 * MINUTE)
    with counted(database) as sent:
        health(history)
    # The region itself, and the calendar: a page has both.
    assert len([one for one in sent if one.startswith("SELECT")]) == 5

"""Which runs are due, and that a worker makes each of them once, whatever was missed and whoever else works."""

import itertools
import logging
import threading
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from sqlmodel import Session, col, func, select

from app.changes.freeze_overdue_list import freeze_overdue_list
from app.changes.make_digest_run import make_run
from app.clock import Clock
from app.db import Database
from app.errors import Overtaken
from app.jobs.make_runs import make_due_runs
from app.jobs.schedule import due_runs
from app.jobs.worker import run_worker, tick
from app.mail import run_letters
from app.models import (
    Account,
    DayException,
    Department,
    Digest,
    DigestRun,
    Obligation,
    OutboxMail,
    OverdueList,
    Region,
    RunHold,
    Succession,
)
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailState
from app.settings import Settings
from tests.conftest import SHANGHAI, TODAY
from tests.mail.test_outbox import Recorder

DAILY, WEEKLY = RunKind.DAILY, RunKind.WEEKLY
AT = time(8, 30)
MONDAY = TODAY


def moment(day: date, hour: int = 8, minute: int = 30) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


class SetClock(Clock):
    """Stands where it is set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    @property
    def held_at(self) -> None:
        return None


def region(session: Session) -> Region:
    return session.exec(select(Region).where(Region.code == "test")).one()


def due(database: Database, now: datetime) -> list[tuple[RunKind, date]]:
    with database.reading() as session:
        return [(run.kind, run.run_date) for run in due_runs(session, region(session), now=now, at=AT)]


def make(
    database: Database,
    settings: Settings,
    kind: RunKind,
    day: date,
    now: datetime | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    with database.reading() as session:
        here = region(session).id or 0
    make_run(database, lambda: None, here, kind, day, now=now or moment(day), by=None, settings=settings, stop=stop)


def work_through(database: Database, settings: Settings, first: date, last: date, off: set[date] | None = None) -> None:
    """A worker that looks at noon of every day but those on which it was off."""
    stop = threading.Event()
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if day not in (off or set()):
            make_due_runs(settings, SetClock(moment(day, 12)), database, stop)


def made(database: Database) -> list[tuple[str, date, bool]]:
    """(kind, day, late) of the region's runs in the order in which they were made."""
    with database.reading() as session:
        rows = session.exec(
            select(DigestRun).where(DigestRun.region_id == region(session).id).order_by(col(DigestRun.id))
        )
        return [(row.kind.value, row.run_date, row.late) for row in rows]


def test_on_a_monday_the_list_goes_first_and_then_the_digest(database: Database) -> None:
    assert due(database, moment(MONDAY)) == [(WEEKLY, MONDAY), (DAILY, MONDAY)]


def test_before_the_hour_nothing_is_due(database: Database) -> None:
    assert due(database, moment(MONDAY, 8, 29)) == []


def test_the_hour_is_that_of_the_region(database: Database) -> None:
    with database.writing() as session:
        far = region(session)
        far.time_zone = "Asia/Urumqi"  # two hours behind Shanghai
        session.add(far)
    assert due(database, moment(MONDAY, 9, 0)) == []
    assert due(database, moment(MONDAY, 10, 30)) != []


def test_what_was_made_is_not_due(database: Database, settings: Settings) -> None:
    make(database, settings, WEEKLY, MONDAY)
    assert due(database, moment(MONDAY)) == [(DAILY, MONDAY)]
    make(database, settings, DAILY, MONDAY)
    assert due(database, moment(MONDAY, 23, 59)) == []


def test_on_a_weekend_nothing_is_due(database: Database) -> None:
    assert due(database, moment(date(2024, 11, 23), 12)) == []
    assert due(database, moment(date(2024, 11, 24), 12)) == []


def test_a_new_office_makes_up_nothing_from_before_its_time(database: Database) -> None:
    assert due(database, moment(date(2024, 11, 27))) == [(DAILY, date(2024, 11, 27))]


def test_around_national_day_2024(database: Database, settings: Settings) -> None:
    """1 to 7 October were free; Sunday 29 September and Saturday 12 October were worked."""
    work_through(database, settings, date(2024, 9, 26), date(2024, 10, 14))
    assert made(database) == [
        ("daily", date(2024, 9, 26), False),
        ("daily", date(2024, 9, 27), False),
        ("daily", date(2024, 9, 29), False),
        ("weekly", date(2024, 9, 30), False),
        ("daily", date(2024, 9, 30), False),
        ("weekly", date(2024, 10, 8), False),
        ("daily", date(2024, 10, 8), False),
        ("daily", date(2024, 10, 9), False),
        ("daily", date(2024, 10, 10), False),
        ("daily", date(2024, 10, 11), False),
        ("daily", date(2024, 10, 12), False),
        ("weekly", date(2024, 10, 14), False),
        ("daily", date(2024, 10, 14), False),
    ]


def test_a_list_that_was_missed_before_a_long_holiday_is_made_up_after_it(
    database: Database, settings: Settings
) -> None:
    work_through(database, settings, date(2024, 9, 29), date(2024, 10, 8), off={date(2024, 9, 30)})
    assert made(database) == [
        ("daily", date(2024, 9, 29), False),
        ("weekly", date(2024, 9, 30), True),
        ("weekly", date(2024, 10, 8), False),
        ("daily", date(2024, 10, 8), False),
    ]


def test_a_week_without_a_working_day_has_no_list(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        for offset in range(7):
            day = date(2024, 12, 2) + timedelta(days=offset)
            session.add(DayException(region_id=region(session).id or 0, day=day, working=False, reason="全区停工"))
    work_through(database, settings, MONDAY, date(2024, 12, 9))
    assert [day for kind, day, _late in made(database) if kind == "weekly"] == [MONDAY, date(2024, 12, 9)]


def test_a_worker_that_was_off_from_thursday_to_tuesday_makes_up_the_list_and_one_digest(
    database: Database, settings: Settings
) -> None:
    thursday, tuesday = date(2024, 11, 21), date(2024, 11, 26)
    off = {thursday + timedelta(days=offset) for offset in range(5)}
    work_through(database, settings, date(2024, 11, 20), tuesday, off)
    assert made(database) == [
        ("daily", date(2024, 11, 20), False),
        ("weekly", MONDAY, True),
        ("daily", tuesday, False),
    ]
    with database.reading() as session:
        frozen = session.exec(select(OverdueList).where(OverdueList.region_id == region(session).id)).one()
        assert (frozen.as_of, frozen.late) == (MONDAY, True)
        most = session.exec(
            select(func.count())
            .where(OutboxMail.kind == "weekly")
            .group_by(col(OutboxMail.account_id))
            .order_by(func.count().desc())
            .limit(1)
        ).one()
        assert most == 1


def test_it_looks_back_ten_weeks(database: Database, settings: Settings) -> None:
    make(database, settings, DAILY, date(2024, 8, 30))
    tuesday = date(2024, 11, 26)
    assert due(database, moment(tuesday)) == [
        *((WEEKLY, date(2024, 9, day)) for day in (18, 23, 30)),  # 15 to 17 September were free
        *((WEEKLY, date(2024, 10, day)) for day in (8, 14, 21, 28)),
        *((WEEKLY, date(2024, 11, day)) for day in (4, 11, 18, 25)),
        (DAILY, tuesday),
    ]
    work_through(database, settings, tuesday, tuesday)
    with database.reading() as session:
        here = region(session).id
        lists = session.exec(
            select(OverdueList).where(OverdueList.region_id == here).order_by(col(OverdueList.number))
        ).all()
        assert [one.number for one in lists] == list(range(1, 12))
        assert [one.as_of for one in lists] == sorted(one.as_of for one in lists)
        assert all(one.late for one in lists)
        # Departments hear of the present week's list alone: everybody gets one list, the secretariat all of them.
        kept = session.exec(
            select(Account.login, func.count())
            .join(OutboxMail, col(OutboxMail.account_id) == Account.id)
            .where(OutboxMail.kind == "weekly", Account.region_id == here)
            .group_by(Account.login)
        ).all()
        assert dict(kept) == {"秘书处": 11} | dict.fromkeys(
            ("甲局联络员", "乙局联络员", "丙局联络员", "东街道联络员", "西街道联络员", "甲局负责人"), 1
        )


def test_a_list_behind_a_newer_one_is_not_made_up(database: Database, settings: Settings) -> None:
    make(database, settings, DAILY, date(2024, 11, 15))
    with database.writing() as session:
        freeze_overdue_list(session, region(session), as_of=MONDAY, now=moment(MONDAY, 8), by=None)
    assert due(database, moment(MONDAY)) == [(WEEKLY, MONDAY), (DAILY, MONDAY)], (
        "18 November can have no number any more"
    )


def test_a_list_that_was_frozen_by_hand_later_in_the_week_is_that_weeks(database: Database, settings: Settings) -> None:
    make(database, settings, DAILY, date(2024, 11, 22))
    tuesday = date(2024, 11, 26)
    with database.writing() as session:
        freeze_overdue_list(session, region(session), as_of=tuesday, now=moment(tuesday, 8), by=None)
    assert due(database, moment(tuesday)) == [(WEEKLY, MONDAY), (DAILY, tuesday)]
    make(database, settings, WEEKLY, MONDAY, moment(tuesday))
    with database.reading() as session:
        assert [frozen.as_of for frozen in session.exec(select(OverdueList))] == [tuesday]


def test_a_year_without_a_notice_follows_the_week(database: Database) -> None:
    new_year = date(2031, 1, 1)  # a Wednesday, free in every year, but nobody has said so yet
    assert due(database, moment(new_year)) == [(DAILY, new_year)]


def test_off_from_thursday_before_national_day_to_tuesday_after_it(database: Database, settings: Settings) -> None:
    """26 September to 7 October: the list of 30 September is made up once, under its date; the holiday has none."""
    off = {date(2024, 9, 26) + timedelta(days=offset) for offset in range(12)}
    work_through(database, settings, date(2024, 9, 25), date(2024, 10, 9), off)
    assert made(database) == [
        ("daily", date(2024, 9, 25), False),
        ("weekly", date(2024, 9, 30), True),
        ("weekly", date(2024, 10, 8), False),
        ("daily", date(2024, 10, 8), False),
        ("daily", date(2024, 10, 9), False),
    ]
    with database.reading() as session:
        mails = session.exec(
            select(Account.login, OutboxMail.key)
            .join(OutboxMail, col(OutboxMail.account_id) == Account.id)
            .where(OutboxMail.kind == "weekly", Account.region_id == region(session).id)
        ).all()
    late = {login for login, key in mails if "2024-09-30" in key}
    assert late == {"秘书处"}, "the departments hear of the present list"
    assert len([key for _login, key in mails if "2024-10-08" in key]) == 7


def test_a_clock_that_is_set_back_makes_nothing_twice_and_nothing_of_the_future(
    database: Database, settings: Settings
) -> None:
    wednesday = date(2024, 11, 27)
    work_through(database, settings, MONDAY, wednesday, off={date(2024, 11, 26)})
    before = made(database)
    for day in (date(2024, 11, 26), MONDAY, date(2024, 11, 22)):
        work_through(database, settings, day, day)
    assert made(database) == before
    with database.writing() as session:  # one that was interrupted, too, waits until the clock has caught up
        for run in session.exec(select(DigestRun).where(DigestRun.run_date == wednesday)):
            run.completed_at = None
    assert due(database, moment(MONDAY, 12)) == []
    assert due(database, moment(wednesday, 12)) == [(DAILY, wednesday)]


def test_a_clock_that_was_years_ahead_once_silences_nobody(database: Database, settings: Settings) -> None:
    make(database, settings, DAILY, date(2026, 11, 23))
    assert due(database, moment(MONDAY)) == [(WEEKLY, MONDAY), (DAILY, MONDAY)]


def test_leap_day_week_53_and_the_turn_of_the_year(database: Database, settings: Settings) -> None:
    leap_day = date(2028, 2, 29)  # a Tuesday of a year whose notice is not known
    assert due(database, moment(leap_day)) == [(DAILY, leap_day)]
    last, first = date(2026, 12, 28), date(2027, 1, 4)
    assert (last.isocalendar().week, first.isocalendar().week) == (53, 1)
    for day in (date(2026, 12, 21), last, first):
        work_through(database, settings, day, day)
    with database.reading() as session:
        lists = session.exec(
            select(OverdueList).where(OverdueList.region_id == region(session).id).order_by(col(OverdueList.as_of))
        ).all()
        assert [(one.as_of, one.year, one.number) for one in lists] == [
            (date(2026, 12, 21), 2026, 1),
            (last, 2026, 2),
            (first, 2027, 1),
        ]
        assert [one.previous_sha256 for one in lists] == ["", lists[0].sha256, lists[1].sha256]


def close(database: Database, day: date) -> None:
    with database.writing() as session:
        session.add(DayException(region_id=region(session).id or 0, day=day, working=False, reason="机关停电检修"))


def test_a_closure_that_is_entered_on_the_very_day(database: Database, settings: Settings) -> None:
    """Before the hour it moves the runs; after it what was made stays made, and the week gets no second list."""
    close(database, MONDAY)
    assert due(database, moment(MONDAY)) == []
    tuesday = MONDAY + timedelta(days=1)
    assert due(database, moment(tuesday)) == [(WEEKLY, tuesday), (DAILY, tuesday)]
    work_through(database, settings, tuesday, tuesday)
    next_week = MONDAY + timedelta(days=7)
    work_through(database, settings, next_week, next_week)
    close(database, next_week)
    assert due(database, moment(next_week, 12)) == []
    assert due(database, moment(next_week + timedelta(days=1))) == [(DAILY, next_week + timedelta(days=1))]
    with database.reading() as session:
        here = region(session).id or 0
    moved = next_week + timedelta(days=1)
    with pytest.raises(Overtaken):
        make_run(database, lambda: None, here, WEEKLY, moved, now=moment(moved), by=None, settings=settings)
    with database.writing() as session:  # taken back again
        for row in session.exec(select(DayException).where(DayException.day == MONDAY)):
            session.delete(row)
    assert (WEEKLY, MONDAY) not in due(database, moment(next_week + timedelta(days=2)))


def hold(database: Database, kind: RunKind, day: date) -> None:
    with database.writing() as session:
        here = region(session).id or 0
        session.add(RunHold(region_id=here, kind=kind, run_date=day, reason="规划正在修订", held_at=moment(day, 8)))


def test_a_held_list_is_frozen_on_its_day_and_mailed_when_it_is_let_go(database: Database, settings: Settings) -> None:
    hold(database, WEEKLY, MONDAY)
    hold(database, DAILY, MONDAY)
    work_through(database, settings, MONDAY, MONDAY)
    work_through(database, settings, MONDAY, MONDAY)
    assert made(database) == []
    wednesday = MONDAY + timedelta(days=2)
    with database.writing() as session:
        frozen = session.exec(select(OverdueList).where(OverdueList.region_id == region(session).id)).one()
        assert (frozen.as_of, frozen.late) == (MONDAY, False)
        for held in session.exec(select(RunHold)):
            held.released_at = moment(wednesday, 8)
        session.add(
            DigestRun(
                region_id=region(session).id or 0,
                kind=DAILY,
                run_date=date(2024, 11, 22),
                made_at=moment(date(2024, 11, 22)),
                completed_at=moment(date(2024, 11, 22)),
            )
        )
    work_through(database, settings, wednesday, wednesday)
    assert made(database)[1:] == [("weekly", MONDAY, True), ("daily", wednesday, False)]
    with database.reading() as session:
        assert session.exec(select(func.count()).where(OverdueList.region_id == region(session).id)).one() == 1


def interrupted(
    database: Database, settings: Settings, kind: RunKind, day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is told to stop when four accounts are done."""
    steps = itertools.count()
    with monkeypatch.context() as patch:
        patch.setattr(run_letters, "BATCH", 1)
        make(database, settings, kind, day, stop=lambda: next(steps) == 4)


def logins(database: Database, day: date, kind: RunKind) -> set[str]:
    with database.reading() as session:
        return set(
            session.exec(
                select(Account.login)
                .join(Digest, col(Digest.account_id) == Account.id)
                .join(DigestRun, col(DigestRun.id) == Digest.run_id)
                .where(DigestRun.run_date == day, DigestRun.kind == kind, Account.region_id == region(session).id)
            )
        )


EVERYBODY = {"秘书处", "甲局联络员", "乙局联络员", "丙局联络员", "东街道联络员", "西街道联络员", "甲局负责人"}


def test_what_was_interrupted_goes_first_and_is_finished(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(database, settings, WEEKLY, MONDAY, monkeypatch)
    assert logins(database, MONDAY, WEEKLY) < EVERYBODY
    saturday = MONDAY + timedelta(days=5)
    assert due(database, moment(saturday, 12)) == [], "nobody is written to on a free day"
    assert due(database, moment(MONDAY, 7)) == [(WEEKLY, MONDAY)], "what began today is finished whatever the hour"
    assert due(database, moment(MONDAY, 9)) == [(WEEKLY, MONDAY), (DAILY, MONDAY)]
    work_through(database, settings, MONDAY, MONDAY)
    assert logins(database, MONDAY, WEEKLY) == EVERYBODY
    assert logins(database, MONDAY, DAILY) == set(), "the list has said it"


def test_a_digest_that_was_interrupted_is_closed_with_its_day_and_the_next_tells_the_rest(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(database, settings, DAILY, MONDAY, monkeypatch)
    reached = logins(database, MONDAY, DAILY)
    assert reached < EVERYBODY
    hold(database, WEEKLY, MONDAY)  # or the list would tell them
    tuesday = MONDAY + timedelta(days=1)
    work_through(database, settings, tuesday, tuesday)
    with database.reading() as session:
        run = session.exec(select(DigestRun).where(DigestRun.kind == DAILY, DigestRun.run_date == MONDAY)).one()
        assert run.cut_short
        assert run.completed_at is not None
    assert logins(database, MONDAY, DAILY) == reached
    assert logins(database, tuesday, DAILY) == EVERYBODY - reached - {"秘书处"}


def test_a_list_that_was_interrupted_and_whose_week_is_over_spares_the_departments(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(database, settings, WEEKLY, MONDAY, monkeypatch)
    reached = logins(database, MONDAY, WEEKLY)
    assert "秘书处" in reached
    next_week = MONDAY + timedelta(days=7)
    work_through(database, settings, next_week, next_week)
    assert logins(database, MONDAY, WEEKLY) == reached
    assert logins(database, next_week, WEEKLY) == EVERYBODY


def test_a_second_look_makes_nothing(database: Database, settings: Settings) -> None:
    work_through(database, settings, MONDAY, MONDAY)
    work_through(database, settings, MONDAY, MONDAY)
    assert made(database) == [("weekly", MONDAY, False), ("daily", MONDAY, False)]


def test_two_workers_at_once_make_one_run(
    database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        make_due_runs(settings, SetClock(moment(MONDAY)), database, threading.Event())

    with caplog.at_level(logging.ERROR):
        threads = [threading.Thread(target=work) for _worker in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert caplog.records == []
    assert made(database) == [("weekly", MONDAY, False), ("daily", MONDAY, False)]
    with database.reading() as session:
        assert session.exec(select(func.count()).where(OutboxMail.kind == "weekly")).one() == 8  # 邻区秘书处 too
        assert session.exec(select(func.count()).select_from(OverdueList)).one() == 2


def test_one_broken_region_stops_no_other(
    database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with database.writing() as session:
        broken = session.exec(select(Region).where(Region.code == "next")).one()
        broken.time_zone = "Nowhere/Land"
        session.add(broken)
    make_due_runs(settings, SetClock(moment(MONDAY)), database, threading.Event())
    assert made(database) == [("weekly", MONDAY, False), ("daily", MONDAY, False)]
    assert "could not be made" in caplog.text


def test_a_succession_whose_day_has_come_is_applied(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        here = region(session).id
        departments = {row.name: row.id for row in session.exec(select(Department).where(Department.region_id == here))}
        session.add(
            Succession(
                region_id=here or 0,
                predecessor_id=departments["甲局"] or 0,
                successor_id=departments["旧局"] or 0,
                kind="rename",
                on=MONDAY,
                certainty="printed",
            )
        )
    stop = threading.Event()
    make_due_runs(settings, SetClock(moment(MONDAY - timedelta(days=1))), database, stop)
    with database.reading() as session:
        assert session.exec(select(func.count()).where(Obligation.department_id == departments["旧局"])).one() == 0
    make_due_runs(settings, SetClock(moment(MONDAY, 0, 5)), database, stop)
    with database.reading() as session:
        assert session.exec(select(func.count()).where(Obligation.department_id == departments["旧局"])).one() == 2


def test_a_tick_makes_what_is_due_and_sends_it(database: Database, settings: Settings) -> None:
    transport = Recorder()
    tick(settings, SetClock(moment(MONDAY)), database, transport, threading.Event())
    with database.reading() as session:
        assert {mail.state for mail in session.exec(select(OutboxMail))} == {MailState.SENT}
        expected = session.exec(select(Account.id).where(col(Account.active).is_(True))).all()
    assert len(transport.sent) == len({mail.key for mail in transport.sent})
    assert {mail.account_id for mail in transport.sent} <= set(expected)


def test_a_worker_stops_after_the_item_in_hand(database: Database, settings: Settings) -> None:
    stop = threading.Event()

    class StopAfterThree(Recorder):
        def send(self, mail: OutboxMail, now: datetime) -> None:
            super().send(mail, now)
            if len(self.sent) == 3:
                stop.set()

    transport = StopAfterThree()
    tick(settings, SetClock(moment(MONDAY)), database, transport, stop)
    with database.reading() as session:
        by_state = dict(session.exec(select(OutboxMail.state, func.count()).group_by(col(OutboxMail.state))).all())
    assert by_state[MailState.SENT] == 3
    assert MailState.SENDING not in by_state


def test_a_running_worker_makes_files_and_ends_when_told(database: Database, settings: Settings) -> None:
    stop = threading.Event()
    quick = Settings(var_dir=settings.var_dir, tick_seconds=1)
    worker = threading.Thread(target=run_worker, args=(quick, SetClock(moment(MONDAY)), database, stop))
    worker.start()
    deadline = threading.Event()
    for _wait in range(100):
        if quick.mail_dir.exists() and len(list(quick.mail_dir.glob("*.eml"))) == 8:
            break
        deadline.wait(0.1)
    stop.set()
    worker.join(timeout=10)
    assert not worker.is_alive()
    assert len(list(quick.mail_dir.glob("weekly.test.2024-11-25.*.eml"))) == 7

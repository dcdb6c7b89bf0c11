"""Which runs should have been made by now and are not there: read from tables, never from a timer's memory."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.clock import local_day
from app.domain.workdays import WorkCalendar
from app.models import DigestRun, Region
from app.models.digest_run import RunKind
from app.queries.run_record import RunRecord, run_record, unfinished_runs
from app.queries.work_calendar import work_calendar

LOOK_BACK = timedelta(weeks=10)  # a summer's closure; what is older lies in the frozen lists of the weeks behind it
_WEEK = timedelta(days=7)


class Need(StrEnum):
    """What is to be done for a run."""

    MAKE = "make"
    CLOSE = "close"  # a daily one that was interrupted, and its day is over
    FREEZE = "freeze"  # a weekly one that is held: the list has its day all the same


@dataclass(frozen=True, slots=True)
class DueRun:
    kind: RunKind
    run_date: date
    need: Need = Need.MAKE
    run_id: int | None = None  # of one that was begun


def due_runs(session: Session, region: Region, *, now: datetime, at: time) -> list[DueRun]:
    """In the order in which they are to be made. `at` is the local time of both kinds of run.

    What was begun and not finished goes first, because nobody may be told in a digest what the list is about to tell.
    A list of an earlier week that is missing is made up under its own date. An earlier daily digest is not:
    today's says what it would have said, so that after a week's silence there is one mail and not seven.
    """
    local = now.astimezone(ZoneInfo(region.time_zone))
    today = local.date()
    calendar = work_calendar(session, region.id or 0)
    works = calendar.is_working(today) and local.time() >= at
    since = _monday(today) - LOOK_BACK
    # In this order: each question sees what was committed by then (PostgreSQL), and a list that somebody else begins in
    # between must be found unfinished. Asked the other way round it would be neither missing nor unfinished, and the
    # digest would tell what the list is about to tell.
    record = run_record(session, region.id or 0, since=since)
    begun = [
        due
        for run in unfinished_runs(session, region.id or 0)
        if (due := _begun(run, region.time_zone, today, works=works)) is not None
    ]
    if not works or is_behind(record.newest, today):
        return begun
    under_way = {(one.kind, one.run_date) for one in begun}
    weekly = [
        need
        for day in _list_days(calendar, since, today)
        if (need := _list(day, today, record)) is not None and (need.kind, need.run_date) not in under_way
    ]
    # The list goes first: what it says of a department's overdue items, the digest of the same day need not repeat.
    daily = DueRun(RunKind.DAILY, today)
    wanted = (RunKind.DAILY, today) not in record.made | record.held | under_way
    return begun + weekly + ([daily] if wanted else [])


def is_behind(newest: date | None, today: date) -> bool:
    """The clock was set back by some days: until it has caught up with what was made, nothing new is.

    One that had been far ahead once must not silence an office for years; what was said then is not said again.
    """
    return newest is not None and today < newest <= today + _WEEK


def _begun(run: DigestRun, zone: str, today: date, *, works: bool) -> DueRun | None:
    if run.run_date > today:
        return None  # the clock was set back meanwhile
    if run.kind is RunKind.DAILY and run.run_date < today:
        return DueRun(run.kind, run.run_date, Need.CLOSE, run.id)
    # On a free day, or in the night, nothing is written to anybody; but what began today was wanted today.
    if works or local_day(run.made_at, zone) == today:
        return DueRun(run.kind, run.run_date, Need.MAKE, run.id)
    return None


def _list_days(calendar: WorkCalendar, since: date, today: date) -> list[date]:
    """The first working days of the weeks from `since` to `today`, those that have come."""
    found = []
    week = since
    while week <= today:
        first = calendar.first_of_week(week)
        if first is not None and first <= today:
            found.append(first)
        week += _WEEK
    return found


def _list(day: date, today: date, record: RunRecord) -> DueRun | None:
    """What the list of the week that begins to be worked on `day` still needs.

    A week has one list: a closure entered or taken back later moves its first working day, not what was done.
    """
    week = _monday(day)
    if any(kind is RunKind.WEEKLY and _monday(made) == week for kind, made in record.made):
        return None
    frozen = any(_monday(one) == week and one >= day for one in record.lists)
    if any(kind is RunKind.WEEKLY and _monday(held) == week for kind, held in record.held):
        return None if frozen or not _can_be_frozen(day, record) else DueRun(RunKind.WEEKLY, day, Need.FREEZE)
    before_its_time = record.first is None or record.first > day  # the office did not work with Duban yet
    if (day < today and before_its_time) or not (frozen or _can_be_frozen(day, record)):
        return None
    return DueRun(RunKind.WEEKLY, day)


def _can_be_frozen(day: date, record: RunRecord) -> bool:
    """Behind a newer list none can be numbered any more."""
    return not any(one > day for one in record.lists)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())

"""Which runs should have been made by now and are not there: read from tables, never from a timer's memory."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.domain.workdays import WorkCalendar
from app.models import Region
from app.models.digest_run import RunKind
from app.queries.digest_runs import RunRecord, run_record
from app.queries.work_calendar import work_calendar

# Working days, because seven calendar days would not reach back over the seven of a National Day holiday.
LOOK_BACK = 7


@dataclass(frozen=True, slots=True)
class DueRun:
    kind: RunKind
    run_date: date


def due_runs(session: Session, region: Region, *, now: datetime, at: time) -> list[DueRun]:
    """In the order in which they are to be made. `at` is the local time of both kinds of run.

    A list of an earlier week that is missing is made up under its own date. An earlier daily digest is not:
    today's says what it would have said, so that after a week's silence there is one mail and not seven.
    """
    local = now.astimezone(ZoneInfo(region.time_zone))
    today = local.date()
    calendar = work_calendar(session, region.id or 0)
    if not calendar.is_working(today) or local.time() < at:
        return []
    since = _look_back(calendar, today)
    record = run_record(session, region.id or 0, since=since)
    weekly = [
        DueRun(RunKind.WEEKLY, day) for day in _list_days(calendar, since, today) if _is_missing(day, today, record)
    ]
    # The list goes first: what it says of a department's overdue items, the digest of the same day need not repeat.
    daily = [] if (RunKind.DAILY, today) in record.made else [DueRun(RunKind.DAILY, today)]
    return weekly + daily


def _look_back(calendar: WorkCalendar, today: date) -> date:
    day = today
    for _step in range(LOOK_BACK):
        day = calendar.on_or_before(day - timedelta(days=1))
    return day


def _list_days(calendar: WorkCalendar, since: date, today: date) -> list[date]:
    """The first working days of the weeks from `since` to `today`, those that have come."""
    found = []
    week = since
    while week - timedelta(days=week.weekday()) <= today:
        first = calendar.first_of_week(week)
        if first is not None and since <= first <= today:
            found.append(first)
        week += timedelta(days=7)
    return found


def _is_missing(day: date, today: date, record: RunRecord) -> bool:
    if (RunKind.WEEKLY, day) in record.made:
        return False
    if day == today:
        return True
    if record.first is None or record.first >= day:
        return False  # before its first run the office did not work with Duban
    sunday = day + timedelta(days=6 - day.weekday())
    newer = [one for one in record.lists if one > day]
    # Behind a newer list none can be numbered any more; one that was frozen by hand in that week is that week's.
    return not newer or any(one <= sunday for one in newer) or day in record.lists

"""The letters of a run that is still to be made, today's or one of the days to come, if nobody reports until then."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.clock import local_day
from app.domain.coming_digests import Ahead, Run, lists_before, runs_before
from app.domain.overdue_change import Exit
from app.mail.compose import Composer
from app.mail.digest_letters import DigestLetters
from app.mail.run_letters import Letters, frozen_weekly, weekly_as_of_now
from app.mail.weekly_letters import Difference, WeeklyLetters, WeeklyList
from app.models import Region
from app.models.digest_run import RunKind
from app.queries.coming_runs import has_runs, lists_since, runs_known
from app.queries.digest_runs import list_of_run
from app.queries.overdue_lists import changes_since_last, gone_since, last_list
from app.queries.reminder_rules import all_ladders
from app.queries.reminders import new_since
from app.queries.work_calendar import work_calendar
from app.settings import Settings


def coming_letters(
    session: Session, region: Region, kind: RunKind, run_date: date, *, now: datetime, settings: Settings
) -> Letters:
    """What the runs until then will have said is counted in; attachments are left out."""
    composer = Composer(settings)
    moment = max(now, datetime.combine(run_date, settings.digest_time, ZoneInfo(region.time_zone)))
    ahead = runs_ahead(session, region, Run(run_date, daily=kind is RunKind.DAILY), now)
    if kind is RunKind.WEEKLY:
        weekly = coming_list(session, region, run_date, moment, today=local_day(now, region.time_zone))
        return WeeklyLetters(session, composer, region, weekly, run_date=run_date, ahead=ahead)
    # What the first run of all calls new is counted from its own day.
    since = new_since(session, region.id or 0, moment if has_runs(session, region.id or 0) else now)
    return DigestLetters(session, composer, region, run_date, moment, since=since, ahead=ahead)


def runs_ahead(session: Session, region: Region, run: Run, now: datetime) -> Ahead | None:
    """The runs that will be made before this one; None when there are none."""
    region_id = region.id or 0
    today = local_day(now, region.time_zone)
    calendar = work_calendar(session, region_id)
    known = runs_known(session, region_id, today)
    runs = runs_before(run, calendar, today, known)
    if not runs:
        return None
    ladders = all_ladders(session, region_id, calendar, [one.day for one in runs])
    return Ahead(zip(runs, ladders, strict=True), calendar, known.reached)


def coming_list(session: Session, region: Region, run_date: date, moment: datetime, *, today: date) -> WeeklyList:
    """The list that is frozen for this run, or as it would be at that moment: with the number that it would get."""
    region_id = region.id or 0
    frozen = list_of_run(session, region_id, run_date)
    if frozen is not None:
        return frozen_weekly(frozen, changes_since_last(session, frozen))
    weekly = weekly_as_of_now(session, region, run_date, moment)
    run = Run(run_date, daily=False)
    monday = today - timedelta(days=today.weekday())
    earlier = lists_before(run, work_calendar(session, region_id), today, lists_since(session, region_id, monday))
    return replace(
        weekly,
        number=weekly.number + sum(day.year == weekly.year for day in earlier),
        difference=_difference(session, region_id, weekly, earlier[-1] if earlier else None, moment),
    )


def _difference(
    session: Session, region_id: int, weekly: WeeklyList, before: date | None, moment: datetime
) -> Difference | None:
    """Against the list of the coming day `before`, or the last that is frozen; None for the very first."""
    if before is not None:
        return Difference([line for line in weekly.lines if line.due >= before], 0, 0)
    last = last_list(session, region_id, before=weekly.as_of)
    if last is None:
        return None
    became = gone_since(session, last, until=moment)
    lines = {line.obligation_id for line in weekly.lines}
    gone = [how for key, how in became.items() if key not in lines]
    extended = gone.count(Exit.EXTENDED)
    fresh = [line for line in weekly.lines if line.obligation_id not in became]
    return Difference(fresh, len(gone) - extended, extended)

"""The page of reminders: what a run would say and to whom, what was sent, what is held."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer
from app.domain.coming_days import coming_days
from app.domain.coming_digests import Run, RunsKnown, runs_before
from app.domain.workdays import WorkCalendar
from app.errors import DubanError, Invalid, Overtaken
from app.mail.coming_letters import coming_letters
from app.mail.report_mark import without_link
from app.mail.run_letters import addressed
from app.models import DigestRun, Region
from app.models.digest_run import RunKind
from app.queries.coming_runs import Progress, mail_faults, progress, runs_known
from app.queries.digest_runs import run_of, runs
from app.queries.overdue_table import department_choices
from app.queries.reminders import people
from app.queries.run_holds import standing_holds
from app.queries.work_calendar import work_calendar
from app.rendering import page
from app.routers.digest_question import DigestQuestion
from app.settings import Settings

ACCOUNTS = 50  # on one page of the preview
STRIP = 10  # working days to come
_FARTHEST = 90  # days in which so many working days are surely found


def digest_page(
    request: Request,
    session: Session,
    viewer: Viewer,
    asked: DigestQuestion,
    *,
    now: datetime,
    knobs: Settings,
    after: int = 0,
    error: DubanError | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    """`error`: why what was sent was not done; `typed`: the form that it was sent with."""
    calendar = work_calendar(session, viewer.region_id)
    today, kind, run_date = asked.today, asked.kind, asked.run_date
    region = session.get_one(Region, viewer.region_id)
    made = run_of(session, viewer.region_id, kind, run_date)
    known = runs_known(session, viewer.region_id, today)
    monday = today - timedelta(days=today.weekday())
    holds = [
        one
        for one in standing_holds(session, viewer.region_id, since=monday)
        # A daily run of a day that is over is told by the next one, held or not.
        if one.run_date >= today or one.kind is RunKind.WEEKLY
    ]
    told = []
    if made is None and (kind is RunKind.WEEKLY or run_date == today or calendar.is_working(run_date)):
        letters = coming_letters(session, region, kind, run_date, now=now, settings=knobs)
        told = letters.to(
            people(
                session,
                viewer.region_id,
                roles=addressed(kind),
                after=after,
                limit=ACCOUNTS,
                only=asked.shown.conditions,
            )
        )
    faults = dict(asked.faults) | (error.fields if isinstance(error, Invalid) else {})
    # The day stands in no field that could be mended.
    conflict = faults.pop("run_date", "") if isinstance(error, Invalid) else error.message if error else ""
    return page(
        request,
        "digests/digests.html",
        status=409 if isinstance(error, Overtaken) else 422 if faults or error else 200,
        asked=asked,
        kind=kind,
        kinds=list(RunKind),
        run_date=run_date,
        made=made,
        progress=_progress(session, made),
        told=told,
        faults_of_mail=mail_faults(session, [one.person.account_id for one in told]),
        after=told[-1].person.account_id if len(told) == ACCOUNTS else None,
        later=after > 0,
        strip=_strip(calendar, today, known),
        held=next((one for one in holds if (one.kind, one.run_date) == (kind, run_date)), None),
        holds=holds,
        list_first=list_first(asked.run, calendar, today, known) if asked.is_now else None,
        list_day=_list_day(calendar, run_date, kind, today),
        works=calendar.is_working(run_date),
        why_free=calendar.reason(run_date),
        said_on=calendar.on_or_before(run_date),
        next_day=calendar.on_or_after(run_date + timedelta(days=1)),
        provisional=calendar.is_provisional(run_date),
        without_link=without_link,
        at=knobs.digest_time,
        departments=department_choices(session, viewer.region_id),
        runs=runs(session, viewer.region_id),
        typed=dict(typed or {"reason": ""}),
        faults=faults,
        conflict=conflict,
    )


def _progress(session: Session, made: DigestRun | None) -> Progress | None:
    """None where the run is finished, or not there."""
    if made is None or made.completed_at is not None:
        return None
    return progress(session, made, addressed(made.kind, week_over=made.secretariat_only))


def list_first(run: Run, calendar: WorkCalendar, today: date, known: RunsKnown) -> date | None:
    """The day of the list that goes before today's digest and was not made yet; None when there is none."""
    return next((one.day for one in runs_before(run, calendar, today, known) if one.weekly), None)


@dataclass(frozen=True, slots=True)
class StripDay:
    """A working day to come. `list`: the weekly list goes out, too. `sent`: the daily digest was."""

    day: date
    list: bool
    sent: bool
    daily_held: bool
    list_held: bool
    provisional: bool


def _strip(calendar: WorkCalendar, today: date, known: RunsKnown) -> list[StripDay]:
    return [
        StripDay(
            day=one.day,
            list=one.weekly,
            sent=Run(one.day, daily=True) in known.made,
            daily_held=Run(one.day, daily=True) in known.held,
            list_held=Run(one.day, daily=False) in known.held,
            provisional=calendar.is_provisional(one.day),
        )
        for one in coming_days(calendar, today, _FARTHEST)[:STRIP]
    ]


def _list_day(calendar: WorkCalendar, run_date: date, kind: RunKind, today: date) -> date | None:
    """The day of the list in the week of that day, if there is one that can be shown."""
    if kind is RunKind.WEEKLY:
        return run_date
    found = calendar.list_day(run_date)
    return found if found >= today or run_date == today else None

"""Begins a run of reminders, in one short transaction: its row, and for the weekly one the list that it sends."""

from datetime import date, datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from app.changes.freeze_overdue_list import freeze_overdue_list
from app.changes.hold_run import refuse_held
from app.clock import local_day
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import DigestRun, Region
from app.models.digest_run import RunKind
from app.queries.digest_runs import list_of_run, run_of
from app.queries.reminders import new_since
from app.queries.run_record import weekly_run_of_week
from app.queries.work_calendar import work_calendar
from app.words import word


def begin_run(
    session: Session, region: Region, kind: RunKind, run_date: date, *, now: datetime, by: int | None
) -> DigestRun:
    """Raises Overtaken when the run is there, when the week has its list, or when it is held; Invalid for no such day.

    What comes new to a department after this moment is for the next run, so that no two of them tell the same.
    """
    region_id = region.id or 0
    today = local_day(now, region.time_zone)
    if run_date > today:
        raise Invalid({"run_date": _("不能提前发送将来日期的提醒。")})
    if kind is RunKind.DAILY and run_date < today:
        raise Invalid({"run_date": _("过去日期的提醒由当日提醒一并补发，不再单独发送。")})
    if kind is RunKind.WEEKLY:
        # As freezing does, before anything is read: of two at once the second finds the list and the run of the first.
        session.exec(select(Region.id).where(Region.id == region_id).with_for_update()).one()
        refuse_second_list(session, region_id, run_date)
    if run_of(session, region_id, kind, run_date) is not None:
        raise Overtaken(made_already(kind, run_date))
    run = DigestRun(
        region_id=region_id,
        kind=kind,
        run_date=run_date,
        made_at=now,
        started_by=by,
        late=run_date < today,
        new_since=new_since(session, region_id, now) if kind is RunKind.DAILY else None,
        secretariat_only=kind is RunKind.WEEKLY and week_is_over(session, region_id, run_date, today),
    )
    session.add(run)
    try:
        session.flush()
    except IntegrityError as error:  # two at the same moment: the unique run decides
        raise Overtaken(made_already(kind, run_date)) from error
    refuse_held(session, region_id, kind, run_date)
    if kind is RunKind.WEEKLY and list_of_run(session, region_id, run_date) is None:
        freeze_overdue_list(session, region, as_of=run_date, now=now, by=by)
    return run


def refuse_second_list(session: Session, region_id: int, run_date: date) -> None:
    """One a week. Raises Overtaken where a closure, entered later, has moved the week's first working day."""
    other = weekly_run_of_week(session, region_id, run_date)
    if other is not None and other.run_date != run_date:
        raise Overtaken(made_already(RunKind.WEEKLY, other.run_date))


def made_already(kind: RunKind, run_date: date) -> str:
    return _("%(kind)s（%(day)s）已经发送，本次未重复发送。") % {"kind": word(kind), "day": run_date.isoformat()}


def week_is_over(session: Session, region_id: int, run_date: date, today: date) -> bool:
    """Has the first working day of a later week come?"""
    first = work_calendar(session, region_id).first_of_week(today)
    monday = today - timedelta(days=today.weekday())
    return run_date < monday and first is not None and first <= today

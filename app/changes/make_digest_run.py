"""Makes one run of reminders: the run, what each person is told, and the mails, all or nothing."""

from datetime import date, datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.changes.freeze_overdue_list import freeze_overdue_list
from app.clock import local_day
from app.documents.writing.overdue_xlsx import overdue_workbook
from app.documents.writing.sheet_cells import MEDIA_TYPE
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.i18n import officially
from app.mail.compose import Attachment, Composer, Letter
from app.mail.digest_letters import DigestLetters, Told
from app.mail.outbox import queue
from app.mail.run_letters import Letters, addressed, everybody, frozen_weekly, weekly_as_of_now
from app.mail.weekly_letters import WeeklyLetters
from app.models import Digest, DigestRun, OverdueList, Region
from app.models.digest_run import RunKind
from app.queries.digest_runs import list_of_run, run_of
from app.queries.inheritance import inherited_in_words
from app.queries.overdue_lists import Changes, changes_since_last
from app.queries.reminders import people
from app.queries.work_calendar import work_calendar
from app.settings import Settings
from app.words import list_name, list_remarks, word


def make_run(
    session: Session,
    region: Region,
    kind: RunKind,
    run_date: date,
    *,
    now: datetime,
    by: int | None,
    settings: Settings,
) -> DigestRun:
    """`by` is None when the worker makes it. The weekly run freezes the list of its day, unless that is done already.

    Raises Overtaken when the run is there already, Invalid for a day to come, or a daily one of a day that is over.
    """
    region_id = region.id or 0
    today = local_day(now, region.time_zone)
    if run_date > today:
        raise Invalid({"run_date": _("不能提前发送将来日期的提醒。")})
    if kind is RunKind.DAILY and run_date < today:
        raise Invalid({"run_date": _("过去日期的提醒由当日提醒一并补发，不再单独发送。")})
    made_already = _("%(kind)s（%(day)s）已经发送，本次未重复发送。") % {
        "kind": word(kind),
        "day": run_date.isoformat(),
    }
    if run_of(session, region_id, kind, run_date) is not None:
        raise Overtaken(made_already)
    # Before the run is there: what is new is what came after the run before it.
    letters = (
        DigestLetters(session, Composer(settings), region, run_date, now)
        if kind is RunKind.DAILY
        else _weekly_letters(session, region, run_date, now=now, by=by, settings=settings)
    )
    run = DigestRun(
        region_id=region_id, kind=kind, run_date=run_date, made_at=now, started_by=by, late=run_date < today
    )
    session.add(run)
    try:
        session.flush()
    except IntegrityError as error:  # two at the same moment: the unique run decides
        raise Overtaken(made_already) from error
    roles = addressed(kind, week_over=_week_is_over(session, region_id, run_date, today))
    for told in everybody(session, letters, region_id, roles):
        if told.letter is not None:
            mail_id = queue(session, told.letter, kind=kind.value, region_id=region_id, now=now)
            items = told.digest.items if told.digest else []
            session.add(Digest(run_id=run.id or 0, account_id=told.person.account_id, items=items, mail_id=mail_id))
            run.mails += 1
    session.flush()
    return run


def preview_run(
    session: Session, region: Region, kind: RunKind, run_date: date, *, now: datetime, settings: Settings
) -> list[Letter]:
    """Every letter that the run would send, without attachments; writes nothing."""
    letters = _letters_ahead(session, region, kind, run_date, now=now, settings=settings)
    return [told.letter for told in everybody(session, letters, region.id or 0, addressed(kind)) if told.letter]


def preview_page(
    session: Session,
    region: Region,
    kind: RunKind,
    run_date: date,
    *,
    now: datetime,
    settings: Settings,
    after: int,
    limit: int,
) -> list[Told]:
    """The same for the next accounts behind the id `after`, those who get nothing included."""
    letters = _letters_ahead(session, region, kind, run_date, now=now, settings=settings)
    return letters.to(people(session, region.id or 0, roles=addressed(kind), after=after, limit=limit))


def _week_is_over(session: Session, region_id: int, run_date: date, today: date) -> bool:
    """Has the first working day of a later week come?"""
    first = work_calendar(session, region_id).first_of_week(today)
    monday = today - timedelta(days=today.weekday())
    return run_date < monday and first is not None and first <= today


def _letters_ahead(
    session: Session, region: Region, kind: RunKind, run_date: date, *, now: datetime, settings: Settings
) -> Letters:
    composer = Composer(settings)
    if kind is RunKind.DAILY:
        return DigestLetters(session, composer, region, run_date, now)
    frozen = list_of_run(session, region.id or 0, run_date)
    if frozen is not None:
        weekly = frozen_weekly(frozen, changes_since_last(session, frozen))
    else:
        weekly = weekly_as_of_now(session, region, run_date, now)
    return WeeklyLetters(session, composer, region, weekly, run_date=run_date)


def _weekly_letters(
    session: Session, region: Region, run_date: date, *, now: datetime, by: int | None, settings: Settings
) -> Letters:
    frozen = list_of_run(session, region.id or 0, run_date)
    if frozen is None:
        frozen = freeze_overdue_list(session, region, as_of=run_date, now=now, by=by)
    changes = changes_since_last(session, frozen)
    weekly = frozen_weekly(frozen, changes)
    return WeeklyLetters(
        session,
        Composer(settings),
        region,
        weekly,
        run_date=run_date,
        attachments=(_sheet(session, region, frozen, changes),),
    )


@officially()
def _sheet(session: Session, region: Region, frozen: OverdueList, changes: Changes) -> Attachment:
    """The same file that the list's page offers."""
    title = _("%(region)s逾期清单%(name)s") % {"region": region.name, "name": list_name(frozen.year, frozen.number)}
    content = overdue_workbook(
        changes.rows,
        title=title,
        as_of=frozen.as_of,
        remarks=list_remarks(frozen.sha256, frozen.audit_seq, frozen.audit_sha256),
        weeks=changes.weeks,
        inherited=inherited_in_words(session, [row.obligation_id for row in changes.rows], cutoff=frozen.cutoff),
    )
    return Attachment(f"{title}.xlsx", MEDIA_TYPE, content)

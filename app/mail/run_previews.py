"""What a run would send, looked at before it is made; writes nothing."""

from datetime import date, datetime

from sqlmodel import Session

from app.mail.compose import Composer, Letter
from app.mail.digest_letters import DigestLetters, Told
from app.mail.run_letters import Letters, addressed, everybody, frozen_weekly, weekly_as_of_now
from app.mail.weekly_letters import WeeklyLetters
from app.models import Region
from app.models.digest_run import RunKind
from app.queries.digest_runs import list_of_run
from app.queries.overdue_lists import changes_since_last
from app.queries.reminders import people
from app.settings import Settings


def preview_run(
    session: Session, region: Region, kind: RunKind, run_date: date, *, now: datetime, settings: Settings
) -> list[Letter]:
    """Every letter that the run would send, without attachments."""
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

"""All letters of a run, a batch of accounts at a time, so that memory does not grow with the region."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Protocol

from sqlmodel import Session

from app.clock import day_end, local_day
from app.mail.digest_letters import Told
from app.mail.weekly_letters import Difference, WeeklyList
from app.models import OverdueList, Region
from app.models.account import AccountRole
from app.models.digest_run import RunKind
from app.queries.digest_runs import next_number
from app.queries.overdue import overdue_as_known
from app.queries.overdue_lists import Changes
from app.queries.reminders import Person, people

BATCH = 100


class Letters(Protocol):
    """DigestLetters or WeeklyLetters."""

    def to(self, people: Sequence[Person]) -> list[Told]: ...


def addressed(kind: RunKind, *, week_over: bool = False) -> tuple[AccountRole, ...]:
    """Who is written to. The list of a week that is over goes to the secretariat alone.

    The departments hear of what is overdue from the list of the present week, and once is enough.
    """
    if kind is RunKind.DAILY:
        return (AccountRole.LIAISON, AccountRole.HEAD, AccountRole.SECRETARIAT, AccountRole.LEADER)
    if week_over:
        return (AccountRole.SECRETARIAT,)
    return (AccountRole.SECRETARIAT, AccountRole.LIAISON, AccountRole.HEAD)


def everybody(session: Session, letters: Letters, region_id: int, roles: Sequence[AccountRole]) -> Iterator[Told]:
    """Every account in these roles, those who get nothing included."""
    after = 0
    while batch := people(session, region_id, roles=roles, after=after, limit=BATCH):
        yield from letters.to(batch)
        after = batch[-1].account_id


def frozen_weekly(frozen: OverdueList, changes: Changes) -> WeeklyList:
    difference = Difference(changes.fresh, len(changes.cleared), len(changes.extended))
    return WeeklyList(
        year=frozen.year,
        number=frozen.number,
        as_of=frozen.as_of,
        cutoff=frozen.cutoff,
        late=frozen.late,
        lines=changes.rows,
        list_id=frozen.id,
        difference=difference if changes.before else None,
        audit_seq=frozen.audit_seq,
        audit_sha256=frozen.audit_sha256,
    )


def weekly_as_of_now(session: Session, region: Region, as_of: date, now: datetime) -> WeeklyList:
    """The list that would be frozen now."""
    region_id = region.id or 0
    late = as_of < local_day(now, region.time_zone)
    cutoff = day_end(as_of, region.time_zone) if late else now
    return WeeklyList(
        year=as_of.year,
        number=next_number(session, region_id, as_of.year),
        as_of=as_of,
        cutoff=cutoff,
        late=late,
        lines=overdue_as_known(session, region_id, as_of, cutoff=cutoff),
    )

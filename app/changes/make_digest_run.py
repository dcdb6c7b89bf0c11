"""Makes a run of reminders in steps, so that whoever is interrupted, or wherever, somebody else can go on.

A step is made in two halves. The letters of some accounts are written in a reading session, which takes its time and
holds up nobody; what was written is put into the outbox in one short transaction, guarded by how far the run has come.
Any number of processes may be at the same run: of two at the same step one writes, the other throws its letters away.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlmodel import Session

from app.changes.begin_run import begin_run, made_already, week_is_over
from app.changes.digest_attachments import digest_attachments
from app.changes.run_step import Step, claim_step, spare_departments, write_step
from app.clock import local_day
from app.db import Database
from app.documents.writing.overdue_xlsx import overdue_workbook
from app.documents.writing.sheet_cells import MEDIA_TYPE
from app.errors import Overtaken
from app.i18n import gettext as _
from app.i18n import officially
from app.mail import run_letters
from app.mail.compose import Attachment, Composer
from app.mail.digest_letters import DigestLetters
from app.mail.run_letters import Letters, addressed, frozen_weekly
from app.mail.weekly_letters import WeeklyLetters
from app.models import DigestRun, OverdueList, Region
from app.models.account import AccountRole
from app.models.digest_run import RunKind
from app.queries.digest_runs import list_of_run, run_of
from app.queries.inheritance import inherited_in_words
from app.queries.overdue_lists import Changes, changes_since_last
from app.queries.reminders import Person, people
from app.settings import Settings
from app.trail import ActMaker
from app.words import list_name, list_remarks

log = logging.getLogger(__name__)


class NobodyTold(Exception):
    """There was something to say and not one mail could be written; the run stands at its beginning again."""


class _Lost(Exception):
    """Somebody else has made this step."""


# What is no fault of the account whose mail is being written: the run waits, and goes on when it has passed.
_NOT_OF_ONE = (OperationalError, InterfaceError, NoConnection, MemoryError, NobodyTold, _Lost)


def make_run(
    database: Database,
    act: ActMaker,
    region_id: int,
    kind: RunKind,
    run_date: date,
    *,
    now: datetime,
    by: int | None,
    settings: Settings,
    stop: Callable[[], bool] = lambda: False,
) -> DigestRun:
    """Begins the run, or goes on with it where somebody was interrupted, until everybody is told or `stop` says so.

    `by` is None when the worker makes it. The weekly run freezes the list of its day, unless that is done already.
    Not from within a writing session: SQLite has one writer.
    Raises Overtaken when somebody else has made it or it is held, Invalid for a day to come, or a daily one of a day
    that is over.
    """
    with database.reading() as session:
        found = run_of(session, region_id, kind, run_date)
    if found is None:
        try:
            with database.writing(act) as session:
                begun = begin_run(session, session.get_one(Region, region_id), kind, run_date, now=now, by=by)
                run_id = begun.id or 0
        except Overtaken:
            with database.reading() as session:
                found = run_of(session, region_id, kind, run_date)
            if found is None:  # held, or another list of that week
                raise
    if found is not None:
        if found.completed_at is not None:
            raise Overtaken(made_already(kind, run_date))
        run_id = found.id or 0
    return finish_run(database, act, run_id, now=now, settings=settings, stop=stop)


def finish_run(
    database: Database,
    act: ActMaker,
    run_id: int,
    *,
    now: datetime,
    settings: Settings,
    stop: Callable[[], bool] = lambda: False,
) -> DigestRun:
    """Raises Overtaken when somebody else has finished it."""
    with database.reading() as session:
        maker = _Maker(session, database, act, run_id, now=now, settings=settings)
        while not stop() and not maker.step():
            pass
        return maker.run()


class _Maker:
    """At work on one run, in one reading session that is emptied between the steps: memory does not grow with them."""

    def __init__(
        self, session: Session, database: Database, act: ActMaker, run_id: int, *, now: datetime, settings: Settings
    ) -> None:
        self._session = session
        self._database = database
        self._act = act
        self._run_id = run_id
        self._now = now
        self._settings = settings
        self._failures = 0
        self._letters, self._roles = self._opened()

    def step(self) -> bool:
        """Is the run complete? Raises Overtaken when somebody else has completed it, NobodyTold as it says."""
        run = self.run()
        if run.completed_at is not None:
            raise Overtaken(made_already(run.kind, run.run_date))
        batch = people(self._session, run.region_id, roles=self._roles, after=run.reached, limit=run_letters.BATCH)
        try:
            return self._step(run.reached, batch, last=len(batch) < run_letters.BATCH)
        except _Lost:
            return False

    def run(self) -> DigestRun:
        """As it stands now, detached."""
        run = self._session.get_one(DigestRun, self._run_id)
        self._forget()
        return run

    def _step(self, before: int, batch: Sequence[Person], *, last: bool) -> bool:
        try:
            return self._write(before, batch, last=last)
        except _NOT_OF_ONE:
            raise
        except Exception:
            self._forget()
            log.exception("run %s: the mails behind account %s failed; now one by one", self._run_id, before)
        for person in batch:
            try:
                self._write(before, [person])
            except _NOT_OF_ONE:
                raise
            except Exception:
                self._forget()
                log.exception("run %s: account %s is left out, its mail failed", self._run_id, person.account_id)
                self._failures += 1
                self._write(before, [person], left_out=True)
            before = person.account_id
        return last and self._write(before, (), last=True)

    def _write(self, before: int, batch: Sequence[Person], *, last: bool = False, left_out: bool = False) -> bool:
        told = self._letters.to(batch) if batch and not left_out else ()
        self._forget()  # no transaction of ours stands open while we wait for the other one
        step = Step(before, batch[-1].account_id if batch else before, told, last, left_out, self._failures)
        with self._database.writing(self._act) as session:
            if not claim_step(session, self._run_id, step):
                raise _Lost
            complete = write_step(session, self._run_id, step, now=self._now, settings=self._settings)
        if last and not complete:
            raise NobodyTold(f"run {self._run_id}: not one mail could be written")
        return complete

    def _forget(self) -> None:
        """What was read stays as it is with who holds it, and the next look sees what the others did meanwhile."""
        self._session.expunge_all()
        self._session.rollback()

    def _opened(self) -> tuple[Letters, Sequence[AccountRole]]:
        """What writes the letters, and whom to."""
        run = self._session.get_one(DigestRun, self._run_id)
        region = self._session.get_one(Region, run.region_id)
        composer = Composer(self._settings)
        letters: Letters
        if run.kind is RunKind.DAILY:
            letters = DigestLetters(
                self._session,
                composer,
                region,
                run.run_date,
                run.made_at,
                since=run.new_since,
                attach=digest_attachments(self._settings),
            )
            self._forget()
            return letters, addressed(run.kind)
        letters = _weekly_letters(self._session, composer, region, run.run_date)
        today = local_day(self._now, region.time_zone)
        over = run.secretariat_only or week_is_over(self._session, run.region_id, run.run_date, today)
        self._forget()
        if over and not run.secretariat_only:
            with self._database.writing(self._act) as session:
                spare_departments(session, self._run_id)
        return letters, addressed(run.kind, week_over=over)


def _weekly_letters(session: Session, composer: Composer, region: Region, run_date: date) -> Letters:
    frozen = list_of_run(session, region.id or 0, run_date)
    assert frozen is not None, "a weekly run begins with its list"
    changes = changes_since_last(session, frozen)
    return WeeklyLetters(
        session,
        composer,
        region,
        frozen_weekly(frozen, changes),
        run_date=run_date,
        attachments=(_sheet(session, region, frozen, changes),),
        attach=digest_attachments(composer.settings),
    )


@officially()
def _sheet(session: Session, region: Region, frozen: OverdueList, changes: Changes) -> Attachment:
    """The same file that the list's page offers."""
    title = _("%(region)s逾期清单%(name)s") % {"region": region.name, "name": list_name(frozen.year, frozen.number)}
    content = overdue_workbook(
        changes.rows,
        title=title,
        as_of=frozen.as_of,
        remarks=list_remarks(frozen),
        weeks=changes.weeks,
        inherited=inherited_in_words(session, [row.obligation_id for row in changes.rows], cutoff=frozen.cutoff),
    )
    return Attachment(f"{title}.xlsx", MEDIA_TYPE, content)

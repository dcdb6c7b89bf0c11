"""The letters of a weekly run: the whole list for the secretariat, each department's part for its own people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from app.domain.digest import Entry, Foreseen, Hearer, PersonDigest, entry_of, in_order
from app.domain.overdue_line import OverdueLine, by_department
from app.domain.reminders import Heading, Hearing, Matter, hears_after, hears_from
from app.domain.why_told import Cause, Why, why
from app.domain.workflow import Role, State
from app.mail.answering import answering
from app.mail.compose import Attachment, Composer, Letter
from app.mail.digest_letters import SHOWN, Attach, Told
from app.mail.keys import reply_code, run_mail_key
from app.models import Region
from app.models.account import AccountRole
from app.models.digest_run import RunKind
from app.queries.late_lists import late_lists
from app.queries.overdue_news import Standpoint, standpoints
from app.queries.plans import plan_ids
from app.queries.reminder_rules import ladders
from app.queries.reminders import Person
from app.queries.told_before import ToldBefore, told_before
from app.queries.work_calendar import work_calendar
from app.words import list_name

FRESH_SHOWN = 30  # new lines that the secretariat's mail itself shows; the attached file holds all


@dataclass(frozen=True, slots=True)
class Difference:
    """Against the list before: the new lines, and how many are gone because they were done or got a later date."""

    fresh: Sequence[OverdueLine]
    cleared: int
    extended: int


@dataclass(frozen=True, slots=True)
class WeeklyList:
    """A list, frozen or as it would be frozen now: then without `list_id`, `difference` and the audit trail's head."""

    year: int
    number: int
    as_of: date
    cutoff: datetime
    late: bool
    lines: Sequence[OverdueLine]
    list_id: int | None = None
    audit_seq: int | None = None
    audit_sha256: str = ""
    difference: Difference | None = None

    @property
    def name(self) -> str:
        return list_name(self.year, self.number)


class WeeklyLetters:
    """Writes the letters of one region's list, some accounts at a time."""

    def __init__(
        self,
        session: Session,
        composer: Composer,
        region: Region,
        weekly: WeeklyList,
        *,
        run_date: date,
        attachments: tuple[Attachment, ...] = (),
        attach: Attach | None = None,
        at: datetime | None = None,
        ahead: Foreseen | None = None,
    ) -> None:
        """`attachments` go to the secretariat; `attach` makes what somebody wants with a digest, as of `at`.

        `ahead`: what the runs before this one will have said.
        """
        region_id = region.id or 0
        self._session = session
        self._composer = composer
        self._region = Region(**region.model_dump())  # of no session: the run empties its own between two steps
        self._weekly = weekly
        self._run_date = run_date
        self._attachments = attachments
        self._attach = attach
        self._at = at or weekly.cutoff
        self._ahead = ahead
        self._ladders = ladders(session, region_id, work_calendar(session, region_id), weekly.as_of)
        self._plans = plan_ids(session, region_id)
        self._late = late_lists(session, region_id, weekly.as_of)
        self._parts = by_department(weekly.lines)
        self._lines = {part.department: part.lines for part in self._parts}

    def to(self, people: Sequence[Person]) -> list[Told]:
        """In the order of `people`."""
        departments = {person.department for person in people if person.department is not None}
        wanted = [line.obligation_id for name in departments for line in self._lines.get(name, ())]
        known = standpoints(self._session, wanted, before=self._weekly.cutoff)
        before = told_before(
            self._session, self._region.id or 0, [person.account_id for person in people], self._weekly.as_of
        )
        return [
            self._to_secretariat(person)
            if person.role is AccountRole.SECRETARIAT
            else self._to_department(person, known, before)
            for person in people
        ]

    def _to_secretariat(self, person: Person) -> Told:
        if not person.email:
            return Told(person, None, None)
        letter = self._letter(
            "weekly",
            person,
            person.email,
            attachments=self._attachments,
            parts=self._parts,
            lines=self._weekly.lines,
            fresh_shown=FRESH_SHOWN,
            late=self._late,
        )
        return Told(person, None, letter)

    def _to_department(self, person: Person, known: dict[int, Standpoint], before: ToldBefore) -> Told:
        hearer = person.hearer
        if hearer is None or person.department_id is None:
            return Told(person, None, None)
        digest = PersonDigest(hearer, in_order(self._entries(person, hearer, known, before)))
        if not digest.entries or not person.email:
            return Told(person, digest, None)
        code = reply_code()
        attachments = (
            self._attach(person, digest, code, region=self._region, day=self._weekly.as_of, at=self._at)
            if self._attach
            else ()
        )
        after = {entry.why.days for entry in digest.entries if entry.why}
        letter = self._letter(
            "weekly_part",
            person,
            person.email,
            attachments=attachments,
            code=code,
            digest=digest,
            person=person,
            copy=hearer.hearing is Hearing.COPY,
            copy_after=after.pop() if len(after) == 1 else None,
            department=person.department,
            shown=SHOWN,
            attached=[one.file_name for one in attachments],
            **answering(person, self._composer.settings, self._region, self._at),
        )
        return Told(person, digest, letter)

    def _entries(
        self, person: Person, hearer: Hearer, known: dict[int, Standpoint], before: ToldBefore
    ) -> Iterator[Entry]:
        """The liaison hears of every line of the department, the head of what is overdue as long as the rules say."""
        for line in self._lines.get(person.department or "", ()):
            matter = _matter(line, person, self._plans.get(line.plan_code, 0), known)
            ladder = self._ladders.of(matter.plan_id)
            after = hears_after(ladder.rules, hearer.hearing)
            if hearer.hearing is Hearing.COPY and (
                after is None or hears_from(ladder.calendar, line.due, after) > ladder.day
            ):
                continue
            said = before.said.get((person.account_id, line.obligation_id))
            if self._ahead is not None:
                said = self._ahead.then(hearer, matter, said)
            first = said is None or said.due != line.due or said.under is not Heading.OVERDUE
            told = (
                why(matter, hearer.hearing, ladder, None, Heading.OVERDUE)
                if hearer.hearing is Hearing.COPY
                else Why(Cause.LISTED, hearer.hearing)
            )
            yield entry_of(matter, Heading.OVERDUE, self._weekly.as_of, told, first=first)

    def _letter(
        self,
        name: str,
        to: Person,
        address: str,
        *,
        attachments: tuple[Attachment, ...] = (),
        code: str = "",
        **context: object,
    ) -> Letter:
        return self._composer.write(
            name,
            key=run_mail_key(RunKind.WEEKLY, self._region.code, self._run_date, to.account_id),
            account_id=to.account_id,
            to_name=to.name,
            to_address=address,
            attachments=attachments,
            code=code,
            region=self._region,
            weekly=self._weekly,
            **context,
        )


def _matter(line: OverdueLine, person: Person, plan_id: int, known: dict[int, Standpoint]) -> Matter:
    at = known[line.obligation_id]
    return Matter(
        obligation_id=line.obligation_id,
        department_id=person.department_id or 0,
        department=line.department,
        plan_id=plan_id,
        plan_title=line.plan_title,
        task_number=line.task_number,
        task_title=line.task_title,
        phase=line.phase,
        role=Role(line.role),
        state=State(line.state),
        due=line.due,
        first_due=line.first_due,
        revision=at.revision,
        reason=at.reason if line.state == State.RETURNED else "",
    )

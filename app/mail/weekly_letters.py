"""The letters of a weekly run: the whole list for the secretariat, each department's part for its own people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from app.domain.digest import PersonDigest, entry_of
from app.domain.overdue_line import OverdueLine, by_department
from app.domain.reminder_rules import DEFAULT_RULES
from app.domain.reminders import Heading, Hearing, Matter
from app.domain.workflow import Role, State
from app.mail.compose import Attachment, Composer, Letter
from app.mail.digest_letters import SHOWN, Told
from app.mail.keys import run_mail_key
from app.models import Region
from app.models.account import AccountRole
from app.models.digest_run import RunKind
from app.queries.overdue_news import Standpoint, standpoints
from app.queries.reminders import Person
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
    ) -> None:
        self._session = session
        self._composer = composer
        self._region = region
        self._weekly = weekly
        self._run_date = run_date
        self._attachments = attachments
        self._calendar = work_calendar(session, region.id or 0)
        self._parts = by_department(weekly.lines)
        self._lines = {part.department: part.lines for part in self._parts}

    def to(self, people: Sequence[Person]) -> list[Told]:
        """In the order of `people`."""
        departments = {person.department for person in people if person.hearer}
        wanted = [line.obligation_id for name in departments if name is not None for line in self._lines.get(name, ())]
        known = standpoints(self._session, wanted, before=self._weekly.cutoff)
        return [
            self._to_secretariat(person)
            if person.role is AccountRole.SECRETARIAT
            else self._to_department(person, known)
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
        )
        return Told(person, None, letter)

    def _to_department(self, person: Person, known: dict[int, Standpoint]) -> Told:
        hearer = person.hearer
        if hearer is None:
            return Told(person, None, None)
        copy = hearer.hearing is Hearing.COPY
        as_of = self._weekly.as_of
        entries = [
            entry_of(_matter(line, person.department_id or 0, known), Heading.OVERDUE, as_of)
            for line in self._lines.get(person.department or "", ())
            if not copy or self._calendar.between(line.due, as_of) > (DEFAULT_RULES.head_after or 0)
        ]
        digest = PersonDigest(hearer, entries)
        if not entries or not person.email:
            return Told(person, digest, None)
        letter = self._letter(
            "weekly_part",
            person,
            person.email,
            digest=digest,
            copy=copy,
            copy_after=DEFAULT_RULES.head_after,
            department=person.department,
            shown=SHOWN,
        )
        return Told(person, digest, letter)

    def _letter(
        self, name: str, person: Person, address: str, *, attachments: tuple[Attachment, ...] = (), **context: object
    ) -> Letter:
        return self._composer.write(
            name,
            key=run_mail_key(RunKind.WEEKLY, self._region.code, self._run_date, person.account_id),
            account_id=person.account_id,
            to_name=person.name,
            to_address=address,
            attachments=attachments,
            region=self._region,
            weekly=self._weekly,
            **context,
        )


def _matter(line: OverdueLine, department_id: int, known: dict[int, Standpoint]) -> Matter:
    at = known[line.obligation_id]
    return Matter(
        obligation_id=line.obligation_id,
        department_id=department_id,
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

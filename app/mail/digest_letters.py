"""The letters of a daily run: one per person over all plans, none where there is nothing to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from sqlmodel import Session

from app.clock import local_day
from app.domain.changes_since import Change, changes_since
from app.domain.digest import Entry, Foreseen, Hearer, PersonDigest, by_plan, excerpt, gather_all
from app.domain.reminder_rules import Pace
from app.domain.reminders import Heading, Hearing
from app.domain.workflow import Role
from app.mail.answering import answering
from app.mail.compose import Attachment, Composer, Letter
from app.mail.keys import reply_code, run_mail_key
from app.models import Region
from app.models.digest_run import RunKind
from app.queries.lately_happened import happened, lead_departments
from app.queries.owed_matters import late_matters, open_matters
from app.queries.reminder_rules import ladders
from app.queries.reminders import Person, new_since
from app.queries.told_before import ToldBefore, told_before
from app.queries.work_calendar import work_calendar

# Items that a mail shows in all, but the first LEAST of each heading or department in any case. With these it stays
# under 100 KB, where mail programs begin to cut off.
SHOWN, LEAST = 80, 5


@dataclass(frozen=True, slots=True)
class Told:
    """One account in a run. Without a letter there was nothing to say, or no address to say it to."""

    person: Person
    digest: PersonDigest | None
    letter: Letter | None


@dataclass(frozen=True, slots=True)
class Besides:
    """What the letters of some accounts say besides: when each was told anything last, and what changed since, by
    account; who leads, by obligation.
    """

    last: Mapping[int, datetime] = field(default_factory=dict)
    changes: Mapping[int, Sequence[tuple[Change, int]]] = field(default_factory=dict)
    leads: Mapping[int, Sequence[str]] = field(default_factory=dict)


class Attach(Protocol):
    """Makes the files that somebody wants with a digest; `code` is the reply code of its mail."""

    def __call__(
        self, person: Person, digest: PersonDigest, code: str, *, region: Region, day: date, at: datetime
    ) -> tuple[Attachment, ...]: ...


class DigestLetters:
    """Writes the letters of one region's run of `run_date`, some accounts at a time."""

    def __init__(
        self,
        session: Session,
        composer: Composer,
        region: Region,
        run_date: date,
        now: datetime,
        *,
        since: datetime | None = None,
        attach: Attach | None = None,
        ahead: Foreseen | None = None,
    ) -> None:
        """`since`: what came later is new, as it was kept when the run began; None for a run that is looked at ahead.

        `attach`: None leaves attachments out. `ahead`: what the runs before this one will have said.
        """
        self._session = session
        self._composer = composer
        self._region = Region(**region.model_dump())  # of no session: the run empties its own between two steps
        self._now = now
        self._attach = attach
        self._ahead = ahead
        self._new_since = since or new_since(session, region.id or 0, now)
        self._ladders = ladders(session, region.id or 0, work_calendar(session, region.id or 0), run_date)

    def to(self, people: Sequence[Person]) -> list[Told]:
        """In the order of `people`; the number of queries does not depend on how many they are."""
        hearers = [hearer for person in people if (hearer := person.hearer) is not None]
        before = told_before(
            self._session, self._region.id or 0, [hearer.account_id for hearer in hearers], self._ladders.day
        )
        digests = {digest.hearer.account_id: digest for digest in self._gathered(hearers, before)}
        written_to = [
            digest
            for person in people
            if (digest := digests.get(person.account_id)) is not None and digest.entries and person.email
        ]
        # What runs to come will tell of first is not told again: nothing has happened since.
        last = {**before.last, **dict.fromkeys(self._ahead.newest if self._ahead else (), self._now)}
        changes = self._changes([digest.hearer for digest in written_to], last)
        leads = self._leads(written_to)
        besides = Besides(last, changes, leads)
        return [self.told(person, digests.get(person.account_id), besides) for person in people]

    def _gathered(self, hearers: Sequence[Hearer], before: ToldBefore) -> list[PersonDigest]:
        """Liaisons and heads hear of their own department's, whoever stands above them of what is long overdue."""
        region_id = self._region.id or 0
        below = [hearer for hearer in hearers if hearer.hearing in {Hearing.DEPARTMENT, Hearing.COPY}]
        above = [hearer for hearer in hearers if hearer.hearing not in {Hearing.DEPARTMENT, Hearing.COPY}]
        departments = sorted({one for hearer in below for one in hearer.departments or ()})
        owed = open_matters(
            self._session, region_id, departments, self._ladders, new_since=self._new_since, now=self._now
        )
        late = late_matters(self._session, region_id, above, self._ladders)
        return [
            *gather_all(below, owed, before.said, self._ladders, ahead=self._ahead),
            *gather_all(above, late, before.said, self._ladders, ahead=self._ahead),
        ]

    def _changes(
        self, hearers: Sequence[Hearer], last: Mapping[int, datetime]
    ) -> Mapping[int, Sequence[tuple[Change, int]]]:
        since = {hearer: last[hearer.account_id] for hearer in hearers if hearer.account_id in last}
        if not since:
            return {}
        events = happened(self._session, self._region.id or 0, list(since), after=min(since.values()), until=self._now)
        return changes_since(since, events)

    def _leads(self, digests: Sequence[PersonDigest]) -> Mapping[int, Sequence[str]]:
        """Who leads what others only support; told above the departments alone."""
        asked = {
            entry.matter.obligation_id
            for digest in digests
            if digest.hearer.hearing is not Hearing.DEPARTMENT
            for part in digest.departments
            for entry in part.entries[:SHOWN]
            if entry.matter.role is not Role.LEAD
        }
        return lead_departments(self._session, sorted(asked)) if asked else {}

    def told(self, person: Person, digest: PersonDigest | None, besides: Besides) -> Told:
        if digest is None or not digest.entries or not person.email:
            return Told(person, digest, None)
        code = reply_code()
        attachments = self._attachments(person, digest, code)
        told_at = besides.last.get(person.account_id)
        letter = self._composer.write(
            "digest" if digest.hearer.hearing is Hearing.DEPARTMENT else "digest_above",
            key=run_mail_key(RunKind.DAILY, self._region.code, self._ladders.day, person.account_id),
            account_id=person.account_id,
            to_name=person.name,
            to_address=person.email,
            attachments=attachments,
            code=code,
            digest=digest,
            person=person,
            region=self._region,
            day=self._ladders.day,
            changes=besides.changes.get(person.account_id, ()) if told_at else (),
            changed_since=local_day(told_at, self._region.time_zone) if told_at else None,
            attached=[one.file_name for one in attachments],
            **(
                self._own(digest) if digest.hearer.hearing is Hearing.DEPARTMENT else self._above(digest, besides.leads)
            ),
            **answering(person, self._composer.settings, self._region, self._now),
        )
        return Told(person, digest, letter)

    def _own(self, digest: PersonDigest) -> dict[str, object]:
        """What the letter of who reports says besides."""
        at_once = {ladder.rules.at_once for ladder in self._ladders.all}
        weekly = digest.hearer.pace is Pace.WEEKLY
        return {
            "sections": [
                (
                    heading,
                    count,
                    sum(entry.first for entry in digest.under(heading)),
                    by_plan(shown),
                    count - len(shown),
                )
                for (heading, count), shown in zip(
                    digest.counts, excerpt(digest, most=SHOWN, least=LEAST).values(), strict=True
                )
            ],
            "weekly_pace": weekly,
            "of_week": weekly and any(self._could_wait(entry) for entry in digest.entries),
            "at_once": at_once.pop() if len(at_once) == 1 else None,
        }

    def _could_wait(self, entry: Entry) -> bool:
        """Told because it is the week's turn, and not at once."""
        due = entry.matter.due
        near = due is not None and self._ladders.of(entry.matter.plan_id).is_near(due)
        return entry.heading in {Heading.DUE_SOON, Heading.NEW} and not near

    def _above(self, digest: PersonDigest, leads: Mapping[int, Sequence[str]]) -> dict[str, object]:
        """What the letter to a head, the secretariat or a leader says besides."""
        after = {entry.why.days for entry in digest.entries if entry.why is not None}
        return {
            "hearing": digest.hearer.hearing.value,
            "parts": digest.departments,
            "shown": shown_of_parts([len(part.entries) for part in digest.departments]),
            "after": after.pop() if len(after) == 1 else None,
            "leads": leads,
        }

    def _attachments(self, person: Person, digest: PersonDigest, code: str) -> tuple[Attachment, ...]:
        if self._attach is None:
            return ()
        return self._attach(person, digest, code, region=self._region, day=self._ladders.day, at=self._now)


def shown_of_parts(counts: Sequence[int]) -> list[int]:
    """How many entries of each department the mail itself shows: the first of all before the rest of one."""
    shown = [0] * len(counts)
    for most in (LEAST, SHOWN):
        for place, count in enumerate(counts):
            shown[place] += max(0, min(count - shown[place], most - shown[place], SHOWN - sum(shown)))
    return shown

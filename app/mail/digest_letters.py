"""The letters of a daily run: one per person over all plans, none where there is nothing to say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from app.domain.digest import PersonDigest, gather_all
from app.domain.reminder_rules import DEFAULT_RULES
from app.domain.reminders import Hearing
from app.mail.compose import Composer, Letter
from app.mail.keys import run_mail_key
from app.models import Region
from app.models.digest_run import RunKind
from app.queries.reminder_rules import ladders
from app.queries.reminders import Person, new_since, open_matters, said_before
from app.queries.work_calendar import work_calendar

SHOWN = 100  # items under one heading; mail programs cut off what is much longer


@dataclass(frozen=True, slots=True)
class Told:
    """One account in a run. Without a letter there was nothing to say, or no address to say it to."""

    person: Person
    digest: PersonDigest | None
    letter: Letter | None


class DigestLetters:
    """Writes the letters of one region's run of `run_date`, some accounts at a time."""

    def __init__(self, session: Session, composer: Composer, region: Region, run_date: date, now: datetime) -> None:
        self._session = session
        self._composer = composer
        self._region = region
        self._now = now
        self._new_since = new_since(session, region.id or 0, now)
        self._ladders = ladders(session, region.id or 0, work_calendar(session, region.id or 0), run_date)

    def to(self, people: Sequence[Person]) -> list[Told]:
        """In the order of `people`; the number of queries does not depend on how many they are."""
        hearers = [hearer for person in people if (hearer := person.hearer) is not None]
        departments = sorted({one for hearer in hearers for one in hearer.departments or ()})
        day = self._ladders.day
        region_id = self._region.id or 0
        matters = open_matters(
            self._session, region_id, departments, self._ladders, new_since=self._new_since, now=self._now
        )
        said = said_before(self._session, region_id, [hearer.account_id for hearer in hearers], day)
        digests = {digest.hearer.account_id: digest for digest in gather_all(hearers, matters, said, self._ladders)}
        return [self._told(person, digests.get(person.account_id)) for person in people]

    def _told(self, person: Person, digest: PersonDigest | None) -> Told:
        if digest is None or not digest.entries or not person.email:
            return Told(person, digest, None)
        letter = self._composer.write(
            "digest",
            key=run_mail_key(RunKind.DAILY, self._region.code, self._ladders.day, person.account_id),
            account_id=person.account_id,
            to_name=person.name,
            to_address=person.email,
            digest=digest,
            copy=digest.hearer.hearing is Hearing.COPY,
            copy_after=DEFAULT_RULES.head_after,
            department=person.department,
            region=self._region,
            day=self._ladders.day,
            shown=SHOWN,
        )
        return Told(person, digest, letter)

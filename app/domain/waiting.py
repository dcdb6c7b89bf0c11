"""Who waits for whom on one milestone, and for how long."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.completion import Part, deciding
from app.domain.workflow import WAITING_FOR_DEPARTMENT, Role, State


@dataclass(frozen=True, slots=True)
class Party(Part):
    """One department's part with its key and its days."""

    obligation_id: int
    due: date | None
    submitted_on: date | None


@dataclass(frozen=True, slots=True)
class Awaited:
    """`days`: until its due date when positive, since then when negative; of a submission, since it was made."""

    party: Party
    days: int | None

    @property
    def overdue(self) -> bool:
        return self.days is not None and self.days < 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """`leads` decide and have not finished, `supporters` have not reported; both most urgent first.

    `ready`: supporters that have done their part. `in_review`: submissions that the secretariat has not looked at,
    longest waiting first.
    """

    leads: Sequence[Awaited]
    supporters: Sequence[Awaited]
    ready: Sequence[Party]
    in_review: Sequence[Awaited]

    @property
    def overdue_supporters(self) -> int:
        return sum(1 for one in self.supporters if one.overdue)

    @property
    def shared(self) -> bool:
        """Nobody leads: everybody named decides."""
        return bool(self.leads) and self.leads[0].party.role is not Role.LEAD

    @property
    def longest_review(self) -> int:
        return max((one.days or 0 for one in self.in_review), default=0)


def waiting_on(parties: Iterable[Party], today: date) -> Waiting:
    parties = list(parties)
    supporters = [one for one in parties if one.role is Role.SUPPORT]
    reviewed = [
        Awaited(one, (today - one.submitted_on).days if one.submitted_on else None)
        for one in parties
        if one.state is State.SUBMITTED
    ]
    return Waiting(
        leads=_owing(deciding(parties), today),
        supporters=_owing(supporters, today),
        ready=[one for one in supporters if one.state in {State.SUBMITTED, State.ACCEPTED}],
        in_review=sorted(reviewed, key=lambda one: -(one.days or 0)),
    )


def _owing(parts: Iterable[Part], today: date) -> list[Awaited]:
    """Those whose report is still to come, by due date; what has none comes last."""
    owing = [part for part in parts if isinstance(part, Party) and part.state in WAITING_FOR_DEPARTMENT]
    found = [Awaited(one, (one.due - today).days if one.due else None) for one in owing]
    return sorted(found, key=lambda one: (one.days is None, one.days or 0))

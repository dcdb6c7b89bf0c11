"""One obligation as its page shows it, with its task, its milestone and everybody else who works on it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import Session

from app.domain.completion import milestone_light
from app.domain.lights import Light, shown
from app.domain.waiting import Party, Waiting, waiting_on
from app.domain.workflow import WAITING_FOR_DEPARTMENT, State
from app.models import Milestone, Obligation, Review, Task
from app.models.extension import ExtensionState
from app.models.review import ReviewDecision
from app.queries.department_names import present_names
from app.queries.extensions import ExtensionRow, extensions_of
from app.queries.obligations import (
    EventRow,
    ObligationRow,
    ReportRow,
    group_name,
    last_review,
    milestone_obligations,
    reports,
    trail,
)
from app.queries.plans import ClausePart, clauses, measures
from app.queries.waiting import PRESSING


@dataclass(frozen=True, slots=True)
class OtherPart:
    """What another department reported on the same milestone, newest first."""

    row: ObligationRow
    reports: Sequence[ReportRow]


@dataclass(frozen=True, slots=True)
class ObligationContents:
    """`trail` and `extensions` oldest first, `reports` newest first; `waiting` only where somebody waits.

    `now`: who holds the duties of a department of the clause that has been succeeded.
    """

    row: ObligationRow
    task: Task
    milestone: Milestone
    group: str | None
    clause: Sequence[ClausePart]
    now: Mapping[int, str]
    measures: Sequence[str]
    reports: Sequence[ReportRow]
    others: Sequence[OtherPart]
    milestone_light: Light | None
    waiting: Waiting | None
    trail: Sequence[EventRow]
    review: Review | None
    extensions: Sequence[ExtensionRow]

    @property
    def waits_for_department(self) -> bool:
        return self.row.state in WAITING_FOR_DEPARTMENT

    @property
    def may_be_extended(self) -> bool:
        """One request at a time, and only where there is a date to move."""
        asked = any(extension.decision is ExtensionState.REQUESTED for extension in self.extensions)
        return self.waits_for_department and self.row.due is not None and not asked

    @property
    def demand(self) -> Review | None:
        """The review that the department has to answer now: returned, or reopened and not yet reported again."""
        if self.review is None or not self.waits_for_department:
            return None
        return self.review if self.review.decision is not ReviewDecision.ACCEPTED else None

    @property
    def cancelled_because(self) -> str | None:
        return self.trail[-1].reason if self.row.state is State.CANCELLED else None


def obligation_contents(session: Session, obligation: Obligation, today: date) -> ObligationContents:
    """A constant number of queries, however many departments and reports there are."""
    rows = milestone_obligations(session, obligation.milestone_id)
    said: dict[int, list[ReportRow]] = defaultdict(list)
    for report in reports(session, [row.id for row in rows]):
        said[report.obligation_id].append(report)
    parts = [
        (
            Party(row.department, row.role, row.state, row.id, row.due, row.submitted_on),
            shown(row.state, row.due, today, risk=row.risk, reported=row.last_on is not None).light,
        )
        for row in rows
    ]
    light = milestone_light(parts)
    return ObligationContents(
        row=next(row for row in rows if row.id == obligation.id),
        task=session.get_one(Task, obligation.task_id),
        milestone=session.get_one(Milestone, obligation.milestone_id),
        group=group_name(session, obligation.group_id),
        clause=clauses(session, [obligation.task_id]).get(obligation.task_id, []),
        now=present_names(session, obligation.region_id, today, task_id=obligation.task_id),
        measures=measures(session, obligation.task_id),
        reports=said[obligation.id or 0],
        others=[OtherPart(row, said[row.id]) for row in rows if row.id != obligation.id],
        milestone_light=light,
        waiting=_waiting([party for party, _light in parts], light, today),
        trail=trail(session, obligation.id or 0),
        review=last_review(session, obligation.id or 0),
        extensions=extensions_of(session, obligation.id or 0),
    )


def _waiting(parties: Sequence[Party], light: Light | None, today: date) -> Waiting | None:
    """Reviews are always waited for, departments only where the time is short."""
    waiting = waiting_on(parties, today)
    if light not in PRESSING:
        waiting = replace(waiting, leads=(), supporters=(), ready=())
    return waiting if waiting.leads or waiting.in_review else None

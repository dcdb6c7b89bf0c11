"""All phases of a task as one department meets them, in the order of its dates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from typing import Any

from sqlalchemy import and_, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.domain.workflow import State
from app.models import Milestone, Obligation, Phase


@dataclass(frozen=True, slots=True)
class TimelineNode:
    """`obligation_id` and what follows are None where the department owes nothing in the phase.

    `due` is the department's date, which an extension may have moved; `last_on` only says whether it has reported.
    """

    milestone_id: int
    phase: str
    planned: date | None
    review: str | None
    printed: str
    obligation_id: int | None
    state: State | None
    obligation_due: date | None
    first_due: date | None
    risk: bool | None
    late_days: int | None
    last_on: int | None

    @property
    def due(self) -> date | None:
        return self.planned if self.obligation_id is None else self.obligation_due


@dataclass(frozen=True, slots=True)
class Timeline:
    """`passed` nodes lie before today; what has no date stands at the end."""

    nodes: Sequence[TimelineNode]
    passed: int


_COLUMNS: list[Any] = [  # in the order of TimelineNode
    Milestone.id,
    Phase.name,
    Milestone.due,
    Milestone.review,
    Milestone.printed,
    Obligation.id,
    Obligation.state,
    Obligation.due,
    Obligation.first_due,
    Obligation.risk,
    Obligation.late_days,
    Obligation.last_update_id,
]


def task_timeline(session: Session, task_id: int, department_id: int, today: date) -> Timeline:
    owed = and_(col(Obligation.milestone_id) == Milestone.id, col(Obligation.department_id) == department_id)
    statement = (
        select_columns(*_COLUMNS)
        .select_from(Milestone)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .outerjoin(Obligation, owed)
        .where(
            col(Milestone.task_id) == task_id,
            or_(col(Milestone.withdrawn).is_(False), col(Obligation.id).is_not(None)),
        )
        .order_by(col(Milestone.position), col(Milestone.id))
    )
    return in_time([TimelineNode(*row) for row in session.execute(statement)], today)


def in_time(nodes: Sequence[TimelineNode], today: date) -> Timeline:
    """`nodes` in the order of the document, which counts among those of one day. What is due today has not passed."""
    ordered = sorted(nodes, key=lambda node: node.due or date.max)
    return Timeline(ordered, sum(1 for _node in takewhile(lambda node: (node.due or date.max) < today, ordered)))

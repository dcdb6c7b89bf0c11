"""The obligations behind a figure of the region's overview: of several plans, filtered, counted, by pages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Select
from sqlmodel import Session, col

from app.domain.lights import Light
from app.domain.workflow import State
from app.models import Milestone, Obligation
from app.queries.listed_obligations import DateKey, Listed, listed_by_date
from app.queries.obligation_lights import light_column
from app.queries.obligations import PAGE
from app.queries.waiting import waits_for_department


class Standing(StrEnum):
    """What a list can show beside the lights."""

    WAITING = "waiting"  # not submitted: open or returned
    ON_TIME = "on_time"  # accepted, submitted in time
    LATE = "late"  # accepted, submitted late
    FRESH = "fresh"  # overdue, and not so last week
    CLEARED = "cleared"  # overdue last week, and no more
    WAITS = "waits"  # its department decides and waits for supporters
    AWAITED = "awaited"  # its department supports and is waited for


# Those that are known by their ids and not by a condition on the row.
BY_IDS = frozenset({Standing.FRESH, Standing.CLEARED, Standing.WAITS, Standing.AWAITED})


@dataclass(frozen=True, slots=True)
class WantedObligations:
    """`ids`: the obligations that a standing of BY_IDS means. Without light or standing all that are owed."""

    plan_ids: Sequence[int]
    department_id: int | None = None
    light: Light | None = None
    standing: Standing | None = None
    ids: Collection[int] = ()
    due: date | None = None


def overview_rows(
    session: Session,
    region_id: int,
    wanted: WantedObligations,
    today: date,
    *,
    after: DateKey | None = None,
    limit: int = PAGE,
) -> Listed:
    """Most urgent first."""
    return listed_by_date(
        session, lambda statement: _narrowed(statement, region_id, wanted, today), after=after, limit=limit
    )


def _narrowed(statement: Select[Any], region_id: int, wanted: WantedObligations, today: date) -> Select[Any]:
    statement = statement.where(col(Obligation.region_id) == region_id, col(Obligation.plan_id).in_(wanted.plan_ids))
    # What an edition of the plan has withdrawn is owed by nobody, but it may be why something is overdue no more.
    if wanted.standing is not Standing.CLEARED:
        statement = statement.where(col(Milestone.withdrawn).is_(False), col(Obligation.state) != State.CANCELLED)
    if wanted.department_id is not None:
        statement = statement.where(col(Obligation.department_id) == wanted.department_id)
    if wanted.due is not None:
        statement = statement.where(col(Obligation.due) == wanted.due)
    if wanted.light is not None:
        statement = statement.where(light_column(today) == wanted.light.value)
    if wanted.standing in BY_IDS:
        return statement.where(col(Obligation.id).in_(wanted.ids))
    match wanted.standing:
        case Standing.WAITING:
            return statement.where(waits_for_department(Obligation.state))
        case Standing.ON_TIME:
            return statement.where(col(Obligation.state) == State.ACCEPTED, col(Obligation.late_days) == 0)
        case Standing.LATE:
            return statement.where(col(Obligation.state) == State.ACCEPTED, col(Obligation.late_days) > 0)
        case _:
            return statement

"""The light of an obligation as SQL, for counting and filtering; domain/lights.py says what it means."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, or_
from sqlmodel import col

from app.domain.lights import DUE_SOON_DAYS, START_DAYS, Light
from app.domain.workflow import State
from app.models import Obligation

LightCounts = Mapping[Light, int]

# The columns of a table of counts: what was withdrawn is owed by nobody.
OWED = tuple(light for light in Light if light is not Light.CANCELLED)


def light_column(today: date) -> ColumnElement[str]:
    """Label it and group by the label: PostgreSQL does not see that two copies with parameters are one."""
    soon = today + timedelta(days=DUE_SOON_DAYS)
    begun = today + timedelta(days=START_DAYS)
    state, due = col(Obligation.state), col(Obligation.due)
    started = or_(col(Obligation.last_update_id).is_not(None), state == State.RETURNED, due <= begun)
    cases: list[tuple[Any, str]] = [
        (state == State.CANCELLED, Light.CANCELLED.value),
        (state == State.ACCEPTED, Light.DONE.value),
        (state == State.SUBMITTED, Light.IN_REVIEW.value),
        (due < today, Light.OVERDUE.value),
        (or_(col(Obligation.risk), due <= soon), Light.DUE_SOON.value),
        (started, Light.ON_TRACK.value),
    ]
    return case(*cases, else_=Light.NOT_STARTED.value)


def in_order(counts: Mapping[str, int]) -> dict[Light, int]:
    """All lights in the order in which pages show them, those that do not occur with 0."""
    return {light: counts.get(light.value, 0) for light in Light}

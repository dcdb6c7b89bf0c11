"""What waits: the condition of the partial index, and when waiting for one another matters."""

from typing import Any

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import col

from app.domain.lights import Light
from app.domain.workflow import State

# A milestone that is late or near is where waiting matters; before that everybody still has time.
PRESSING = frozenset({Light.OVERDUE, Light.DUE_SOON})


def waits_for_department(state: Any) -> ColumnElement[bool]:
    """`state`: the column of Obligation or of its events; the states as literals, in the order of the index.

    A planner takes a partial index only where it sees the index's own condition in the statement, and
    not behind parameters: with them, all open rows of the region were read to find the late ones.
    """
    states = [State.OPEN, State.RETURNED]
    return col(state).in_(bindparam("waiting_states", states, expanding=True, literal_execute=True))

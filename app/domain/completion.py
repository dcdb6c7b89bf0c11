"""When a milestone is complete, and who waits for whom."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.workflow import Role, State


@dataclass(frozen=True, slots=True)
class Part:
    """One department's part in one milestone."""

    department: str
    role: Role
    state: State


def deciding(parts: Iterable[Part]) -> list[Part]:
    """Those whose acceptance completes the milestone: the leads, or everybody where no lead is named."""
    live = [part for part in parts if part.state is not State.CANCELLED]
    leads = [part for part in live if part.role is Role.LEAD]
    return leads or [part for part in live if part.role is Role.SHARED]


def is_complete(parts: Iterable[Part]) -> bool:
    deciders = deciding(parts)
    return bool(deciders) and all(part.state is State.ACCEPTED for part in deciders)


def waits(parts: Iterable[Part]) -> list[tuple[str, str]]:
    """(who waits, for whom): an unfinished lead waits for every supporter that has not reported yet."""
    parts = list(parts)
    missing = [
        part.department
        for part in parts
        if part.role is Role.SUPPORT and part.state in {State.OPEN, State.RETURNED}
    ]
    waiting = [part.department for part in deciding(parts) if part.state in {State.OPEN, State.RETURNED}]
    return [(lead, supporter) for lead in waiting for supporter in missing]

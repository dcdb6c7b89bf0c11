"""When a milestone is complete, how it stands until then, and who waits for whom."""

from collections.abc import Iterable, Set
from dataclasses import dataclass

from app.domain.lights import Light
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


def milestone_light(parts: Iterable[tuple[Part, Light]]) -> Light | None:
    """The light of the deciding departments together: done when all are, else the most urgent one.

    None where nobody decides: unassigned, or everybody's duty withdrawn.
    """
    pairs = list(parts)
    deciders = set(deciding(part for part, _light in pairs))
    lights = {light for part, light in pairs if part in deciders}
    if not lights:
        return None
    return together(lights)


def together(lights: Set[Light]) -> Light:
    """One light for several (at least one): done when all are, else the most urgent one."""
    for urgent in (Light.OVERDUE, Light.DUE_SOON):
        if urgent in lights:
            return urgent
    if lights == {Light.DONE}:
        return Light.DONE
    if lights <= {Light.DONE, Light.IN_REVIEW}:
        return Light.IN_REVIEW
    return Light.NOT_STARTED if lights == {Light.NOT_STARTED} else Light.ON_TRACK


def waits(parts: Iterable[Part]) -> list[tuple[str, str]]:
    """(who waits, for whom): an unfinished lead waits for every supporter that has not reported yet."""
    parts = list(parts)
    missing = [
        part.department for part in parts if part.role is Role.SUPPORT and part.state in {State.OPEN, State.RETURNED}
    ]
    waiting = [part.department for part in deciding(parts) if part.state in {State.OPEN, State.RETURNED}]
    return [(lead, supporter) for lead in waiting for supporter in missing]

"""What happened to somebody's obligations since they were last told of them, in numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from app.domain.digest import Hearer
from app.domain.reminders import Hearing
from app.domain.workflow import EventKind


class Change(StrEnum):
    """In the order in which a mail tells them."""

    CAME = "came"
    ACCEPTED = "accepted"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    REOPENED = "reopened"
    EXTENDED = "extended"
    DUE_MOVED = "due_moved"
    CANCELLED = "cancelled"


CHANGES = {
    EventKind.OPENED: Change.CAME,
    EventKind.TRANSFERRED: Change.CAME,
    EventKind.ACCEPTED: Change.ACCEPTED,
    EventKind.SUBMITTED: Change.SUBMITTED,
    EventKind.RETURNED: Change.RETURNED,
    EventKind.REOPENED: Change.REOPENED,
    EventKind.EXTENDED: Change.EXTENDED,
    EventKind.DUE_MOVED: Change.DUE_MOVED,
    EventKind.CANCELLED: Change.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Happened:
    """One event: `department_id` whose the obligation was afterwards."""

    obligation_id: int
    department_id: int
    kind: EventKind
    recorded_at: datetime


def changes_since(
    since: Mapping[Hearer, datetime], events: Iterable[Happened]
) -> dict[int, Sequence[tuple[Change, int]]]:
    """By account: how many obligations of theirs went through each change, each counted once; `events` by obligation.

    Who reports needs not be told what was submitted: the liaison did it.
    """
    everywhere = [hearer for hearer in since if hearer.departments is None]
    of_department: dict[int, list[Hearer]] = {}
    for hearer in since:
        for department in hearer.departments or ():
            of_department.setdefault(department, []).append(hearer)
    counted: dict[int, Counter[Change]] = {hearer.account_id: Counter() for hearer in since}
    for _key, group in groupby(events, key=lambda event: event.obligation_id):
        seen: set[tuple[int, Change]] = set()
        for event in group:
            change = CHANGES.get(event.kind)
            if change is None:
                continue
            for hearer in (*everywhere, *of_department.get(event.department_id, ())):
                own = change is Change.SUBMITTED and hearer.hearing is Hearing.DEPARTMENT
                if not own and event.recorded_at > since[hearer]:
                    seen.add((hearer.account_id, change))
        for account_id, change in seen:
            counted[account_id][change] += 1
    return {
        account_id: [(change, found[change]) for change in Change if found[change]]
        for account_id, found in counted.items()
    }

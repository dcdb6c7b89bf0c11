from datetime import UTC, datetime, timedelta

from app.domain.changes_since import Change, Happened, changes_since
from app.domain.digest import Hearer
from app.domain.reminders import Hearing
from app.domain.workflow import EventKind

NOW = datetime(2024, 11, 25, 8, 30, tzinfo=UTC)
LIAISON = Hearer(1, frozenset({10}), Hearing.DEPARTMENT)
HEAD = Hearer(2, frozenset({10}), Hearing.COPY)
ALL = Hearer(3, None, Hearing.SECRETARIAT)


def event(obligation: int, kind: EventKind, days: int, department: int = 10) -> Happened:
    return Happened(obligation, department, kind, NOW - timedelta(days=days))


def test_everybody_hears_what_happened_since_their_own_last_mail_in_their_departments() -> None:
    events = [
        event(1, EventKind.ACCEPTED, 2),
        event(2, EventKind.ACCEPTED, 8),
        event(3, EventKind.OPENED, 2, department=11),
        event(4, EventKind.TRANSFERRED, 1),
    ]
    week, month = NOW - timedelta(days=7), NOW - timedelta(days=30)
    found = changes_since({LIAISON: week, HEAD: month, ALL: week}, events)
    assert found == {
        1: [(Change.CAME, 1), (Change.ACCEPTED, 1)],
        2: [(Change.CAME, 1), (Change.ACCEPTED, 2)],
        3: [(Change.CAME, 2), (Change.ACCEPTED, 1)],
    }


def test_an_obligation_counts_once_and_the_liaison_is_not_told_what_the_liaison_did() -> None:
    events = [
        event(1, EventKind.SUBMITTED, 3),
        event(1, EventKind.RETURNED, 3),
        event(1, EventKind.SUBMITTED, 2),
        event(1, EventKind.RETURNED, 2),
        event(1, EventKind.REPORTED, 1),
    ]
    since = NOW - timedelta(days=7)
    found = changes_since({LIAISON: since, HEAD: since}, events)
    assert found == {1: [(Change.RETURNED, 1)], 2: [(Change.SUBMITTED, 1), (Change.RETURNED, 1)]}


def test_nothing_happened_is_nothing_said() -> None:
    assert changes_since({LIAISON: NOW}, [event(1, EventKind.ACCEPTED, 1)]) == {1: []}

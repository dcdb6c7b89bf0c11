from datetime import date

from app.domain.waiting import Party, waiting_on
from app.domain.workflow import Role, State

TODAY = date(2024, 11, 25)
LATE, SOON = date(2024, 11, 15), date(2024, 12, 31)


def party(name: str, role: Role, state: State, due: date | None = SOON, submitted: date | None = None) -> Party:
    return Party(name, role, state, abs(hash(name)), due, submitted)


def test_leads_wait_for_supporters_most_urgent_first() -> None:
    waiting = waiting_on(
        [
            party("甲", Role.LEAD, State.OPEN),
            party("乙", Role.SUPPORT, State.OPEN),
            party("丙", Role.SUPPORT, State.RETURNED, LATE),
            party("丁", Role.SUPPORT, State.OPEN, None),
            party("戊", Role.SUPPORT, State.ACCEPTED),
            party("己", Role.SUPPORT, State.CANCELLED, LATE),
        ],
        TODAY,
    )
    assert [(one.party.department, one.days) for one in waiting.leads] == [("甲", 36)]
    assert [(one.party.department, one.days) for one in waiting.supporters] == [("丙", -10), ("乙", 36), ("丁", None)]
    assert waiting.overdue_supporters == 1
    assert [one.department for one in waiting.ready] == ["戊"]
    assert not waiting.shared


def test_submissions_wait_for_the_secretariat_longest_first() -> None:
    waiting = waiting_on(
        [
            party("甲", Role.LEAD, State.SUBMITTED, submitted=date(2024, 11, 20)),
            party("乙", Role.SUPPORT, State.SUBMITTED, submitted=date(2024, 11, 5)),
        ],
        TODAY,
    )
    assert [(one.party.department, one.days) for one in waiting.in_review] == [("乙", 20), ("甲", 5)]
    assert waiting.longest_review == 20
    assert waiting.leads == []


def test_where_nobody_leads_all_that_are_named_are_waited_for() -> None:
    waiting = waiting_on([party("甲", Role.SHARED, State.OPEN), party("乙", Role.SHARED, State.ACCEPTED)], TODAY)
    assert [one.party.department for one in waiting.leads] == ["甲"]
    assert waiting.shared
    assert waiting.supporters == []

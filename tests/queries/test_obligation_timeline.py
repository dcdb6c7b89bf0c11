from datetime import date

from app.domain.workflow import State
from app.queries.obligation_timeline import TimelineNode, in_time

TODAY = date(2024, 11, 25)


def node(key: int, due: date | None, *, moved: date | None = None) -> TimelineNode:
    return TimelineNode(
        key, f"阶段{key}", due, None, "", key, State.OPEN, moved or due, due, risk=False, late_days=None, last_on=None
    )


def test_phases_stand_in_the_order_of_the_departments_dates() -> None:
    extended = node(1, date(2023, 12, 31), moved=date(2025, 3, 31))
    timeline = in_time([node(3, None), extended, node(2, date(2024, 12, 31))], TODAY)
    assert [one.milestone_id for one in timeline.nodes] == [2, 1, 3]
    assert timeline.passed == 0


def test_what_is_due_today_has_not_passed() -> None:
    timeline = in_time([node(1, date(2024, 11, 24)), node(2, TODAY), node(3, None)], TODAY)
    assert timeline.passed == 1
    assert in_time([node(1, date(2024, 11, 24))], TODAY).passed == 1
    assert in_time([], TODAY).passed == 0

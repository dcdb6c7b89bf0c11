"""Where the marks of a chart stand."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts import scale, series, stacked


@given(st.integers(0, 10**12))
def test_a_scale_begins_at_zero_reaches_the_largest_value_and_has_few_round_steps(largest: int) -> None:
    made = scale(largest)
    steps = {after - before for before, after in pairwise(made.ticks)}
    assert made.ticks[0] == 0
    assert made.ticks[-1] == made.top >= max(largest, 1)
    assert len(made.ticks) <= 5
    (step,) = steps
    assert str(step).rstrip("0") in {"1", "2", "5"}


@pytest.mark.parametrize(
    ("largest", "ticks"),
    [(0, [0, 1]), (1, [0, 1]), (3, [0, 1, 2, 3]), (7, [0, 2, 4, 6, 8]), (56, [0, 20, 40, 60]), (100, [0, 50, 100])],
)
def test_steps_are_what_a_person_would_choose(largest: int, ticks: list[int]) -> None:
    assert list(scale(largest).ticks) == ticks


def test_a_share_stays_within_the_scale() -> None:
    made = scale(10)
    assert (made.share(0), made.share(made.top), made.share(10**9)) == (0, 1, 1)


COUNTS = st.lists(st.tuples(st.sampled_from(["done", "late", "rest"]), st.integers(0, 10**9)), max_size=8)


@given(COUNTS)
def test_the_parts_of_a_bar_fill_it_in_their_order_and_none_is_lost(parts: list[tuple[str, int]]) -> None:
    segments = stacked(parts)
    assert [(one.key, one.count) for one in segments] == [part for part in parts if part[1]]
    if segments:
        assert segments[0].start == 0
        assert sum(one.width for one in segments) == pytest.approx(100, abs=0.02)
        assert all(one.width >= 1.49 for one in segments)
        assert all(one.start + one.width == pytest.approx(other.start, abs=0.01) for one, other in pairwise(segments))


def test_a_single_late_one_among_thousands_is_seen() -> None:
    done, late = stacked([("done", 9_999), ("late", 1)])
    assert (done.width, late.width) == (98.5, 1.5)


def test_a_bar_of_nothing_has_no_parts() -> None:
    assert stacked([]) == stacked([("done", 0)]) == []


MONDAY = date(2024, 6, 3)


def weeks(*counts: int) -> list[tuple[date, int]]:
    return [(MONDAY + timedelta(weeks=place), count) for place, count in enumerate(counts)]


def test_a_series_without_values_is_a_grid() -> None:
    made = series([])
    assert (made.marks, made.lines, made.months) == ([], [], [])
    assert [number for _y, number in made.grid] == [0, 1]


def test_a_single_value_stands_in_the_middle() -> None:
    (mark,) = series(weeks(4)).marks
    assert 40 < mark.x < 60
    assert mark.told
    assert series(weeks(4)).lines == []


def test_nothing_but_zero_lies_on_the_foot() -> None:
    made = series(weeks(0, 0, 0))
    assert {mark.y for mark in made.marks} == {made.grid[0][0]}


@given(st.lists(st.integers(0, 10**7), min_size=2, max_size=60))
def test_marks_go_from_left_to_right_and_higher_is_more(counts: list[int]) -> None:
    made = series(weeks(*counts))
    assert len(made.lines) == len(counts) - 1
    assert all(one.x < other.x for one, other in pairwise(made.marks))
    assert all(0 <= mark.x <= 100 and 0 <= mark.y <= made.height for mark in made.marks)
    for one in made.marks:
        for other in made.marks:
            assert (one.value > other.value) <= (one.y <= other.y)
    assert made.marks[-1].told
    told = [mark.x for mark in made.marks if mark.told]
    assert all(after - before >= 9 for before, after in pairwise(told))


def test_months_stand_on_their_first_day() -> None:
    made = series(weeks(*range(26)))
    assert [day.month for _x, day in made.months] == [7, 8, 9, 10, 11]
    xs = [mark.x for mark in made.marks]
    assert all(xs[0] < x < xs[-1] for x, _day in made.months)


def test_many_years_have_few_months() -> None:
    made = series([(date(2000, 1, 3), 1), (date(2024, 1, 1), 2)])
    assert 1 < len(made.months) <= 13

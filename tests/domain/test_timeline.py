from datetime import date
from itertools import pairwise

import pytest

from app.domain.timeline import Axis, axis_over, left_of, spread

FOUR_YEARS = Axis(date(2022, 1, 1), date(2025, 12, 31), 1461)  # a pixel for each day


def test_a_day_stands_where_it_ends() -> None:
    assert FOUR_YEARS.x(date(2022, 1, 1)) == 1
    assert FOUR_YEARS.x(date(2022, 12, 31)) == 365
    assert FOUR_YEARS.x(date(2023, 1, 1), end=False) == 365
    assert FOUR_YEARS.x(date(2025, 12, 31)) == 1461


def test_what_lies_outside_stands_at_the_edge() -> None:
    assert FOUR_YEARS.x(date(2019, 5, 5)) == 0
    assert FOUR_YEARS.x(date(2031, 5, 5)) == 1461


def test_years_and_quarters_lie_side_by_side_without_gaps() -> None:
    for spans in (FOUR_YEARS.years, FOUR_YEARS.quarters):
        assert spans[0].x == 0
        assert all(before.x + before.width == after.x for before, after in pairwise(spans))
        assert spans[-1].x + spans[-1].width == 1461
    assert [span.width for span in FOUR_YEARS.years] == [365, 365, 366, 365]
    assert [span.number for span in FOUR_YEARS.quarters[:5]] == [1, 2, 3, 4, 1]
    assert [span.width for span in FOUR_YEARS.quarters[:4]] == [90, 91, 92, 92]


def test_quarters_vanish_where_they_would_be_a_hatching() -> None:
    assert Axis(date(2018, 1, 1), date(2030, 12, 31), 900).quarters == []
    assert Axis(date(2022, 1, 1), date(2025, 12, 31), 500).quarters != []
    assert not Axis(date(2022, 1, 1), date(2025, 12, 31), 500).names_quarters


def test_the_axis_takes_in_what_was_put_off_beyond_the_plan() -> None:
    axis = axis_over((2022, 2025), [date(2023, 5, 1), date(2026, 3, 31)], width=100)
    assert (axis.first, axis.last) == (date(2022, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ([], []),
        ([50], [50]),
        ([50, 50], [50, 74]),
        ([10, 50, 60], [10, 50, 74]),
        ([95, 99], [76, 100]),
        ([100, 100, 100], [52, 76, 100]),
        ([-5], [0]),
        ([0] * 9, [0, 12.5, 25, 37.5, 50, 62.5, 75, 87.5, 100]),
    ],
)
def test_marks_never_cover_one_another(wanted: list[float], places: list[float]) -> None:
    assert spread(wanted, gap=24, least=0, most=100) == places


def test_a_label_goes_to_the_left_where_it_would_cover_another() -> None:
    assert left_of(90, width=20, taken=[(100, 130)])
    assert left_of(105, width=20, taken=[(100, 130)])
    assert not left_of(50, width=20, taken=[(100, 130), (0, 30)])

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.percentage import percentage


@st.composite
def shares(draw: st.DrawFn) -> tuple[int, int]:
    whole = draw(st.integers(1, 10_000))
    return draw(st.integers(0, whole)), whole


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(38, 132, 29), (1, 8, 13), (1, 3, 33), (2, 3, 67), (199, 200, 99), (1, 1000, 1), (0, 5, 0), (5, 5, 100)],
)
def test_shares_are_rounded_half_up(part: int, whole: int, expected: int) -> None:
    assert percentage(part, whole) == expected


def test_of_nothing_there_is_no_share() -> None:
    assert percentage(0, 0) is None


@given(shares())
def test_a_hundred_means_all_and_nought_means_none(share: tuple[int, int]) -> None:
    part, whole = share
    found = percentage(part, whole)
    assert found is not None
    assert (found == 100) == (part == whole)
    assert (found == 0) == (part == 0)


@given(shares())
def test_no_share_is_further_off_than_half_a_percent_except_at_the_ends(share: tuple[int, int]) -> None:
    part, whole = share
    found = percentage(part, whole)
    assert found is not None
    exact = Fraction(100 * part, whole)
    if 1 <= exact <= 99:
        assert Fraction(-1, 2) < found - exact <= Fraction(1, 2)
    else:
        assert abs(found - exact) < 1


@given(shares())
def test_more_done_is_never_a_smaller_share(share: tuple[int, int]) -> None:
    part, whole = share
    if part < whole:
        assert (percentage(part, whole) or 0) <= (percentage(part + 1, whole) or 0)

from datetime import date

import pytest

from app.domain.typed_day import parse_day


@pytest.mark.parametrize(
    "text", ["2024-11-18", "2024/11/18", "2024.11.18", "2024年11月18日", " 2024-11-18 ", "20241118", "2024-011-018"]
)
def test_a_day_may_be_written_in_many_ways(text: str) -> None:
    assert parse_day(text) == date(2024, 11, 18)


@pytest.mark.parametrize(
    "text", ["", "上周", "2024-02-30", "2024-11", "9" * 5000, "2024-11-18-1", "10000-1-1", "²-1-1"]
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert parse_day(text) is None

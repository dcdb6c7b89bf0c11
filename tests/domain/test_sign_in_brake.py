from datetime import UTC, datetime, timedelta

import pytest

from app.domain.sign_in_brake import COUNTED_FOR, OF_LOGIN, OF_NETWORK, Limit, network_of, next_try

NOON = datetime(2024, 11, 25, 12, tzinfo=UTC)


def minutes(*before: float) -> list[datetime]:
    return [NOON - timedelta(minutes=one) for one in before]


def test_below_the_limit_the_next_try_is_taken_at_once() -> None:
    assert next_try(minutes(), OF_LOGIN, NOON) is None
    assert next_try(minutes(1, 2, 3, 4), OF_LOGIN, NOON) is None
    assert next_try(minutes(1, 2, 3, 4, 10), OF_LOGIN, NOON) is None, "the fifth has just left its window"


def test_at_the_limit_one_waits_until_the_oldest_that_counts_has_left_its_window() -> None:
    assert next_try(minutes(1, 2, 3, 4, 7), OF_LOGIN, NOON) == NOON + timedelta(minutes=3)
    assert next_try(minutes(7, 4, 3, 2, 1, 30), OF_LOGIN, NOON) == NOON + timedelta(minutes=3), "in any order"


def test_the_longest_wait_counts() -> None:
    limits = (Limit(1, timedelta(minutes=1)), Limit(3, timedelta(hours=1)))
    assert next_try(minutes(0.5, 20, 40), limits, NOON) == NOON + timedelta(minutes=20)


def test_whoever_guesses_all_day_gets_fifty_guesses_and_locks_nobody_for_longer_than_that() -> None:
    """Tries as fast as they are taken, for two days."""
    taken: list[datetime] = []
    now = NOON
    while now < NOON + timedelta(days=2):
        opens = next_try(taken, OF_LOGIN, now)
        if opens is None:
            taken.append(now)
            now += timedelta(seconds=1)
        else:
            assert opens - now <= COUNTED_FOR
            now = opens
    for start in (NOON, NOON + timedelta(hours=7), NOON + timedelta(days=1)):
        assert sum(start <= one < start + timedelta(days=1) for one in taken) <= 50


def test_an_office_behind_one_address_may_mistype_a_hundred_times_in_ten_minutes() -> None:
    assert next_try(minutes(*[1] * 99), OF_NETWORK, NOON) is None
    assert next_try(minutes(*[1] * 100), OF_NETWORK, NOON) == NOON + timedelta(minutes=9)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
        ("x" * 500, "x" * 64),
    ],
)
def test_networks_are_what_a_household_or_office_shares(address: str, network: str) -> None:
    assert network_of(address) == network

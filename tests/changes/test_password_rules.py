"""The two profiles: what each refuses, and that the library's estimate stays quick."""

import time
from datetime import timedelta

import pytest

from app.changes.password_rules import password_fault
from app.domain.password_policy import is_expired, kinds_of, password_policy
from tests.conftest import NOW

ASVS, DJBH = password_policy("asvs", 90), password_policy("djbh", 90)
WORDS = ["甲局联络员", "甲局", "测试区"]


@pytest.mark.parametrize(
    ("password", "asvs", "djbh"),
    [
        ("kettle8", "至少8位", "至少8位"),
        ("kettle 8", None, None),
        ("kettlerain", None, "至少3类"),
        ("四个互不相干的词", None, "至少3类"),
        ("kettle rain lamp", None, "至少3类"),
        ("Kettle-Rain", None, None),
        ("k" * 257, "不能超过256位", "不能超过256位"),
        ("kettle rain lamp " * 15 + "x", None, "至少3类"),
        ("12345678", "太常见", "至少3类"),
        ("password", "太常见", "至少3类"),
        ("Password123!", "太常见", "太常见"),
        ("Aa123456!", "太常见", "太常见"),
        ("19900101", "太常见", "至少3类"),
        ("qwertyui", "太常见", "至少3类"),
        ("woaini1314", "太常见", "至少3类"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "太常见", "至少3类"),
        ("Duban@2024", "督办", "督办"),
        ("甲局联络员2024", "督办", "至少3类"),
        (" kettle rain ", "首尾", "首尾"),
        ("\u200b" * 8, "首尾", "首尾"),
    ],
)
def test_what_a_profile_refuses(password: str, asvs: str | None, djbh: str | None) -> None:
    for policy, part in ((ASVS, asvs), (DJBH, djbh)):
        fault = password_fault(password, policy, WORDS)
        assert (fault is None) if part is None else (fault is not None and part in fault), fault


def test_kinds_are_lower_upper_digits_and_all_the_rest() -> None:
    assert [kinds_of(text) for text in ("abc", "aB", "aB1", "aB1-", "密码", "密码1", "")] == [1, 2, 3, 4, 1, 2, 0]


def test_only_the_second_profile_lets_passwords_expire() -> None:
    assert not is_expired(NOW - timedelta(days=3650), ASVS, NOW)
    assert not is_expired(NOW - timedelta(days=89), DJBH, NOW)
    assert is_expired(NOW - timedelta(days=90), DJBH, NOW)


def test_what_is_made_to_be_slow_is_not() -> None:
    began = time.process_time()
    password_fault("4@8({[<369|1!|0$5+7%2" * 12, ASVS, WORDS)
    assert time.process_time() - began < 3

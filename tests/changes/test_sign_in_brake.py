"""Counting tries: many at once do not slip past, and what was counted is cleaned up."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import func, select

from app.changes.sign_in_brake import Counted, count_link, count_sign_in, strike_out
from app.db import Database
from app.errors import TooManyTries
from app.models import SignInFailure
from app.sealing import Sealer
from app.settings import Settings
from tests.conftest import NOW


def count(
    database: Database, login: str = "甲局联络员", address: str = "203.0.113.9", at: datetime = NOW
) -> Counted | None:
    """None when it is not taken."""
    with database.writing() as session:
        try:
            return count_sign_in(session, login, address=address, device_id=None, settings=Settings(), now=at)
        except TooManyTries:
            session.rollback()
            return None


def rows(database: Database) -> int:
    with database.reading() as session:
        return session.exec(select(func.count()).select_from(SignInFailure)).one()


def test_of_ten_tries_at_once_five_are_taken(database: Database) -> None:
    barrier = threading.Barrier(10)
    taken: list[Counted | None] = []

    def run() -> None:
        barrier.wait()
        taken.append(count(database))

    threads = [threading.Thread(target=run) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 10
    assert sum(one is not None for one in taken) == 5
    assert sum(one is not None and one.closes is not None for one in taken) == 1, "one of them knows to be the last"
    assert rows(database) == 5


@pytest.mark.parametrize("login", ["甲局联络员", "谁也不是"])
def test_a_login_that_nobody_has_is_braked_like_any_other(database: Database, login: str) -> None:
    for second in range(5):
        assert count(database, login, at=NOW + timedelta(seconds=second))
    assert count(database, login, "198.51.100.7", NOW + timedelta(seconds=6)) is None, "from anywhere"
    assert count(database, "乙局联络员", at=NOW + timedelta(seconds=6)), "other logins are not concerned"
    assert count(database, login, at=NOW + timedelta(minutes=10)), "the first has left its window"
    assert count(database, login, at=NOW + timedelta(minutes=10)) is None


def test_a_right_password_is_struck_out_and_the_guesses_of_others_stay(database: Database) -> None:
    for _ in range(4):
        count(database)
    right = count(database)
    assert right is not None
    with database.writing() as session:
        strike_out(session, right)
    assert rows(database) == 4
    assert count(database)
    assert count(database) is None


def test_many_logins_from_one_network_are_braked_and_no_other_network_is(database: Database) -> None:
    with database.writing() as session:
        session.add_all(
            SignInFailure(login_sha256=f"{number}", network="203.0.113.0/24", at=NOW) for number in range(100)
        )
    assert count(database, "新登录名", "203.0.113.200") is None
    assert count(database, "新登录名", "203.0.114.1")


def test_what_no_window_holds_any_more_is_deleted(database: Database) -> None:
    for second in range(5):
        count(database, at=NOW + timedelta(seconds=second))
    count(database, at=NOW + timedelta(days=2))
    assert rows(database) == 1


def test_three_links_an_hour_and_the_fourth_later(database: Database) -> None:
    def ask(at: datetime) -> None:
        with database.writing() as session:
            count_link(session, "甲局联络员", address="203.0.113.9", settings=Settings(), now=at)

    for minute in range(3):
        ask(NOW + timedelta(minutes=minute))
    with pytest.raises(TooManyTries) as caught:
        ask(NOW + timedelta(minutes=3))
    assert caught.value.wait == timedelta(minutes=57)
    ask(NOW + timedelta(hours=1))
    assert count(database), "links and passwords are counted apart"


def test_what_was_typed_is_not_to_be_guessed_from_the_table(database: Database, tmp_path: Path) -> None:
    """It may be a password in the wrong field: the same text is another hash in another installation."""
    hashes = set()
    for name in ("one", "two"):
        settings = Settings(var_dir=tmp_path / name)
        Sealer(settings.var_dir).make()
        with database.writing() as session:
            counted = count_sign_in(session, "hunter2", address="", device_id=None, settings=settings, now=NOW)
            hashes.add(session.get_one(SignInFailure, counted.failure_id).login_sha256)
    assert len(hashes) == 2

import threading
from collections.abc import Callable
from datetime import timedelta

from pwdlib.hashers.argon2 import Argon2Hasher
from sqlmodel import Session, func, select

from app.changes.close_account import close_account
from app.changes.reset_password import initial_password, reset_password
from app.changes.sign_in import sign_in
from app.db import Database
from app.errors import Invalid
from app.models import Account, AccountSession
from app.settings import Settings
from tests.conftest import NOW, PASSWORD


def test_initial_passwords_are_long_and_easy_to_read_out() -> None:
    made = {initial_password() for _time in range(200)}
    assert len(made) == 200
    assert {len(one) for one in made} == {19}
    assert not set("".join(made)) & set("0O1lI ")


def test_who_signs_in_while_the_password_is_reset_does_not_stay_with_the_old_one(database: Database) -> None:
    """The hash takes a second, and the password changes meanwhile; whoever comes first, nobody is left inside."""
    assert (
        left_inside(
            database, lambda session, row, by: reset_password(session, row, by=by, settings=Settings(), now=NOW)
        )
        == 0
    )


def test_who_signs_in_while_the_account_is_closed_stays_outside(database: Database) -> None:
    assert left_inside(database, lambda session, row, by: close_account(session, row, by=by, now=NOW)) == 0


def left_inside(database: Database, change: Callable[[Session, Account, int], object]) -> int:
    with database.writing() as session:
        row = session.exec(select(Account).where(Account.login == "甲局联络员")).one()
        by = session.exec(select(Account.id).where(Account.login == "秘书处")).one() or 0
        row.password_hash = Argon2Hasher(time_cost=12, memory_cost=65536, parallelism=1).hash(PASSWORD)
        session.add(row)

    def enter() -> None:
        with database.writing() as session:
            try:
                sign_in(session, "甲局联络员", PASSWORD, now=NOW, lasts=timedelta(hours=1), settings=Settings())
            except Invalid:
                session.rollback()

    entering = threading.Thread(target=enter)
    entering.start()
    entering.join(0.15)
    with database.writing() as session:
        row = session.exec(select(Account).where(Account.login == "甲局联络员")).one()
        key = row.id
        change(session, row, by)
    entering.join()
    with database.reading() as session:
        return session.exec(
            select(func.count()).select_from(AccountSession).where(AccountSession.account_id == key)
        ).one()

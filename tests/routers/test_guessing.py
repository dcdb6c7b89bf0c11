"""Guessing passwords: whoever guesses is slowed down, the owner's own browser is not."""

import threading
from collections.abc import Callable

from fastapi import FastAPI
from httpx import Response
from sqlalchemy import text
from sqlmodel import Session, func, select
from starlette.testclient import TestClient

from app.changes import password_hash
from app.db import Database
from app.models import Account, AccountSession, KnownDevice, SignInFailure
from app.models.sign_in_failure import SignInFailure as Failure
from app.routers.dependencies import COOKIE
from app.routers.entering import DEVICE_COOKIE
from tests.conftest import NOW, PASSWORD, Person
from tests.trail import entries

SignIn = Callable[[str], Person]


def guess(app: FastAPI, login: str = "甲局联络员", password: str = "wrong") -> Response:  # noqa: S107
    return TestClient(app, follow_redirects=False).post("/sign-in", data={"login": login, "password": password})


def of_account(session: Session, table: type[AccountSession | KnownDevice], login: str) -> int:
    asked = select(func.count()).select_from(table).join(Account).where(Account.login == login)
    return session.exec(asked).one()


def test_after_a_hundred_wrong_passwords_from_elsewhere_the_owner_gets_in(
    app: FastAPI, sign_in: SignIn, database: Database
) -> None:
    owner = sign_in("甲局联络员")
    owner.post("/sign-out")
    statuses = [guess(app).status_code for _ in range(100)]
    assert statuses == [422] * 5 + [429] * 95
    assert guess(app, password=PASSWORD).status_code == 429, "from elsewhere not even with the right one"
    again = owner.http.post("/sign-in", data={"login": "甲局联络员", "password": PASSWORD})
    assert again.status_code == 303
    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(SignInFailure)).one() == 5


def test_who_is_slowed_down_is_told_until_when_and_of_the_way_around_it(app: FastAPI) -> None:
    for _ in range(5):
        guess(app)
    answer = guess(app)
    assert answer.status_code == 429
    assert 590 <= int(answer.headers["Retry-After"]) <= 600
    assert "尝试次数过多，请10分钟后再试。" in answer.text
    assert "用邮件中的链接设置新密码" in answer.text
    assert 'href="/sign-in/forgotten"' in answer.text
    assert 'value="甲局联络员"' in answer.text


def test_a_login_that_nobody_has_looks_like_any_other(app: FastAPI) -> None:
    def seen(login: str) -> list[tuple[int, str]]:
        return [
            (answer.status_code, answer.text.replace(login, "…")) for answer in (guess(app, login) for _ in range(6))
        ]

    assert seen("甲局联络员") == seen("谁也不是")


def test_many_at_once_do_not_slip_past(app: FastAPI, database: Database) -> None:
    barrier, statuses = threading.Barrier(8), []

    def run() -> None:
        with TestClient(app, follow_redirects=False) as one:
            barrier.wait()
            answer = one.post("/sign-in", data={"login": "甲局联络员", "password": "wrong"})
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [422] * 5 + [429] * 3


def test_a_known_browser_has_a_count_of_its_own(app: FastAPI, sign_in: SignIn) -> None:
    owner = sign_in("甲局联络员")
    wrong = {"login": "甲局联络员", "password": "wrong"}
    assert [owner.http.post("/sign-in", data=wrong).status_code for _ in range(6)] == [422] * 5 + [429]
    assert guess(app, password=PASSWORD).status_code == 303, "and slows nobody else down"


def test_a_known_browser_of_one_account_is_unknown_to_another(app: FastAPI, sign_in: SignIn) -> None:
    """A colleague's cookie gives no tries at somebody else's password."""
    colleague = sign_in("乙局联络员")
    for _ in range(5):
        guess(app)
    answer = colleague.http.post("/sign-in", data={"login": "甲局联络员", "password": PASSWORD})
    assert answer.status_code == 429


def test_a_shared_browser_is_known_for_each_of_its_accounts(app: FastAPI, sign_in: SignIn, database: Database) -> None:
    shared = sign_in("甲局联络员")
    shared.http.post("/sign-in", data={"login": "甲局负责人", "password": PASSWORD})
    for login in ("甲局联络员", "甲局负责人"):
        for _ in range(5):
            guess(app, login)
        assert shared.http.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 303
    with database.reading() as session:
        assert [of_account(session, KnownDevice, login) for login in ("甲局联络员", "甲局负责人")] == [1, 1]


def test_the_cookie_of_a_known_browser_is_written_anew_and_tells_nothing(
    app: FastAPI, sign_in: SignIn, database: Database
) -> None:
    owner = sign_in("甲局联络员")
    first = owner.http.cookies[DEVICE_COOKIE]
    answer = owner.http.post("/sign-in", data={"login": "甲局联络员", "password": PASSWORD})
    told = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(DEVICE_COOKIE))
    assert "HttpOnly" in told
    assert "SameSite=lax" in told
    assert owner.http.cookies[DEVICE_COOKIE] != first
    with database.reading() as session:
        kept = session.exec(select(KnownDevice)).one()
    assert first not in kept.token_sha256
    for _ in range(5):
        guess(app)
    for forged in (first, "x" * 5000, "..", f"%00.{first}"):
        stale = TestClient(app, follow_redirects=False, cookies={DEVICE_COOKIE: forged})
        assert stale.post("/sign-in", data={"login": "甲局联络员", "password": PASSWORD}).status_code == 429


def test_a_session_that_somebody_planted_is_not_signed_in(app: FastAPI, database: Database) -> None:
    """Session fixation: the token is new at every sign-in, and the one before ends."""
    planted = TestClient(app, follow_redirects=False, cookies={COOKIE: "planted"})
    planted.post("/sign-in", data={"login": "甲局联络员", "password": PASSWORD})
    assert TestClient(app, follow_redirects=False, cookies={COOKIE: "planted"}).get("/account").status_code == 303
    browser = Person(app, "甲局联络员")
    before = browser.http.cookies[COOKIE]
    browser.http.post("/sign-in", data={"login": "乙局联络员", "password": PASSWORD})
    assert browser.http.cookies[COOKIE] != before
    old = TestClient(app, follow_redirects=False, cookies={COOKIE: before})
    assert old.get("/account").headers["location"].startswith("/sign-in")
    with database.reading() as session:
        assert of_account(session, AccountSession, "甲局联络员") == 1, "the planted one's successor, not the old one"


def test_a_hash_of_older_parameters_is_renewed_at_sign_in(app: FastAPI, database: Database) -> None:
    from pwdlib.hashers.argon2 import Argon2Hasher

    old = Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    with database.writing() as session:
        session.exec(select(Account).where(Account.login == "甲局联络员")).one().password_hash = old
    assert guess(app).status_code == 422
    assert guess(app, password=PASSWORD).status_code == 303
    with database.reading() as session:
        now = session.exec(select(Account.password_hash).where(Account.login == "甲局联络员")).one()
    assert now != old
    assert password_hash.verify_password(PASSWORD, now) == (True, None)


def test_the_trail_tells_of_tries_and_never_what_was_typed(app: FastAPI, database: Database) -> None:
    guess(app, "hunter2", "甲局联络员")
    guess(app, password="hunter3")
    guess(app, password=PASSWORD)
    told = entries(database)
    assert [(one.action.value, one.outcome.value, one.subject, one.reason) for one in told] == [
        ("sign_in", "refused", "", "没有这个登录名"),
        ("sign_in", "refused", "甲局联络员", "密码不正确"),
        ("sign_in", "done", "甲局联络员", "密码登录"),
    ]
    assert told[2].actor == "甲局联络员"
    assert {one.address for one in told} == {"testclient"}
    assert "hunter" not in str([one.model_dump() for one in told])


def test_the_try_that_fills_the_count_says_so_in_the_trail(app: FastAPI, database: Database) -> None:
    for _ in range(8):
        guess(app)
    reasons = [one.reason for one in entries(database)]
    assert reasons == ["密码不正确"] * 4 + ["密码不正确；失败次数已满，暂停接受尝试"]


def test_long_and_strange_texts_are_only_wrong(app: FastAPI) -> None:
    for login in (
        "长" * 10_000,
        "\u202e甲局",
        "<script>",
        "'; DROP TABLE account; --",
        "甲局联络员\r\nSet-Cookie: x=y",
    ):
        answer = guess(app, login, "p" * 10_000)
        assert answer.status_code == 422
        assert "<script>" not in answer.text.split("<main", 1)[1]


def test_old_devices_are_forgotten(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session:
        key = session.exec(select(Account.id).where(Account.login == "甲局联络员")).one() or 0
        session.add_all(
            KnownDevice(account_id=key, token_sha256=f"{number}", created_at=NOW, seen_at=NOW) for number in range(25)
        )
        session.flush()
        session.add(Failure(login_sha256="x", network="", device_id=None, at=NOW))
        session.execute(text("UPDATE known_device SET seen_at = '2022-01-01 00:00:00+00' WHERE token_sha256 = '24'"))
    sign_in("甲局联络员")
    with database.reading() as session:
        kept = session.exec(select(KnownDevice.token_sha256).where(KnownDevice.account_id == key)).all()
    assert len(kept) == 20
    assert "24" not in kept

"""One-time links: mailed, looked at, used once, void afterwards; and nobody but their receiver reads them."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlmodel import func, select
from starlette.testclient import TestClient

from app.changes.one_time_links import make_link
from app.clock import Clock
from app.db import Database
from app.mail.send import send_one, transport_for
from app.models import Account, AccountSession, OneTimeLink, OutboxMail
from app.models.one_time_link import LinkPurpose
from app.routers.dependencies import COOKIE
from app.settings import Settings
from tests.changes.test_concurrency import race
from tests.conftest import NOW, PASSWORD, Person
from tests.trail import entries, newest

SignIn = Callable[[str], Person]
FRESH = "kettle rain lamp"


def account(database: Database, login: str = "甲局联络员") -> Account:
    with database.reading() as session:
        return session.exec(select(Account).where(Account.login == login)).one()


def mails(database: Database) -> list[OutboxMail]:
    with database.reading() as session:
        return list(session.exec(select(OutboxMail).order_by(OutboxMail.id)).all())  # type: ignore[arg-type]


def mailed_path(database: Database) -> str:
    found = re.search(r"/sign-in/link/[\w-]+", mails(database)[-1].text)
    assert found is not None
    return found[0]


def made(database: Database, login: str = "甲局联络员", lasts: timedelta = timedelta(days=1)) -> str:
    """The token of a link."""
    with database.writing() as session:
        row = session.exec(select(Account).where(Account.login == login)).one()
        return make_link(session, row, LinkPurpose.RESET, by=None, lasts=lasts, now=NOW)[0]


def use(client: TestClient, token: str, password: str = FRESH):  # type: ignore[no-untyped-def]
    return client.post("/sign-in/link", data={"token": token, "new_password": password})


def enter(app: FastAPI, login: str, password: str) -> int:
    fresh = TestClient(app, follow_redirects=False)
    return fresh.post("/sign-in", data={"login": login, "password": password}).status_code


def test_who_forgot_the_password_gets_a_link_and_chooses_another(
    app: FastAPI, client: TestClient, sign_in: SignIn, database: Database
) -> None:
    elsewhere = sign_in("甲局联络员")
    assert client.post("/sign-in/forgotten", data={"login": "甲局联络员"}).status_code == 200
    mail = mails(database)[-1]
    assert (mail.to_address, mail.kind, "有人在登录页" in mail.text) == (account(database).email, "link", True)
    path = mailed_path(database)
    for _ in range(10):  # a scanner
        page = client.get(path)
        assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert 'autocomplete="new-password"' in page.text
    assert elsewhere.get("/account").status_code == 200, "looking changes nothing"
    assert enter(app, "甲局联络员", PASSWORD) == 303

    short = use(client, path.rpartition("/")[2], "short")
    assert (short.status_code, "密码至少8位" in short.text, "short" in short.text) == (422, True, False)
    answer = use(client, path.rpartition("/")[2])
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get("/account").status_code == 200
    assert elsewhere.get("/account").headers["location"].startswith("/sign-in")
    assert enter(app, "甲局联络员", PASSWORD) == 422
    assert enter(app, "甲局联络员", FRESH) == 303
    assert mails(database)[-1].subject == "【督办】您在测试区督办系统的密码已更改"
    for _ in range(5):
        enter(app, "甲局联络员", "wrong")
    known = client.post("/sign-in", data={"login": "甲局联络员", "password": FRESH})
    assert known.status_code == 303, "the browser of the link is known"


def test_a_link_works_once(client: TestClient, app: FastAPI, database: Database) -> None:
    token = made(database)
    assert use(client, token).status_code == 303
    other = TestClient(app, follow_redirects=False)
    assert use(other, token, "another lamp rain").status_code == 410
    assert other.get(f"/sign-in/link/{token}").status_code == 410
    assert enter(app, "甲局联络员", FRESH) == 303


def test_of_two_who_use_a_link_at_once_one_gets_in(app: FastAPI, database: Database) -> None:
    token = made(database)
    statuses: list[int] = []

    def run() -> None:
        with TestClient(app, follow_redirects=False) as one:
            statuses.append(use(one, token).status_code)

    race(run, run)
    assert sorted(statuses) == [303, 410]
    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(AccountSession)).one() == 1


def void_expired(database: Database) -> str:
    return made(database, lasts=timedelta(0))


def void_forged(database: Database) -> str:
    return made(database)[:-1] + "~"


def void_newer(database: Database) -> str:
    token = made(database)
    made(database)
    return token


def void_closed(database: Database) -> str:
    token = made(database)
    with database.writing() as session:
        session.exec(select(Account).where(Account.login == "甲局联络员")).one().active = False
    return token


def void_empty(_database: Database) -> str:
    return ""


def void_nonsense(_database: Database) -> str:
    return "\u202e<script>"


VOID = [void_expired, void_forged, void_newer, void_closed, void_empty, void_nonsense]


@pytest.mark.parametrize("make", VOID)
def test_a_void_link_opens_nothing(client: TestClient, database: Database, make: Callable[[Database], str]) -> None:
    token = make(database)
    if token:
        looked = client.get(f"/sign-in/link/{token}")
        assert looked.status_code == 410
        assert "链接已失效" in looked.text
    assert use(client, token).status_code == 410
    assert COOKIE not in client.cookies
    assert account(database).password_set_at is None


def test_a_link_of_one_account_changes_no_other(client: TestClient, database: Database) -> None:
    other = account(database, "秘书处")
    typed = {"token": made(database), "new_password": FRESH, "login": "秘书处", "account_id": other.id}
    assert client.post("/sign-in/link", data=typed).status_code == 303
    assert account(database, "秘书处").password_hash == other.password_hash
    assert "甲局联络员" in client.get("/account").text


def test_the_link_is_used_from_our_own_page_alone(client: TestClient, database: Database) -> None:
    typed = {"token": made(database), "new_password": FRESH}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert client.post("/sign-in/link", data=typed, headers=headers).status_code == 403


@pytest.mark.parametrize("what", ["close", "address", "password"])
def test_a_link_is_void_after(sign_in: SignIn, client: TestClient, database: Database, what: str) -> None:
    token = made(database)
    row = account(database)
    secretary = sign_in("秘书处")
    if what == "address":
        page = secretary.get(f"/manage/accounts/{row.id}").text
        seen = re.findall(r'name="seen" value="(\w+)"', page)[0]
        typed = {"seen": seen, "name": row.name, "role": "liaison", "department": "甲局", "email": "new@example.org"}
        assert secretary.post(f"/manage/accounts/{row.id}", typed).status_code == 303
        told = mails(database)[-1]
        assert (told.to_address, "邮箱已" in told.subject) == (row.email, True)
        assert "new@example.org" not in told.text
    else:
        assert secretary.post(f"/manage/accounts/{row.id}/{what}").status_code in {200, 303}
    assert use(client, token).status_code == 410


def test_asking_answers_alike_whoever_it_is(client: TestClient, database: Database) -> None:
    with database.writing() as session:
        session.exec(select(Account).where(Account.login == "乙局联络员")).one().email = None
        session.exec(select(Account).where(Account.login == "丙局联络员")).one().active = False
    answers = {
        login: client.post("/sign-in/forgotten", data={"login": login})
        for login in ("甲局联络员", "乙局联络员", "丙局联络员", "谁也不是")
    }
    assert len({answer.text for answer in answers.values()}) == 1
    assert [mail.to_name for mail in mails(database)] == ["甲局联络员"]
    told = [(one.action.value, one.outcome.value, one.subject, one.reason) for one in entries(database)]
    assert told == [
        ("link_made", "refused", "", "没有这个登录名"),
        ("link_made", "done", "甲局联络员", "在登录页申请"),
        ("link_made", "refused", "乙局联络员", "账号没有邮箱"),
        ("link_made", "refused", "丙局联络员", "账号已停用，或不能用密码登录"),
    ]


def test_a_fourth_link_within_the_hour_is_not_made(client: TestClient, database: Database) -> None:
    for login in ("甲局联络员", "谁也不是"):
        statuses = [client.post("/sign-in/forgotten", data={"login": login}).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
    assert len(mails(database)) == 3
    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(OneTimeLink)).one() == 1, "only the newest is good"
    empty = client.post("/sign-in/forgotten", data={"login": " "})
    assert (empty.status_code, "请填写账号。" in empty.text) == (422, True)


def test_a_new_account_chooses_its_password_by_a_mailed_link(
    client: TestClient, sign_in: SignIn, database: Database
) -> None:
    secretary = sign_in("秘书处")
    typed = {"login": "丙局新联络员", "role": "liaison", "department": "丙局", "email": "c@example.org"}
    page = secretary.post("/manage/accounts", typed)
    assert page.status_code == 200
    path = mailed_path(database)
    assert "c@example.org" in page.text
    assert path not in page.text
    assert "初始密码" not in page.text
    row = account(database, "丙局新联络员")
    assert "首次登录的链接已于2024年11月25日" in secretary.get(f"/manage/accounts/{row.id}").text
    assert use(client, path.rpartition("/")[2], "丙局新联络员123").status_code == 422, (
        "what everybody knows is no password"
    )
    assert use(client, path.rpartition("/")[2]).status_code == 303
    assert "丙局新联络员" in client.get("/account").text
    with database.reading() as session:
        link = session.exec(select(OneTimeLink)).one()
    assert (link.purpose, link.expires_at - link.created_at) == (LinkPurpose.FIRST, timedelta(days=7))


def test_a_reset_takes_the_password_away_and_mails_a_link(
    app: FastAPI, client: TestClient, sign_in: SignIn, database: Database
) -> None:
    liaison, secretary = sign_in("甲局联络员"), sign_in("秘书处")
    page = secretary.post(f"/manage/accounts/{account(database).id}/password")
    assert page.status_code == 200
    assert "/sign-in/link" not in page.text
    assert enter(app, "甲局联络员", PASSWORD) == 422
    assert liaison.get("/account").headers["location"].startswith("/sign-in")
    assert use(client, mailed_path(database).rpartition("/")[2]).status_code == 303


def test_nobody_but_the_receiver_reads_the_link(
    client: TestClient, sign_in: SignIn, database: Database, settings: Settings, clock: Clock
) -> None:
    client.post("/sign-in/forgotten", data={"login": "甲局联络员"})
    token = mailed_path(database).rpartition("/")[2]
    mail = mails(database)[-1]
    secretary = sign_in("秘书处")
    for path in ("/mail", f"/mail/{mail.id}", f"/mail/{mail.id}/html", f"/mail/{mail.id}.eml"):
        answer = secretary.get(path)
        assert answer.status_code == 200
        assert token not in readable(answer.content), path
    assert "••••••" in secretary.get(f"/mail/{mail.id}").text
    assert send_one(database, transport_for(settings), clock)
    sent = next(settings.mail_dir.glob("link.*.eml")).read_bytes()
    assert token in readable(sent), "who it is for gets it whole"
    stored = mails(database)[-1]
    assert token not in stored.text + stored.html, "and nothing of it stays"
    assert token not in str([one.model_dump() for one in entries(database)])
    with database.reading() as session:
        assert token not in str(session.exec(select(OneTimeLink)).one().model_dump())


def readable(content: bytes) -> str:
    """With the parts of a mail decoded."""
    from email import message_from_bytes, policy

    if not content.startswith(b"From:"):
        return content.decode()
    message = message_from_bytes(content, policy=policy.default)
    return "".join(part.get_content() for part in message.walk() if part.get_content_maintype() == "text")


def test_a_mail_that_was_given_up_keeps_no_link(database: Database, client: TestClient, clock: Clock) -> None:
    from app.mail.outbox import claim_next, mark_failed

    client.post("/sign-in/forgotten", data={"login": "甲局联络员"})
    token = mailed_path(database).rpartition("/")[2]
    with database.writing() as session:
        mail = claim_next(session, clock.now())
        assert mail is not None
        mark_failed(session, mail, clock.now(), error="550", permanent=True)
    assert token not in mails(database)[-1].text + mails(database)[-1].html


def test_names_put_nothing_into_the_head_of_a_mail(client: TestClient, database: Database, settings: Settings) -> None:
    from app.clock import SystemClock
    from tests.conftest import TODAY

    del TODAY
    with database.writing() as session:
        row = session.exec(select(Account).where(Account.login == "甲局联络员")).one()
        row.name = "甲局\r\nBcc: evil@example.org"
        row.login = "甲局\nSubject: x"
    client.post("/sign-in/forgotten", data={"login": "甲局\nSubject: x"})
    assert send_one(database, transport_for(settings), SystemClock())
    head = next(settings.mail_dir.glob("*.eml")).read_bytes().split(b"\r\n\r\n")[0]
    assert b"\r\nBcc:" not in head
    assert head.count(b"\r\nSubject:") == 1


def test_the_trail_tells_of_the_link_and_the_new_password(client: TestClient, database: Database) -> None:
    client.post("/sign-in/forgotten", data={"login": "甲局联络员"})
    use(client, mailed_path(database).rpartition("/")[2])
    told = newest(database, account(database).region_id or 0)
    assert (told.action.value, told.actor, told.subject) == ("password_changed", "甲局联络员", "甲局联络员")
    assert told.reason == "用一次性链接设置密码并登录"
    assert "argon2" not in str(told.changes)

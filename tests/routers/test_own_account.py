"""我的账号: one's password, the two profiles on the screen, and where one is signed in."""

import itertools
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from fastapi import FastAPI
from sqlmodel import select
from starlette.testclient import TestClient

from app.changes.password_hash import hash_password
from app.db import Database
from app.models import Account, AccountSession, OutboxMail, PastPassword
from app.routers.dependencies import COOKIE
from app.routers.form_token import masked
from app.settings import Settings
from tests.conftest import NOW, PASSWORD, Person
from tests.history import History
from tests.trail import entries, newest

SignIn = Callable[[str], Person]
FRESH = "kettle rain lamp"


def account(database: Database, login: str = "甲局联络员") -> Account:
    with database.reading() as session:
        return session.exec(select(Account).where(Account.login == login)).one()


def change(database: Database, login: str = "甲局联络员", **values: object) -> None:
    with database.writing() as session:
        session.exec(select(Account).where(Account.login == login)).one().sqlmodel_update(values)


def csrf(html: str) -> str:
    return re.findall(r'name="csrf" value="([^"]+)"', html)[-1]


def set_password(person: Person, new: str, old: str = PASSWORD, **more: str):  # type: ignore[no-untyped-def]
    """As the page is sent: with its own form's token, which is another one after each change."""
    token = csrf(person.get("/account/password").text)
    return person.http.post("/account/password", data={"csrf": token, "old_password": old, "new_password": new, **more})


@pytest.fixture
def strict(app: FastAPI, settings: Settings) -> FastAPI:
    app.state.settings = settings.model_copy(update={"password_profile": "djbh"})
    return app


def test_the_page_shows_what_is_on_record_and_where_one_is_signed_in(sign_in: SignIn, app: FastAPI) -> None:
    here, there = sign_in("甲局联络员"), TestClient(app, headers={"User-Agent": "Mozilla/5.0 (Windows) Firefox/1"})
    there.post("/sign-in", data={"login": "甲局联络员", "password": PASSWORD})
    html = unescape(here.get("/account").text)
    for part in ("甲局联络员", "甲局", "@example.org", "其他浏览器", "Firefox · Windows", "testclient", "2个浏览器"):
        assert part in html
    assert html.count("本浏览器") == 1
    assert 'href="/account"' in here.get("/obligations").text
    assert TestClient(app, follow_redirects=False).get("/account").status_code == 303


def test_one_ends_another_session_or_all_others(sign_in: SignIn, database: Database) -> None:
    here, one, two = (sign_in("甲局联络员") for _ in range(3))
    ids = re.findall(r"/account/sessions/(\d+)/end", here.get("/account").text)
    assert len(ids) == 2
    assert here.post(f"/account/sessions/{ids[0]}/end").status_code == 303
    assert sum(person.get("/account").status_code == 200 for person in (one, two)) == 1
    assert here.post("/account/sessions/others").headers["location"] == "/account?notice=sessions-ended"
    assert [person.get("/account").status_code for person in (here, one, two)] == [200, 303, 303]
    told = entries(database)[-1]
    assert (told.action.value, told.actor, told.subject) == ("session_ended", "甲局联络员", "甲局联络员")


def test_nobody_ends_somebody_elses_session(sign_in: SignIn, database: Database) -> None:
    victim, other = sign_in("甲局联络员"), sign_in("乙局联络员")
    with database.reading() as session:
        key = session.exec(select(AccountSession.id).join(Account).where(Account.login == "甲局联络员")).one()
    for path in (f"/account/sessions/{key}/end", "/account/sessions/999/end", f"/account/sessions/{2**63 - 1}/end"):
        assert other.post(path).status_code == 404
    assert other.http.post(f"/account/sessions/{key}/end").status_code == 403
    assert victim.get("/account").status_code == 200


def test_who_keeps_accounts_ends_all_sessions_of_one(sign_in: SignIn, database: Database) -> None:
    liaison, secretary = sign_in("甲局联络员"), sign_in("秘书处")
    path = f"/manage/accounts/{account(database).id}/sessions"
    assert sign_in("乙局联络员").post(path).status_code == 404
    assert sign_in("邻区秘书处").post(path).status_code == 404
    assert liaison.get("/account").status_code == 200
    assert secretary.post(path).headers["location"].endswith("?notice=account-sessions-ended")
    assert liaison.get("/account").headers["location"].startswith("/sign-in")
    assert newest(database).action.value == "session_ended"


@pytest.mark.parametrize("role", ["leader", "liaison"])
def test_another_role_or_department_ends_the_sessions(sign_in: SignIn, database: Database, role: str) -> None:
    row = account(database)
    liaison, secretary = sign_in("甲局联络员"), sign_in("秘书处")

    def edit(**typed: str) -> None:
        seen = re.findall(r'name="seen" value="(\w+)"', secretary.get(f"/manage/accounts/{row.id}").text)[0]
        kept = {"seen": seen, "name": "甲局联络员", "role": "liaison", "department": "甲局", "email": row.email}
        assert secretary.post(f"/manage/accounts/{row.id}", kept | typed).status_code == 303

    edit(name="甲局联络员一")
    assert liaison.get("/account").status_code == 200
    edit(role=role, department="乙局" if role == "liaison" else "")
    assert liaison.get("/account").headers["location"].startswith("/sign-in")


def test_a_changed_password_ends_all_other_sessions_and_renews_the_own(
    app: FastAPI, sign_in: SignIn, database: Database
) -> None:
    here, there = sign_in("甲局联络员"), sign_in("甲局联络员")
    before = here.http.cookies[COOKIE]
    answer = set_password(here, FRESH)
    assert answer.headers["location"] == "/account?notice=password-changed"
    assert here.get("/account").status_code == 200
    assert here.http.cookies[COOKIE] != before
    assert there.get("/account").headers["location"].startswith("/sign-in")
    stolen = TestClient(app, follow_redirects=False, cookies={COOKIE: before})
    assert stolen.get("/account").headers["location"].startswith("/sign-in")
    with database.reading() as session:
        mail = session.exec(select(OutboxMail)).one()
    assert (mail.to_name, "密码已更改" in mail.subject, FRESH in mail.text) == ("甲局联络员", True, False)
    told = newest(database)
    assert (told.action.value, told.actor, told.outcome.value) == ("password_changed", "甲局联络员", "done")
    for one in entries(database):
        assert FRESH not in str(one.model_dump())
    assert (
        TestClient(app, follow_redirects=False)
        .post("/sign-in", data={"login": "甲局联络员", "password": FRESH})
        .status_code
        == 303
    )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("", FRESH, "请填写现在的密码。"),
        ("wrong", FRESH, "现在的密码不正确。"),
        (PASSWORD, "", "请填写新密码。"),
        (PASSWORD, "kettle", "密码至少8位。"),
        (PASSWORD, "password", "这个密码太常见"),
        (PASSWORD, "甲局联络员abc", "至少还应有8位"),
        (PASSWORD, PASSWORD, "新密码不能与现在的密码相同。"),
        (PASSWORD, "k" * 10_000, "密码不能超过256位。"),
    ],
)
def test_what_is_wrong_is_said_and_no_password_is_typed_back(
    sign_in: SignIn, database: Database, old: str, new: str, sentence: str
) -> None:
    person = sign_in("甲局联络员")
    answer = set_password(person, new, old)
    assert answer.status_code == 422
    assert sentence in answer.text
    for password in filter(None, (old, new)):
        assert f'value="{password}"' not in answer.text
    assert account(database).password_set_at is None
    assert person.get("/account").status_code == 200


def test_the_old_password_is_not_to_be_guessed_in_a_session_left_open(sign_in: SignIn) -> None:
    person = sign_in("甲局联络员")
    statuses = [set_password(person, FRESH, "wrong").status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    assert "Retry-After" in set_password(person, FRESH).headers


def test_two_who_change_one_password_at_once_do_not_both(sign_in: SignIn, database: Database) -> None:
    """The second was checked against a password that is not the account's any more."""
    from app.changes.set_password import ChosenPassword
    from app.changes.set_password import set_password as write
    from app.domain.password_policy import password_policy
    from app.errors import Overtaken

    chosen = ChosenPassword(hash_password(FRESH), "another hash")
    with database.writing() as session:
        row = session.exec(select(Account).where(Account.login == "甲局联络员")).one()
        with pytest.raises(Overtaken):
            write(session, row, chosen, password_policy("asvs", 0), now=NOW)


def test_an_initial_password_opens_nothing_but_the_form_for_another(
    sign_in: SignIn, database: Database, history: History
) -> None:
    person = sign_in("甲局联络员")
    change(database, must_change=True, password_set_at=NOW)
    key = history.key("甲局")
    for path in ("/obligations", f"/obligations/{key}", "/account", "/plans", "/account/second-factor"):
        assert person.get(path).headers["location"].startswith("/account/password?next=%2F"), path
    by_htmx = person.get("/obligations", headers={"HX-Request": "true", "HX-Current-URL": "http://t/obligations?q=1"})
    assert by_htmx.headers["HX-Redirect"] == "/account/password?next=%2Fobligations%3Fq%3D1"
    page = person.get("/account/password?next=/obligations").text
    assert "别人代为生成" in page
    assert 'name="old_password"' not in page
    again = set_password(person, PASSWORD)
    assert (again.status_code, "不能与现在的密码相同" in again.text) == (422, True)
    assert (
        set_password(person, FRESH, next="/obligations?q=1").headers["location"].startswith("/obligations?q=1&notice")
    )
    assert person.get("/obligations").status_code == 200
    row = account(database)
    assert (row.must_change, row.password_set_at is None) == (False, False)


def hidden(html: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', html)}


def test_what_was_typed_survives_the_choice_of_a_password(
    sign_in: SignIn, database: Database, history: History
) -> None:
    key = history.key("甲局")
    person = sign_in("甲局联络员")
    typed = {"kind": "interim", "text": "已办三场", "percent": "30", "revision": "0"}
    typed["revision"] = hidden(person.get(f"/obligations/{key}").text)["revision"]
    change(database, must_change=True)
    kept = person.post(f"/obligations/{key}/updates", typed)
    assert kept.status_code == 403
    assert hidden(kept.text)["resume-text"] == "已办三场"
    form = person.http.post("/account/password", data=hidden(kept.text))
    assert form.status_code == 200
    assert "已填内容仍在" in form.text
    wrong = person.http.post("/account/password", data=hidden(form.text) | {"new_password": "short"})
    assert (wrong.status_code, hidden(wrong.text)["resume-text"]) == (422, "已办三场")
    ready = person.http.post("/account/password", data=hidden(wrong.text) | {"new_password": FRESH})
    assert ready.status_code == 200
    sent = person.http.post(f"/obligations/{key}/updates", data=hidden(ready.text))
    assert sent.status_code == 303
    assert "已办三场" in person.get(f"/obligations/{key}").text


def test_an_initial_password_is_good_for_a_week(app: FastAPI, database: Database) -> None:
    change(database, must_change=True, password_set_at=NOW - timedelta(days=7))
    client = TestClient(app, follow_redirects=False)
    answer = client.post("/sign-in", data={"login": "甲局联络员", "password": PASSWORD})
    assert (answer.status_code, "初始密码已过期" in answer.text) == (422, True)
    wrong = client.post("/sign-in", data={"login": "甲局联络员", "password": "wrong"})
    assert "初始密码已过期" not in wrong.text, "only to who knows it"


def test_under_the_strict_profile_a_password_expires(strict: FastAPI, database: Database, sign_in: SignIn) -> None:
    change(database, password_set_at=NOW - timedelta(days=89))
    person = sign_in("甲局联络员")
    assert "须于2024年11月26日 10:00前更换" in person.get("/account").text
    change(database, password_set_at=NOW - timedelta(days=90))
    assert person.get("/obligations").headers["location"].startswith("/account/password?next=")
    page = person.get("/account/password").text
    assert "密码已用满90天" in page
    assert "至少3类" in page
    assert "至少3类" in set_password(person, "kettle rain lamp").text
    assert set_password(person, "Kettle-Rain-1").status_code == 303
    assert person.get("/obligations").status_code == 200


def test_under_the_strict_profile_the_last_five_are_not_taken_again(
    strict: FastAPI, database: Database, sign_in: SignIn
) -> None:
    person = sign_in("甲局联络员")
    used = [PASSWORD, *(f"Kettle-Rain-{number}" for number in range(5))]
    for old, new in itertools.pairwise(used):
        assert set_password(person, new, old).status_code == 303
    for taken in used[1:]:
        answer = set_password(person, taken, used[-1])
        assert (answer.status_code, "最近5次" in answer.text) == (422, True), taken
    with database.reading() as session:
        assert len(session.exec(select(PastPassword)).all()) == 4
    assert set_password(person, "Lamp-Rain-99", used[-1]).status_code == 303
    assert set_password(person, used[1], "Lamp-Rain-99").status_code == 303, "the sixth last one"


def test_under_the_usual_profile_nothing_of_the_past_is_kept(sign_in: SignIn, database: Database) -> None:
    change(database, password_set_at=NOW - timedelta(days=3650))
    person = sign_in("甲局联络员")
    assert person.get("/obligations").status_code == 200
    assert set_password(person, FRESH).status_code == 303
    with database.reading() as session:
        assert session.exec(select(PastPassword)).all() == []


def test_who_came_by_the_provider_is_not_asked_for_a_password_here(
    strict: FastAPI, database: Database, sign_in: SignIn
) -> None:
    person = sign_in("甲局联络员")
    change(database, must_change=True)
    with database.writing() as session:
        session.exec(select(AccountSession)).one().way = "provider"
    assert person.get("/obligations").status_code == 200


def test_a_session_that_waits_for_its_second_factor_opens_nothing(
    app: FastAPI, sign_in: SignIn, database: Database
) -> None:
    person = sign_in("甲局联络员")
    with database.writing() as session:
        living = session.exec(select(AccountSession)).one()
        living.factor_due = True
        token = masked(living.csrf)
    for path in ("/account", "/account/password", "/obligations", "/plans"):
        assert person.get(path).headers["location"].startswith("/sign-in?"), path
    for path in ("/account/password", "/account/sessions/others"):
        typed = {"csrf": token, "old_password": PASSWORD, "new_password": FRESH}
        assert person.http.post(path, data=typed).status_code == 401
    assert account(database).password_set_at is None

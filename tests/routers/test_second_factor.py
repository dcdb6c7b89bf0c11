"""Somebody with a second factor comes in by password and code, and by nothing less."""

import re
import shutil
import threading
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pyotp
import pytest
import typer
from fastapi import FastAPI
from sqlalchemy import text
from sqlmodel import select
from starlette.testclient import TestClient

from app.clock import HeldClock, SystemClock
from app.commands.ways_in import reset_factor_of
from app.db import Database
from app.models import Account, AccountSession, AuditEntry, OutboxMail
from app.models.account import AccountRole
from app.routers.form_token import masked
from app.settings import ROLES, Settings
from tests.conftest import PASSWORD, SHANGHAI, TODAY, Person
from tests.history import History
from tests.phone import Phone, StillWall, shown_link, shown_secret, with_factor

SignIn = Callable[[str], Person]
LOGIN = "甲局联络员"


@pytest.fixture
def clock() -> HeldClock:
    return StillWall(TODAY, SHANGHAI)


@pytest.fixture
def demanding(app: FastAPI, settings: Settings) -> Callable[[str], None]:
    """demanding("liaison") is an operator who has set DUBAN_SECOND_FACTOR_ROLES and started anew."""

    def demand(roles: str) -> None:
        app.state.settings = settings.model_copy(update={"second_factor_roles": roles})

    return demand


@pytest.fixture
def phone(sign_in: SignIn) -> Phone:
    """Of the liaison, whose code of this interval is used."""
    return with_factor(sign_in(LOGIN))


def half_way(app: FastAPI, login: str = LOGIN, **typed: str) -> TestClient:
    """A browser in which the password was right."""
    browser = TestClient(app, follow_redirects=False)
    answer = browser.post("/sign-in", data={"login": login, "password": PASSWORD, **typed})
    assert answer.status_code in {200, 303}
    return browser


def account(database: Database, login: str = LOGIN) -> Account:
    with database.reading() as session:
        return session.exec(select(Account).where(Account.login == login)).one()


def sessions(database: Database, login: str = LOGIN) -> list[AccountSession]:
    with database.reading() as session:
        mine = AccountSession.account_id == account(database, login).id
        return list(session.exec(select(AccountSession).where(mine)))


def told(database: Database) -> list[tuple[str, str, str]]:
    with database.reading() as session:
        return [(row.action.value, row.outcome.value, row.reason) for row in session.exec(select(AuditEntry))]


def hidden(html: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', html)}


# Setting up


def test_the_page_gives_the_secret_to_a_camera_to_hands_and_to_a_link(sign_in: SignIn) -> None:
    page = sign_in(LOGIN).get("/account/second-factor").text
    secret, link = shown_secret(page), pyotp.parse_uri(shown_link(page))
    assert link.secret == secret
    assert len(secret) == 32
    assert (link.name, link.issuer) == (LOGIN, "督办")
    assert re.search(r'<div class="qr" role="img" aria-label="[^"]+"><svg[^>]* viewBox=', page)
    assert "style=" not in page
    assert "data:" not in page
    assert 'autocomplete="one-time-code"' in page
    assert page.count('<label for="code">') == 1


def test_reloading_the_page_does_not_spoil_what_the_phone_has(sign_in: SignIn, database: Database) -> None:
    liaison = sign_in(LOGIN)
    first = shown_secret(liaison.get("/account/second-factor").text)
    assert shown_secret(liaison.get("/account/second-factor").text) == first
    wrong = liaison.post("/account/second-factor", {"code": Phone(first).wrong_code()})
    assert wrong.status_code == 422
    assert shown_secret(wrong.text) == first
    assert account(database).totp_secret is None
    assert shown_secret(sign_in(LOGIN).get("/account/second-factor").text) != first


def test_what_is_no_code_gets_a_sentence_and_nothing_is_set_up(sign_in: SignIn, database: Database) -> None:
    liaison = sign_in(LOGIN)
    for typed in ("", "12345", "1234567", "<script>", "१२३४५६", "1" * 10_000, "abc\x00def", "\u202e123"):
        answer = liaison.post("/account/second-factor", {"code": typed})
        assert answer.status_code == 422, typed
        assert "请填写验证器显示的6位动态码。</p>" in answer.text
    assert account(database).totp_secret is None


def test_a_code_may_be_typed_in_groups_and_in_wide_digits(sign_in: SignIn) -> None:
    liaison = sign_in(LOGIN)
    phone = Phone(shown_secret(liaison.get("/account/second-factor").text))
    code = phone.code()
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert liaison.post("/account/second-factor", {"code": f" {wide[:3]}　{wide[3:]} "}).status_code == 303


def test_the_secret_is_sealed_and_all_other_sessions_end(
    sign_in: SignIn, database: Database, settings: Settings
) -> None:
    elsewhere, liaison = sign_in(LOGIN), sign_in(LOGIN)
    cookie = dict(liaison.http.cookies)["duban_session"]
    phone = with_factor(liaison)
    assert dict(liaison.http.cookies)["duban_session"] != cookie
    assert liaison.get("/obligations").status_code == 200
    assert elsewhere.get("/obligations").status_code == 303
    assert [row.way for row in sessions(database)] == ["totp"]
    assert phone.secret not in (account(database).totp_secret or "")
    assert (settings.var_dir / "secret.key").stat().st_mode & 0o777 == 0o600
    with database.reading() as session:
        mail = session.exec(select(OutboxMail)).one()
        everything = str(session.execute(text("SELECT changes, reason, subject FROM audit_entry")).all())
    assert mail.subject == "【督办】您的账号已启用第二重验证"
    assert phone.secret not in mail.text + mail.html + everything
    assert ("second_factor", "done", "启用") in told(database)


def test_setting_up_long_after_signing_in_asks_for_the_password(
    sign_in: SignIn, app: FastAPI, clock: HeldClock, database: Database
) -> None:
    liaison = sign_in(LOGIN)
    with database.writing() as session:
        session.execute(text("UPDATE account_session SET created_at = '2024-11-25 01:00:00+00:00'"))
    page = liaison.get("/account/second-factor").text
    assert 'autocomplete="current-password"' in page
    code = Phone(shown_secret(page)).code()
    for password, sentence in (("", "请填写密码。"), ("wrong", "密码不正确。")):
        answer = liaison.post("/account/second-factor", {"code": code, "password": password})
        assert answer.status_code == 422
        assert f"{sentence}</p>" in answer.text
    assert account(database).totp_secret is None
    assert liaison.post("/account/second-factor", {"code": code, "password": PASSWORD}).status_code == 303


# Signing in


def test_password_and_code_lead_to_the_page_that_was_asked_for(app: FastAPI, phone: Phone, database: Database) -> None:
    browser = half_way(app)
    before = dict(browser.cookies)["duban_session"]
    asked = browser.get("/sign-in/second-factor?next=/plans")
    assert hidden(asked.text)["next"] == "/plans"
    answer = browser.post("/sign-in/second-factor", data={"code": phone.code(steps=1), "next": "/plans"})
    assert answer.headers["location"] == "/plans"
    assert dict(browser.cookies)["duban_session"] != before
    assert browser.get("/obligations").status_code == 200
    assert [row.way for row in sessions(database)] == ["totp", "totp"]
    assert ("sign_in", "done", "第二重验证通过") in told(database)


def test_half_way_nothing_else_opens(app: FastAPI, phone: Phone, database: Database) -> None:
    browser = half_way(app)
    csrf = masked(next(row.csrf for row in sessions(database) if row.factor_due))
    for path in ("/", "/obligations", "/plans", "/account", "/account/second-factor", "/search?q=x"):
        answer = browser.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/sign-in"), path
    for path in ("/account/second-factor", "/account/second-factor/remove", "/sign-out", "/account/password"):
        assert browser.post(path, data={"csrf": csrf}).status_code == 401, path
    assert account(database).totp_secret is not None


def test_without_the_password_the_second_step_does_not_open(
    client: TestClient, sign_in: SignIn, phone: Phone, database: Database
) -> None:
    assert client.get("/sign-in/second-factor?next=/plans").headers["location"] == "/sign-in?next=%2Fplans"
    assert client.post("/sign-in/second-factor", data={"code": phone.code(steps=1)}).status_code == 401
    other = sign_in("乙局联络员")
    assert other.http.post("/sign-in/second-factor", data={"code": phone.code(steps=1)}).status_code == 401
    client.cookies.set("duban_session", "forged")
    assert client.post("/sign-in/second-factor", data={"code": phone.code(steps=1)}).status_code == 401


def test_a_code_is_good_once(app: FastAPI, phone: Phone) -> None:
    """Also the one that set it up, and every one before it."""
    first, second = half_way(app), half_way(app)
    for used in (phone.code(), phone.code(steps=-1)):
        answer = first.post("/sign-in/second-factor", data={"code": used})
        assert answer.status_code == 422
        assert "已经用过" in answer.text
    code = phone.code(steps=1)
    assert first.post("/sign-in/second-factor", data={"code": code}).status_code == 303
    assert second.post("/sign-in/second-factor", data={"code": code}).status_code == 422


def test_of_two_with_the_same_code_at_once_one_comes_in(app: FastAPI, phone: Phone, database: Database) -> None:
    browsers, code, statuses = [half_way(app) for _ in range(4)], phone.code(steps=1), []

    def send(browser: TestClient) -> None:
        statuses.append(browser.post("/sign-in/second-factor", data={"code": code}).status_code)

    threads = [threading.Thread(target=send, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(303) == 1


def test_old_future_and_foreign_codes_are_refused(app: FastAPI, phone: Phone, sign_in: SignIn) -> None:
    theirs = with_factor(sign_in("乙局联络员"))
    browser = half_way(app)
    near = {phone.code(steps=step) for step in (-1, 0, 1)}
    for code in {phone.code(steps=3), phone.code(steps=-3), theirs.code(steps=1)} - near:
        answer = browser.post("/sign-in/second-factor", data={"code": code})
        assert answer.status_code == 422
        assert "动态码不正确" in answer.text
        assert code not in answer.text


def test_the_fifth_wrong_code_ends_it_and_more_passwords_do_not_help(
    app: FastAPI, phone: Phone, database: Database
) -> None:
    browser = half_way(app)
    for _ in range(4):
        assert browser.post("/sign-in/second-factor", data={"code": phone.wrong_code()}).status_code == 422
    last = browser.post("/sign-in/second-factor", data={"code": phone.wrong_code(), "next": "/plans"})
    assert last.status_code == 401
    assert hidden(last.text)["next"] == "/plans"
    assert browser.post("/sign-in/second-factor", data={"code": phone.code(steps=1)}).status_code == 401
    assert not [row for row in sessions(database) if row.factor_due]
    assert ("sign_in", "refused", "动态码不正确（第5次）") in told(database)

    again = half_way(app)
    braked = again.post("/sign-in/second-factor", data={"code": phone.code(steps=1)})
    assert braked.status_code == 429
    assert braked.headers["retry-after"].isdigit()


def test_many_wrong_codes_at_once_are_all_counted(app: FastAPI, phone: Phone, database: Database) -> None:
    browser, statuses = half_way(app), []
    cookie = dict(browser.cookies)["duban_session"]

    def send() -> None:
        one = TestClient(app, follow_redirects=False, cookies={"duban_session": cookie})
        statuses.append(one.post("/sign-in/second-factor", data={"code": phone.wrong_code()}).status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(422) == 4
    assert statuses.count(401) == 4


def test_a_half_way_session_waits_ten_minutes(app: FastAPI, phone: Phone, database: Database) -> None:
    browser = half_way(app)
    with database.writing() as session:
        session.execute(
            text("UPDATE account_session SET expires_at = '2024-11-25 02:00:00+00:00' WHERE factor_due = :due"),
            {"due": True},
        )
    assert browser.get("/sign-in/second-factor").status_code == 303
    assert browser.post("/sign-in/second-factor", data={"code": phone.code(steps=1)}).status_code == 401


def test_a_closed_account_gets_no_further_than_its_password(
    app: FastAPI, phone: Phone, database: Database, sign_in: SignIn
) -> None:
    browser = half_way(app)
    office = sign_in("秘书处")
    assert office.post(f"/manage/accounts/{account(database).id}/close").status_code == 303
    assert browser.post("/sign-in/second-factor", data={"code": phone.code(steps=1)}).status_code == 401


def test_the_second_step_leads_to_no_other_site(app: FastAPI, phone: Phone) -> None:
    browser = half_way(app, next="https://evil.example")
    for target in ("//evil.example", "/\\evil.example", "https://evil.example"):
        assert hidden(browser.get("/sign-in/second-factor", params={"next": target}).text)["next"] == "/"
    typed = {"code": phone.code(steps=1), "next": "//evil.example"}
    from_there = browser.post("/sign-in/second-factor", data=typed, headers={"Sec-Fetch-Site": "cross-site"})
    assert from_there.status_code == 403
    assert browser.post("/sign-in/second-factor", data=typed).headers["location"] == "/"


def test_what_was_typed_outlives_both_steps(app: FastAPI, phone: Phone, history: History) -> None:
    key = history.key("甲局")
    browser = TestClient(app, follow_redirects=False)
    typed = {"kind": "interim", "text": '已办"三场"<b>', "percent": "30", "revision": "1", "csrf": "old"}
    kept = hidden(browser.post(f"/obligations/{key}/updates", data=typed).text)
    kept = hidden(browser.post("/sign-in", data=kept | {"login": LOGIN, "password": PASSWORD}).text)
    asked = browser.post("/sign-in/second-factor", data=kept)
    assert asked.status_code == 200
    wrong = browser.post("/sign-in/second-factor", data=hidden(asked.text) | {"code": phone.wrong_code()})
    assert wrong.status_code == 422
    back = browser.post("/sign-in/second-factor", data=hidden(wrong.text) | {"code": phone.code(steps=1)})
    assert browser.post(f"/obligations/{key}/updates", data=hidden(back.text)).status_code == 303
    assert typed["text"] in unescape(browser.get(f"/obligations/{key}").text)


@pytest.mark.parametrize("held", [True, False])
def test_codes_follow_the_real_clock_also_while_the_offices_is_held(
    app: FastAPI, sign_in: SignIn, clock: HeldClock, held: bool
) -> None:
    """A phone cannot be held at a day of 2024."""
    app.state.clock = HeldClock(TODAY, SHANGHAI) if held else SystemClock()
    phone = with_factor(sign_in(LOGIN), moment=None)
    of_the_day = pyotp.TOTP(phone.secret).at(clock.now())
    browser = half_way(app)
    assert browser.post("/sign-in/second-factor", data={"code": of_the_day}).status_code == 422
    assert browser.post("/sign-in/second-factor", data={"code": phone.code(steps=1)}).status_code == 303
    app.state.clock = clock


# New device, removal, reset


def test_a_new_device_takes_the_place_of_the_old_one(sign_in: SignIn, app: FastAPI, database: Database) -> None:
    liaison = sign_in(LOGIN)
    old = with_factor(liaison)
    csrf = {"csrf": masked(sessions(database)[-1].csrf)}
    page = liaison.get("/account/second-factor?new=yes").text
    new = Phone(shown_secret(page))
    assert new.secret != old.secret
    typed = csrf | {"new": "yes", "code": new.code(), "password": "wrong"}
    assert liaison.http.post("/account/second-factor", data=typed).status_code == 422
    assert liaison.http.post("/account/second-factor", data=csrf | {"code": new.code()}).status_code == 409
    assert liaison.http.post("/account/second-factor", data=typed | {"password": PASSWORD}).status_code == 303
    browser = half_way(app)
    assert browser.post("/sign-in/second-factor", data={"code": old.code(steps=1)}).status_code == 422
    assert browser.post("/sign-in/second-factor", data={"code": new.code(steps=1)}).status_code == 303


def test_removing_asks_for_the_password(sign_in: SignIn, database: Database, app: FastAPI) -> None:
    liaison = sign_in(LOGIN)
    with_factor(liaison)
    csrf = {"csrf": masked(sessions(database)[-1].csrf)}
    for password in ("", "wrong", "x" * 10_000):
        answer = liaison.http.post("/account/second-factor/remove", data=csrf | {"password": password})
        assert answer.status_code == 422
        assert "移除第二重验证" in answer.text
    assert account(database).totp_secret is not None
    removed = liaison.http.post("/account/second-factor/remove", data=csrf | {"password": PASSWORD})
    assert removed.headers["location"] == "/account/second-factor?notice=factor-removed"
    assert account(database).totp_secret is None
    assert half_way(app).get("/obligations").status_code == 200
    assert ("second_factor", "refused", "未能证明是本人") in told(database)
    twice = liaison.http.post("/account/second-factor/remove", data=csrf | {"password": PASSWORD})
    assert twice.status_code == 409


def test_guessing_the_password_of_a_signed_in_browser_is_braked(sign_in: SignIn, database: Database) -> None:
    liaison = sign_in(LOGIN)
    with_factor(liaison)
    csrf = {"csrf": masked(sessions(database)[-1].csrf)}
    answers = [
        liaison.http.post("/account/second-factor/remove", data=csrf | {"password": f"guess{n}"}) for n in range(6)
    ]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    right = liaison.http.post("/account/second-factor/remove", data=csrf | {"password": PASSWORD})
    assert right.status_code == 429
    assert account(database).totp_secret is not None


def test_who_keeps_the_accounts_resets_it_and_the_owner_is_told(
    sign_in: SignIn, phone: Phone, database: Database, app: FastAPI
) -> None:
    key = account(database).id
    path = f"/manage/accounts/{key}/second-factor/reset"
    waiting = half_way(app)
    for login in ("乙局联络员", "甲局负责人", "领导", "专家", "邻区秘书处"):
        assert sign_in(login).post(path).status_code == 404
    office = sign_in("秘书处")
    assert "重置第二重验证" in office.get(f"/manage/accounts/{key}").text
    assert office.post(path).headers["location"] == f"/manage/accounts/{key}?notice=factor-reset"
    assert office.post(path).status_code == 409
    assert sessions(database) == []
    assert waiting.post("/sign-in/second-factor", data={"code": phone.code(steps=1)}).status_code == 401
    assert half_way(app).get("/obligations").status_code == 200
    assert ("second_factor", "done", "重置") in told(database)
    with database.reading() as session:
        subjects = [row.subject for row in session.exec(select(OutboxMail))]
    assert "【督办】您的账号的第二重验证已取消" in subjects


def test_nobody_resets_ones_own(sign_in: SignIn, database: Database) -> None:
    office = sign_in("秘书处")
    with_factor(office)
    mine = account(database, "秘书处").id
    csrf = {"csrf": masked(sessions(database, "秘书处")[-1].csrf)}
    assert "第二重验证" in office.get(f"/manage/accounts/{mine}").text
    assert office.http.post(f"/manage/accounts/{mine}/second-factor/reset", data=csrf).status_code == 422
    assert account(database, "秘书处").totp_secret is not None


# Demanded by role


def test_a_role_that_must_have_one_sets_it_up_before_anything_else(
    sign_in: SignIn, demanding: Callable[[str], None], app: FastAPI, database: Database
) -> None:
    demanding("liaison,secretariat")
    liaison = sign_in(LOGIN)
    for path in ("/", "/obligations", "/plans?x=1", "/account", "/search?q=x"):
        answer = liaison.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/account/second-factor?next=%2F"), path
    assert liaison.post("/language", {"language": "zh", "next": "/"}).status_code == 303
    page = liaison.get("/account/second-factor?next=/plans%3Fx%3D1").text
    assert "必须使用第二重验证" in page
    code = Phone(shown_secret(page)).code()
    answer = liaison.post("/account/second-factor", {"code": code, "next": "/plans?x=1"})
    assert answer.headers["location"] == "/plans?x=1"
    assert liaison.get("/plans").status_code == 200

    csrf = {"csrf": masked(sessions(database)[-1].csrf)}
    assert "移除第二重验证" not in liaison.get("/account/second-factor").text
    forced = liaison.http.post("/account/second-factor/remove", data=csrf | {"password": PASSWORD})
    assert forced.status_code == 422
    assert account(database).totp_secret is not None
    assert sign_in("领导").get("/plans").status_code == 200


def test_a_role_from_which_it_is_demanded_later_is_stopped_and_loses_nothing(
    sign_in: SignIn, demanding: Callable[[str], None], history: History, database: Database
) -> None:
    key = history.key("甲局")
    liaison = sign_in(LOGIN)
    form = hidden(liaison.get(f"/obligations/{key}").text)
    demanding("liaison")
    by_htmx = {"HX-Request": "true", "HX-Current-URL": f"http://testserver/obligations/{key}"}
    part = liaison.get(f"/obligations/{key}", headers=by_htmx)
    assert part.headers["HX-Redirect"] == f"/account/second-factor?next=%2Fobligations%2F{key}"
    beside = liaison.post(f"/obligations/{key}/draft", headers=by_htmx)
    assert (beside.status_code, beside.headers["HX-Retarget"]) == (403, "#above")

    typed = {"kind": "interim", "text": "已办三场，还有两场。", "percent": "30", "revision": form["revision"]}
    stopped = liaison.post(f"/obligations/{key}/updates", typed)
    assert stopped.status_code == 403
    page = liaison.http.post("/account/second-factor", data=hidden(stopped.text))
    assert page.status_code == 200
    code = Phone(shown_secret(page.text)).code()
    back = liaison.http.post("/account/second-factor", data=hidden(page.text) | {"code": code})
    assert liaison.http.post(f"/obligations/{key}/updates", data=hidden(back.text)).status_code == 303
    assert typed["text"] in liaison.get(f"/obligations/{key}").text


# The key of the installation


def test_a_missing_wrong_or_damaged_key_is_said_and_no_new_one_is_made(
    app: FastAPI, phone: Phone, sign_in: SignIn, settings: Settings, database: Database
) -> None:
    key = settings.var_dir / "secret.key"
    right = key.read_bytes()
    browser, other = half_way(app), sign_in("乙局联络员")
    for content, sentence in (
        (None, "缺少密钥文件"),
        (b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n", "与数据不符"),
        (b"not a key", "已损坏"),
        (b"", "已损坏"),
    ):
        key.unlink(missing_ok=True)
        if content is not None:
            key.write_bytes(content)
        answer = browser.post("/sign-in/second-factor", data={"code": phone.code(steps=1)})
        assert answer.status_code == 503
        assert sentence in answer.text
        if content is None:
            assert other.get("/account/second-factor").status_code == 503
            assert not key.exists()
    key.write_bytes(right)
    assert browser.post("/sign-in/second-factor", data={"code": phone.code(steps=1)}).status_code == 303


def test_a_secret_that_was_moved_to_another_account_opens_nothing(
    app: FastAPI, phone: Phone, database: Database
) -> None:
    """Somebody who can write to the tables has a factor of his own."""
    with database.writing() as session:
        session.execute(
            text(
                "UPDATE account SET totp_secret = (SELECT totp_secret FROM account WHERE login = :mine) WHERE login = :his"
            ),
            {"mine": LOGIN, "his": "秘书处"},
        )
    browser = half_way(app, "秘书处")
    assert browser.post("/sign-in/second-factor", data={"code": phone.code(steps=1)}).status_code == 503


def test_the_settings_know_every_role() -> None:
    assert set(ROLES) == set(AccountRole)


def test_the_command_line_resets_it(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the last who keeps the accounts has lost the phone."""
    shutil.copy(sqlite_template, tmp_path / "duban.sqlite3")
    monkeypatch.setenv("DUBAN_VAR_DIR", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'duban.sqlite3'}")
    with database.writing() as session:
        session.execute(text("UPDATE account SET totp_secret = 'sealed' WHERE login = '秘书处'"))
    reset_factor_of("秘书处")
    assert "已重置秘书处的第二重验证。" in capsys.readouterr().out
    assert account(database, "秘书处").totp_secret is None
    assert ("second_factor", "done", "重置") in told(database)
    for login in ("秘书处", "没有此人"):
        with pytest.raises(typer.Exit):
            reset_factor_of(login)
    assert "没有设置第二重验证" in capsys.readouterr().err
    database.close()

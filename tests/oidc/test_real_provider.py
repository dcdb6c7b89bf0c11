"""Through npm's oidc-provider, over HTTP, with all its redirects."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text
from sqlmodel import select
from starlette.testclient import TestClient

from app.db import Database
from app.models import Account, AccountSession, AuditEntry
from app.models.account import AccountRole
from tests.conftest import PASSWORD, Person
from tests.oidc.conftest import Office, RealProvider
from tests.phone import with_factor

At = Callable[..., Office]


def account(database: Database, login: str) -> Account:
    with database.reading() as session:
        return session.exec(select(Account).where(Account.login == login)).one()


def ways(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.exec(select(AccountSession.way).order_by(AccountSession.id)))  # type: ignore[arg-type]


def last_told(database: Database) -> tuple[str, str, str]:
    with database.reading() as session:
        row = session.exec(select(AuditEntry).order_by(AuditEntry.id.desc())).first()  # type: ignore[union-attr]
        assert row is not None
        return row.action.value, row.outcome.value, row.reason


def enters(office: Office, provider: RealProvider, subject: str, target: str = "/") -> tuple[TestClient, str, str]:
    """The browser afterwards, where it was led to, and what the page says."""
    browser = office.browser()
    answer = office.come_back(browser, provider.sign_in(office.leave(browser, target), subject))
    return browser, answer.headers.get("location", str(answer.status_code)), answer.text


def test_a_verified_address_leads_in_and_the_subject_stays_linked(
    at_real: At, real_provider: RealProvider, database: Database
) -> None:
    office = at_real()
    assert "用统一身份认证登录" in office.browser().get("/sign-in").text
    browser, led_to, _page = enters(office, real_provider, "liaison", "/plans?x=1")
    assert led_to == "/plans?x=1"
    assert "甲局联络员" in browser.get("/plans").text
    assert "duban_visit" not in browser.cookies
    assert ways(database) == ["provider"]
    assert account(database, "甲局联络员").provider_subject == f"{office.issuer} liaison"
    assert last_told(database) == ("sign_in", "done", "统一身份认证登录")

    with database.writing() as session:
        session.execute(text("UPDATE account SET email = 'moved@example.org' WHERE login = '甲局联络员'"))
    assert enters(office, real_provider, "liaison")[1] == "/"
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM provider_visit")).scalar_one() == 0


def test_a_claim_can_be_the_login(at_real: At, real_provider: RealProvider, database: Database) -> None:
    office = at_real(oidc_match="preferred_username")
    assert enters(office, real_provider, "liaison")[1] == "/"
    assert enters(office, real_provider, "stranger")[1] == "403"
    assert enters(office, real_provider, "nameless")[1] == "403"


def test_who_has_no_account_here_is_told_what_to_do(
    at_real: At, real_provider: RealProvider, database: Database
) -> None:
    office = at_real()
    before = len(ways(database))
    with database.writing() as session:
        session.execute(text("UPDATE account SET email = 'account6@example.org' WHERE login = '专家'"))
    for subject, sentence, told in (
        ("stranger", "本系统没有您的账号。请联系管理账号的人员", "没有对应的账号"),
        ("nameless", "本系统没有您的账号", "没有提供邮箱"),
        ("unverified", "没有确认您的邮箱", "邮箱未经确认"),
        ("two-factors", "有几个账号使用您的邮箱", "几个账号使用同一邮箱"),
        ("no such subject", "在统一身份认证取消了登录，或没有获准", "provider says access_denied"),
    ):
        browser, status, page = enters(office, real_provider, subject)
        assert status == "403", subject
        assert sentence in page
        assert 'role="alert"' in page
        assert browser.get("/plans").status_code == 303
        assert last_told(database) == ("sign_in", "refused", f"统一身份认证登录：{told}")
    assert len(ways(database)) == before


def test_a_closed_account_and_one_of_another_person_stay_shut(
    at_real: At, real_provider: RealProvider, database: Database, sign_in: Callable[[str], Person]
) -> None:
    office = at_real()
    assert enters(office, real_provider, "liaison")[1] == "/"
    _browser, status, page = enters(office, real_provider, "successor")
    assert (status, "已由统一身份认证的另一个用户使用" in page) == ("403", True)

    manager, key = sign_in("秘书处"), account(database, "甲局联络员").id
    assert "解除关联" in manager.get(f"/manage/accounts/{key}").text
    assert sign_in("乙局联络员").post(f"/manage/accounts/{key}/provider/unlink").status_code == 404
    assert manager.post(f"/manage/accounts/{key}/provider/unlink").status_code == 303
    assert manager.post(f"/manage/accounts/{key}/provider/unlink").status_code == 409
    assert enters(office, real_provider, "successor")[1] == "/"

    assert manager.post(f"/manage/accounts/{key}/close").status_code == 303
    _browser, status, page = enters(office, real_provider, "successor")
    assert (status, "您的账号已停用" in page) == ("403", True)


def test_the_second_factor_of_ours_is_asked_unless_the_provider_asked_for_two(
    at_real: At, real_provider: RealProvider, database: Database, sign_in: Callable[[str], Person]
) -> None:
    phone = with_factor(sign_in("甲局联络员"), moment=None)
    with_factor(sign_in("丙局联络员"), moment=None)
    office = at_real()
    browser, led_to, _page = enters(office, real_provider, "liaison", "/plans")
    assert led_to == "/sign-in/second-factor?next=%2Fplans"
    assert browser.get("/plans").status_code == 303
    answer = browser.post("/sign-in/second-factor", data={"code": phone.code(steps=1), "next": "/plans"})
    assert answer.headers["location"] == "/plans"
    browser, led_to, _page = enters(office, real_provider, "two-factors")
    assert led_to == "/"
    assert browser.get("/plans").status_code == 200
    assert ways(database)[-1] == "provider-mfa"
    assert last_told(database) == ("sign_in", "done", "统一身份认证登录（已作多重验证）")


def test_where_a_role_must_have_two_factors_the_providers_count(at_real: At, real_provider: RealProvider) -> None:
    office = at_real(second_factor_roles="liaison")
    browser, _led_to, _page = enters(office, real_provider, "two-factors")
    assert browser.get("/plans").status_code == 200
    browser, _led_to, _page = enters(office, real_provider, "liaison")
    assert browser.get("/plans").headers["location"] == "/account/second-factor?next=%2Fplans"
    page = browser.get("/account/second-factor").text
    assert "必须使用第二重验证" in page
    assert 'type="password"' not in page


def test_an_answer_is_good_once_and_in_the_browser_that_was_sent(
    at_real: At, real_provider: RealProvider, database: Database
) -> None:
    office, browser, other = at_real(), None, None
    browser, other = office.browser(), office.browser()
    address = real_provider.sign_in(office.leave(browser), "liaison")
    office.leave(other)
    for stranger in (office.browser(), other):  # a link that somebody was made to open
        assert office.come_back(stranger, address).status_code == 403
    assert office.come_back(browser, address).status_code == 303
    replayed = office.come_back(browser, address)
    assert replayed.status_code == 403
    assert "不是由本浏览器发起的，或已超过10分钟、已经用过" in replayed.text
    assert parse_qs(urlsplit(address).query)["code"][0] not in replayed.text

    # The code of one visit under the state of another: PKCE binds it to its own.
    first, second = office.browser(), office.browser()
    stolen = parse_qs(urlsplit(real_provider.sign_in(office.leave(first), "liaison")).query)["code"][0]
    parts = urlsplit(real_provider.sign_in(office.leave(second), "stranger"))
    mine = {name: texts[0] for name, texts in parse_qs(parts.query).items()}
    answer = second.get(parts.path, params=mine | {"code": stolen})
    assert answer.status_code == 403
    assert "登录凭据已失效或已用过" in answer.text


def test_passwords_can_be_left_to_the_administrators(
    at_real: At, real_provider: RealProvider, database: Database
) -> None:
    with database.writing() as session:
        session.execute(
            text("UPDATE account SET role = :role WHERE login = '专家'"), {"role": AccountRole.SECURITY.value}
        )
    office = at_real(oidc_only=True)
    page = office.browser().get("/sign-in").text
    assert page.index("用统一身份认证登录") < page.index("管理员用密码登录")
    refused = office.browser().post("/sign-in", data={"login": "秘书处", "password": PASSWORD})
    assert refused.status_code == 422
    let_in = office.browser().post("/sign-in", data={"login": "专家", "password": PASSWORD})
    assert let_in.status_code == 303
    assert enters(office, real_provider, "liaison")[1] == "/"


@pytest.mark.parametrize("secret", [None, "wrong"])
def test_a_wrong_secret_of_ours_is_said_to_be_ours_to_mend(
    at_real: At, real_provider: RealProvider, database: Database, secret: str | None
) -> None:
    office = at_real(oidc_client_secret=secret)
    _browser, status, page = enters(office, real_provider, "liaison")
    assert status == "502"
    assert "请联系系统管理员" in page
    assert last_told(database)[:2] == ("sign_in", "failed")

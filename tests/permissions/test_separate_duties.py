"""三员分立: system, security and audit administration in different hands."""

from collections.abc import Callable

import pytest
from sqlmodel import col, func, select
from typer.testing import CliRunner

from app.access.roles import MANAGES_REGION, account_keepers, roles_to_give, trail_readers
from app.changes.close_account import close_account
from app.changes.edit_account import AccountEdit, account_mark, edit_account
from app.cli import app as duban
from app.db import Database
from app.errors import Invalid, Overtaken
from app.models import Account, Region
from app.models.account import AccountRole
from tests.changes.test_concurrency import race
from tests.conftest import NOW, PUBLISHED
from tests.permissions.conftest import Stage
from tests.permissions.world import PEOPLE, browser_of


def account(database: Database, login: str) -> Account:
    with database.reading() as session:
        return session.exec(select(Account).where(Account.login == login)).one()


# The roles


def test_where_duties_are_separate_no_role_has_two_of_them() -> None:
    duties = [account_keepers(separate=True), trail_readers(separate=True), MANAGES_REGION]
    assert [role for role in AccountRole if sum(role in duty for duty in duties) > 1] == []


def test_without_an_auditor_a_small_office_can_still_work() -> None:
    assert AccountRole.SECRETARIAT in account_keepers(separate=False) & trail_readers(separate=False) & MANAGES_REGION


@pytest.mark.parametrize(
    ("separate", "refused"),
    [(False, [AccountRole.ADMIN]), (True, [AccountRole.ADMIN, AccountRole.AUDITOR])],
)
def test_roles_that_the_screen_does_not_give(stage: Stage, separate: bool, refused: list[AccountRole]) -> None:
    stage.set(separate_duties=separate)
    database: Database = stage.app.state.database
    target = account(database, "东街道联络员")
    with browser_of(stage.app, "安全管理员") as browser:
        form = browser.send("GET", f"/manage/accounts/{target.id}").text
        offered = {role for role in AccountRole if f'<option value="{role.value}"' in form}
        for role in refused:
            typed = {"seen": account_mark(target), "name": "新", "role": role.value, "login": "新号"}
            for path in ("/manage/accounts", f"/manage/accounts/{target.id}"):
                answer = browser.send("POST", path, typed)
                assert (answer.status_code, 'id="role-fault"' in answer.text) == (422, True), (path, role)
    assert offered == set(AccountRole) - set(refused)
    assert account(database, "东街道联络员").role is AccountRole.LIAISON
    assert set(roles_to_give(separate=separate)) == set(AccountRole) - set(refused)


def test_the_security_administrator_does_not_reach_who_watches(stage: Stage) -> None:
    stage.set(separate_duties=True)
    database: Database = stage.app.state.database
    with browser_of(stage.app, "安全管理员") as browser:
        page = browser.send("GET", "/manage/accounts").text
        assert "由运维人员用命令行办理" in page
        for login in ("审计员", "系统管理员"):
            key = account(database, login).id
            assert f'href="/manage/accounts/{key}"' not in page
            for method, path in (
                ("GET", ""),
                ("POST", ""),
                ("POST", "/close"),
                ("POST", "/password"),
                ("POST", "/reopen"),
            ):
                assert browser.send(method, f"/manage/accounts/{key}{path}").status_code == 404, path
        secretary = account(database, "秘书处")
        assert browser.send("GET", f"/manage/accounts/{secretary.id}").status_code == 200


def test_each_administrator_lands_where_the_work_is_and_sees_no_other_door(stage: Stage) -> None:
    doors = {
        "系统管理员": ("/manage", {"/plans", "/departments", "/calendar", "/manage"}),
        "安全管理员": ("/manage/accounts", {"/manage"}),
        "审计员": ("/audit", {"/audit"}),
    }
    for login, (home, shown) in doors.items():
        with browser_of(stage.app, login) as browser:
            assert browser.send("GET", "/").headers["location"] == home
            page = browser.send("GET", home)
            assert page.status_code == 200
            navigation = page.text.split("<nav")[1].split("</nav>")[0]
            assert {part.split('"')[0] for part in navigation.split('href="')[1:]} == shown
            assert ('action="/search"' in page.text) == (login == "系统管理员")


def test_what_each_administrator_may_not_manage_is_not_offered(stage: Stage) -> None:
    stage.set(separate_duties=True)
    shown = {"秘书处": (False, True), "系统管理员": (False, True), "安全管理员": (True, False)}
    for login, (accounts, departments) in shown.items():
        with browser_of(stage.app, login) as browser:
            page = browser.send("GET", "/manage").text
            main = page.split("<main")[1]
            assert ('href="/manage/accounts"' in main, 'href="/manage/departments"' in main) == (accounts, departments)


# Oneself, and the last one


@pytest.mark.parametrize(("login", "separate"), [("秘书处", False), ("安全管理员", False), ("安全管理员", True)])
def test_nobody_changes_the_own_role_or_closes_himself(stage: Stage, login: str, separate: bool) -> None:
    stage.set(separate_duties=separate)
    database: Database = stage.app.state.database
    own = account(database, login)
    with browser_of(stage.app, login) as browser:
        typed = {"seen": account_mark(own), "name": own.name, "role": "leader", "email": ""}
        for path, form in (("", typed), ("/close", {})):
            answer = browser.send("POST", f"/manage/accounts/{own.id}{path}", form)
            assert (answer.status_code, "自己的" in answer.text) == (422, True)
    left = account(database, login)
    assert (left.role, left.active) == (own.role, True)


def added(database: Database, login: str, role: AccountRole) -> int:
    with database.writing() as session:
        region = session.exec(select(Region.id).where(Region.code == "test")).one()
        row = Account(
            region_id=region,
            login=login,
            name=login,
            role=role,
            password_hash="-",
            created_at=PUBLISHED,
        )
        session.add(row)
        session.flush()
        return row.id or 0


@pytest.mark.parametrize(("separate", "role"), [(True, AccountRole.SECURITY), (False, AccountRole.ADMIN)])
def test_the_last_who_keeps_accounts_stays(database: Database, separate: bool, role: AccountRole) -> None:
    """From whatever side: here the command line, which has no account of its own."""
    key = added(database, "唯一", role)
    if not separate:  # nobody else is left who could
        with database.writing() as session:
            session.exec(select(Account).where(Account.login == "秘书处")).one().active = False
    with database.writing() as session:
        row = session.get_one(Account, key)
        with pytest.raises(Invalid, match="最后一个能管理账号的在用账号"):
            close_account(session, row, by=None, now=NOW, separate=separate)
        wanted = AccountEdit(account_mark(row), "唯一", AccountRole.LEADER)
        with pytest.raises(Invalid, match="最后一个能管理账号的在用账号"):
            edit_account(session, row, wanted, by=None, now=NOW, separate=separate)
    other = added(database, "另一个", role)
    with database.writing() as session:
        close_account(session, session.get_one(Account, key), by=other, now=NOW, separate=separate)
    assert account(database, "唯一").active is False


def keepers(database: Database, separate: bool) -> int:
    with database.reading() as session:
        region = session.exec(select(Region.id).where(Region.code == "test")).one()
        return session.exec(
            select(func.count())
            .select_from(Account)
            .where(
                Account.region_id == region,
                col(Account.role).in_(account_keepers(separate=separate)),
                col(Account.active).is_(True),
            )
        ).one()


Act = Callable[[Database, int, int], None]


def _close(database: Database, target: int, by: int) -> None:
    with database.writing() as session:
        close_account(session, session.get_one(Account, target), by=by, now=NOW, separate=True)


def _demote(database: Database, target: int, by: int) -> None:
    with database.writing() as session:
        row = session.get_one(Account, target)
        wanted = AccountEdit(account_mark(row), row.name, AccountRole.LEADER)
        edit_account(session, row, wanted, by=by, now=NOW, separate=True)


@pytest.mark.parametrize(("one", "other"), [(_close, _close), (_demote, _demote), (_close, _demote)])
def test_of_two_who_remove_each_other_at_once_one_stays(database: Database, one: Act, other: Act) -> None:
    first = added(database, "安全甲", AccountRole.SECURITY)
    second = added(database, "安全乙", AccountRole.SECURITY)
    results = race(lambda: one(database, second, first), lambda: other(database, first, second))
    assert results == ["overtaken", "won"]
    assert keepers(database, separate=True) == 1


def test_who_lost_the_role_meanwhile_changes_nothing_more(database: Database) -> None:
    first = added(database, "安全甲", AccountRole.SECURITY)
    second = added(database, "安全乙", AccountRole.SECURITY)
    _demote(database, second, first)
    with pytest.raises(Overtaken, match="角色刚被更改"):
        _close(database, account(database, "领导").id or 0, second)


# The command line


@pytest.fixture
def command(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    database: Database = stage.app.state.database
    for name, value in {
        "VAR_DIR": str(stage.app.state.settings.var_dir),
        "DATABASE_URL": str(database.engine.url),
        "TODAY": "2024-11-25",
        "SEPARATE_DUTIES": "true",
    }.items():
        monkeypatch.setenv(f"DUBAN_{name}", value)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(duban, ["user", *arguments])
        return result.exit_code, result.output

    return run


Command = Callable[..., tuple[int, str]]


def test_the_three_are_appointed_at_the_machine(stage: Stage, command: Command) -> None:
    database: Database = stage.app.state.database
    assert command("role", "专家", "--role", "auditor") == (0, "专家的角色已改为审计员。\n")
    assert account(database, "专家").role is AccountRole.AUDITOR
    assert command("role", "专家", "--role", "liaison", "--department", "区甲局") == (0, "专家的角色已改为联络员。\n")
    assert account(database, "专家").department_id == account(database, "甲局联络员").department_id
    assert command("role", "专家", "--role", "admin") == (0, "专家的角色已改为系统管理员。\n")
    assert account(database, "专家").department_id is None
    assert command("close", "审计员") == (0, "已停用账号：审计员。\n")
    assert command("close", "审计员") == (1, "此账号已经停用。\n")
    assert command("reopen", "审计员") == (0, "已重新启用账号：审计员。\n")
    assert account(database, "审计员").active is True


def test_the_machine_does_not_shut_everybody_out_either(stage: Stage, command: Command) -> None:
    last = "这是本行政区最后一个能管理账号的在用账号"
    for arguments in (("close", "安全管理员"), ("role", "安全管理员", "--role", "leader")):
        code, output = command(*arguments)
        assert (code, last in output) == (1, True)
    assert command("close", "没有这人") == (1, "没有账号：没有这人。\n")
    code, output = command("role", "领导", "--role", "liaison")
    assert (code, "须指明所属单位" in output) == (1, True)
    assert account(stage.app.state.database, "安全管理员").active is True


def test_closing_at_the_machine_ends_the_sessions(stage: Stage, command: Command) -> None:
    with browser_of(stage.app, PEOPLE["leader"]) as browser:
        assert browser.send("GET", "/overview").status_code == 200
        assert command("close", "领导")[0] == 0
        assert browser.send("GET", "/overview").status_code == 303

"""Accounts: who may manage them, what is refused, and that a region is never left without a secretariat."""

import re
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from sqlmodel import Session, col, func, select
from starlette.testclient import TestClient

from app.changes.close_account import close_account
from app.changes.edit_account import AccountEdit, account_mark, edit_account
from app.changes.password_hash import hash_password
from app.db import Database
from app.errors import Invalid
from app.models import Account, AccountSession, Department, Region
from app.models.account import AccountRole
from tests.changes.test_concurrency import race
from tests.conftest import NOW, PASSWORD, PUBLISHED, Person
from tests.history import counted

SignIn = Callable[[str], Person]
PATHS = ("/manage", "/manage/accounts", "/manage/accounts/new", "/manage/accounts/unheard", "/manage/accounts/{}")


def account(database: Database, login: str) -> Account:
    with database.reading() as session:
        return session.exec(select(Account).where(Account.login == login)).one()


def add_second_secretariat(database: Database, login: str = "秘书处二") -> int:
    with database.writing() as session:
        first = session.exec(select(Account).where(Account.login == "秘书处")).one()
        row = Account(
            region_id=first.region_id,
            login=login,
            name=login,
            role=AccountRole.SECRETARIAT,
            password_hash=first.password_hash,
            created_at=PUBLISHED,
        )
        session.add(row)
        session.flush()
        return row.id or 0


def shown_password(html: str) -> str:
    found = re.search(r'id="shown-password">([^<]+)<', html)
    assert found is not None, html
    return found[1]


def enter(app: FastAPI, login: str, password: str) -> int:
    return (
        TestClient(app, follow_redirects=False)
        .post("/sign-in", data={"login": login, "password": password})
        .status_code
    )


NEW = {"login": "丙局新联络员", "role": "liaison", "department": "丙局", "email": "c@example.org"}


@pytest.mark.parametrize("path", PATHS)
def test_only_the_secretariat_manages_accounts(
    sign_in: SignIn, client: TestClient, database: Database, path: str
) -> None:
    path = path.format(account(database, "甲局联络员").id)
    assert client.get(path).headers["location"].startswith("/sign-in")
    assert sign_in("秘书处").get(path).status_code == 200
    for login in ("甲局联络员", "甲局负责人", "领导", "专家"):
        assert sign_in(login).get(path).status_code == 404


def test_an_administrator_of_the_region_counts_too(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session:
        row = session.exec(select(Account).where(Account.login == "专家")).one()
        row.role = AccountRole.ADMIN
        session.add(row)
    admin = sign_in("专家")
    assert admin.get("/").headers["location"] == "/manage"
    for path in ("/manage", "/manage/accounts", "/manage/departments", "/manage/groups", "/manage/calendar"):
        assert admin.get(path).status_code == 200, path


@pytest.mark.parametrize("verb", ["", "/close", "/reopen", "/password"])
def test_accounts_of_other_regions_are_not_found(sign_in: SignIn, database: Database, verb: str) -> None:
    key = account(database, "甲局联络员").id
    neighbour = sign_in("邻区秘书处")
    assert neighbour.get(f"/manage/accounts/{key}").status_code == 404
    assert neighbour.post(f"/manage/accounts/{key}{verb}", {"name": "偷改", "role": "liaison"}).status_code == 404
    assert account(database, "甲局联络员").name == "甲局联络员"
    assert "甲局联络员" not in neighbour.get("/manage/accounts").text


def test_a_new_account_signs_in_with_the_password_that_is_shown_once(
    app: FastAPI, sign_in: SignIn, database: Database
) -> None:
    """Where there is no address for a link; it is good for choosing another one only."""
    secretary = sign_in("秘书处")
    answer = secretary.post("/manage/accounts", NEW | {"email": ""})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    password = shown_password(answer.text)
    made = account(database, "丙局新联络员")
    assert password not in made.password_hash
    assert (made.name, made.email, made.role, made.must_change) == ("丙局新联络员", None, AccountRole.LIAISON, True)
    assert enter(app, "丙局新联络员", password) == 303
    for path in ("/manage/accounts", f"/manage/accounts/{made.id}"):
        assert password not in secretary.get(path).text


@pytest.mark.parametrize(
    ("role", "department", "name"),
    [
        ("head", "丙局", "丙局负责人"),
        ("head", "区甲局", "新号"),  # 甲局负责人 is somebody already: nobody could tell the two apart
        ("secretariat", "丙局", "测试区秘书处"),
        ("leader", "", "测试区领导"),
    ],
)
def test_names_are_department_and_role(
    sign_in: SignIn, database: Database, role: str, department: str, name: str
) -> None:
    sign_in("秘书处").post("/manage/accounts", {"login": "新号", "role": role, "department": department})
    made = account(database, "新号")
    assert made.name == name
    assert (made.department_id is None) == (role not in {"head", "liaison"})


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"login": ""}, "登录名应为1至64个字"),
        ({"login": "长" * 65}, "登录名应为1至64个字"),
        ({"login": "秘书处"}, "登录名“秘书处”已被使用"),
        ({"login": "邻区秘书处"}, "登录名“邻区秘书处”已被使用"),
        ({"login": "甲\nBcc: x@example.org"}, "登录名不能含有换行或看不见的字符"),
        ({"login": "甲\u202e局"}, "登录名不能含有换行或看不见的字符"),
        ({"name": "甲\r\nBcc: x@example.org"}, "名称不能含有换行"),
        ({"name": "长" * 10_000}, "名称应为1至100个字"),
        ({"email": "no address"}, "邮箱地址不正确"),
        ({"email": "a@example.org\nBcc: b@example.org"}, "邮箱地址不正确"),
        ({"email": "a@example.org, b@example.org"}, "邮箱地址不正确"),
        ({"email": "甲@example.org"}, "邮箱地址只能用英文"),
        ({"email": "a" * 250 + "@example.org"}, "邮箱地址不能超过254个字符"),
        ({"email": "a@localhost"}, "邮箱地址不正确"),
        ({"role": ""}, "请选择角色"),
        ({"role": "king"}, "请选择角色"),
        ({"role": "admin"}, "请选择角色"),
        ({"department": ""}, "须指明所属单位"),
        ({"department": "不存在的局"}, "没有单位“不存在的局”"),
        ({"department": "各街道"}, "没有单位“各街道”"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    sign_in: SignIn, database: Database, typed: dict[str, str], sentence: str
) -> None:
    answer = sign_in("秘书处").post("/manage/accounts", NEW | typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    if "email" not in typed:
        assert 'value="c@example.org"' in answer.text
    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(Account)).one() == 10


def test_emoji_and_markup_are_only_text(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    login = "<script>alert(1)</script>😀"
    assert secretary.post("/manage/accounts", NEW | {"login": login, "name": login}).status_code == 200
    html = secretary.get("/manage/accounts").text
    assert "<script>alert" not in html
    assert account(database, login).name == login


def test_fields_that_the_form_does_not_have_are_ignored(sign_in: SignIn, database: Database) -> None:
    with database.reading() as session:
        other = session.exec(select(Region.id).where(Region.code == "next")).one()
    secretary = sign_in("秘书处")
    secretary.post("/manage/accounts", NEW | {"region_id": other, "active": "", "password_hash": "x", "id": 1})
    made = account(database, "丙局新联络员")
    assert (made.region_id, made.active) == (account(database, "秘书处").region_id, True)
    typed = {"seen": account_mark(made), "name": "改名", "role": "liaison", "department": "丙局"}
    secretary.post(f"/manage/accounts/{made.id}", typed | {"region_id": other, "login": "别名", "active": ""})
    edited = account(database, "丙局新联络员")
    assert (edited.name, edited.region_id, edited.active) == ("改名", made.region_id, True)


@pytest.mark.parametrize("verb", ["", "/{}", "/{}/close", "/{}/reopen", "/{}/password"])
def test_a_leader_cannot_make_himself_anything(sign_in: SignIn, database: Database, verb: str) -> None:
    leader = account(database, "领导")
    typed = {"seen": account_mark(leader), "name": "领导", "role": "secretariat", "login": "新号", "region_id": 2}
    assert sign_in("领导").post("/manage/accounts" + verb.format(leader.id), typed).status_code == 404
    assert account(database, "领导").role is AccountRole.LEADER


def test_an_account_is_edited(sign_in: SignIn, database: Database) -> None:
    row = account(database, "丙局联络员")
    secretary = sign_in("秘书处")
    typed = {"seen": account_mark(row), "name": "乙局负责人", "role": "head", "department": "乙局", "email": ""}
    answer = secretary.post(f"/manage/accounts/{row.id}", typed)
    assert answer.headers["location"] == f"/manage/accounts/{row.id}?notice=saved"
    edited = account(database, "丙局联络员")
    with database.reading() as session:
        held = session.get_one(Department, edited.department_id)
    assert (edited.name, edited.role, held.name, edited.email) == ("乙局负责人", AccountRole.HEAD, "乙局", None)


def test_a_stale_form_overwrites_nothing(sign_in: SignIn, database: Database) -> None:
    row = account(database, "丙局联络员")
    secretary = sign_in("秘书处")
    typed = {"seen": account_mark(row), "name": "先改", "role": "liaison", "department": "丙局"}
    assert secretary.post(f"/manage/accounts/{row.id}", typed).status_code == 303
    late = secretary.post(f"/manage/accounts/{row.id}", typed | {"name": "后改"})
    assert late.status_code == 409
    assert "刚被他人修改" in late.text
    assert 'value="后改"' in late.text
    assert "现在保存的内容" in late.text
    assert account(database, "丙局联络员").name == "先改"


def test_a_closed_account_is_out_at_once_and_cannot_come_back(
    app: FastAPI, sign_in: SignIn, database: Database
) -> None:
    secretary, liaison = sign_in("秘书处"), sign_in("甲局联络员")
    row = account(database, "甲局联络员")
    assert liaison.get("/obligations").status_code == 200
    assert secretary.post(f"/manage/accounts/{row.id}/close").status_code == 303
    assert liaison.get("/obligations").headers["location"].startswith("/sign-in")
    assert enter(app, "甲局联络员", PASSWORD) == 422
    with database.reading() as session:
        count = select(func.count()).select_from(AccountSession).where(AccountSession.account_id == row.id)
        assert session.exec(count).one() == 0
    assert secretary.post(f"/manage/accounts/{row.id}/close").status_code == 409
    assert secretary.post(f"/manage/accounts/{row.id}/password").status_code == 422
    assert secretary.post(f"/manage/accounts/{row.id}/reopen").status_code == 303
    assert secretary.post(f"/manage/accounts/{row.id}/reopen").status_code == 409
    assert liaison.get("/obligations").headers["location"].startswith("/sign-in")
    assert enter(app, "甲局联络员", PASSWORD) == 303


def test_a_new_password_ends_the_old_one_and_its_sessions(app: FastAPI, sign_in: SignIn, database: Database) -> None:
    secretary, liaison = sign_in("秘书处"), sign_in("甲局联络员")
    row = account(database, "甲局联络员")
    with database.writing() as session:
        session.get_one(Account, row.id).email = None
    answer = secretary.post(f"/manage/accounts/{row.id}/password")
    password = shown_password(answer.text)
    assert liaison.get("/obligations").headers["location"].startswith("/sign-in")
    assert enter(app, "甲局联络员", PASSWORD) == 422
    assert enter(app, "甲局联络员", password) == 303


def test_nobody_closes_himself_or_gives_up_his_own_role(sign_in: SignIn, database: Database) -> None:
    add_second_secretariat(database)
    own = account(database, "秘书处")
    secretary = sign_in("秘书处")
    answer = secretary.post(f"/manage/accounts/{own.id}/close")
    assert (answer.status_code, "不能停用自己的账号" in answer.text) == (422, True)
    typed = {"seen": account_mark(own), "name": "秘书处", "role": "leader"}
    answer = secretary.post(f"/manage/accounts/{own.id}", typed)
    assert (answer.status_code, "不能更改自己的角色" in answer.text) == (422, True)
    assert secretary.get("/desk").status_code == 200


def test_the_last_secretariat_stays_even_for_an_administrator(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session:
        row = session.exec(select(Account).where(Account.login == "专家")).one()
        row.role = AccountRole.ADMIN
        session.add(row)
    last = account(database, "秘书处")
    admin = sign_in("专家")
    answer = admin.post(f"/manage/accounts/{last.id}/close")
    assert (answer.status_code, "最后一个在用的秘书处账号" in answer.text) == (422, True)
    typed = {"seen": account_mark(last), "name": "秘书处", "role": "leader"}
    answer = admin.post(f"/manage/accounts/{last.id}", typed)
    assert (answer.status_code, "最后一个在用的秘书处账号" in answer.text) == (422, True)
    assert sign_in("秘书处").get("/desk").status_code == 200


def secretariats(session: Session) -> int:
    region = session.exec(select(Region.id).where(Region.code == "test")).one()
    return session.exec(
        select(func.count())
        .select_from(Account)
        .where(Account.region_id == region, Account.role == AccountRole.SECRETARIAT, col(Account.active).is_(True))
    ).one()


def test_of_two_who_close_each_other_at_once_one_stays(database: Database) -> None:
    one, other = account(database, "秘书处").id or 0, add_second_secretariat(database)

    def close(target: int, by: int) -> None:
        with database.writing() as session:
            close_account(session, session.get_one(Account, target), by=by, now=NOW)

    assert race(lambda: close(other, one), lambda: close(one, other)) == ["overtaken", "won"]
    with database.reading() as session:
        assert secretariats(session) == 1


def test_of_two_who_take_each_others_role_at_once_one_stays(database: Database) -> None:
    one, other = account(database, "秘书处").id or 0, add_second_secretariat(database)

    def demote(target: int, by: int) -> None:
        with database.writing() as session:
            row = session.get_one(Account, target)
            wanted = AccountEdit(account_mark(row), row.name, AccountRole.LEADER)
            edit_account(session, row, wanted, by=by, now=NOW)

    assert race(lambda: demote(other, one), lambda: demote(one, other)) == ["overtaken", "won"]
    with database.reading() as session:
        assert secretariats(session) == 1


def test_two_with_one_login_at_once_are_told(database: Database) -> None:
    from app.changes.add_account import NewAccount, add_account

    refused: list[dict[str, str]] = []

    def add() -> None:
        with database.writing() as session:
            region = session.exec(select(Region).where(Region.code == "test")).one()
            try:
                add_account(session, region, NewAccount("新号", AccountRole.LEADER, "long enough"), now=NOW)
            except Invalid as error:
                refused.append(error.fields)

    race(add, add, add)
    assert refused == [{"login": "登录名“新号”已被使用。"}] * 2


def test_accounts_are_found_by_every_filter(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    with database.writing() as session:
        row = session.exec(select(Account).where(Account.login == "乙局联络员")).one()
        row.email = None
        closed = session.exec(select(Account).where(Account.login == "西街道联络员")).one()
        closed.active = False
        session.add_all([row, closed])
        department = row.department_id

    def names(query: str) -> set[str]:
        html = secretary.get(f"/manage/accounts?{query}").text
        return set(re.findall(r"<bdi>([^<]+)</bdi></a></th>", html))

    assert names("role=head") == {"甲局负责人"}
    assert names(f"department={department}") == {"乙局联络员"}
    assert names("standing=no_mail") == {"乙局联络员"}
    assert names("standing=closed") == {"西街道联络员"}
    assert names("q=ACCOUNT2@") == {"领导"}
    assert names("q=街道&standing=active") == {"东街道联络员"}
    assert names("q=%25") == set()
    assert names("q=街道&role=leader") == set()
    assert "没有符合条件的账号" in secretary.get("/manage/accounts?q=nobody").text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("role=king&q=街道", "没有这种角色"),
        ("department=999&q=街道", "没有这个单位"),
        ("department=x&q=街道", "没有这个单位"),
        ("standing=asleep&q=街道", "没有这种状态"),
        ("q=" + "长" * 101, "查找内容不能超过100个字"),
    ],
)
def test_faulty_filters_are_said_and_the_others_hold(sign_in: SignIn, query: str, sentence: str) -> None:
    answer = sign_in("秘书处").get(f"/manage/accounts?{query}")
    assert (answer.status_code, sentence in answer.text) == (422, True)
    if "q=街道" in query:
        assert 'value="街道"' in answer.text


@pytest.mark.parametrize("path", ["/manage/accounts?after=-1", "/manage/accounts?after=99999999999999999999"])
def test_places_out_of_range_have_a_clear_page(sign_in: SignIn, path: str) -> None:
    assert sign_in("秘书处").get(path).status_code == 422


@pytest.mark.parametrize("key", ["404", "9223372036854775807"])
def test_unknown_accounts_are_not_found(sign_in: SignIn, key: str) -> None:
    assert sign_in("秘书处").get(f"/manage/accounts/{key}").status_code == 404


def test_the_list_goes_on_page_by_page_with_a_constant_number_of_queries(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    with counted(database) as few:
        secretary.get("/manage/accounts")
    with database.writing() as session:
        region = session.exec(select(Region.id).where(Region.code == "test")).one()
        hashed = hash_password("long enough")
        session.add_all(
            Account(
                region_id=region,
                login=f"专家{number}",
                name=f"专家{number}",
                role=AccountRole.EXPERT,
                password_hash=hashed,
                created_at=NOW,
            )
            for number in range(100)
        )
    with counted(database) as many:
        pages = [secretary.get("/manage/accounts?role=expert").text]
    assert len(many) == len(few)
    while 'rel="next"' in pages[-1]:
        following = pages[-1].split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
        pages.append(secretary.get(following.replace("&amp;", "&")).text)
    assert [html.count('scope="row"') for html in pages] == [50, 50, 1]


def test_departments_that_nobody_speaks_for_are_named(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session:
        closed = session.exec(select(Account).where(Account.login == "丙局联络员")).one()
        closed.active = False
        silent = session.exec(select(Account).where(Account.login == "乙局联络员")).one()
        silent.email = None
        session.add_all([closed, silent])
    secretary = sign_in("秘书处")
    html = secretary.get("/manage/accounts/unheard").text
    listed = re.findall(r'href="/departments/\d+">([^<]+)<', html)
    assert listed == ["乙局", "丙局", "残联", "旧局"], "those that owe something first"
    assert html.count(">没有联络员账号<") == 3
    assert html.count(">联络员没有邮箱<") == 1
    assert "2个有待填报事项的单位没有收得到提醒的联络员" in secretary.get("/manage").text
    prefilled = secretary.get("/manage/accounts/new?role=liaison&department=丙局").text
    assert '<option value="丙局" selected>' in prefilled
    assert '<option value="liaison" selected>' in prefilled


def test_an_empty_region_is_told_what_to_do(sign_in: SignIn) -> None:
    neighbour = sign_in("邻区秘书处")
    for path in ("/manage", "/manage/accounts", "/manage/accounts/unheard", "/manage/groups", "/manage/departments"):
        assert neighbour.get(path).status_code == 200, path
    assert "没有单位组" in neighbour.get("/manage/groups").text

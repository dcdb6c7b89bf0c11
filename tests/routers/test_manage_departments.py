"""The register on the screen: the rules of a register file hold there, too."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from sqlmodel import Session, col, select
from starlette.testclient import TestClient

from app.changes.edit_register import edited_register
from app.changes.register_departments import register_departments
from app.db import Database
from app.models import Department, DepartmentAlias, DepartmentGroup, Region
from app.queries.directory import load_directory
from app.queries.register_export import export_register
from tests.changes.test_concurrency import race
from tests.conftest import TODAY, Person
from tests.history import History, counted

SignIn = Callable[[str], Person]


def key_of(database: Database, name: str, region: str = "test") -> int:
    with database.reading() as session:
        return (
            session.exec(
                select(Department.id)
                .join(Region, col(Region.id) == Department.region_id)
                .where(Department.name == name, Region.code == region)
            ).one()
            or 0
        )


def group_key(database: Database) -> int:
    with database.reading() as session:
        return session.exec(select(DepartmentGroup.id)).one() or 0


def region_of(session: Session) -> Region:
    return session.exec(select(Region).where(Region.code == "test")).one()


def resolved(database: Database, spelling: str) -> str | None:
    with database.reading() as session:
        holder = load_directory(session, region_of(session).id or 0, today=TODAY).resolve(spelling)
        return holder.name if holder else None


@pytest.mark.parametrize(
    "path",
    [
        "/manage/departments",
        "/manage/departments/new",
        "/manage/departments/{department}",
        "/manage/groups",
        "/manage/groups/{group}",
    ],
)
def test_only_the_secretariat_of_the_region_keeps_the_register(
    sign_in: SignIn, client: TestClient, database: Database, path: str
) -> None:
    own = "{" in path
    path = path.format(department=key_of(database, "甲局"), group=group_key(database))
    assert client.get(path).headers["location"].startswith("/sign-in")
    assert sign_in("秘书处").get(path).status_code == 200
    for login in ("甲局联络员", "甲局负责人", "领导", "专家"):
        assert sign_in(login).get(path).status_code == 404
    assert sign_in("邻区秘书处").get(path).status_code == (404 if own else 200)


@pytest.mark.parametrize(
    "path",
    [
        "/manage/departments/{department}",
        "/manage/departments/{department}/aliases",
        "/manage/departments/{department}/aliases/remove",
        "/manage/groups/{group}/members",
        "/manage/groups/{group}/members/remove",
    ],
)
@pytest.mark.parametrize("login", ["甲局联络员", "领导", "邻区秘书处"])
def test_nobody_else_changes_it(sign_in: SignIn, database: Database, path: str, login: str) -> None:
    path = path.format(department=key_of(database, "甲局"), group=group_key(database))
    typed = {"alias": "区甲局", "member": "东街道", "kind": "party", "place": "1", "name": "别名"}
    assert sign_in(login).post(path, typed).status_code == 404
    assert resolved(database, "区甲局") == "甲局"


def test_exporting_and_registering_again_changes_nothing(database: Database) -> None:
    with database.writing() as session:
        region = region_of(session)
        before = export_register(session, region)
        register_departments(session, before)
        assert export_register(session, region) == before


def test_a_department_is_added_with_its_spellings(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    typed = {"name": " 丁  局 ", "kind": "government", "aliases": "区丁局\n\n 丁管局 ", "note": "新设"}
    answer = secretary.post("/manage/departments", typed)
    key = key_of(database, "丁 局")
    assert answer.headers["location"] == f"/manage/departments/{key}?notice=department-added"
    assert (resolved(database, "区丁局"), resolved(database, "丁管局")) == ("丁 局", "丁 局")
    assert re.findall(r"<bdi>([^<]+)</bdi></a></th>", secretary.get("/manage/departments").text)[-1] == "丁 局"
    assert resolved(database, "区甲局") == "甲局", "what stood there before stays"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "请填写单位名称"),
        ({"name": "甲局"}, "“甲局”写了两次"),
        ({"name": "区甲局"}, "“区甲局”已指“甲局”，不能再指“区甲局”"),
        ({"name": "各街道办事处"}, "不能再指"),
        ({"name": "长" * 101}, "名称不能超过100个字"),
        ({"name": "丁\u202e局"}, "看不见的字符"),
        ({"kind": ""}, "请选择单位类别"),
        ({"kind": "club"}, "请选择单位类别"),
        ({"aliases": "乙局"}, "“乙局”已指“乙局”，不能再指“丁局”"),
        ({"aliases": "丁局"}, "“丁局”写了两次"),
        ({"note": "长" * 2001}, "备注不能超过2000个字"),
    ],
)
def test_what_is_wrong_with_a_new_department_is_said(
    sign_in: SignIn, database: Database, typed: dict[str, str], sentence: str
) -> None:
    whole = {"name": "丁局", "kind": "government", "aliases": "", "note": "备注留着"} | typed
    answer = sign_in("秘书处").post("/manage/departments", whole)
    assert answer.status_code == 422
    assert sentence in answer.text
    if "note" not in typed:
        assert "备注留着" in answer.text
    with database.reading() as session:
        assert session.exec(select(Department.id).where(Department.name == "丁局")).first() is None


def test_a_spelling_stands_for_one_thing_only(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    path = f"/manage/departments/{key_of(database, '乙局')}/aliases"
    for taken, holder in (("区甲局", "甲局"), ("甲局", "甲局"), ("各街道办事处", "各街道"), ("各街道", "各街道")):
        answer = secretary.post(path, {"alias": taken})
        assert answer.status_code == 422
        assert "一种写法只能指一个单位或单位组" in answer.text
        assert f'value="{taken}"' in answer.text
        assert resolved(database, taken) == holder
    assert "请填写另一种写法" in secretary.post(path, {"alias": " "}).text
    assert secretary.post(path, {"alias": "区乙局"}).status_code == 303
    assert resolved(database, "区乙局") == "乙局"
    assert "写了两次" in secretary.post(path, {"alias": "区乙局"}).text
    assert secretary.post(path + "/remove", {"alias": "区乙局"}).status_code == 303
    assert resolved(database, "区乙局") is None
    gone = secretary.post(path + "/remove", {"alias": "区乙局"})
    assert (gone.status_code, "已不在写法之中" in gone.text) == (409, True)


def test_of_two_who_give_one_spelling_to_two_departments_at_once_one_is_refused(database: Database) -> None:
    from app.changes.department_aliases import add_alias
    from app.errors import Invalid

    keys = [key_of(database, name) for name in ("乙局", "丙局")]
    refused: list[str] = []

    def spell(key: int) -> None:
        with database.writing() as session:
            try:
                add_alias(session, session.get_one(Department, key), "共用名")
            except Invalid as error:
                refused.extend(error.fields)

    race(lambda: spell(keys[0]), lambda: spell(keys[1]))
    assert refused == ["alias"]
    with database.reading() as session:
        assert len(session.exec(select(DepartmentAlias).where(DepartmentAlias.name == "共用名")).all()) == 1


def test_a_name_with_history_is_fixed(sign_in: SignIn, database: Database) -> None:
    key = key_of(database, "甲局")
    secretary = sign_in("秘书处")
    html = secretary.get(f"/manage/departments/{key}").text
    assert "名称不能直接修改" in html
    assert 'name="name"' not in html
    typed = {"name": "甲委", "kind": "party", "place": "1", "note": ""}
    answer = secretary.post(f"/manage/departments/{key}", typed)
    assert (answer.status_code, "名称不能直接修改" in answer.text) == (422, True)
    assert key_of(database, "甲局") == key


def test_a_name_without_history_can_be_mended(sign_in: SignIn, database: Database) -> None:
    key = key_of(database, "旧局")
    secretary = sign_in("秘书处")
    assert 'name="name"' in secretary.get(f"/manage/departments/{key}").text
    typed = {"name": "故局", "kind": "vertical", "place": "2", "note": "改"}
    assert "已指" in secretary.post(f"/manage/departments/{key}", typed | {"name": "区甲局"}).text
    assert "请填写单位名称" in secretary.post(f"/manage/departments/{key}", typed | {"name": ""}).text
    assert secretary.post(f"/manage/departments/{key}", typed).status_code == 303
    assert key_of(database, "故局") == key
    with database.reading() as session:
        names = session.exec(
            select(Department.name)
            .where(Department.region_id == region_of(session).id)
            .order_by(col(Department.position))
        ).all()
    assert names[:3] == ["甲局", "故局", "乙局"]


def test_a_department_of_a_succession_keeps_its_name(sign_in: SignIn, database: Database, history: History) -> None:
    history.succeed("旧局", "残联", date(2024, 1, 1))
    html = sign_in("秘书处").get(f"/manage/departments/{key_of(database, '旧局')}").text
    assert "名称不能直接修改" in html
    assert "旧局由残联承继（更名）" in html


@pytest.mark.parametrize("place", ["0", "8", "x", "", "99999999999999999999"])
def test_a_place_outside_the_register_is_refused(sign_in: SignIn, database: Database, place: str) -> None:
    answer = sign_in("秘书处").post(
        f"/manage/departments/{key_of(database, '甲局')}", {"kind": "government", "place": place}
    )
    assert (answer.status_code, "次序应为1至7的整数" in answer.text) == (422, True)


def test_members_come_and_go_and_published_plans_keep_theirs(
    sign_in: SignIn, database: Database, obligation_of: Callable[..., object]
) -> None:
    secretary = sign_in("秘书处")
    path = f"/manage/groups/{group_key(database)}"
    assert "已发布的规划保留发布时展开的单位" in secretary.get(path).text
    assert secretary.post(path + "/members", {"member": "丙局"}).status_code == 303
    assert "写了两次" in secretary.post(path + "/members", {"member": "丙局"}).text
    assert "请选择要加入的单位" in secretary.post(path + "/members", {"member": "没有局"}).text
    assert "请选择要加入的单位" in secretary.post(path + "/members", {"member": "各街道"}).text
    assert secretary.post(path + "/members/remove", {"member": "东街道"}).status_code == 303
    assert secretary.post(path + "/members/remove", {"member": "东街道"}).status_code == 409
    with database.reading() as session:
        register = export_register(session, region_of(session))
    assert register.groups[0].members == ["西街道", "丙局"]
    assert obligation_of("东街道", "1.1") is not None


def test_the_register_is_found_by_any_spelling_and_kind(sign_in: SignIn) -> None:
    secretary = sign_in("秘书处")

    def names(query: str) -> list[str]:
        html = secretary.get(f"/manage/departments?{query}").text
        return re.findall(r"<bdi>([^<]+)</bdi></a></th>", html)

    assert names("q=区甲") == ["甲局"]
    assert names("kind=subdistrict") == ["东街道", "西街道"]
    assert names("kind=subdistrict&q=东") == ["东街道"]
    assert names("q=没有") == []
    faulty = secretary.get("/manage/departments?kind=club&q=东")
    assert (faulty.status_code, "没有这种类别" in faulty.text, 'value="东"' in faulty.text) == (422, True, True)
    assert secretary.get("/manage/departments?q=" + "长" * 101).status_code == 422


def test_what_waits_to_be_confirmed_is_marked(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session, edited_register(session, region_of(session).id or 0, field="x") as register:
        from app.drafts.department_register import Certainty, SuccessionDraft, SuccessionKind

        register.successions.append(
            SuccessionDraft(
                predecessor="旧局",
                successor="残联",
                kind=SuccessionKind.MERGE,
                on=date(2025, 1, 1),
                certainty=Certainty.ASSUMED,
                document="某文件",
            )
        )
    secretary = sign_in("秘书处")
    assert secretary.get("/manage/departments").text.count("待核定") == 2
    html = secretary.get(f"/manage/departments/{key_of(database, '旧局')}").text
    assert "推定，待核定 · 某文件" in html
    assert "到生效日由系统转办" in html
    assert "1条沿革或单位组待核定" in secretary.get("/manage").text


def test_the_number_of_queries_does_not_grow_with_the_register(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    paths = ("/manage", "/manage/departments", "/manage/groups", "/manage/accounts/unheard")

    def sent() -> list[int]:
        counts = []
        for path in paths:
            with counted(database) as statements:
                secretary.get(path)
            counts.append(len(statements))
        return counts

    few = sent()
    with database.writing() as session, edited_register(session, region_of(session).id or 0, field="x") as register:
        from app.drafts.department_register import DepartmentDraft, DepartmentKind

        for number in range(60):
            register.departments.append(
                DepartmentDraft(name=f"局{number}", kind=DepartmentKind.GOVERNMENT, aliases=[f"区局{number}"])
            )
            register.groups[0].members.append(f"局{number}")
    assert sent() == few


@pytest.mark.parametrize("path", ["/manage/departments/404", "/manage/groups/404"])
def test_unknown_ones_are_not_found(sign_in: SignIn, path: str) -> None:
    assert sign_in("秘书处").get(path).status_code == 404

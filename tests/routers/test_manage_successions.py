"""机构沿革 on the screen: typed, looked at, confirmed, taken back."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from app.access import Viewer
from app.changes.apply_successions import apply_successions
from app.db import Database
from app.domain.workflow import State
from app.drafts.department_register import SuccessionKind
from app.errors import SignInNeeded
from app.models import AuditEntry, Obligation, Succession
from app.routers.report_sending import obligation_to_report
from tests.changes.successions import Office, region, wanted
from tests.conftest import NOW, TODAY, Person
from tests.history import History, at, counted

SignIn = Callable[[str], Person]

RENAME: dict[str, object] = {
    "kind": "rename",
    "predecessor": "丙局",
    "heir": "丁局",
    "heir_kind": "",
    "heir_aliases": "区丁局、丁",
    "on": "2024-06-01",
    "document": "测编〔2024〕1号",
    "certainty": "printed",
}


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def mark_of(page: str) -> str:
    found = re.search(r'name="mark" value="(\w{64})"', page)
    assert found is not None, page
    return found[1]


def recorded(person: Person, asked: dict[str, object]) -> str:
    """The address of what was recorded. The page that asks to confirm sends the choices that stand there anyway."""
    shown = person.post("/manage/successions/preview", {k: v for k, v in asked.items() if v != "0"})
    if 'name="mark"' not in shown.text:
        shown = person.post("/manage/successions/preview", asked)
    assert shown.status_code == 200, shown.text
    answer = person.post("/manage/successions", asked | {"mark": mark_of(shown.text)})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("?")[0]


def test_only_who_keeps_the_register_finds_the_pages(sign_in: SignIn, office: Office) -> None:
    key = office.record(wanted(SuccessionKind.RENAME, "丙局", "丁局"))
    ways = [
        ("get", "/manage/successions"),
        ("get", "/manage/successions/new?kind=split"),
        ("get", f"/manage/successions/{key}"),
        ("post", "/manage/successions/preview"),
        ("post", "/manage/successions/form"),
        ("post", "/manage/successions"),
        ("post", f"/manage/successions/{key}/undo"),
    ]
    for login in ("甲局联络员", "甲局负责人", "领导", "专家"):
        person = sign_in(login)
        assert {getattr(person, way)(path).status_code for way, path in ways} == {404}
    neighbour = sign_in("邻区秘书处")
    assert neighbour.get(f"/manage/successions/{key}").status_code == 404
    assert neighbour.post(f"/manage/successions/{key}/undo").status_code == 404
    assert neighbour.post("/manage/successions/preview", RENAME).status_code == 422  # 丙局 is not theirs
    secretary = sign_in("秘书处")
    for path in ("/manage/successions/0", "/manage/successions/999999", f"/manage/successions/{2**63}"):
        assert secretary.get(path).status_code in {404, 422}


def test_a_rename_is_looked_at_confirmed_and_taken_back(sign_in: SignIn, office: Office, database: Database) -> None:
    secretary, before = sign_in("秘书处"), office.standings()
    shown = secretary.post("/manage/successions/preview", RENAME).text
    for said in ("转给承继单位的事项（2项）", "承继时已逾期153天", "账号“丙局联络员”转入丁局", "名录中新增单位“丁局”"):
        assert said in shown
    assert office.standings() == before
    address = recorded(secretary, RENAME | {f"account-{office.account('丙局联络员').id}": "0"})
    assert office.owners(task="2.1").count("丁局") == 2
    page = secretary.get(address).text
    assert "测编〔2024〕1号" in page
    assert "撤销这次沿革" in page
    assert "自丙局承继（2024年6月1日），承继时已逾期153天" in secretary.get("/overdue").text
    new = office.department("丁局")
    assert "1项在承继时已经逾期" in secretary.get(f"/departments/{new}").text
    assert "自丙局承继" in secretary.get(f"/departments/{new}/obligations").text
    assert "丁局" in secretary.get(f"/departments/{office.department('丙局')}").text
    assert "丙局" in secretary.get("/search?q=丙局").text
    assert secretary.post(f"{address}/undo").status_code == 303
    assert office.standings() == before
    assert "已经撤销" in secretary.get(address).text
    assert "自丙局承继" not in secretary.get("/overdue").text
    assert "丁局" not in secretary.get("/departments").text
    assert secretary.post(f"{address}/undo").status_code == 409
    with database.reading() as session:
        entries = select(AuditEntry.reason).where(AuditEntry.action == "succession").order_by(col(AuditEntry.seq))
        told = session.exec(entries).all()
        assert told == ["测编〔2024〕1号", "撤销机构沿革"]


def test_what_changed_since_the_preview_is_shown_again(sign_in: SignIn, office: Office, history: History) -> None:
    secretary = sign_in("秘书处")
    shown = secretary.post("/manage/successions/preview", RENAME)
    history.submit(history.key("丙局", "2.1"), date(2024, 5, 1))
    before = office.standings()
    answer = secretary.post("/manage/successions", RENAME | {"mark": mark_of(shown.text)})
    assert answer.status_code == 409
    assert "预览之后情况或选择有变" in answer.text
    assert office.standings() == before
    assert secretary.post("/manage/successions", RENAME | {"mark": mark_of(answer.text)}).status_code == 303


def test_a_double_click_records_once(sign_in: SignIn, office: Office, database: Database) -> None:
    secretary = sign_in("秘书处")
    shown = secretary.post("/manage/successions/preview", RENAME)
    asked = RENAME | {"mark": mark_of(shown.text)}
    assert secretary.post("/manage/successions", asked).status_code == 303
    assert secretary.post("/manage/successions", asked).status_code == 303
    again = secretary.post("/manage/successions", asked | {"document": "另一份文件"})
    assert again.status_code == 422
    assert "只能终止一次" in again.text
    assert "另一份文件" in again.text
    with database.reading() as session:
        assert len(session.exec(select(Succession)).all()) == 1


def test_every_task_of_a_split_is_asked_for(sign_in: SignIn, office: Office) -> None:
    secretary, task = sign_in("秘书处"), office.task("2.1")
    account = office.account("乙局联络员").id
    asked = RENAME | {
        "kind": "split",
        "predecessor": "乙局",
        "heir": ["乙一局", "丙局"],
        "heir_kind": ["government", ""],
        "heir_aliases": ["", ""],
    }
    shown = secretary.post("/manage/successions/preview", asked).text
    assert "任务归谁" in shown
    assert f'name="task-{task}"' in shown
    chosen = asked | {f"task-{task}": "1", f"account-{account}": "1", f"task-{office.task('1.1')}": "0"}
    address = recorded(secretary, chosen)
    assert office.owners(State.CANCELLED, task="2.1") == ["乙局", "乙局"]
    assert office.owners(task="1.1").count("乙一局") == 2
    assert office.account("乙局联络员").department_id == office.department("丙局")
    assert "并案办理的事项（2项）" in secretary.get(address).text
    assert "乙一局、丙局" in secretary.get("/departments").text
    for wrong in ({f"task-{task}": "7"}, {f"account-{account}": "x"}):
        assert secretary.post("/manage/successions/preview", asked | {"predecessor": "甲局"} | wrong).status_code == 422


def test_a_transfer_asks_which_tasks_first(sign_in: SignIn, office: Office) -> None:
    secretary = sign_in("秘书处")
    asked = RENAME | {"kind": "transfer", "predecessor": "乙局", "heir": "丙局"}
    first = secretary.post("/manage/successions/preview", asked)
    assert first.status_code == 200
    assert "划转哪些任务" in first.text
    assert 'name="mark"' not in first.text
    nothing = secretary.post("/manage/successions/preview", asked | {"chosen": "yes"})
    assert nothing.status_code == 422
    assert "请选择要划转的任务" in nothing.text
    recorded(secretary, asked | {f"task-{office.task('1.1')}": "0"})
    assert office.owners(task="1.1").count("丙局") == 2
    task = secretary.get("/plans/test-plan/tasks/1.1").text
    assert "职责现由丙局承担" in task
    assert "职责现由丙局承担" not in secretary.get("/plans/test-plan/tasks/2.1").text


def test_a_day_to_come_waits_and_says_so(sign_in: SignIn, office: Office, database: Database) -> None:
    secretary, on = sign_in("秘书处"), TODAY + timedelta(days=7)
    asked = RENAME | {"on": on.isoformat()}
    assert "届时以当天情况为准" in secretary.post("/manage/successions/preview", asked).text
    address = recorded(secretary, asked)
    assert "丁局" not in office.owners()
    assert "等待生效" in secretary.get("/manage/successions").text
    assert "等待生效" in secretary.get(address).text
    assert "1次变动等待生效" in secretary.get("/manage").text
    with database.writing() as session:
        assert apply_successions(session, region(session), today=on, now=at(on)) == 2
    assert "已生效" in secretary.get(address).text


def test_why_it_cannot_be_taken_back_is_listed(sign_in: SignIn, office: Office, history: History) -> None:
    secretary = sign_in("秘书处")
    address = recorded(secretary, RENAME)
    history.submit(history.key("丁局", "2.1"), TODAY, 23, complete=False)
    page = secretary.get(address).text
    assert "之后有“填报”" in page or "之后有“" in page
    assert f'action="{address}/undo"' not in page
    refused = secretary.post(f"{address}/undo")
    assert refused.status_code == 409
    assert "不能撤销" in refused.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"predecessor": "并局"}, "没有单位“并局”"),
        ({"heir": ""}, "请填写承继单位"),
        ({"heir": "<script>alert(1)</script>" * 10}, "&lt;script&gt;"),
        ({"heir": "丁\u202e局"}, "一行"),
        ({"document": ""}, "请填写依据文件"),
        ({"document": "文" * 10_000}, "500"),
        ({"note": "注" * 10_000}, "2000"),
        ({"on": "昨天"}, "请填写生效日期"),
        ({"heir_kind": "x"}, "没有这种类别"),
        ({"certainty": "x"}, "请选择依据程度"),
        ({"heir": ["丁局", "戊局"]}, "超过了表单所列"),
    ],
)
def test_bad_input_loses_nothing(sign_in: SignIn, typed: dict[str, object], said: str) -> None:
    asked = RENAME | {"note": "由编办来文"} | typed
    answer = sign_in("秘书处").post("/manage/successions/preview", asked)
    assert answer.status_code == 422
    assert said in answer.text
    assert asked["predecessor"] in answer.text
    assert str(asked["note"])[:20] in answer.text


def test_without_a_kind_the_kinds_are_offered(sign_in: SignIn) -> None:
    secretary = sign_in("秘书处")
    assert secretary.get("/manage/successions/new").status_code == 200
    assert secretary.get("/manage/successions/new?kind=x").status_code == 422
    for path in ("", "/preview", "/form"):
        assert secretary.post(f"/manage/successions{path}", {"kind": "x"}).status_code == 422


def test_who_goes_back_finds_what_was_typed(sign_in: SignIn) -> None:
    answer = sign_in("秘书处").post("/manage/successions/form", RENAME)
    assert answer.status_code == 200
    for text in ("丙局", "丁局", "区丁局、丁", "2024-06-01", "测编〔2024〕1号"):
        assert text in answer.text


def test_the_sessions_of_who_goes_along_end(sign_in: SignIn) -> None:
    liaison = sign_in("丙局联络员")
    recorded(sign_in("秘书处"), RENAME)
    assert liaison.get("/obligations").status_code in {303, 401}
    again = sign_in("丙局联络员").get("/obligations")
    assert "自丙局承继" in again.text


def test_past_and_frozen_lists_stay_as_they_were(
    sign_in: SignIn, office: Office, history: History, database: Database
) -> None:
    key = history.freeze(date(2024, 11, 18))
    secretary = sign_in("秘书处")
    before = [secretary.get(path).text for path in (f"/overdue/lists/{key}", "/overdue?as_of=2024-11-20")]
    recorded(secretary, RENAME)
    after = [secretary.get(path).text for path in (f"/overdue/lists/{key}", "/overdue?as_of=2024-11-20")]
    rows = [re.sub(r"(?s)^.*<table class=\"stack overdue\">|</table>.*$", "", text) for text in (*before, *after)]
    assert rows[:2] == rows[2:]
    assert office.findings() == []


def test_the_pages_take_a_constant_number_of_statements(sign_in: SignIn, office: Office, database: Database) -> None:
    secretary = sign_in("秘书处")
    address = recorded(secretary, RENAME)
    with counted(database) as few:
        secretary.get("/manage/successions")
    with counted(database) as one:
        secretary.get(address)
    recorded(secretary, RENAME | {"predecessor": "甲局", "heir": "戊局", "heir_aliases": ""})
    with counted(database) as many:
        secretary.get("/manage/successions")
    assert len(few) == len(many) <= 10
    assert len(one) <= 30
    with database.reading() as session:
        keys = session.exec(select(Succession.id).order_by(col(Succession.id))).all()
    with counted(database) as other:
        secretary.get(f"/manage/successions/{keys[-1]}")
    assert len(other) <= len(one)


def test_the_moment_of_a_succession_is_now(office: Office, database: Database) -> None:
    office.record(wanted(SuccessionKind.RENAME, "丙局", "丁局", on=date(2023, 1, 1)))
    with database.reading() as session:
        row = session.exec(select(Succession)).one()
        assert (row.recorded_at, row.applied_at) == (NOW, NOW)


def test_what_somebody_types_while_his_department_is_succeeded_waits_for_him(
    sign_in: SignIn, office: Office, history: History
) -> None:
    liaison, key = sign_in("丙局联络员"), history.key("丙局", "2.1")
    typed = {"revision": "1", "kind": "completion", "text": "全部完成", "percent": "100"}
    recorded(sign_in("秘书处"), RENAME)
    answer = liaison.post(f"/obligations/{key}/updates", typed)
    assert answer.status_code == 401
    assert "全部完成" in answer.text
    again = sign_in("丙局联络员").post(f"/obligations/{key}/updates", typed)
    assert again.status_code == 409
    assert "全部完成" in again.text


def test_a_request_that_began_before_is_told_to_sign_in_again(office: Office, database: Database) -> None:
    office.record(wanted(SuccessionKind.RENAME, "丙局", "丁局"))
    account = office.account("丙局联络员")
    with database.reading() as session:
        viewer = Viewer(
            account_id=account.id or 0,
            name=account.name,
            role=account.role,
            region_id=account.region_id or 0,
            region_name="测试区",
            time_zone="Asia/Shanghai",
            department_id=office.department("丙局"),
            department_name="丙局",
            csrf="",
            separate_duties=False,
        )
        key = session.exec(select(Obligation.id).where(Obligation.department_id == office.department("丁局"))).first()
        with pytest.raises(SignInNeeded):
            obligation_to_report(session, viewer, key or 0)

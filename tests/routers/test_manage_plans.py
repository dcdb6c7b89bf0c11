"""Editions, and publishing through the browser: what was looked at is what is published, and nothing else."""

import copy
import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlmodel import Session, col, func, select
from starlette.testclient import TestClient

from app.changes.publish_plan import publish_plan
from app.changes.publish_upload import LARGEST, Upload, publish_previewed, try_upload
from app.db import Database
from app.drafts.plan_draft import PlanDraft
from app.models import Obligation, ObligationEvent, Plan, PlanEdition, Region
from app.queries.verify import Checked, history_findings
from tests.changes.test_concurrency import account, race
from tests.conftest import NOW, PLAN, Person
from tests.history import History, counted

SignIn = Callable[[str], Person]
EDITION = "/manage/plans/test-plan/editions/1"


def amended() -> dict[str, Any]:
    """丙局 goes, a date moves, a task comes, a target changes."""
    plan = copy.deepcopy(PLAN)
    plan["tasks"][1] |= {"mode": "shared", "support": ["乙局", "甲局"], "as_printed": {"support": ["乙局", "甲局"]}}
    plan["tasks"][0]["milestones"][1]["due"] = "2025-06-30"
    plan["tasks"].append({"number": "2.2", "kind": "action", "area": "2", "title": "新任务", "mode": "unassigned"})
    plan["indicators"][0]["targets"][0]["printed"] = "≥90%"
    return plan


def as_file(plan: dict[str, Any]) -> bytes:
    return json.dumps(plan, ensure_ascii=False, indent=1).encode()


def upload(person: Person, content: bytes, name: str = "新版.json") -> Any:
    return person.post("/manage/plans/publish", files={"file": (name, content)})


def hidden(html: str) -> dict[str, str]:
    found = dict(re.findall(r'<input type="hidden" name="(name|mark|content)" value="([^"]*)"', html))
    assert set(found) == {"name", "mark", "content"}
    return found


def state(database: Database) -> tuple[int, int, str]:
    with database.reading() as session:
        return (
            session.exec(select(func.count()).select_from(PlanEdition)).one(),
            session.exec(select(func.count()).select_from(ObligationEvent)).one(),
            session.exec(select(Plan.title).where(Plan.code == "test-plan")).one(),
        )


@pytest.mark.parametrize("path", ["/manage/plans", "/manage/plans/publish", EDITION, EDITION + ".json"])
def test_only_the_secretariat_of_the_region_sees_editions(sign_in: SignIn, client: TestClient, path: str) -> None:
    assert client.get(path).headers["location"].startswith("/sign-in")
    assert sign_in("秘书处").get(path).status_code == 200
    for login in ("甲局联络员", "甲局负责人", "领导", "专家"):
        assert sign_in(login).get(path).status_code == 404
    neighbour = sign_in("邻区秘书处").get(path)
    assert neighbour.status_code == (404 if "editions" in path else 200)
    assert "测试行动计划" not in neighbour.text


@pytest.mark.parametrize("path", ["/manage/plans/publish", "/manage/plans/publish/confirm"])
@pytest.mark.parametrize("login", ["甲局联络员", "领导", "专家"])
def test_nobody_else_publishes(sign_in: SignIn, database: Database, path: str, login: str) -> None:
    before = state(database)
    assert sign_in(login).post(path, {"content": "", "mark": ""}).status_code == 404
    assert state(database) == before


@pytest.mark.parametrize("number", ["2", "0", "x", "99999999999999999999"])
def test_editions_that_are_none_have_a_clear_page(sign_in: SignIn, number: str) -> None:
    assert sign_in("秘书处").get(f"/manage/plans/test-plan/editions/{number}").status_code in {404, 422}
    assert sign_in("秘书处").get("/manage/plans/nothing/editions/1").status_code == 404


def test_the_list_says_who_published_what_when(sign_in: SignIn, database: Database) -> None:
    with database.reading() as session:
        sha256 = session.exec(select(PlanEdition.sha256)).one()
    html = sign_in("秘书处").get("/manage/plans").text
    for said in ("测试行动计划", "实施中", "第1版", "2022年1月4日 09:00", "命令行", sha256[:12], "1处原文存疑待核定"):
        assert said in html, said


def test_a_downloaded_edition_publishes_the_same(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    answer = secretary.get(EDITION + ".json")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert PlanDraft.model_validate_json(answer.content).code == "test-plan"
    shown = upload(secretary, answer.content)
    assert "与现行的第1版完全相同，无须发布" in shown.text
    assert "publish/confirm" not in shown.text
    assert state(database)[0] == 1


def test_a_preview_says_everything_and_stores_nothing(sign_in: SignIn, database: Database) -> None:
    before = state(database)
    answer = upload(sign_in("秘书处"), as_file(amended()))
    assert answer.status_code == 200
    for said in ("第2版", "改动任务2项", "新增任务1项", "改动指标1项", "2024年12月31日改为2025年6月30日", "新任务"):
        assert said in answer.text, said
    counts = {word: int(count) for count, word in re.findall(r"<li><b>(\d+)</b>([^<]+)</li>", answer.text)}
    assert counts == {"开出": 2, "撤销": 2, "期限调整": 4}
    assert "丙局" in answer.text
    assert state(database) == before


def test_confirming_publishes_what_was_shown(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    fields = hidden(upload(secretary, as_file(amended())).text)
    answer = secretary.post("/manage/plans/publish/confirm", fields)
    assert answer.headers["location"] == "/manage/plans/test-plan/editions/2?notice=plan-published"
    html = secretary.get("/manage/plans/test-plan/editions/2").text
    for said in ("秘书处", "与上一版相比", "改动任务2项", "≥90%"):
        assert said in html, said
    with database.reading() as session:
        edition = session.exec(select(PlanEdition).where(PlanEdition.number == 2)).one()
        assert (edition.published_by, edition.draft["tasks"][3]["title"]) == (account(database, "秘书处"), "新任务")
        assert list(history_findings(session, Checked())) == []


def test_a_second_click_publishes_nothing_more(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    fields = hidden(upload(secretary, as_file(amended())).text)
    assert secretary.post("/manage/plans/publish/confirm", fields).status_code == 303
    again = secretary.post("/manage/plans/publish/confirm", fields)
    assert (again.status_code, "情况有变，本次未发布" in again.text) == (409, True)
    assert state(database)[0] == 2


@pytest.mark.parametrize("field", ["mark", "content"])
def test_other_bytes_than_those_shown_are_not_published(sign_in: SignIn, database: Database, field: str) -> None:
    secretary = sign_in("秘书处")
    fields = hidden(upload(secretary, as_file(amended())).text)
    other = hidden(upload(secretary, as_file(amended() | {"title": "改名"})).text)
    answer = secretary.post("/manage/plans/publish/confirm", fields | {field: other[field]})
    assert answer.status_code == 409
    assert state(database)[0] == 1
    assert hidden(answer.text)["mark"] != fields["mark"] or field == "mark"


def test_what_happened_since_the_preview_makes_it_stale(
    sign_in: SignIn, database: Database, obligation_of: Callable[..., Obligation]
) -> None:
    """丙局's obligation is cancelled in between by another edition: the preview no longer says what would happen."""
    secretary = sign_in("秘书处")
    fields = hidden(upload(secretary, as_file(amended())).text)
    history = History(database)
    history.extend(obligation_of("甲局", "1.1", "第二阶段").id or 0, date(2024, 11, 20), date(2025, 9, 30))
    answer = secretary.post("/manage/plans/publish/confirm", fields)
    assert answer.status_code == 409
    fresh = hidden(answer.text)
    assert fresh["mark"] != fields["mark"]
    assert secretary.post("/manage/plans/publish/confirm", fresh).status_code == 303


def test_of_two_who_confirm_at_once_one_publishes(database: Database) -> None:
    by = account(database, "秘书处")
    file = Upload("plan.json", as_file(amended()))

    def region(session: Session) -> Region:
        return session.exec(select(Region).where(Region.code == "test")).one()

    with database.writing() as session:
        mark = try_upload(session, region(session), file, now=NOW, by=by).mark
        session.rollback()

    def confirm() -> None:
        with database.writing() as session:
            publish_previewed(session, region(session), file, mark=mark, now=NOW, by=by)

    assert race(confirm, confirm) == ["overtaken", "won"]
    assert state(database)[0] == 2


def test_all_faults_are_shown_with_their_lines(sign_in: SignIn, database: Database) -> None:
    text = (
        "code: test-plan\ntitle: 测试行动计划\nperiod: [2022, 2025]\nregion: test\nstatus: in_force\n"
        "areas: [{number: '1', title: 甲}]\ntasks:\n  - number: '1'\n    kind: action\n    title: 乙\n    mode: sole\n"
        "    lead: [某局]\n    area: '9'\n"
    )
    answer = upload(sign_in("秘书处"), text.encode(), "C:\\plans\\坏.yaml")
    assert answer.status_code == 422
    for said in ("文件“坏.yaml”有2处错误，未发布", "没有单位“某局”", "没有领域“9”", "tasks.0.lead.0"):
        assert said in answer.text, said
    lines = re.findall(r'<td class="number"[^>]*>(\d+)</td>', answer.text)
    assert sorted(lines) == ["12", "13"]
    assert state(database)[0] == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "文件是空的"),
        (b"x" * (LARGEST + 1), "规划文件不能超过2 MB"),
        (b"a: &a [x]\nb: [*a, *a]\n", "不能使用&amp;和*引用"),
        ("标题：计划".encode("gbk"), "请另存为UTF-8"),
        (b"[" * 9000, "层次过多"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "UTF-8"),
        (as_file(PLAN | {"region": "next"}), "应为本行政区的代码test"),
        (as_file(PLAN | {"title": "<script>alert(1)</script>", "region": "x"}), "应为本行政区的代码test"),
        (as_file(PLAN | {"title": "甲\x00乙"}), "title"),
        (as_file(PLAN | {"period": [2022, 10**30]}), "不能大于2199"),
    ],
)
def test_what_is_no_plan_of_the_region_is_refused_in_words(
    sign_in: SignIn, database: Database, content: bytes, sentence: str
) -> None:
    answer = upload(sign_in("秘书处"), content)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "<script>alert" not in answer.text
    assert state(database)[0] == 1


def test_a_form_without_a_file_says_so(sign_in: SignIn) -> None:
    answer = sign_in("秘书处").post("/manage/plans/publish")
    assert (answer.status_code, "请选择一个规划文件" in answer.text) == (422, True)
    broken = sign_in("秘书处").post("/manage/plans/publish/confirm", {"content": "@@@", "mark": "x", "name": "y"})
    assert (broken.status_code, "内容不完整" in broken.text) == (422, True)


def test_a_neighbours_code_is_not_taken_over(sign_in: SignIn, database: Database) -> None:
    plan = {"code": "test-plan", "title": "冒名", "period": [2022, 2025], "region": "next", "status": "in_force"}
    answer = upload(sign_in("邻区秘书处"), as_file(plan))
    assert (answer.status_code, "别的行政区" in answer.text) == (422, True)
    assert state(database)[2] == "测试行动计划"


def test_a_first_plan_of_a_region_is_published(sign_in: SignIn, database: Database) -> None:
    neighbour = sign_in("邻区秘书处")
    assert "还没有规划" in neighbour.get("/manage/plans").text
    plan = copy.deepcopy(PLAN) | {
        "code": "next-plan",
        "region": "next",
        "tasks": [],
        "indicators": [],
        "source_notes": [],
    }
    shown = upload(neighbour, as_file(plan))
    assert "首次发布的内容" in shown.text
    assert "不影响任何承办事项" in shown.text
    assert neighbour.post("/manage/plans/publish/confirm", hidden(shown.text)).status_code == 303


def test_the_number_of_queries_does_not_grow_with_editions(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    paths = ("/manage/plans", EDITION)

    def sent() -> list[int]:
        counts = []
        for path in paths:
            with counted(database) as statements:
                secretary.get(path)
            counts.append(len(statements))
        return counts

    few = sent()
    with database.writing() as session:
        for number in range(3):
            plan = copy.deepcopy(PLAN) | {"title": f"修订{number}"}
            publish_plan(session, PlanDraft.model_validate(plan), now=NOW)
            publish_plan(session, PlanDraft.model_validate(plan | {"code": f"plan-{number}"}), now=NOW)
        assert session.exec(select(func.max(col(PlanEdition.number)))).one() == 4
    assert sent() == few

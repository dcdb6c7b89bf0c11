"""What the API says, to whom, and how it says it page by page."""

import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import col, select

from app.db import Database
from app.domain.audit import AuditAction
from app.drafts.plan_draft import PlanDraft
from app.models import AuditEntry, Indicator, IndicatorObservation, Succession
from app.models.review import ReviewDecision
from app.queries.plan_export import export_plan
from app.routers.api.cursor import make_cursor
from tests.conftest import NOW, Person
from tests.documents import samples
from tests.history import History, counted
from tests.routers.api.conftest import V1, Program

Begin = Callable[..., Program]


def test_plans_tasks_and_indicators_say_what_was_published(program: Begin, database: Database) -> None:
    reader = program("丙局联络员")
    (plan,) = reader.items("/plans")
    assert (plan["code"], plan["status"], plan["status_word"]) == ("test-plan", "in_force", "实施中")
    whole = reader.get("/plans/test-plan").json()
    assert [phase["name"] for phase in whole["phases"]] == ["第一阶段", "第二阶段"]
    assert [area["number"] for area in whole["areas"]] == ["1", "2"]
    assert whole["edition"]["number"] == 1
    assert [task["number"] for task in reader.items("/plans/test-plan/tasks?limit=1")] == ["1.1", "2.1", "保障1"]
    assert [task["number"] for task in reader.items("/plans/test-plan/tasks?area=2")] == ["2.1"]
    assert [task["number"] for task in reader.items("/plans/test-plan/tasks?kind=safeguard")] == ["保障1"]
    task = reader.get("/plans/test-plan/tasks/1.1").json()
    assert task["measures"] == ["每年举办3场宣传活动"]
    assert [(node["phase"], node["due"]) for node in task["milestones"]] == [
        ("第一阶段", "2023-12-31"),
        ("第二阶段", "2024-12-31"),
    ]
    lead, support, group = task["assignments"]
    assert (lead["role"], lead["printed"], lead["department"]["name"]) == ("lead", "区甲局", "甲局")
    assert (support["role"], support["department"]["name"], support["group"]) == ("support", "乙局", None)
    assert (group["printed"], group["department"]) == ("各街道办事处", None)
    assert [one["name"] for one in group["group"]["members"]] == ["东街道", "西街道"]
    assert reader.get("/plans/test-plan/tasks/保障1").json()["mode_word"] == "待明确责任单位"
    assert reader.get("/plans/test-plan/tasks/9").status_code == 404


def test_of_an_observation_the_newest_counts(program: Begin, database: Database) -> None:
    with database.writing() as session:
        row = session.exec(select(Indicator)).one()
        for value in (61.0, 62.5):
            session.add(
                IndicatorObservation(
                    region_id=1, indicator_id=row.id or 0, year=2023, value=value, source="统计", recorded_at=NOW
                )
            )
    (indicator,) = program("专家").items("/plans/test-plan/indicators")
    assert indicator == program("专家").get("/plans/test-plan/indicators/1").json()
    assert [(seen["year"], seen["value"]) for seen in indicator["observations"]] == [(2023, 62.5)]
    assert [(one["comparator"], one["value"], one["printed"]) for one in indicator["targets"]] == [(">=", 85.0, "≥85%")]
    assert [one["department"]["name"] for one in indicator["holders"]] == ["甲局"]


def test_the_whole_plan_can_be_published_again_and_its_export_is_told(program: Begin, database: Database) -> None:
    answer = program("领导").get("/plans/test-plan/export")
    with database.reading() as session:
        assert PlanDraft.model_validate(answer.json()) == export_plan(session, "test-plan")
    with database.reading() as session:
        told = session.exec(select(AuditEntry).where(AuditEntry.action == AuditAction.EXPORT)).one()
    assert (told.subject, told.actor, told.channel.value) == ("test-plan.json", "领导", "api")


def test_a_department_knows_who_came_before_and_after_it(program: Begin, history: History, database: Database) -> None:
    history.succeed("旧局", "丙局", date(2024, 6, 1))
    history.succeed("旧局", "甲局", date(2024, 7, 1))
    with database.writing() as session:
        session.exec(select(Succession).order_by(col(Succession.id).desc())).first().undone_at = NOW  # type: ignore[union-attr]
    rows = {row["name"]: row for row in program("甲局负责人").items("/departments?limit=2")}
    assert [one["department"]["name"] for one in rows["旧局"]["successors"]] == ["丙局"]
    assert [(one["department"]["name"], one["on"]) for one in rows["丙局"]["predecessors"]] == [("旧局", "2024-06-01")]
    assert rows["甲局"]["predecessors"] == []
    assert (rows["甲局"]["aliases"], rows["东街道"]["groups"][0]["name"]) == (["区甲局"], "各街道")
    assert [row["name"] for row in program("领导").items("/departments?kind=mass_organisation")] == ["残联"]


def test_an_obligation_tells_its_dates_lights_and_events(program: Begin, history: History) -> None:
    key = history.key("东街道")
    history.extend(key, date(2024, 1, 8), date(2024, 11, 1))
    history.submit(key, date(2024, 11, 20), complete=False)
    reader = program("秘书处")
    answer = reader.get(f"/obligations/{key}")
    row = answer.json()
    assert (row["due"], row["first_due"], row["light"], row["light_word"], row["days_left"]) == (
        "2024-11-01",
        "2023-12-31",
        "overdue",
        "逾期",
        -24,
    )
    assert [event["kind"] for event in row["events"]] == ["opened", "extended", "reported"]
    assert row["events"][2]["recorded_at"] == "2024-11-20T01:00:00Z"
    assert (row["group"], row["extension_requests"][0]["decision"]) == ("各街道", "granted")
    assert answer.headers["etag"].startswith(f'W/"{row["revision"]}-')
    (update,) = reader.items(f"/obligations/{key}/updates")
    assert (update["revision"], update["percent"], update["text"]) == (3, 40, "已完成")
    assert reader.get(f"/obligations/{key}/updates/{update['id']}").json() == update
    assert reader.get(f"/obligations/{history.key('甲局')}/updates/{update['id']}").status_code == 404


def test_filters_narrow_the_list(program: Begin, history: History) -> None:
    history.submit(history.key("甲局"), date(2024, 11, 20))
    reader = program("领导")

    def named(query: str) -> list[str]:
        return [f"{row['department']['name']} {row['phase']}" for row in reader.items(f"/obligations?limit=4&{query}")]

    assert len(named("")) == 12
    assert named("state=submitted") == named("light=in_review") == ["甲局 第一阶段"]
    assert len(named("overdue=true")) == 5
    assert len(named("overdue=false")) == 7
    assert named("due_to=2023-12-31&overdue=false") == ["甲局 第一阶段"]
    assert len(named("due_from=2024-01-01&due_to=2024-12-31&plan=test-plan")) == 6
    department = next(row["id"] for row in reader.items("/departments") if row["name"] == "甲局")
    assert len(named(f"department={department}")) == 2
    dues = [row["due"] for row in reader.items("/obligations?limit=5")]
    assert dues == sorted(dues)


def test_departments_read_their_tasks_and_nobody_reads_another_region(program: Begin, history: History) -> None:
    other = history.key("丙局", "2.1")
    history.submit(other, date(2024, 11, 20), complete=False)
    reader, foreign = program("甲局负责人"), program("邻区秘书处")
    assert {row["task"]["number"] for row in reader.items("/obligations")} == {"1.1"}
    assert foreign.items("/obligations") == foreign.items("/plans") == foreign.items("/overdue-lists") == []
    paths = [
        *(f"/obligations/{other}", f"/obligations/{other}/updates", f"/obligations/{other}/updates/1"),
        *("/overdue", "/overdue-lists", "/overdue-lists/1", "/overdue-lists/1/rows", "/obligations?plan=nothing"),
    ]
    history.freeze(date(2024, 11, 18))
    assert {reader.get(path).status_code for path in paths} == {404}
    paths = [path for path in paths if path not in {"/overdue", "/overdue-lists"}]
    paths += ["/plans/test-plan", "/plans/test-plan/export", "/plans/test-plan/tasks", "/plans/test-plan/tasks/1.1"]
    paths += ["/plans/test-plan/indicators", "/plans/test-plan/indicators/1", "/departments/1"]
    paths += [
        "/obligations?plan=test-plan",
        "/obligations?department=1",
        "/overdue?department=1",
        "/overdue?plan=test-plan",
    ]
    missing = foreign.get("/obligations/999999")
    for path in paths:
        answer = foreign.get(path)
        assert (answer.status_code, answer.content) == (404, missing.content), path


def test_evidence_is_read_by_the_departments_of_the_task_alone(
    program: Begin, sign_in: Callable[[str], Person], history: History, database: Database
) -> None:
    content, key = samples.excel(), history.key("甲局")
    sign_in("甲局联络员").post(
        f"/obligations/{key}/updates",
        {"revision": "1", "kind": "interim", "text": "已办", "proves": "签到"},
        files=[("files", ("签到表.xlsx", content, "application/x"))],
    )
    (file,) = program("乙局联络员").items(f"/obligations/{key}/updates")[0]["evidence"]
    assert (file["file_name"], file["size"], file["proves"]) == ("签到表.xlsx", len(content), "签到")
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    answer = program("乙局联络员").get(file["content"], headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["etag"] == f'"{file["sha256"]}"'
    assert answer.headers["content-disposition"].startswith('attachment; filename="evidence-')
    known = program("领导").get(file["content"], headers={"If-None-Match": answer.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert program("丙局联络员").get(file["content"]).status_code == 404
    assert program("邻区秘书处").get(file["content"]).status_code == 404
    with database.reading() as session:
        told = session.exec(select(AuditEntry.outcome).where(AuditEntry.reason == file["content"])).all()
    assert len(told) == 1


def test_overdue_of_a_past_day_is_what_was_known_then(program: Begin, history: History) -> None:
    key = history.key("甲局")
    frozen = history.freeze(date(2024, 11, 18), by="秘书处")
    history.submit(key, date(2024, 11, 19))
    reader = program("秘书处")
    assert key not in {row["obligation_id"] for row in reader.items("/overdue")}
    then = reader.get("/overdue?as_of=2024-11-18&limit=2").json()
    assert (then["cutoff"], then["frozen_list_id"]) == ("2024-11-18T02:00:00Z", frozen)
    rows = reader.items("/overdue?as_of=2024-11-18&limit=2")
    assert key in {row["obligation_id"] for row in rows}
    kept = reader.items(f"/overdue-lists/{frozen}/rows?limit=2")
    same = ("obligation_id", "department", "due", "days_late", "state", "extensions", "plan_title")
    assert [[row[name] for name in same] for row in kept] == [[row[name] for name in same] for row in rows]
    assert reader.get("/overdue?min_days=400").json()["items"] == []
    for day in ("2024-11-26", "1999-12-31"):
        assert reader.get(f"/overdue?as_of={day}").json()["errors"][0]["field"] == "as_of"


def test_lists_come_newest_first_with_their_proofs(program: Begin, history: History) -> None:
    for day in (4, 11, 18):
        history.freeze(date(2024, 11, day))
    reader = program("领导")
    lists = reader.items("/overdue-lists?limit=2")
    assert [one["name"] for one in lists] == ["〔2024〕第3期", "〔2024〕第2期", "〔2024〕第1期"]
    assert [one["previous_sha256"] for one in lists] == [lists[1]["sha256"], lists[2]["sha256"], ""]
    assert reader.get(f"/overdue-lists/{lists[0]['id']}").json() == lists[0]
    assert {"audit_seq", "audit_sha256"} <= lists[0].keys()
    assert reader.items("/overdue-lists?year=2023") == []


def test_pages_lead_to_one_another_and_keep_the_question(program: Begin) -> None:
    reader = program("秘书处")
    first = reader.get("/obligations?due_to=2024-12-31&limit=5")
    following = first.json()["next"]
    assert first.headers["link"] == f'<{following}>; rel="next"'
    assert "due_to=2024-12-31" in following
    assert following.startswith(V1 + "/obligations?")
    second = reader.get(following)
    last = reader.get(second.json()["next"])
    assert [len(page.json()["items"]) for page in (first, second, last)] == [5, 5, 2]
    assert last.json()["next"] is None
    assert "link" not in last.headers


@pytest.mark.parametrize("key", [(0, 0), (2**31 - 1, 2**63 - 1), (-(2**31), -(2**63)), (738000, -1)])
def test_a_forged_cursor_asks_for_another_page_of_the_same_list(program: Begin, key: tuple[int, int]) -> None:
    reader = program("甲局联络员")
    own = {row["id"] for row in reader.items("/obligations")}
    cursor = make_cursor(key)
    for path in ("/plans", "/plans/test-plan/tasks", "/plans/test-plan/indicators", "/departments"):
        assert reader.get(f"{path}?cursor={cursor}").status_code == 200
    assert {row["id"] for row in reader.items(f"/obligations?cursor={cursor}")} <= own
    for path in ("/overdue", "/overdue-lists"):
        assert program("领导").get(f"{path}?cursor={cursor}").status_code == 200


def test_what_is_known_is_not_sent_again(program: Begin, history: History) -> None:
    reader = program("秘书处")
    key = history.key("甲局")
    for path in ("/me", "/plans", "/plans/test-plan/export", "/obligations", f"/obligations/{key}", "/departments"):
        first = reader.get(path)
        tag = first.headers["etag"]
        again = reader.get(path, headers={"If-None-Match": f'"other", {tag.removeprefix("W/")}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == first.headers["cache-control"] == "private, no-cache"
        assert "Authorization" in first.headers["vary"]
        assert reader.get(path, headers={"If-None-Match": 'W/"other"'}).status_code == 200
    tag = reader.get(f"/obligations/{key}").headers["etag"]
    history.submit(key, date(2024, 11, 20))
    assert reader.get(f"/obligations/{key}", headers={"If-None-Match": tag}).status_code == 200


def test_answers_are_compressed_and_heads_have_no_body(program: Begin) -> None:
    reader = program("秘书处")
    with reader.http.stream("GET", f"{V1}/obligations", headers={**reader.headers, "Accept-Encoding": "gzip"}) as sent:
        raw = b"".join(sent.iter_raw())
    assert sent.headers["content-encoding"] == "gzip"
    assert "第一阶段".encode() in gzip.decompress(raw)
    head = reader.send("HEAD", "/obligations/1")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == reader.get("/obligations/1").headers["etag"]


STATEMENTS = {
    "/plans": 3,
    "/plans/test-plan/tasks": 8,
    "/plans/test-plan/indicators": 8,
    "/obligations": 4,
    "/departments": 7,
    "/overdue": 5,
    "/overdue-lists": 4,
}


@pytest.mark.parametrize("path", STATEMENTS)
def test_a_list_takes_the_same_statements_however_long_it_is(
    program: Begin, history: History, database: Database, path: str
) -> None:
    for day in (4, 11):
        history.freeze(date(2024, 11, day))
    reader = program("秘书处")
    reader.get("/me")  # notes that the token is in use

    def sent(address: str) -> int:
        with counted(database) as statements:
            assert reader.get(address).status_code == 200
        return len([one for one in statements if not one.startswith(("BEGIN", "PRAGMA"))])

    assert sent(f"{path}?limit=1") == sent(path) <= STATEMENTS[path]


def test_no_answer_holds_what_is_nobodys_business(program: Begin, history: History) -> None:
    """Columns do not get out by being there."""
    key = history.key("甲局")
    history.submit(key, date(2024, 11, 19))
    history.review(key, ReviewDecision.RETURNED, date(2024, 11, 20))
    history.freeze(date(2024, 11, 18))
    reader = program("秘书处")
    addresses = ["/me", "/plans", "/plans/test-plan", "/plans/test-plan/tasks", "/plans/test-plan/indicators"]
    addresses += ["/obligations", f"/obligations/{key}", f"/obligations/{key}/updates", "/overdue", "/departments"]
    addresses += ["/overdue-lists", "/overdue-lists/1/rows"]
    names = {name for address in addresses for name in names_in(reader.get(address))}
    secret = ("password", "totp", "csrf", "email", "login", "request_key", "token_sha256", "region_id", "author_id")
    assert [name for name in names if name.startswith(secret)] == []


def names_in(answer: httpx.Response) -> set[str]:
    found: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            found.update(value)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            look(inner)

    look(json.loads(answer.content))
    return found


def test_the_hash_of_a_list_is_reckoned_as_the_guide_says(program: Begin, history: History) -> None:
    for day in (11, 18):
        history.freeze(date(2024, 11, day))
    reader = program("领导")
    guide = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    namespace: dict[str, Any] = {}
    source = guide.split("<!-- list hash -->")[1].split("```python\n")[1].split("```")[0]
    exec(source, namespace)  # noqa: S102 (an example of our own guide)
    for one in reader.items("/overdue-lists"):
        rows = reader.items(f"/overdue-lists/{one['id']}/rows")
        assert namespace["list_sha256"](one, rows) == one["sha256"]

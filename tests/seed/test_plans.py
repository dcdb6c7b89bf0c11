"""The five plans, as the seed files hold them and as the tables give them back."""

from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from sqlmodel import Session, select

from app.changes.publish_plan import publish_plan
from app.db import Database
from app.documents.reading.yaml_draft import read_draft
from app.drafts.department_register import DepartmentRegister
from app.drafts.plan_draft import AssignmentMode, PlanDraft, TaskKind
from app.models import Obligation, Plan
from app.queries.plan_export import export_plan
from app.queries.verify import Checked, history_findings
from seed.publish import SEED, seed_all
from tests.conftest import NOW

CODES = ["healthy-xicheng-2030", "shenzhen-2022", "xicheng-2016", "xicheng-2021", "xicheng-2022"]
SOURCES = Path(__file__).resolve().parents[3] / "shared" / "plans"


@cache
def draft(code: str) -> PlanDraft:
    return read_draft(SEED / "plans" / f"{code}.yaml", PlanDraft)[0]


def kinds(code: str) -> Counter[TaskKind]:
    return Counter(task.kind for task in draft(code).tasks)


def by_area(code: str, kind: TaskKind = TaskKind.ACTION) -> list[int]:
    tasks = [task.area for task in draft(code).tasks if task.kind is kind]
    return [tasks.count(area.number) for area in draft(code).areas]


def test_xicheng_2022_has_what_its_document_lists() -> None:
    plan = draft("xicheng-2022")
    assert by_area("xicheng-2022") == [3, 3, 4, 6, 5]
    assert kinds("xicheng-2022") == {
        TaskKind.ACTION: 21,
        TaskKind.INNOVATION: 4,
        TaskKind.SAFEGUARD: 9,
        TaskKind.DUTY: 3 + 29,
    }
    assert [phase.due for phase in plan.phases] == [date(year, 12, 31) for year in (2022, 2023, 2024, 2025)]
    assert len(plan.indicators) == 45
    assert all(indicator.lead for indicator in plan.indicators)
    assert {task.mode for task in plan.tasks if task.kind is TaskKind.SAFEGUARD} == {AssignmentMode.UNASSIGNED}


def test_shenzhen_2022_has_what_its_document_lists() -> None:
    assert len(draft("shenzhen-2022").areas) == 6
    assert kinds("shenzhen-2022") == {TaskKind.ACTION: 26, TaskKind.SAFEGUARD: 4}
    assert len(draft("shenzhen-2022").indicators) == 25


def test_healthy_xicheng_2030_has_what_its_document_lists() -> None:
    plan = draft("healthy-xicheng-2030")
    assert len(plan.areas) == 7
    assert kinds("healthy-xicheng-2030") == {TaskKind.ACTION: 57, TaskKind.SAFEGUARD: 4}
    assert {task.mode for task in plan.tasks} == {AssignmentMode.SHARED}
    assert [[target.year for target in indicator.targets] for indicator in plan.indicators] == [[2020, 2030]] * 28
    assert all(indicator.attribute for indicator in plan.indicators)


def test_xicheng_2021_names_nobody_and_nobody_is_guessed() -> None:
    plan = draft("xicheng-2021")
    assert by_area("xicheng-2021") == [6, 4, 7, 4, 5]
    assert {task.mode for task in plan.tasks} == {AssignmentMode.UNASSIGNED}
    assert len(plan.indicators) == 10


def test_xicheng_2016_has_the_fifty_rows_of_its_annex() -> None:
    plan = draft("xicheng-2016")
    assert [task.number for task in plan.tasks] == [str(number) for number in range(1, 51)]
    assert {task.mode for task in plan.tasks} == {AssignmentMode.LEAD_SUPPORT}
    early = {task.number: task.milestones[0].due for task in plan.tasks if task.milestones[0].due != date(2020, 12, 31)}
    assert early == {"19": date(2016, 12, 31)}
    assert plan.status.value == "closed"
    assert not plan.indicators


def test_the_two_readings_of_indicator_29_are_both_kept() -> None:
    [note] = [
        note
        for note in draft("xicheng-2022").source_notes
        if note.about == "indicator:29" and {180, 828} <= set(note.lines)
    ]
    assert any("20%" in reading for reading in note.readings)
    assert any("10%" in reading for reading in note.readings)


@pytest.mark.needs_sources
@pytest.mark.parametrize("code", CODES)
def test_every_printed_name_stands_in_the_document(code: str) -> None:
    source = SOURCES / f"{code}.txt"
    if not source.exists():
        pytest.skip(f"the source document {source.name} is not beside this checkout")
    text = "".join(source.read_text(encoding="utf-8").split())
    missing = [
        name
        for task in draft(code).tasks
        for name in (*task.as_printed.lead, *task.as_printed.support)
        if name not in text
    ]
    assert missing == []
    assert [
        task.title for task in draft(code).tasks if task.kind is TaskKind.ACTION and _bare(task.title) not in text
    ] == []


def _bare(title: str) -> str:
    return "".join(title.split())


def test_all_five_come_back_from_the_tables_as_they_went_in(empty_database: Database) -> None:
    said: list[str] = []
    with empty_database.writing() as session:
        seed_all(session, now=NOW, say=said.append)
    with empty_database.reading() as session:
        for code in CODES:
            assert export_plan(session, code) == draft(code), code
        assert list(history_findings(session, Checked())) == []
    with empty_database.writing() as session:
        for code in CODES:
            assert not publish_plan(session, export_plan(session, code), now=NOW).changed


def test_a_closed_plan_asks_for_no_report(empty_database: Database) -> None:
    with empty_database.writing() as session:
        seed_all(session, now=NOW, say=lambda _line: None)
    with empty_database.reading() as session:
        assert _obligations(session, "xicheng-2016") == 0
        assert _obligations(session, "xicheng-2021") == 0
        assert _obligations(session, "xicheng-2022") > 1000


def _obligations(session: Session, code: str) -> int:
    return len(session.exec(select(Obligation.id).join(Plan).where(Plan.code == code)).all())


@pytest.mark.parametrize("region", ["xicheng", "shenzhen"])
def test_the_register_of_departments_is_whole(region: str) -> None:
    register = read_draft(SEED / "departments" / f"{region}.yaml", DepartmentRegister)[0]
    assert register.region.secretariat in {department.name for department in register.departments}
    if region == "xicheng":
        [subdistricts] = [group for group in register.groups if group.name == "各街道"]
        assert len(subdistricts.members) == 15
        merged = {s.predecessor for s in register.successions if s.successor == "区市场监管局"}
        assert merged == {"区食品药品监管局", "西城工商分局", "区质监局"}

from typing import Any

from app.domain.edition_changes import Part, edition_changes


def plan(**changed: Any) -> dict[str, Any]:
    return {
        "title": "计划",
        "status": "in_force",
        "period": [2022, 2025],
        "phases": [{"name": "一", "due": "2023-12-31"}],
        "tasks": [task(), task(number="2", title="乙事")],
        "indicators": [indicator()],
    } | changed


def task(**changed: Any) -> dict[str, Any]:
    return {
        "number": "1",
        "title": "甲事",
        "kind": "action",
        "mode": "sole",
        "lead": ["甲局"],
        "support": [],
        "measures": ["办三场"],
        "milestones": [{"phase": "一", "due": "2023-12-31"}, {"phase": "二", "due": None, "review": "12-31"}],
        "line": 7,
    } | changed


def indicator(**changed: Any) -> dict[str, Any]:
    return {
        "number": "1",
        "name": "率",
        "unit": "%",
        "lead": ["甲局"],
        "targets": [{"year": 2025, "printed": "≥85%"}],
    } | changed


def test_the_same_draft_has_no_changes() -> None:
    assert not edition_changes(plan(), plan())


def test_a_line_of_the_source_is_no_change() -> None:
    assert not edition_changes(plan(), plan(tasks=[task(line=99), task(number="2", title="乙事")]))


def test_the_first_edition_adds_everything() -> None:
    found = edition_changes(None, plan())
    assert [one.number for one in found.tasks.added] == ["1", "2"]
    assert ([one.title for one in found.indicators.added], found.plan) == (["率"], ())


def test_added_withdrawn_and_changed_tasks_are_told_apart() -> None:
    moved = task(lead=["乙局"], milestones=[{"phase": "一", "due": "2024-06-30"}])
    found = edition_changes(plan(), plan(tasks=[moved, task(number="3", title="丙事")])).tasks
    assert [one.title for one in found.added] == ["丙事"]
    assert [one.title for one in found.withdrawn] == ["乙事"]
    [changed] = found.changed
    assert {one.part: (one.before, one.after) for one in changed.changes} == {
        Part.LEAD: (("甲局",), ("乙局",)),
        Part.DATES: (("一 2023-12-31", "二 12-31"), ("一 2024-06-30",)),
    }


def test_indicators_and_the_plan_itself_are_compared() -> None:
    after = plan(status="closed", indicators=[indicator(targets=[{"year": 2025, "scope": "城区", "printed": "≥90%"}])])
    found = edition_changes(plan(), after)
    assert [one.part for one in found.plan] == [Part.STATUS]
    assert found.indicators.changed[0].changes[0].after == ("2025 城区 ≥90%",)

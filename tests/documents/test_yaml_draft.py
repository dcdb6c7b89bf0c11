from pathlib import Path

import pytest

from app.documents.reading.yaml_draft import read_draft
from app.drafts.faults import DraftRejected
from app.drafts.plan_draft import PlanDraft

HEAD = """\
code: a-plan
title: 计划
period: [2022, 2025]
region: test
status: in_force
"""


def faults_of(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DraftRejected) as caught:
        read_draft(path, PlanDraft)
    return list(caught.value.lines)


def test_a_day_that_does_not_exist_is_found_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    lines = faults_of(path, HEAD + "phases:\n  - name: 一\n    due: 2024-02-30\n")
    assert lines == [
        f"{path}:8: phases.0.due: Input should be a valid date or datetime, day value is outside expected range"
    ]


def test_an_unknown_key_is_found_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    [line] = faults_of(path, HEAD + "phasen: []\n")
    assert line.startswith(f"{path}:6: phasen:")


def test_all_faults_of_form_are_listed(tmp_path: Path) -> None:
    text = HEAD.replace("in_force", "valid") + "areas:\n  - number: '1'\n"
    lines = faults_of(tmp_path / "plan.yaml", text)
    assert [line.rsplit(".yaml:", 1)[1].split(":")[0] for line in lines] == ["5", "7"]


@pytest.mark.parametrize("text", ["a: [", "\t- x", "", "just a word", "a: 1\na: {"])
def test_what_is_no_yaml_of_a_plan_is_refused_in_words(tmp_path: Path, text: str) -> None:
    assert faults_of(tmp_path / "plan.yaml", text)


def test_bytes_that_are_no_text_are_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DraftRejected, match="not readable"):
        read_draft(path, PlanDraft)


def test_yes_no_and_on_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(HEAD.replace("title: 计划", "title: on"), encoding="utf-8")
    draft, line_of = read_draft(path, PlanDraft)
    assert (draft.title, line_of["title",]) == ("on", 2)

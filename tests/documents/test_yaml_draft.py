from pathlib import Path

import pytest

from app import models
from app.documents.reading.yaml_draft import read_draft
from app.drafts import plan_draft as drafts
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
    assert lines == [f"{path}:8: phases.0.due: 不是日期，应如2024-12-31"]


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
    with pytest.raises(DraftRejected, match="请另存为UTF-8"):
        read_draft(path, PlanDraft)


def test_yes_no_and_on_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(HEAD.replace("title: 计划", "title: on"), encoding="utf-8")
    draft, line_of = read_draft(path, PlanDraft)
    assert (draft.title, line_of["title",]) == ("on", 2)


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (BOMB, ":1: -: 不能使用&和*引用"),
        (HEAD + "areas: " + "[" * 5000 + "]" * 5000, "层次过多"),
        (HEAD + "title: 又一次\n", ":6: title: 写了两次"),
        (HEAD.replace("计划", '"甲\\0乙"'), ":2: title: 含有不能保存的字符"),
        (HEAD.replace("计划", '"\\ud800"'), ":2: "),
        (HEAD.replace("计划", "长" * 201), ":2: title: 不能超过200个字"),
        (HEAD.replace("[2022, 2025]", "[2022, " + "9" * 5000 + "]"), "不"),
        (HEAD.replace("[2022, 2025]", "[2022, 99999999999999999999]"), ":3: period.1: 不能大于2199"),
        (HEAD.replace("[2022, 2025]", "[2022]"), ":3: period"),
        (HEAD + "colour: blue\n", ":6: colour: 没有这一项，请检查拼写"),
        ("code: a-plan\n", "title: 缺少这一项"),
        ("!!python/object/apply:os.system ['true']\n", "不是正确的YAML"),
        ("[1]: 2\n", "不是正确的YAML"),
        (HEAD + "tasks: 3\n", ":6: tasks: 应为列表"),
        (HEAD + "tasks: [3]\n", ":6: tasks.0: 应为若干行“名称: 值”"),
        (HEAD.replace("in_force", "valid"), ":5: status: 只能是'draft', 'in_force'或'closed'"),
        (HEAD.replace("a-plan", "A plan"), ":1: code: 写法不对"),
    ],
)
def test_tricks_and_mistakes_are_refused_in_words(tmp_path: Path, text: str, sentence: str) -> None:
    found = faults_of(tmp_path / "plan.yaml", text)
    assert any(sentence in line for line in found), found


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    target = (
        "indicators:\n  - {number: '1', name: 甲, targets: [{year: 2025, comparator: '>=', value: .nan, printed: x}]}\n"
    )
    assert "应为有限的数字" in faults_of(tmp_path / "plan.yaml", HEAD + target)[0]


def test_json_is_read_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(
        '\ufeff{\n\t"code": "a-plan",\n\t"title": "计划",\n\t"period": [2022, 2025],\n\t"region": "test",\n\t"status": "draft"\n}',
        encoding="utf-8",
    )
    draft, line_of = read_draft(path, PlanDraft)
    assert (draft.title, line_of["title",]) == ("计划", 3)


def test_texts_are_as_long_as_their_columns() -> None:
    """What a draft may hold, a table can."""
    pairs = {
        (drafts.PhaseDraft, "name"): (models.Phase, "name"),
        (drafts.PhaseDraft, "printed"): (models.Phase, "printed"),
        (drafts.AreaDraft, "number"): (models.Area, "number"),
        (drafts.AreaDraft, "title"): (models.Area, "title"),
        (drafts.MilestoneDraft, "printed"): (models.Milestone, "printed"),
        (drafts.MilestoneDraft, "expected"): (models.Milestone, "expected"),
        (drafts.TaskDraft, "number"): (models.Task, "number"),
        (drafts.TaskDraft, "title"): (models.Task, "title"),
        (drafts.IndicatorDraft, "number"): (models.Indicator, "number"),
        (drafts.IndicatorDraft, "name"): (models.Indicator, "name"),
        (drafts.IndicatorDraft, "unit"): (models.Indicator, "unit"),
        (drafts.IndicatorDraft, "note"): (models.Indicator, "note"),
        (drafts.TargetDraft, "scope"): (models.IndicatorTarget, "scope"),
        (drafts.TargetDraft, "printed"): (models.IndicatorTarget, "printed"),
        (drafts.SourceNoteDraft, "about"): (models.SourceNote, "about"),
        (drafts.PlanDraft, "title"): (models.Plan, "title"),
    }
    for (shape, field), (table, column) in pairs.items():
        limit = shape.model_json_schema()["properties"][field]["maxLength"]
        assert limit == table.__table__.c[column].type.length, (shape, field)

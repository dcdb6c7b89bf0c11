"""The wide tables and drawings of a plan in a real browser, and the notes on its text decided there."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from app.changes.publish_plan import publish_plan
from app.changes.register_departments import register_departments
from app.db import Database
from app.documents.reading.yaml_draft import read_draft
from app.drafts.department_register import DepartmentRegister
from app.drafts.plan_draft import PlanDraft
from app.models import Account, Region
from tests.conftest import NOW, PLAN
from tests.web.keyboard import Keyboard

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]
SEED = Path(__file__).resolve().parents[2] / "seed"

# How far what has the focus is covered by the head or the first column of its table, in pixels each way.
COVERED = """() => {
    const held = document.activeElement.getBoundingClientRect();
    const wrap = document.activeElement.closest(".matrix-wrap");
    if (!wrap || document.activeElement === wrap || document.activeElement.closest("thead")) return [0, 0];
    const head = wrap.querySelector("thead tr:last-child > *").getBoundingClientRect();
    const side = document.activeElement.closest("tr").querySelector("th").getBoundingClientRect();
    const inSide = document.activeElement.closest("th") !== null;
    return [Math.max(0, head.bottom - held.top), inSide ? 0 : Math.max(0, side.right - held.left)];
}"""


@pytest.fixture
def real_plan(database: Database) -> None:
    """xicheng-2022 as it is seeded, read by the expert of the cast."""
    with database.writing() as session:
        register, _lines = read_draft(SEED / "departments" / "xicheng.yaml", DepartmentRegister)
        register_departments(session, register)
        draft, _lines = read_draft(SEED / "plans" / "xicheng-2022.yaml", PlanDraft)
        publish_plan(session, draft, now=datetime(2022, 1, 4, tzinfo=UTC))
        reader = session.exec(select(Account).where(Account.login == "专家")).one()
        reader.region_id = session.exec(select(Region.id).where(Region.code == register.region.code)).one()
        session.add(reader)


@pytest.fixture
def notes(database: Database) -> None:
    """Three open notes: two on the plan, one on a task."""
    with database.writing() as session:
        given = [
            {"about": "plan", "lines": [1], "readings": ["印发于十一月四日", "印发于十一月十一日"]},
            {"about": "plan", "lines": [2], "readings": ["二〇二五年止", "二〇二六年止"]},
            {"about": "task:2.1", "lines": [12], "readings": ["甲说", "乙说"]},
        ]
        publish_plan(session, PlanDraft.model_validate({**PLAN, "source_notes": given}), now=NOW)


@pytest.mark.usefixtures("real_plan")
def test_on_paper_the_heads_of_the_matrix_are_whole(open_browser: OpenBrowser) -> None:
    page = open_browser("专家")
    page.goto("/plans/xicheng-2022/responsibilities")
    page.set_viewport_size({"width": 1526, "height": 1060})  # A3 landscape within its margins
    page.emulate_media(media="print")
    broken = page.locator(".matrix .unit a").evaluate_all(
        "links => links.filter(one => one.offsetWidth > 2 * parseFloat(getComputedStyle(one).fontSize)"
        " || one.scrollHeight > one.clientHeight + 1).map(one => one.textContent)"
    )
    assert broken == []
    cut = page.locator(".matrix .kinds-row th").evaluate_all(
        "cells => cells.filter(one => one.scrollWidth > one.clientWidth + 1"
        " || one.firstChild.offsetWidth > one.clientWidth).map(one => one.textContent)"
    )
    assert cut == []


@pytest.mark.usefixtures("real_plan")
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_the_matrix_by_keyboard_never_hides_what_has_the_focus(open_browser: OpenBrowser, *, phone: bool) -> None:
    page = open_browser("专家", phone=phone)
    page.goto("/plans/xicheng-2022/responsibilities")
    keyboard = Keyboard(page)
    region = page.get_by_role("region", name="责任矩阵")
    region.evaluate("part => part.scrollTo(900, 900)")  # in the middle of the table, as after a search
    page.locator("tbody td a").nth(40).focus()
    for _step in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(COVERED) == [0, 0], keyboard.page.locator(":focus").aria_snapshot()
    for _step in range(80):
        page.keyboard.press("Shift+Tab")
        assert page.evaluate(COVERED) == [0, 0], keyboard.page.locator(":focus").aria_snapshot()


@pytest.mark.usefixtures("real_plan")
def test_head_and_first_column_stay_while_the_matrix_moves(open_browser: OpenBrowser) -> None:
    page = open_browser("专家")
    page.goto("/plans/xicheng-2022/responsibilities")
    region = page.get_by_role("region", name="责任矩阵")
    box = region.bounding_box()
    region.evaluate("part => part.scrollTo(600, 700)")
    assert box is not None
    for place in ("thead .kinds-row .corner", "thead .names-row .corner", "tbody tr:nth-child(4) th"):
        there = page.locator(place).last.bounding_box()
        assert there is not None
        assert abs(there["x"] - box["x"]) < 3, place
    head = page.locator("thead .kinds-row .corner").bounding_box()
    assert head is not None
    assert abs(head["y"] - box["y"]) < 3


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_one_department_is_chosen_and_the_address_keeps_it(
    open_browser: OpenBrowser, *, phone: bool, scripts: bool
) -> None:
    page = open_browser("领导", phone=phone, scripts=scripts)
    page.goto("/plans/test-plan/responsibilities")
    page.get_by_label("单位", exact=True).select_option(label="乙局")
    if not scripts:
        page.get_by_role("button", name="筛选").click()
    expect(page.get_by_text("2项任务，1个单位，2项分工。")).to_be_visible()
    expect(page).to_have_url(re.compile(r"department=\d+"))
    expect(page.get_by_role("columnheader", name="乙局")).to_be_visible()
    page.get_by_role("link", name="配合").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1.1")
    page.go_back()
    expect(page.get_by_text("2项任务，1个单位，2项分工。")).to_be_visible()


@pytest.mark.usefixtures("notes")
def test_the_secretariat_decides_note_after_note_without_leaving_the_page(open_browser: OpenBrowser) -> None:
    page = open_browser("秘书处")
    page.goto("/plans/test-plan/notes?state=open")
    first = page.locator(".note").first
    expect(first.get_by_role("textbox")).to_be_hidden()
    first.get_by_label("印发于十一月四日").check()
    first.get_by_role("button", name="核定").click()
    expect(first.get_by_role("alert")).to_contain_text("请写明采用这种读法的理由")
    expect(first.get_by_label("印发于十一月四日")).to_be_checked()
    first.get_by_role("textbox").fill("以落款为准")
    first.get_by_role("button", name="核定").click()
    told = page.locator(".note").first.get_by_role("status")
    expect(told).to_contain_text("已核定。")
    expect(told).to_be_focused()
    expect(page.locator("#notes-count")).to_contain_text("2处待核定")
    expect(page.locator(".note")).to_have_count(3)
    second = page.locator(".note").nth(1)
    second.get_by_label("所列均属说明，知悉即可").check()
    second.get_by_role("button", name="核定").click()
    expect(page.locator(".note").nth(1).locator(".verdict")).to_contain_text("所列均属说明，知悉即可")
    page.locator(".note").nth(1).get_by_role("button", name="撤回核定").click()
    expect(page.locator("#notes-count")).to_contain_text("2处待核定")
    told.get_by_role("link", name="下一处").click()
    expect(page.locator(".note:target")).to_contain_text("二〇二五年止")
    page.locator(".note").first.get_by_role("button", name="撤回核定").click()
    expect(page.locator(".note").first.get_by_role("status")).to_contain_text("核定已撤回")
    expect(page.locator("#notes-count")).to_contain_text("3处待核定")


@pytest.mark.usefixtures("notes")
def test_the_secretariat_decides_without_scripts(open_browser: OpenBrowser) -> None:
    page = open_browser("秘书处", scripts=False)
    page.goto("/plans/test-plan/notes?state=open")
    first = page.locator(".note").first
    first.get_by_label("印发于十一月四日").check()
    first.get_by_role("button", name="核定").click()
    expect(page.get_by_role("alert")).to_contain_text("请写明采用这种读法的理由")
    page.get_by_role("textbox", name="理由或另行表述").fill("以落款为准")
    page.get_by_role("button", name="核定").click()
    expect(page.get_by_text("上一处已核定，下面是下一处。")).to_be_visible()
    expect(page.locator(".note")).to_have_count(2)
    expect(page.locator(".note:target")).to_contain_text("二〇二五年止")


@pytest.mark.usefixtures("notes")
def test_two_decide_at_once_and_the_second_sees_both_texts(open_browser: OpenBrowser) -> None:
    page, other = open_browser("秘书处"), open_browser("秘书处")
    for opened in (page, other):
        opened.goto("/plans/test-plan/notes")
    for opened, reading, reason in ((page, "印发于十一月四日", "先到"), (other, "印发于十一月十一日", "后到")):
        note = opened.locator(".note").first
        note.get_by_label(reading).check()
        note.get_by_role("textbox").fill(reason)
        note.get_by_role("button", name="核定").click()
        expect(opened.locator(".note").first.locator("[data-focus]")).to_be_focused()
    note = other.locator(".note").first
    expect(note.get_by_role("alert")).to_contain_text("已由他人先行核定")
    expect(note).to_contain_text("先到")
    expect(note.get_by_role("textbox")).to_have_value("后到")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_mark_on_the_timeline_leads_to_its_task(open_browser: OpenBrowser, *, scripts: bool) -> None:
    page = open_browser("领导", scripts=scripts)
    page.goto("/plans/test-plan/timeline")
    mark = page.get_by_role("link", name="1.1，第一阶段")
    mark.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/tasks/1.1#milestones$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("开展宣传活动")

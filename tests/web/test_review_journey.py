"""The review queue in a browser: by keyboard alone, with and without scripts, on a phone, several at once."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Locator, Page, expect

from app.models.review import ReviewDecision
from tests.conftest import TODAY
from tests.history import History
from tests.web.keyboard import Keyboard, goes_down

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]
Violations = Callable[[Page], list[str]]
SECRETARIAT = "秘书处"
SUBMITTED = date(2024, 11, 20)


@pytest.fixture
def history(history: History) -> History:
    """Four reports wait, 甲局's the longest."""
    for day, (department, task) in enumerate((("甲局", "1.1"), ("乙局", "1.1"), ("丙局", "2.1"), ("东街道", "1.1"))):
        history.submit(history.key(department, task), date(2024, 11, 19 + day), said=f"{department}已办结")
    return history


def line(page: Page, department: str) -> Locator:
    return page.locator("tbody[id^=item-]").filter(has_text=department)


def link(page: Page, department: str) -> Locator:
    return line(page, department).locator("[data-open]")


def announced(page: Page, words: str) -> None:
    expect(page.locator("#announcement")).to_contain_text(words)


def test_the_queue_is_worked_off_by_single_keys(
    open_browser: OpenBrowser, history: History, violations: Violations
) -> None:
    page = open_browser(SECRETARIAT)
    page.goto("/review")
    keys = Keyboard(page)
    keys.press("j")
    expect(page.locator(":focus")).to_have_count(0)  # single keys mean nothing outside of the list
    keys.tab_to('link "1.1 开展宣传活动"', most=60)
    expect(link(page, "甲局")).to_be_focused()
    keys.press("j")
    expect(link(page, "乙局")).to_be_focused()
    keys.press("k")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="甲局的办结申请")).to_be_focused()
    expect(link(page, "甲局")).to_have_attribute("aria-expanded", "true")
    assert violations(page) == []
    keys.press("a")
    expect(line(page, "甲局")).to_contain_text("已审核通过，办结")
    expect(link(page, "乙局")).to_be_focused()
    announced(page, "还有3项待审核")
    expect(page.locator("#queue-count")).to_have_text(re.compile("共有3项"))

    keys.press("r")
    reason = line(page, "乙局").get_by_role("textbox", name="意见")
    expect(reason).to_be_focused()
    page.keyboard.type("jkarx?")  # in a field they are letters
    expect(reason).to_have_value("jkarx?")
    reason.fill("缺照片")
    keys.tab_to("审核通过，办结")
    keys.tab_to("退回承办单位")
    keys.press("Enter")
    expect(line(page, "乙局")).to_contain_text("已退回承办单位")
    expect(line(page, "乙局")).to_contain_text("缺照片")
    expect(link(page, "丙局")).to_be_focused()

    keys.press("a")
    expect(page.get_by_role("heading", name="丙局的办结申请")).to_be_focused()  # shown first, not accepted unseen
    expect(page.locator("#queue-count")).to_have_text(re.compile("共有2项"))
    keys.press("a")
    expect(link(page, "东街道")).to_be_focused()
    keys.press("x")
    expect(page.locator("#ticked-count")).to_have_text("已选1项")
    keys.press("?")
    expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()
    assert violations(page) == []
    keys.press("Escape")
    expect(link(page, "东街道")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("heading", name="东街道的办结申请")).to_be_focused()
    keys.press("a")
    announced(page, "还有0项待审核")
    expect(page.get_by_role("link", name="刷新列表")).to_be_focused()
    assert violations(page) == []


def test_a_fault_in_the_queue_is_shown_in_its_row(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser(SECRETARIAT)
    page.goto("/review")
    link(page, "乙局").click()
    open_row = line(page, "乙局")
    open_row.get_by_role("button", name="退回承办单位").click()
    expect(open_row.locator(".fault-summary")).to_be_focused()
    open_row.get_by_role("link", name="请写明理由").click()
    expect(open_row.get_by_role("textbox", name="意见")).to_have_attribute("aria-invalid", "true")
    open_row.get_by_role("checkbox", name="数据缺少来源，请注明出处").check()
    open_row.get_by_role("textbox", name="意见").fill("附统计表")
    history.review(history.key("乙局"), ReviewDecision.ACCEPTED, TODAY, hour=8)
    open_row.get_by_role("button", name="退回承办单位").click()
    expect(open_row.locator(".fault-summary")).to_contain_text("已被他人处理")
    expect(open_row).to_contain_text("数据缺少来源，请注明出处；附统计表")
    expect(open_row.get_by_role("checkbox")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_several_are_returned_and_a_conflict_is_told(
    open_browser: OpenBrowser, history: History, violations: Violations, *, scripts: bool
) -> None:
    page = open_browser(SECRETARIAT, scripts=scripts)
    page.goto("/review")
    if scripts:
        page.get_by_role("checkbox", name="全选本页（4项）").check()
        expect(page.locator("#ticked-count")).to_have_text("已选4项")
    else:
        page.get_by_role("link", name="全选本页（4项）").click()
    box = page.get_by_role("checkbox", name="选择：丙局")
    expect(box).to_be_checked()
    box.uncheck()
    history.review(history.key("甲局"), ReviewDecision.ACCEPTED, TODAY, hour=8)

    page.get_by_role("button", name="所选全部退回").click()
    expect(page.get_by_role("alert")).to_contain_text("请写明理由")
    several = page.get_by_role("region", name="批量办理所选事项")
    several.get_by_role("checkbox", name="佐证材料不全，请补充").check()
    several.get_by_role("textbox", name="意见").fill("月底前补齐")
    # What has been decided by somebody else is not in the queue any more, so the three of the page are two.
    for name, ticked in (("乙局", True), ("丙局", False), ("东街道", True)):
        expect(page.get_by_role("checkbox", name=f"选择：{name}")).to_be_checked(checked=ticked)
    history.review(history.key("乙局"), ReviewDecision.ACCEPTED, TODAY, hour=9)
    several.get_by_role("button", name="所选全部退回").click()
    told = page.get_by_role("alert")
    expect(told).to_contain_text("1项已退回承办单位。")
    expect(told).to_contain_text("1项在您勾选以后已有变化")
    expect(told).to_contain_text("乙局 1.1 开展宣传活动")
    if scripts:
        expect(told).to_be_focused()
        assert violations(page) == []
    expect(several.get_by_role("textbox", name="意见")).to_have_value("月底前补齐")
    expect(page.get_by_role("checkbox", name=re.compile("^选择："))).to_have_count(1)

    page.get_by_role("checkbox", name="选择：丙局").check()
    several.get_by_role("button", name="所选全部退回").click()
    expect(page.get_by_role("status").filter(has_text="1项已退回承办单位。")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("没有待审核的事项。")


def test_a_bar_leads_to_the_panel_while_something_is_ticked(
    open_browser: OpenBrowser, history: History, violations: Violations
) -> None:
    page = open_browser(SECRETARIAT)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.set_viewport_size({"width": 1280, "height": 420})
    page.goto("/review")
    bar = page.locator("#ticked-bar")
    expect(bar).to_be_hidden()
    link(page, "甲局").click()
    expect(page.get_by_role("heading", name="甲局的办结申请")).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_role("checkbox", name="全选本页（3项）")).to_be_visible()  # as many as are left
    box = page.get_by_role("checkbox", name="选择：东街道")
    for name in ("乙局", "东街道"):
        page.get_by_role("checkbox", name=f"选择：{name}").focus()
        page.keyboard.press("Space")
    expect(bar).to_contain_text("已选2项")
    expect(bar).to_be_in_viewport(ratio=1)
    seen, covering = box.bounding_box(), bar.bounding_box()
    assert seen is not None
    assert covering is not None
    assert seen["y"] + seen["height"] <= covering["y"]
    assert violations(page) == []
    page.emulate_media(media="print")
    expect(bar).to_be_hidden()
    page.emulate_media(media="screen")
    bar.get_by_role("link", name="去批量办理").click()
    panel = page.get_by_role("region", name="批量办理所选事项")
    expect(panel).to_be_focused()
    expect(panel.get_by_role("heading")).to_be_in_viewport()
    # A field that was drawn larger has a style attribute, which the policy lets nobody copy to the new page.
    panel.get_by_role("textbox", name="意见").evaluate("field => { field.style.height = '200px'; }")
    panel.get_by_role("button", name="所选全部退回").click()
    expect(page.get_by_role("alert")).to_contain_text("请写明理由")
    expect(bar).to_contain_text("已选2项")
    assert [said for said in complaints if "Content Security Policy" in said] == []
    for name in ("乙局", "东街道"):
        page.get_by_role("checkbox", name=f"选择：{name}").uncheck()
    expect(bar).to_be_hidden()


def test_without_scripts_there_is_no_bar(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser(SECRETARIAT, scripts=False)
    page.goto("/review?all=yes")
    expect(page.get_by_role("checkbox", name="选择：甲局")).to_be_checked()
    expect(page.locator("#ticked-bar")).to_be_hidden()


def test_the_filter_changes_the_list_and_the_address(open_browser: OpenBrowser, history: History) -> None:
    history.submit(history.key("甲局", phase="第二阶段"), TODAY, hour=8, said="提前办结")
    page = open_browser(SECRETARIAT)
    page.goto("/review")
    page.get_by_label("提交时间").focus()
    page.get_by_label("提交时间").select_option("按期提交")
    expect(page.locator("tbody[id^=item-]")).to_have_count(1)
    expect(page).to_have_url(re.compile("late=no"))
    expect(page.get_by_label("提交时间")).to_be_focused()
    announced(page, "1项待审核")
    link(page, "甲局").click()
    expect(page.get_by_role("heading", name="甲局的办结申请")).to_be_focused()
    page.keyboard.press("a")
    expect(page.locator("#queue-count")).to_have_text(re.compile("符合条件的有0项"))
    page.go_back()
    expect(page.locator("tbody[id^=item-]")).to_have_count(4)


def test_the_queue_on_a_phone_by_keyboard_without_scripts(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser(SECRETARIAT, phone=True, scripts=False)
    page.goto("/review")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
    keys = Keyboard(page)
    keys.skip_to_main()
    assert goes_down(keys.tab_to('link "1.1 开展宣传活动"'))
    keys.follow()
    keys.tab()
    keys.press("Enter")
    keys.tab_to("佐证材料不全，请补充")
    keys.press("Space")
    keys.tab_to("意见")
    keys.tab_to("退回承办单位")
    keys.follow()
    expect(page.get_by_role("status").first).to_have_text("上一件已退回承办单位，下面是下一件。")
    expect(page.get_by_role("region", name="办结申请")).to_contain_text("乙局已办结")

"""The page of one obligation in a real browser: its panels, the field for a day, what a second decision meets."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from tests.history import History
from tests.web.keyboard import Keyboard

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]
Violations = Callable[[Page], list[str]]
LIAISON = "甲局联络员"
PROPOSED = date(2025, 3, 31)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("typed", ["2025年3月31日", "20250331"])
def test_a_day_is_typed_as_one_writes_it(
    open_browser: OpenBrowser, history: History, typed: str, *, scripts: bool
) -> None:
    page = open_browser(LIAISON, phone=True, scripts=scripts)
    page.goto(f"/obligations/{history.key('甲局', phase='第二阶段')}")
    page.get_by_role("link", name="去申请延期").click()
    page.get_by_label("拟延期至").fill(typed)
    page.get_by_role("button", name="提交延期申请").click()
    expect(page.get_by_role("alert")).to_contain_text("请填写延期理由")
    expect(page.get_by_label("拟延期至"), "as it was typed").to_have_value(typed)
    page.get_by_role("textbox", name="延期理由").fill("招标推迟")
    page.get_by_role("button", name="提交延期申请").click()
    expect(page.get_by_role("status").first).to_have_text("延期申请已提交秘书处审批。")
    expect(page.get_by_role("region", name="延期申请")).to_contain_text("由2024年12月31日延至2025年3月31日")


def test_the_calendar_of_the_browser_fills_the_field(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser(LIAISON)
    page.goto(f"/obligations/{history.key('甲局', phase='第二阶段')}")
    page.get_by_role("link", name="去申请延期").click()
    expect(page.get_by_role("button", name="从日历选")).to_be_visible()
    page.get_by_label("拟延期至").fill("2025年3月31日")
    page.evaluate("HTMLInputElement.prototype.showPicker = function () { window.opened = this.value; }")
    page.get_by_role("button", name="从日历选").click()
    assert page.evaluate("window.opened") == "2025-03-31"
    calendar = page.locator(".calendar-value").first
    calendar.evaluate("(field) => { field.value = '2025-04-30'; field.dispatchEvent(new Event('change')); }")
    expect(page.get_by_label("拟延期至")).to_have_value("2025-04-30")
    expect(page.get_by_label("拟延期至")).to_be_focused()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_why_this_date_is_answered_in_place(open_browser: OpenBrowser, history: History, *, scripts: bool) -> None:
    page = open_browser(LIAISON, phone=True, scripts=scripts)
    page.goto(f"/obligations/{history.key('甲局', phase='第二阶段')}")
    page.get_by_role("link", name="为什么是这个日期").click()
    why = page.get_by_role("region", name="为什么是这个日期")
    expect(why).to_be_in_viewport()
    expect(why).to_contain_text("下一次提醒：2024年11月29日 周五 08:30。")
    table = why.get_by_role("table", name="提醒日推算表")
    expect(table).to_be_hidden()
    why.get_by_text("提醒日怎么算出来的").click()
    expect(table).to_be_visible()
    expect(table.get_by_role("row", name="到期前30天")).to_contain_text("提前到前一个工作日")


def test_the_panels_open_by_keyboard_alone(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser("秘书处")
    page.goto(f"/obligations/{history.key('甲局', phase='第二阶段')}")
    keys = Keyboard(page)
    keys.tab_to("为什么是这个日期")
    keys.press("Enter")
    keys.tab_to("期限的来历")
    keys.press("Enter")
    expect(page.get_by_text("测试行动计划第4行：“2024年12月底前”")).to_be_visible()
    keys.tab_to("提醒日怎么算出来的")
    keys.press("Space")
    expect(page.get_by_role("table", name="提醒日推算表")).to_be_visible()
    keys.tab_to("共1条，最近")
    keys.press("Enter")
    expect(page.get_by_role("region", name="办理轨迹").get_by_role("listitem")).to_be_visible()


def test_a_second_decision_meets_the_first(open_browser: OpenBrowser, history: History, violations: Violations) -> None:
    asked = history.ask(history.key("甲局", phase="第二阶段"), date(2024, 11, 20), PROPOSED)
    first, second = (open_browser("秘书处") for _ in range(2))
    for page in (first, second):
        page.goto(f"/extensions/{asked}")
    first.get_by_role("button", name="同意延期").click()
    expect(first.get_by_role("status").first).to_have_text("已同意延期，新的期限已生效。")
    second.get_by_role("textbox", name="审批意见").fill("请按期完成")
    second.get_by_role("button", name="不同意").click()
    told = second.get_by_role("alert")
    expect(told).to_be_focused()
    expect(told).to_contain_text("已由秘书处审批（同意），您的决定未执行")
    expect(second.get_by_role("main")).to_contain_text("请按期完成")
    expect(second.get_by_role("main")).to_contain_text(re.compile("秘书处于2024年11月25日.*审批"))
    assert violations(second) == []


def test_nothing_is_wrong_with_the_page_in_any_state(
    open_browser: OpenBrowser, history: History, violations: Violations
) -> None:
    key = history.key("甲局", phase="第二阶段")
    history.extend(key, date(2024, 11, 18), date(2025, 1, 31))
    history.ask(key, date(2024, 11, 20), PROPOSED)
    history.submit(history.key("乙局", phase="第二阶段"), date(2024, 11, 20))
    for login, phone in ((LIAISON, True), ("秘书处", False)):
        page = open_browser(login, phone=phone)
        page.goto(f"/obligations/{key}")
        page.evaluate("document.querySelectorAll('details').forEach((folded) => { folded.open = true; })")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page) == []
        page.set_viewport_size({"width": 320, "height": 740})
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")

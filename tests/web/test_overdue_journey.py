"""The overdue list in a browser: asked anew without a new page, from any spelling of a day."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from tests.history import History
from tests.web.keyboard import Keyboard

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]
MONDAY = date(2024, 11, 18)


@pytest.fixture
def history(history: History) -> History:
    history.freeze(MONDAY)
    history.accept(history.key("甲局"), date(2024, 11, 20))
    return history


def test_the_list_follows_the_question_and_says_so(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser("领导")
    page.goto("/overdue")
    expect(page.get_by_role("heading", level=2).first).to_have_text(re.compile("2024年11月25日 周一，共5项逾期"))
    day = page.get_by_role("textbox", name="截至日期")
    keys = Keyboard(page)
    day.fill("2024年11月18日")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=2).first).to_have_text(re.compile("2024年11月18日 周一，共6项逾期"))
    expect(page).to_have_url(re.compile("as_of=2024"))
    expect(day).to_be_focused()
    expect(day).to_have_value("2024-11-18")
    expect(page.locator("#announcement")).to_contain_text("共6项逾期")

    day.fill("上周")
    keys.press("Enter")
    expect(day).to_have_attribute("aria-invalid", "true")
    expect(day).to_have_accessible_description(re.compile("不是日期"))
    expect(day).to_have_value("上周")
    day.fill("2024/11/18")
    keys.press("Enter")
    expect(page.get_by_text("共6项逾期").first).to_be_visible()
    page.get_by_label("分组").select_option("按单位")
    expect(page.get_by_role("rowheader", name=re.compile("甲局 1项"))).to_be_visible()
    page.go_back()
    expect(page.get_by_role("rowheader", name=re.compile("甲局 1项"))).to_have_count(0)


def test_the_calendar_fills_the_field(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser("领导")
    page.goto("/overdue")
    expect(page.get_by_role("button", name="日历")).to_be_visible()
    page.locator(".calendar-value").evaluate(
        "(calendar) => { calendar.value = '2024-11-18'; calendar.dispatchEvent(new Event('change', {bubbles: true})); }"
    )
    expect(page.get_by_text("共6项逾期").first).to_be_visible()
    expect(page.get_by_role("textbox", name="截至日期")).to_have_value("2024-11-18")
    expect(page.get_by_role("button", name="日历")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_the_counts_of_a_frozen_list_open_their_rows(
    open_browser: OpenBrowser, history: History, *, scripts: bool
) -> None:
    history.freeze(date(2024, 11, 25), hour=9)
    page = open_browser("领导", scripts=scripts)
    page.goto("/overdue/lists")
    page.get_by_role("row").filter(has_text="第2期").get_by_role("link", name="消除 1").click()
    table = page.get_by_role("table", name="上期在列、本期不再逾期的事项")
    expect(table.get_by_role("row")).to_have_count(2)
    expect(table).to_contain_text("办结")
    page.get_by_role("link", name="5 仍逾期").click()
    expect(page.get_by_role("table", name="逾期事项，按单位分列").get_by_role("link")).to_have_count(5)
    page.get_by_role("link", name="查看整期清单").click()
    expect(table).to_be_visible()

"""Two minutes of a leader: the sentence, the trend, and down to the rows; and what everybody may read."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import TODAY
from tests.history import History

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]
COUNT = re.compile(r"共(\d+)(项|个节点)")
# Rows of a plan's lists, of the overview's own, of the overdue list and of a frozen one.
LINES = "table.rows tbody tr, table.overdue tbody th[scope=row]"


@pytest.fixture
def history(history: History) -> History:
    history.accept(history.key("甲局"), date(2024, 11, 12))
    history.freeze(date(2024, 11, 18))
    history.submit(history.key("甲局", phase="第二阶段"), TODAY, said="年度总结已写")
    history.submit(history.key("丙局", "2.1"), TODAY)
    return history


def figures(page: Page) -> list[tuple[int, str]]:
    """Number and address of every figure: those of the tables, and those of the sentence."""
    in_tables = page.locator("main a.figure").evaluate_all(
        "links => links.map(link => [Number(link.lastChild.textContent), link.getAttribute('href')])"
    )
    in_words = page.locator("main a[data-count]").evaluate_all(
        "links => links.map(link => [Number(link.dataset.count), link.getAttribute('href')])"
    )
    return [(count, address) for count, address in in_tables + in_words]


@pytest.mark.parametrize(("database", "scripts"), [("sqlite", False), ("postgres", True)], indirect=["database"])
def test_every_figure_of_the_overview_opens_its_rows(
    open_browser: OpenBrowser, history: History, scripts: bool
) -> None:
    page = open_browser("领导", scripts=scripts)
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^总览"))
    expect(page.get_by_role("main")).to_contain_text("共有2个节点期限已过：1个已完成，1个逾期。")
    found = figures(page)
    assert len(found) > 50
    for count, address in sorted(set(found)):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_text(COUNT).first).to_contain_text(f"共{count}")
        assert page.locator(LINES).count() == count, address


def test_figures_of_three_digits_fit_on_a_narrow_screen(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser("领导")
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto("/overview")
    page.locator("table a.figure").evaluate_all(
        "links => links.forEach(link => { link.lastChild.textContent = '888' })"
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_the_trend_has_its_figures_beside_it(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser("领导")
    chart = page.get_by_role("img", name="每周逾期事项数")
    expect(chart).to_be_visible()
    table = page.get_by_role("region", name="各周逾期事项数")
    assert table.get_by_role("rowheader").count() == page.locator("svg.chart circle").count()
    table.get_by_role("link", name="〔2024〕第1期").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("第1期")
    page.go_back()
    expect(chart).to_be_visible()


def test_a_list_is_filtered_without_a_new_page_and_the_way_back_works(
    open_browser: OpenBrowser, history: History
) -> None:
    page = open_browser("领导")
    page.goto("/overview/obligations?show=overdue")
    expect(page.locator("#count")).to_contain_text("共4项")
    page.evaluate("window.stillHere = true")
    page.get_by_label("单位", exact=True).select_option(label="乙局")
    expect(page.locator("#count")).to_contain_text("共2项")
    assert page.evaluate("window.stillHere") is True
    expect(page).to_have_url(re.compile("department="))
    page.go_back()
    expect(page.locator("#count")).to_contain_text("共4项")


def test_a_plan_is_previewed_released_read_by_everybody_and_taken_back(
    open_browser: OpenBrowser, browser: Browser, site: str, history: History
) -> None:
    secretariat = open_browser("秘书处")
    anybody = browser.new_page(base_url=site)
    secretariat.goto("/plans/test-plan")
    secretariat.get_by_role("link", name="公开设置").click()
    secretariat.get_by_label("阶段期限").check()
    secretariat.get_by_label("完成情况").check()
    secretariat.get_by_role("button", name="预览").click()
    expect(secretariat.get_by_role("note")).to_contain_text("尚未公开")
    anybody.goto("/public/test-plan")
    expect(anybody.get_by_role("heading", level=1)).to_have_text("找不到页面")
    secretariat.get_by_role("button", name="公开这些内容").click()
    expect(secretariat.get_by_text("规划已公开，任何人不登录即可查看。")).to_be_visible()
    anybody.goto("/public/test-plan")
    expect(anybody.get_by_role("main")).to_contain_text("共4个节点，已完成1个。")
    expect(anybody.get_by_role("main")).not_to_contain_text("甲局")
    secretariat.get_by_role("button", name="撤回公开").click()
    expect(secretariat.get_by_text("公开已撤回，公开页面即刻不能查看。")).to_be_visible()
    answer = anybody.request.get("/public/test-plan")
    assert answer.status == 404
    anybody.close()

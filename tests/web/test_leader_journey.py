"""A leader reads: from the figures down to the rows behind them, and changes nothing."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import TODAY
from tests.history import History
from tests.web.databases import on_both_databases
from tests.web.keyboard import Keyboard, goes_down
from tests.web.links import reachable

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]
LEADER = "领导"
PLAN = "测试行动计划"
FIGURE = re.compile(r"\D \d+$")
ROWS = re.compile("节点|承办事项")
OVERVIEW = re.compile("^总览")


@pytest.fixture
def history(history: History) -> History:
    """甲局 has finished one milestone and submitted the other; a list was frozen in between."""
    history.accept(history.key("甲局"), date(2024, 11, 12))
    history.freeze(date(2024, 11, 18))
    history.submit(history.key("甲局", phase="第二阶段"), TODAY, said="年度总结已写")
    history.submit(history.key("乙局"), TODAY, said="已办两场", complete=False)
    return history


def to_the_plan(page: Page) -> None:
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="规划").click()
    page.get_by_role("main").get_by_role("link", name=PLAN).click()


def figures(page: Page) -> list[tuple[str, int, str]]:
    """Every figure on the page: what it is called, as a screen reader says it, its value, and where it leads."""
    links = page.get_by_role("main").get_by_role("link", name=FIGURE)
    said = links.evaluate_all("links => links.map(link => [link.textContent, link.getAttribute('href')])")
    return [(name, int(name.split()[-1]), address) for name, address in said]


def rows_behind(page: Page) -> int:
    """On a page of milestones or obligations: the lines of its table, which must agree with what it says itself."""
    expect(page.get_by_role("heading", level=1)).to_have_text(ROWS)  # a count does not wait for the page to come
    lines = page.get_by_role("table").get_by_role("rowheader").count()
    expect(page.get_by_role("main").get_by_text(re.compile(rf"^\s*共{lines}(项|个节点)。"))).to_be_visible()
    return lines


def follow(page: Page, found: list[tuple[str, int, str]]) -> None:
    for name, value, address in found:
        page.goto(address)
        assert rows_behind(page) == value, f"{name}: {address}"


@on_both_databases
def test_every_figure_of_the_plan_opens_the_rows_that_it_counts(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser(LEADER)
    to_the_plan(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(PLAN)
    expect(page.get_by_role("listitem").filter(has_text="节点完成")).to_have_text(re.compile(r"1\s*/\s*全部节点\s*4"))
    found = figures(page)
    assert len(found) > 20
    page.get_by_role("link", name="完成节点").first.click()
    assert rows_behind(page) == 1
    page.go_back()
    follow(page, found)


def test_so_does_every_figure_with_scripts_off(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser(LEADER, scripts=False)
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="规划").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("规划")
    found = figures(page)
    assert len(found) == 6, "milestones done, all and overdue; obligations done, all and overdue"
    follow(page, found)


def test_the_task_page_says_who_leads_who_supports_and_how_they_stand(
    open_browser: OpenBrowser, history: History
) -> None:
    page = open_browser(LEADER, phone=True)
    to_the_plan(page)
    page.get_by_role("link", name="1.1 开展宣传活动").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1.1 开展宣传活动")
    expect(page.get_by_role("main")).to_contain_text("每年举办3场宣传活动")
    page.get_by_role("main").get_by_text("各街道").first.click()
    expect(page.get_by_role("link", name="西街道").first).to_be_visible()
    leads = page.get_by_role("region", name="各单位进展").get_by_role("row", name="甲局")
    expect(leads).to_contain_text("牵头")
    expect(leads.get_by_role("cell")).to_contain_text(["牵头", "办结", "待审"])
    leads.get_by_role("link", name=re.compile("办结")).click()
    expect(page.get_by_role("article").filter(has_text="申请办结")).to_contain_text("已完成")


def test_the_task_page_says_who_waits_for_whom(open_browser: OpenBrowser) -> None:
    page = open_browser(LEADER, phone=True)
    to_the_plan(page)
    page.get_by_role("link", name="1.1 开展宣传活动").click()
    expect(page.get_by_role("main")).to_contain_text("第一阶段：甲局等待乙局、东街道、西街道报送。")


def test_the_indicators_stand_with_target_formula_and_department(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser(LEADER)
    to_the_plan(page)
    page.get_by_role("navigation", name="本规划").get_by_role("link", name="指标").click()
    row = page.get_by_role("row", name="知识普及率")
    for words in ("≥85%", "知晓人数", "调查人数", "甲局"):
        expect(row).to_contain_text(words)


def test_the_overdue_lists_are_open_to_reading(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser(LEADER)
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="逾期清单").click()
    expect(page.get_by_role("main")).to_contain_text("共5项逾期")
    page.get_by_role("link", name="历期清单").click()
    page.get_by_role("link", name="〔2024〕第1期").first.click()
    expect(page.get_by_role("region", name="冻结与校验")).to_contain_text("校验一致")


def test_there_is_nothing_to_change_wherever_links_lead(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser(LEADER)
    expect(page.get_by_role("heading", level=1)).to_have_text(OVERVIEW)
    paths = []
    for path in reachable(page):
        paths.append(path)
        if path.startswith("/account"):  # one's own password, second factor and tokens
            continue
        forms = page.evaluate("[...document.forms].filter(form => form.method === 'post').map(form => form.action)")
        assert [action.rsplit("/", 1)[1] for action in forms] == ["sign-out", "language"], path
        buttons = page.get_by_role("button").evaluate_all("buttons => buttons.map(button => button.textContent)")
        assert set(buttons) <= {"退出", "English", "搜索", "筛选", "查询", "日历", "查看"}, path
        assert page.get_by_role("textbox").count() <= 2, f"{path}: more to type in than the filters of the list"
    assert len(paths) > 25
    assert any(path.startswith("/obligations/") for path in paths)


def test_the_plan_is_read_by_keyboard_alone(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser(LEADER, phone=True)
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="规划").click()
    page.get_by_role("heading", level=1, name="规划").wait_for()
    keys = Keyboard(page)
    keys.tab()
    keys.press("Enter")
    keys.tab_to(PLAN)
    keys.follow()
    assert goes_down(keys.tab_to("全部承办事项"))
    keys.follow()
    assert page.get_by_role("heading", level=1).inner_text() == "承办事项"
    assert rows_behind(page) == 12

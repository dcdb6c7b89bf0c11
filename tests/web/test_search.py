"""Searching while typing, and without scripts."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]


def test_results_come_while_one_types(open_browser: OpenBrowser) -> None:
    page = open_browser("领导")
    page.goto("/search")
    field = page.get_by_role("searchbox", name="搜索任务、举措、指标、单位和填报内容")
    field.press_sequentially("上门")
    expect(page.get_by_role("link", name="2.1 提供上门服务")).to_be_visible()
    expect(field).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="找到1条。")).to_be_attached()
    expect(page).to_have_url(re.compile(r"\?q=%E4%B8%8A%E9%97%A8$"))
    page.get_by_role("link", name="2.1 提供上门服务").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("提供上门服务")
    page.go_back()
    expect(page.get_by_role("link", name="2.1 提供上门服务")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_every_page_has_the_search(open_browser: OpenBrowser, scripts: bool) -> None:
    page = open_browser("甲局联络员", scripts=scripts, phone=True)
    box = page.get_by_role("search", name="全站搜索")
    box.get_by_role("searchbox").fill("普及")
    box.get_by_role("button", name="搜索").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("搜索")
    page.get_by_role("link", name="知识普及率").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("指标")


def test_a_broken_connection_is_said_and_over_when_it_is_back(open_browser: OpenBrowser) -> None:
    page = open_browser("领导")
    page.goto("/search")
    page.context.set_offline(True)
    page.get_by_role("searchbox").fill("上门")
    expect(page.get_by_role("alert")).to_contain_text("连接中断")
    page.context.set_offline(False)
    page.get_by_role("searchbox").fill("上门服务")
    expect(page.get_by_role("link", name="2.1 提供上门服务")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)

"""A department gets another name: typed, looked at, confirmed and taken back by who has no mouse; with scripts and without."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.db import Database
from tests.changes.successions import Office
from tests.web.keyboard import Keyboard

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]
Violations = Callable[[Page], list[str]]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_department_is_renamed_and_it_is_taken_back_by_keyboard_alone(
    open_browser: OpenBrowser, database: Database, violations: Violations, *, scripts: bool
) -> None:
    office = Office(database)
    before = office.standings()
    page = open_browser("秘书处", scripts=scripts)
    page.goto("/manage/successions/new?kind=rename")
    keys = Keyboard(page)
    for field, text in (
        ("原单位", "丙局"),
        ("新名称", "丁局"),
        ("生效日期", "2024年6月1日"),
        ("依据文件", "测编〔2024〕1号"),
    ):
        keys.tab_to(f'"{field}"')
        keys.type(text)
    keys.tab_to('button "预览影响"')
    keys.follow()
    expect(page.get_by_role("heading", level=1)).to_contain_text("预览")
    expect(page.get_by_text("尚未登记。确认后随即按下面所列转移。")).to_be_visible()
    if scripts:
        assert violations(page) == []
    assert office.standings() == before
    keys.tab_to('button "确认登记"')
    keys.follow()
    expect(page.get_by_role("status").first).to_have_text("机构沿革已登记。")
    assert office.owners(task="2.1").count("丁局") == 2
    if scripts:
        assert violations(page) == []
    keys.tab_to('button "撤销这次沿革"')
    keys.follow()
    expect(page.get_by_role("status").first).to_contain_text("这次沿革已撤销")
    assert office.standings() == before

"""The secretariat keeps its house: accounts, days off, a new edition of a plan; with scripts and without."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import PLAN

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]
Violations = Callable[[Page], list[str]]
WITH_AND_WITHOUT_SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


def enter(browser: Browser, site: str, login: str, password: str) -> Page:
    page = browser.new_context(base_url=site, locale="zh-CN").new_page()
    page.goto("/sign-in")
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()
    return page


@WITH_AND_WITHOUT_SCRIPTS
def test_an_account_is_added_used_and_closed_while_it_is_in_use(
    open_browser: OpenBrowser, browser: Browser, site: str, violations: Violations, *, scripts: bool
) -> None:
    secretary = open_browser("秘书处", scripts=scripts)
    secretary.get_by_role("link", name="管理").click()
    secretary.get_by_role("link", name="账号", exact=True).click()
    secretary.get_by_role("link", name="新增账号").click()
    secretary.get_by_label("登录名").fill("丙局新联络员")
    secretary.get_by_label("角色").select_option("联络员")
    secretary.get_by_role("button", name="新增账号").click()
    expect(secretary.get_by_role("alert")).to_contain_text("联络员和单位负责人须指明所属单位。")
    expect(secretary.get_by_label("登录名")).to_have_value("丙局新联络员")
    if scripts:
        assert violations(secretary) == []
    secretary.get_by_label("所属单位").select_option("丙局")
    secretary.get_by_role("button", name="新增账号").click()
    expect(secretary.get_by_role("heading", level=1)).to_have_text("账号已新增")
    if scripts:
        assert violations(secretary) == []
    password = secretary.locator("#shown-password").inner_text()

    liaison = enter(browser, site, "丙局新联络员", password)
    expect(liaison.get_by_role("heading", level=1)).to_have_text("请先设置新密码")
    liaison.get_by_label("新密码").fill("short")
    liaison.get_by_role("button", name="设置新密码").click()
    expect(liaison.get_by_role("alert")).to_contain_text("密码至少8位。")
    if scripts:
        assert violations(liaison) == []
    password = "kettle rain lamp"
    liaison.get_by_label("新密码").fill(password)
    liaison.get_by_role("button", name="设置新密码").click()
    expect(liaison.get_by_role("banner")).to_contain_text("丙局新联络员")
    expect(liaison).to_have_url(f"{site}/obligations")

    secretary.get_by_role("link", name="查看该账号").click()
    secretary.get_by_role("button", name="停用账号").click()
    expect(secretary.get_by_role("status").first).to_have_text("账号已停用，其登录已全部退出。")
    liaison.goto("/obligations")
    expect(liaison.get_by_label("密码")).to_be_visible()
    again = enter(browser, site, "丙局新联络员", password)
    expect(again.get_by_text("账号或密码不正确，或账号已停用。").first).to_be_visible()
    for page in (liaison, again):
        page.context.close()


def test_the_list_of_accounts_is_filtered_in_place(open_browser: OpenBrowser) -> None:
    page = open_browser("秘书处")
    page.goto("/manage/accounts")
    page.get_by_label("角色").select_option("单位负责人")
    expect(page.get_by_role("rowheader")).to_have_text(["甲局负责人"])
    expect(page).to_have_url(
        "**/manage/accounts?q=&role=head&department=&standing=".replace("**", page.url.split("/manage")[0])
    )
    page.go_back()
    expect(page.get_by_role("rowheader")).to_have_count(9)


@WITH_AND_WITHOUT_SCRIPTS
def test_a_day_off_is_entered_and_taken_back(open_browser: OpenBrowser, *, scripts: bool) -> None:
    page = open_browser("秘书处", scripts=scripts)
    page.goto("/manage/calendar")
    page.get_by_role("textbox", name="日期").fill("2024年12月2日")
    page.get_by_label("休息").check()
    page.get_by_label("原因").fill("本区运动会")
    page.get_by_role("button", name="登记").click()
    expect(page.get_by_text("这一周的清单由2024年12月2日 周一改到2024年12月3日 周二。")).to_be_visible()
    page.get_by_role("button", name="2024年12月2日 周一的安排").click()
    expect(page.get_by_role("status").first).to_have_text("本地安排已删除。")
    expect(page.get_by_text("没有本地安排")).to_be_visible()


@WITH_AND_WITHOUT_SCRIPTS
def test_an_edition_is_looked_at_and_published(
    open_browser: OpenBrowser, violations: Violations, tmp_path: Path, *, scripts: bool
) -> None:
    plan = copy.deepcopy(PLAN)
    plan["tasks"][0]["milestones"][1]["due"] = "2025-06-30"
    good, bad = tmp_path / "新版.json", tmp_path / "坏.json"
    good.write_text(json.dumps(plan, ensure_ascii=False, indent=1), encoding="utf-8")
    bad.write_text(json.dumps(plan | {"title": ""}, ensure_ascii=False, indent=1), encoding="utf-8")
    page = open_browser("秘书处", scripts=scripts)
    page.goto("/manage/plans")
    page.get_by_role("link", name="上传规划文件").click()
    page.get_by_label("规划文件").set_input_files(bad)
    page.get_by_role("button", name="检查并预览").click()
    expect(page.get_by_role("alert")).to_contain_text("文件“坏.json”有1处错误，未发布")
    expect(page.get_by_role("cell", name="不能为空")).to_be_visible()
    if scripts:
        assert violations(page) == []
    page.get_by_label("规划文件").set_input_files(good)
    page.get_by_role("button", name="检查并预览").click()
    expect(page.get_by_role("cell", name="2024年12月31日改为2025年6月30日").first).to_be_visible()
    if scripts:
        assert violations(page) == []
    page.get_by_role("button", name="确认发布第2版").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("第2版")
    expect(page.get_by_role("heading", name="与上一版相比")).to_be_visible()
    if scripts:
        assert violations(page) == []

"""What a liaison types is there again, whatever ends the page; and many obligations are reported on one page."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlmodel import func, select

from app.db import Database
from app.models import ProgressUpdate
from tests.conftest import PASSWORD
from tests.documents import samples
from tests.history import History
from tests.web.keyboard import Keyboard

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]
LIAISON = "乙局联络员"


def text_of(place: Page | Locator) -> Locator:
    return place.get_by_role("textbox", name="进展情况")


def item(page: Page, key: int) -> Locator:
    return page.locator(f"#item-{key}")


def reported(database: Database) -> int:
    with database.reading() as session:
        return session.exec(select(func.count()).select_from(ProgressUpdate)).one()


@pytest.fixture
def both(history: History) -> tuple[int, int]:
    """乙局's two that are overdue."""
    return history.key("乙局"), history.key("乙局", "2.1")


def test_what_was_typed_is_there_after_the_session_has_ended(open_browser: OpenBrowser, both: tuple[int, int]) -> None:
    page = open_browser(LIAISON, phone=True)
    page.goto(f"/obligations/{both[0]}")
    long = "长" * 10_000
    text_of(page).fill(long)
    expect(page.get_by_role("status").filter(has_text="草稿已保存")).to_be_visible()
    expect(text_of(page), "nothing takes the focus away").to_be_focused()
    page.context.clear_cookies()
    page.goto("/obligations")
    page.get_by_label("账号").fill(LIAISON)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_role("link", name="继续填报").first.click()
    expect(text_of(page)).to_have_value(long)
    expect(page.get_by_role("status").filter(has_text="草稿，保存于")).to_be_visible()
    page.get_by_role("button", name="提交填报").click()
    expect(page.get_by_role("status").first).to_have_text("进展已保存。")
    expect(text_of(page)).to_have_value("")


def test_a_draft_too_long_says_so_and_stays_on_the_screen(open_browser: OpenBrowser, both: tuple[int, int]) -> None:
    page = open_browser(LIAISON)
    page.goto(f"/obligations/{both[0]}")
    text_of(page).fill("长" * 10_001)
    expect(page.get_by_role("status").filter(has_text="现有10001字")).to_be_visible()
    expect(text_of(page)).to_have_value("长" * 10_001)


def test_without_scripts_a_button_keeps_the_draft_and_another_gives_it_up(
    open_browser: OpenBrowser, both: tuple[int, int]
) -> None:
    page = open_browser(LIAISON, phone=True, scripts=False)
    page.goto(f"/obligations/{both[0]}")
    text_of(page).fill("写了一半")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("草稿，保存于")).to_be_visible()
    expect(text_of(page)).to_have_value("写了一半")
    page.get_by_role("button", name="放弃草稿").click()
    expect(page.get_by_role("status").first).to_have_text("草稿已放弃。")
    expect(text_of(page)).to_have_value("")


def test_one_after_the_other_by_keyboard(open_browser: OpenBrowser, both: tuple[int, int], database: Database) -> None:
    page = open_browser(LIAISON)
    page.get_by_role("link", name="批量填报2件到期或退回的事项").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("批量填报")
    keys = Keyboard(page)
    keys.tab_to("进展情况", most=60)
    keys.type("已办两场。")
    keys.tab_to("提交这一件")
    keys.press("Enter")
    expect(item(page, both[0])).to_contain_text("已提交")
    expect(page.locator("#announcement")).to_contain_text("已提交")
    expect(item(page, both[1]).get_by_role("heading", level=2)).to_be_focused()
    keys.tab_to("进展情况")
    keys.type("服务已开展。")
    keys.tab_to("完成比例")
    keys.type("150")
    keys.tab_to("提交这一件")
    keys.press("Enter")
    expect(item(page, both[1]).get_by_role("alert")).to_be_focused()
    percent = item(page, both[1]).get_by_role("textbox", name="完成比例")
    expect(percent).to_have_accessible_description(re.compile("0至100的整数。$"))
    keys.tab_to("完成比例应为")
    keys.press("Enter")
    expect(percent).to_be_focused()
    percent.fill("50")
    keys.tab_to("提交这一件")
    keys.press("Enter")
    expect(item(page, both[1])).to_contain_text("已提交")
    assert reported(database) == 2


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_many_at_once_on_a_phone(
    open_browser: OpenBrowser, both: tuple[int, int], database: Database, tmp_path: Path, *, scripts: bool
) -> None:
    photo = tmp_path / "照片.png"
    photo.write_bytes(samples.png())
    page = open_browser(LIAISON, phone=True, scripts=scripts)
    page.goto("/obligations/batch")
    text_of(item(page, both[0])).fill("已办两场。")
    item(page, both[0]).get_by_label("选择文件").set_input_files(photo)
    item(page, both[1]).get_by_text("填报这一件").click()
    text_of(item(page, both[1])).fill("服务已开展。")
    item(page, both[1]).get_by_role("textbox", name="完成比例").fill("x")
    page.get_by_role("button", name="提交全部已填写的事项").click()
    expect(page.get_by_role("heading", name="有1件未能提交")).to_be_visible()
    expect(page.get_by_role("heading", name="本次已提交1件")).to_be_visible()
    expect(text_of(item(page, both[1]))).to_have_value("服务已开展。")
    item(page, both[1]).get_by_role("textbox", name="完成比例").fill("60")
    page.get_by_role("button", name="提交全部已填写的事项").dblclick()
    expect(page.get_by_role("heading", name="本次已提交2件")).to_be_visible()
    assert reported(database) == 2


def test_without_scripts_the_page_goes_on_at_the_next_item(
    open_browser: OpenBrowser, both: tuple[int, int], database: Database
) -> None:
    page = open_browser(LIAISON, phone=True, scripts=False)
    page.goto("/obligations/batch")
    text_of(item(page, both[0])).fill("已办两场。")
    item(page, both[1]).get_by_text("填报这一件").click()
    text_of(item(page, both[1])).fill("写了一半")
    item(page, both[0]).get_by_role("button", name="提交这一件").click()
    told = item(page, both[1]).get_by_role("status").first
    expect(told).to_have_text("上一件已提交，请继续填报这一件。")
    expect(told).to_be_in_viewport()
    expect(text_of(item(page, both[1]))).to_have_value("写了一半")
    assert reported(database) == 1


def test_the_list_is_filtered_while_typing_and_the_address_follows(open_browser: OpenBrowser) -> None:
    page = open_browser(LIAISON)
    box = page.get_by_label("任务名称或编号")
    box.press_sequentially("上门")
    expect(page).to_have_url(re.compile(r"/obligations\?q="))
    expect(page.get_by_role("row")).to_have_count(3)
    expect(page.locator("#announcement")).to_have_text("共2件")
    expect(box).to_be_focused()
    page.get_by_role("link", name="1 逾期").click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.go_back()
    expect(page.get_by_role("row")).to_have_count(3)
    expect(page.get_by_label("任务名称或编号")).to_have_value("上门")
    page.get_by_label("任务名称或编号").fill("没有这个")
    page.get_by_role("link", name="清除筛选").first.click()
    expect(page.get_by_role("row")).to_have_count(5)

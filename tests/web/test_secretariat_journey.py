"""The secretariat's Monday: review, extensions, the overdue list, the reminders."""

import io
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import docx
import pytest
from fastapi import FastAPI
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from app.clock import Clock
from app.db import Database
from app.documents.writing.overdue_xlsx import HEAD_ROW
from app.mail.send import send_one, transport_for
from app.settings import Settings
from tests.history import History
from tests.web.databases import on_both_databases
from tests.web.keyboard import Keyboard, goes_down

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]
SECRETARIAT = "秘书处"
LAST_MONDAY = date(2024, 11, 18)
WITH_AND_WITHOUT_SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


@pytest.fixture
def history(history: History) -> History:
    """A list frozen a week ago; since then 甲局 submitted both its milestones, and 乙局 asked for a later date."""
    history.freeze(LAST_MONDAY)
    history.submit(history.key("甲局"), date(2024, 11, 20), said="三场活动已办")
    history.submit(history.key("甲局", phase="第二阶段"), date(2024, 11, 21), said="年度总结已写")
    history.ask(history.key("乙局", "2.1"), date(2024, 11, 22), date(2024, 12, 20))
    return history


def expect_notice(page: Page, words: str) -> None:
    expect(page.get_by_role("status").first).to_have_text(words)


def shown_rows(page: Page, name: str) -> list[tuple[str, str]]:
    """Department and task of each line of the overdue table, in the order on screen."""
    table = page.get_by_role("table", name=name)
    lines = table.get_by_role("row").filter(has=page.get_by_role("rowheader").get_by_role("link"))
    return [
        (line.get_by_role("cell").nth(1).inner_text().strip(), line.get_by_role("link").first.inner_text().strip())
        for line in lines.all()
    ]


def download(page: Page, link: str) -> tuple[str, io.BytesIO]:
    """The name that the file is saved under, and what is in it."""
    with page.expect_download() as started:
        page.get_by_role("link", name=link).first.click()
    return started.value.suggested_filename, io.BytesIO(Path(started.value.path()).read_bytes())


def spreadsheet_rows(file: io.BytesIO) -> list[tuple[str, str]]:
    """Department and task of each line, as `shown_rows` reads them from the screen."""
    lines = load_workbook(file)["逾期清单"].iter_rows(min_row=HEAD_ROW + 1, values_only=True)
    return [(str(line[1]), f"{line[4]} {line[5]}") for line in lines]


def review_both(page: Page) -> None:
    """From the desk: the first is accepted, the second returned with a reason."""
    page.get_by_role("link", name="开始审核").click()
    expect(page.get_by_role("table", name="待审核事项").get_by_role("row")).to_have_count(3)
    page.get_by_role("link", name="从第一件开始审核").click()
    expect(page.get_by_role("region", name="办结申请")).to_contain_text("三场活动已办")
    page.get_by_role("button", name="审核通过，办结").click()

    expect_notice(page, "上一件已审核通过并办结，下面是下一件。")
    expect(page.get_by_role("region", name="办结申请")).to_contain_text("年度总结已写")
    page.get_by_role("button", name="退回承办单位").click()
    expect(page.get_by_role("alert")).to_contain_text("未能提交")
    reason = page.get_by_role("textbox", name="意见")
    expect(reason).to_have_accessible_description(re.compile("请"))
    expect(reason).to_have_attribute("aria-invalid", "true")
    page.get_by_role("checkbox", name="佐证材料不全，请补充").check()
    reason.fill("请附总结全文")
    page.get_by_role("button", name="退回承办单位").click()
    expect_notice(page, "已退回承办单位。")
    expect(page.get_by_role("main")).to_contain_text("没有待审核的事项。")


def decide_the_extension(page: Page) -> None:
    page.get_by_role("link", name="延期申请").click()
    request = page.get_by_role("article").filter(has_text="乙局")
    for words in ("2023年12月31日", "2024年12月20日", "招标延后"):
        expect(request).to_contain_text(words)
    request.get_by_role("button", name="同意延期").click()
    expect_notice(page, "已同意延期，新的期限已生效。")
    expect(page.get_by_role("main")).to_contain_text("没有待审批的延期申请。")


@on_both_databases
def test_it_reviews_and_decides_and_the_list_follows(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser(SECRETARIAT)
    review_both(page)
    decide_the_extension(page)
    page.get_by_role("link", name="回到工作台").click()
    for number, what in (("0", "待审核"), ("0", "延期申请"), ("4", "目前逾期")):
        expect(page.get_by_role("list", name="今日概况").get_by_role("listitem").filter(has_text=what)).to_have_text(
            re.compile(rf"{number}\s*{what}")
        )
    page.get_by_role("link", name="先核对清单").click()
    assert [department for department, _task in shown_rows(page, "逾期事项")] == ["乙局", "东街道", "西街道", "丙局"]


def test_it_does_so_with_scripts_off(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser(SECRETARIAT, scripts=False)
    review_both(page)
    decide_the_extension(page)


def test_a_refusal_without_a_reason_is_asked_for_one(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser(SECRETARIAT)
    page.get_by_role("link", name="开始审批").click()
    page.get_by_role("button", name="不同意").click()
    expect(page.get_by_role("alert")).to_be_focused()
    opinion = page.get_by_role("textbox", name="审批意见")
    expect(opinion).to_have_accessible_description(re.compile("请写明不同意的理由"))
    opinion.fill("已无余地")
    page.get_by_role("button", name="不同意").click()
    expect_notice(page, "已答复不同意延期。")


@WITH_AND_WITHOUT_SCRIPTS
def test_the_overdue_list_by_filter_as_spreadsheet_and_as_of_a_past_day(
    open_browser: OpenBrowser, history: History, *, scripts: bool
) -> None:
    page = open_browser(SECRETARIAT, scripts=scripts)
    page.get_by_role("link", name="逾期清单", exact=True).click()
    rows = shown_rows(page, "逾期事项")
    assert sorted(department for department, _task in rows) == sorted(["乙局", "乙局", "丙局", "东街道", "西街道"])
    name, file = download(page, "下载表格")
    assert name == "测试区逾期清单（2024-11-25）.xlsx"
    assert spreadsheet_rows(file) == rows

    filters = page.get_by_role("search", name="筛选逾期清单")
    filters.get_by_label("单位").select_option("乙局")
    filters.get_by_role("button", name="查询").click()
    expect(page.get_by_role("main")).to_contain_text("共2项逾期，涉及1个单位。")
    rows = shown_rows(page, "逾期事项")
    assert rows == [("乙局", "1.1 开展宣传活动"), ("乙局", "2.1 提供上门服务")]
    assert spreadsheet_rows(download(page, "下载表格")[1]) == rows, "the file follows the filter"

    page.get_by_role("link", name="清除条件").click()
    filters.get_by_label("截至日期").fill("2024-11-19")
    filters.get_by_role("button", name="查询").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("2024年11月19日")
    assert len(shown_rows(page, "逾期事项")) == 6, "甲局 had not submitted yet"


@WITH_AND_WITHOUT_SCRIPTS
def test_it_freezes_this_weeks_list_and_finds_the_past_weeks(
    open_browser: OpenBrowser, history: History, *, scripts: bool
) -> None:
    page = open_browser(SECRETARIAT, scripts=scripts)
    page.get_by_role("button", name="只冻结，暂不发送").click()
    expect_notice(page, "逾期清单已冻结。")
    expect(page.get_by_role("heading", level=1)).to_contain_text("〔2024〕第2期")
    frozen, _rows = history.frozen(int(page.url.split("?")[0].rsplit("/", 1)[1]))
    seal = page.get_by_role("region", name="冻结与校验")
    for words in (frozen.sha256, frozen.previous_sha256, "校验一致"):
        expect(seal).to_contain_text(words)
    expect(page.get_by_role("region", name="与上期相比")).to_contain_text(re.compile(r"1\s*消除"))

    name, file = download(page, "下载表格")
    assert name == "测试区逾期清单〔2024〕第2期.xlsx"
    assert sorted(department for department, _task in spreadsheet_rows(file)) == sorted(
        ["乙局", "乙局", "丙局", "东街道", "西街道"]
    )
    name, file = download(page, "下载通报")
    assert name == "测试区逾期情况通报〔2024〕第2期.docx"
    letter = "\n".join(paragraph.text for paragraph in docx.Document(file).paragraphs)
    assert "〔2024〕第2期" in letter
    assert "共有4个单位的5项承办事项逾期未办结" in letter

    page.get_by_role("link", name="历期清单").click()
    weeks = page.get_by_role("table", name="已冻结的逾期清单，最新的在前")
    expect(weeks.get_by_role("rowheader")).to_have_text(["〔2024〕第2期", "〔2024〕第1期"])
    weeks.get_by_role("link", name="〔2024〕第1期").first.click()
    expect(page.get_by_role("main")).to_contain_text("共6项逾期，涉及5个单位。")

    page.get_by_role("link", name="工作台").click()
    step = page.get_by_role("listitem").filter(has_text="本周清单〔2024〕第2期已于2024年11月25日 周一冻结，共5项")
    expect(step.get_by_role("button", name="发送本周清单")).to_be_visible()
    expect(page.get_by_role("button", name="冻结并发送本周清单")).to_have_count(0)


@pytest.fixture
def post_office(app: FastAPI, settings: Settings, database: Database, clock: Clock) -> Callable[[], int]:
    """Sends what is waiting, as the worker does, into files; how many mails that were."""

    def send() -> int:
        sent = 0
        while send_one(database, transport_for(settings), clock):
            sent += 1
        return sent

    return send


@WITH_AND_WITHOUT_SCRIPTS
def test_it_looks_at_the_reminders_and_sends_them(
    open_browser: OpenBrowser,
    history: History,
    post_office: Callable[[], int],
    settings: Settings,
    *,
    scripts: bool,
) -> None:
    page = open_browser(SECRETARIAT, scripts=scripts)
    # On its day the list goes first, and says what is overdue; here it is held.
    page.goto("/digests?kind=weekly")
    page.get_by_text("暂缓发送").first.click()
    page.get_by_label("原因").fill("清单待领导审阅")
    page.get_by_role("button", name="暂缓发送").click()
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="提醒摘要", exact=True).click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("每日提醒")
    previews = page.get_by_role("region", name="每日提醒").get_by_role("listitem").filter(has_text="【督办")
    count = previews.count()
    assert count >= 4
    to_third = previews.filter(has_text="丙局联络员")
    to_third.get_by_text("丙局联络员").first.click()
    expect(to_third).to_contain_text("提供上门服务")

    page.get_by_role("button", name="现在发送").click()
    expect_notice(page, "提醒摘要已进入发送队列。")
    table = page.get_by_role("table", name="本次发送的邮件")
    expect(table.get_by_role("rowheader")).to_have_count(count)
    expect(table.get_by_text("待发送")).to_have_count(count)
    assert post_office() == count
    page.reload()
    expect(table.get_by_text("已发送")).to_have_count(count)

    page.get_by_role("link", name="邮件", exact=True).click()
    log = page.get_by_role("table", name="邮件，最新的在前")
    expect(log.get_by_role("rowheader")).to_have_count(count)
    log.get_by_role("row").filter(has_text="丙局联络员").get_by_role("link").click()
    expect(page.frame_locator("iframe").get_by_text("提供上门服务").first).to_be_visible()
    assert download(page, "下载邮件文件")[0].endswith(".eml")
    assert len(list(settings.mail_dir.glob("*.eml"))) == count

    page.get_by_role("link", name="提醒摘要", exact=True).first.click()
    expect(page.get_by_role("main")).to_contain_text(f"共{count}封")
    expect(page.get_by_role("button", name="现在发送")).to_have_count(0)


@WITH_AND_WITHOUT_SCRIPTS
def test_it_freezes_and_sends_this_weeks_list_with_one_click(
    open_browser: OpenBrowser, history: History, post_office: Callable[[], int], *, scripts: bool
) -> None:
    page = open_browser(SECRETARIAT, scripts=scripts)
    page.get_by_role("button", name="冻结并发送本周清单").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("〔2024〕第2期")
    expect(page.get_by_role("status").first).to_contain_text("冻结")
    assert post_office() == 5, "to itself and to the four departments that are late"
    page.get_by_role("link", name="邮件", exact=True).click()
    log = page.get_by_role("table", name="邮件，最新的在前")
    expect(log.get_by_text("已发送")).to_have_count(5)
    log.get_by_role("row").filter(has_text="account1@example.org").get_by_role("link").click()
    expect(page.get_by_role("definition").filter(has_text="第2期.xlsx")).to_be_visible()
    page.get_by_role("link", name="工作台").click()
    expect(page.get_by_role("listitem").filter(has_text="冻结并发送本周逾期清单")).to_contain_text("已完成")


def test_it_reviews_by_keyboard_alone(open_browser: OpenBrowser, history: History) -> None:
    page = open_browser(SECRETARIAT, phone=True)
    page.get_by_role("heading", level=1, name="工作台").wait_for()
    keys = Keyboard(page)
    keys.skip_to_main()
    assert goes_down(keys.tab_to("开始审核"))
    keys.follow()
    keys.tab_to("从第一件开始审核")
    keys.follow()
    keys.tab_to("佐证材料不全，请补充")
    way = keys.tab_to("意见")
    keys.type("请附签到表")
    way += keys.tab_to("退回承办单位")
    assert goes_down(way)
    keys.press("Space")
    expect_notice(page, "上一件已退回承办单位，下面是下一件。")
    expect(page.get_by_role("status").first).to_be_focused()
    expect(page.get_by_role("region", name="办结申请")).to_contain_text("年度总结已写")

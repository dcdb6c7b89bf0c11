"""A liaison at work, on a phone: what she must do for her department, as she meets it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from playwright.sync_api import Locator, Page, expect

from app.models.review import ReviewDecision
from tests.conftest import TODAY
from tests.documents import samples
from tests.history import History
from tests.web.databases import on_both_databases
from tests.web.keyboard import Keyboard, goes_down

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]
LIAISON = "甲局联络员"
TASK = "1.1 开展宣传活动"


@pytest.fixture
def attendance(tmp_path: Path) -> Path:
    """A spreadsheet as a liaison would attach it."""
    path = tmp_path / "签到表.xlsx"
    book = Workbook()
    book.active.append(["日期", "场次", "人数"])
    book.active.append(["2024-11-20", "第三场", 86])
    book.save(path)
    return path


def task_link(page: Page, phase: str) -> Locator:
    return page.get_by_role("row", name=phase).get_by_role("link", name=TASK)


def standing(page: Page) -> Locator:
    """The line under the title: light, department, role, phase, due date."""
    return page.get_by_role("main").locator("p", has_text="期限").filter(has_text="甲局").first


def fill_report(page: Page) -> None:
    page.get_by_role("radio", name="申请办结").check()
    page.get_by_role("textbox", name="进展情况").fill("三场宣传活动均已举办。")
    page.get_by_role("textbox", name="存在困难").fill("场地紧张")
    page.get_by_role("textbox", name="下一步安排").fill("整理成册")


def expect_report_shown(page: Page) -> None:
    report = page.get_by_role("article").filter(has_text="申请办结")
    for words in ("三场宣传活动均已举办。", "场地紧张", "整理成册", "签到表证明人数"):
        expect(report).to_contain_text(words)


def report_completion(page: Page, attendance: Path) -> None:
    """From the start page to the answer of the secretariat's office: in its queue."""
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("我的事项.*甲局"))
    expect(page.get_by_role("link", name="1 逾期")).to_be_visible()
    expect(page.get_by_role("row").nth(1)).to_contain_text("逾期330天")
    next_up = page.get_by_role("region", name="接下来先办这一件")
    expect(next_up).to_be_in_viewport()
    expect(next_up).to_contain_text("逾期330天")
    next_up.get_by_role("link", name="填报进展").click()

    expect(standing(page)).to_contain_text("逾期330天")
    fill_report(page)
    page.get_by_label("选择文件").set_input_files(attendance)
    page.get_by_role("textbox", name="材料证明内容").fill("签到表证明人数")
    page.get_by_role("button", name="提交填报").click()

    expect(page.get_by_role("status").first).to_have_text("已提交秘书处审核。")
    expect(standing(page)).to_contain_text("待审")
    expect(page.get_by_role("button", name="提交填报")).to_have_count(0)
    expect_report_shown(page)
    with page.expect_download() as started:
        page.get_by_role("link", name="签到表.xlsx").click()
    assert started.value.suggested_filename == "签到表.xlsx"
    assert Path(started.value.path()).read_bytes() == attendance.read_bytes()

    page.get_by_role("link", name="我的事项").first.click()
    page.get_by_role("link", name="1 待审").click()
    expect(page.get_by_role("row", name="第一阶段")).to_contain_text("待审")


@on_both_databases
def test_she_reports_completion_and_sees_it_in_review(open_browser: OpenBrowser, attendance: Path) -> None:
    report_completion(open_browser(LIAISON, phone=True), attendance)


def test_she_does_so_with_scripts_off(open_browser: OpenBrowser, attendance: Path) -> None:
    report_completion(open_browser(LIAISON, phone=True, scripts=False), attendance)


def test_the_notice_has_the_focus_after_a_report(open_browser: OpenBrowser) -> None:
    page = open_browser(LIAISON, phone=True)
    task_link(page, "第一阶段").click()
    page.get_by_role("textbox", name="进展情况").fill("已办两场。")
    page.get_by_role("button", name="提交填报").click()
    notice = page.get_by_role("status").first
    expect(notice).to_have_text("进展已保存。")
    expect(notice).to_be_focused()
    expect(notice).to_be_in_viewport()


def test_she_does_so_by_keyboard_alone(open_browser: OpenBrowser, attendance: Path) -> None:
    page = open_browser(LIAISON, phone=True)
    page.on("filechooser", lambda chooser: chooser.set_files(attendance))
    expect(page.get_by_role("heading", level=1)).to_contain_text("我的事项")
    keys = Keyboard(page)
    keys.skip_to_main()
    way = keys.tab_to(TASK)
    assert not any("退出" in stop.said for stop in way), "behind the link the head of the page is passed"
    assert goes_down(way)
    keys.follow()

    form = keys.tab_to("阶段进展")
    # Tab goes to a group of radio buttons, the arrows go through it; so it is in every browser.
    keys.press("ArrowDown")
    expect(page.get_by_role("radio", name="申请办结")).to_be_checked()
    for label, text in (("进展情况", "三场宣传活动均已举办。"), ("存在困难", "场地紧张"), ("下一步安排", "整理成册")):
        form += keys.tab_to(label)
        keys.type(text)
    form += keys.tab_to("预计不能按期完成")
    keys.press("Space")
    form += keys.tab_to("选择文件")
    keys.press("Enter")
    expect(page.get_by_label("选择文件")).to_have_value(re.compile("签到表.xlsx$"))
    form += keys.tab_to("材料证明内容")
    keys.type("签到表证明人数")
    form += keys.tab_to("提交填报")
    assert goes_down(form[form.index(next(stop for stop in form if "阶段进展" in stop.said)) :])
    keys.press("Enter")

    notice = page.get_by_role("status").first
    expect(notice).to_have_text("已提交秘书处审核。")
    expect(notice).to_be_focused()
    expect(standing(page)).to_contain_text("待审")
    expect_report_shown(page)


def test_she_asks_for_an_extension(open_browser: OpenBrowser) -> None:
    page = open_browser(LIAISON, phone=True)
    task_link(page, "第二阶段").click()
    page.get_by_text("申请延期", exact=True).click()
    page.get_by_role("textbox", name="延期理由").fill("招标推迟")
    page.get_by_label("拟延期至").fill("2025-03-31")
    page.get_by_role("button", name="提交延期申请").click()
    expect(page.get_by_role("status").first).to_have_text("延期申请已提交秘书处审批。")
    asked = page.get_by_role("region", name="延期申请")
    for words in ("待审批", "由2024年12月31日延至2025年3月31日", "招标推迟"):
        expect(asked).to_contain_text(words)
    expect(standing(page), "nothing moves before it is granted").to_contain_text("2024年12月31日")
    expect(page.get_by_role("button", name="提交延期申请")).to_have_count(0)


def test_an_extension_with_faults_comes_back_open_with_what_was_typed(open_browser: OpenBrowser) -> None:
    page = open_browser(LIAISON, phone=True)
    task_link(page, "第二阶段").click()
    page.get_by_text("申请延期", exact=True).click()
    page.get_by_role("textbox", name="延期理由").fill("招标推迟")
    page.get_by_label("拟延期至").fill("2024-12-01")
    page.get_by_role("button", name="提交延期申请").click()
    expect(page.get_by_role("alert")).to_be_focused()
    day = page.get_by_label("拟延期至")
    expect(day).to_have_value("2024-12-01")
    expect(day).to_have_accessible_description(re.compile("应晚于现行期限"))
    expect(page.get_by_role("textbox", name="延期理由")).to_have_value("招标推迟")


def test_she_sees_what_was_returned_and_why_and_sends_it_again(open_browser: OpenBrowser, history: History) -> None:
    key = history.key("甲局")
    history.submit(key, TODAY, said="三场活动已办")
    history.review(key, ReviewDecision.RETURNED, TODAY)
    page = open_browser(LIAISON, phone=True)
    returned = page.get_by_role("region", name="接下来先办这一件")
    expect(returned).to_contain_text("请补充材料")
    returned.get_by_role("link", name=TASK).click()
    expect(page.get_by_role("region", name="秘书处退回意见")).to_contain_text("请补充材料")
    page.get_by_role("link", name="去补充填报").click()
    words = page.get_by_role("textbox", name="进展情况")
    expect(words).to_have_value("三场活动已办")
    expect(page.get_by_role("radio", name="申请办结")).to_be_checked()
    words.fill("三场活动已办，补充签到表。")
    page.get_by_role("button", name="提交填报").click()
    expect(page.get_by_role("status").first).to_have_text("已提交秘书处审核。")
    expect(standing(page)).to_contain_text("待审")
    expect(page.get_by_role("region", name="办理轨迹"), "the reason stays on record").to_contain_text("请补充材料")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_form_with_faults_comes_back_with_what_was_typed(
    open_browser: OpenBrowser, tmp_path: Path, attendance: Path, *, scripts: bool
) -> None:
    program = tmp_path / "照片.png"
    program.write_bytes(samples.EXE)
    page = open_browser(LIAISON, phone=True, scripts=scripts)
    task_link(page, "第一阶段").click()
    page.get_by_role("radio", name="申请办结").check()
    page.get_by_role("textbox", name="存在困难").fill("场地紧张")
    page.get_by_role("textbox", name="下一步安排").fill("整理成册")
    page.get_by_role("textbox", name="完成比例").fill("150")
    page.get_by_label("选择文件").set_input_files([attendance, program])
    page.get_by_role("textbox", name="材料证明内容").fill("签到表证明人数")
    page.get_by_role("button", name="提交填报").click()

    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("未能提交")
    if scripts:
        expect(summary).to_be_focused()
    for label, typed in (("存在困难", "场地紧张"), ("下一步安排", "整理成册"), ("完成比例", "150")):
        expect(page.get_by_role("textbox", name=label)).to_have_value(typed)
    expect(page.get_by_role("textbox", name="材料证明内容")).to_have_value("签到表证明人数")
    expect(page.get_by_role("radio", name="申请办结")).to_be_checked()
    expect(page.get_by_role("checkbox", name="已上传：签到表.xlsx")).to_be_checked()

    text = page.get_by_role("textbox", name="进展情况")
    expect(text).to_have_accessible_description(re.compile("请填写进展情况"))
    expect(page.get_by_role("textbox", name="完成比例")).to_have_accessible_description(re.compile("0至100的整数。$"))
    expect(page.get_by_label("选择文件")).to_have_accessible_description(re.compile("照片.png"))
    for field in (text, page.get_by_role("textbox", name="完成比例"), page.get_by_label("选择文件")):
        expect(field).to_have_attribute("aria-invalid", "true")
    summary.get_by_role("link", name="请填写进展情况").click()
    expect(text).to_be_focused()
    expect(text).to_be_in_viewport()

    text.fill("三场宣传活动均已举办。")
    page.get_by_role("textbox", name="完成比例").fill("")
    page.get_by_role("button", name="提交填报").click()
    expect(page.get_by_role("status").first).to_have_text("已提交秘书处审核。")
    expect_report_shown(page)
    expect(page.get_by_role("link", name="签到表.xlsx")).to_be_visible()


def test_who_comes_second_keeps_the_text_and_sends_it_again(open_browser: OpenBrowser) -> None:
    first, second = (open_browser(LIAISON, phone=True) for _ in range(2))
    for page in (first, second):
        task_link(page, "第一阶段").click()
    fill_report(second)
    first.get_by_role("textbox", name="进展情况").fill("已办两场。")
    first.get_by_role("button", name="提交填报").click()
    expect(first.get_by_role("status").first).to_have_text("进展已保存。")

    second.get_by_role("button", name="提交填报").click()
    told = second.get_by_role("alert")
    expect(told).to_contain_text("已被他人更新")
    expect(told).to_be_focused()
    expect(second.get_by_role("textbox", name="进展情况")).to_have_value("三场宣传活动均已举办。")
    expect(second.get_by_role("radio", name="申请办结")).to_be_checked()
    expect(second.get_by_role("article"), "what happened meanwhile").to_contain_text("已办两场。")
    second.get_by_role("button", name="提交填报").click()
    expect(second.get_by_role("status").first).to_have_text("已提交秘书处审核。")

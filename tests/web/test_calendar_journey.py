"""From the calendar to the rows of a day, by hand and by keyboard; and the month sheet on paper."""

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from app.db import Database
from app.models import Milestone, Obligation, Phase, Task

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_leader_finds_what_is_due_on_a_day(open_browser: OpenBrowser, *, scripts: bool) -> None:
    page = open_browser("领导", scripts=scripts)
    page.goto("/calendar")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("2024年11月")
    page.get_by_role("textbox", name="月份").fill("2024年12月")
    page.get_by_role("textbox", name="月份").press("Enter")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("2024年12月 6件到期")
    if scripts:
        expect(page.locator("#announcement")).to_have_text("2024年12月，共6件到期")
    page.get_by_role("link", name="正常 6 件，2024年12月31日到期").click()
    expect(page).to_have_url("/calendar/2024-12-31?light=on_track")
    expect(page.get_by_text("共6件。")).to_be_visible()
    page.get_by_label("状态", exact=True).select_option("overdue")
    if not scripts:
        page.get_by_role("button", name="筛选").click()
    expect(page.get_by_text("这一天没有符合条件的事项。")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("共6件。")).to_be_visible()


def test_a_phone_shows_the_days_that_have_something(open_browser: OpenBrowser) -> None:
    page = open_browser("甲局联络员", phone=True)
    page.goto("/calendar?month=2024-12")
    expect(page.get_by_text("2024年12月31日 周二", exact=True)).to_be_visible()
    expect(page.get_by_text("2024年12月30日 周一", exact=True)).to_be_hidden()


def test_departments_are_found_while_typing_and_kept_in_the_address(open_browser: OpenBrowser) -> None:
    page = open_browser("领导")
    page.goto("/departments")
    page.get_by_label("名称或其他写法").fill("街道")
    page.get_by_label("类别").select_option("subdistrict")
    expect(page.get_by_role("link", name="甲局")).to_have_count(0)
    expect(page.get_by_role("link", name="东街道")).to_be_visible()
    expect(page.locator("#announcement")).to_have_text("共2个单位")
    page.reload()
    expect(page.get_by_role("link", name="东街道")).to_be_visible()


def paper_pages(page: Page) -> tuple[int, list[str]]:
    """How many sides Chromium prints, and the sections that are higher than they were reckoned."""
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 794, "height": 1123})
    high = page.locator(".month-sheet").evaluate_all(
        "(sheets) => sheets.map((sheet) => sheet.offsetHeight).filter((height) => height > 273 * 96 / 25.4)"
    )
    sides = page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
    page.emulate_media(media="screen")
    return sides, [str(height) for height in high]


def test_the_sheet_fits_on_its_paper(open_browser: OpenBrowser, database: Database) -> None:
    page = open_browser("甲局联络员")
    page.goto("/departments/1/sheet")
    assert paper_pages(page) == (1, [])
    crowd(database, 30)
    page.reload()
    assert paper_pages(page) == (1, [])
    crowd(database, 90)
    page.reload()
    expect(page.get_by_text("（转下页）").first).to_be_visible()
    sheets = page.locator(".month-sheet").count()
    assert sheets > 1
    assert paper_pages(page) == (sheets, [])


def crowd(database: Database, count: int) -> None:
    """So many more duties of the department, due this month; rows alone, for their looks."""
    with database.writing() as session:
        row = session.exec(select(Obligation).where(Obligation.department_id == 1)).first()
        assert row is not None
        task = session.get_one(Task, row.task_id)
        for number in range(count):
            more = Task(
                **{
                    **task.model_dump(exclude={"id"}),
                    "number": f"{count}.{number}",
                    "title": "开展群众性宣传教育活动并建立长效机制",
                }
            )
            session.add(more)
            session.flush()
            phase = session.exec(select(Phase).where(Phase.plan_id == task.plan_id)).first()
            assert phase is not None
            milestone = Milestone(
                plan_id=task.plan_id,
                task_id=more.id,
                phase_id=phase.id or 0,
                expected="宣传教育活动全面铺开，任务指标高质量完成，成效明显",
            )
            session.add(milestone)
            session.flush()
            values = row.model_dump(exclude={"id"})
            session.add(
                Obligation(**{**values, "task_id": more.id, "milestone_id": milestone.id, "due": date(2024, 11, 29)})
            )

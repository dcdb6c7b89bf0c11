"""From the link in a reminder to a stored report: on a phone, by keyboard, without scripts; nobody signs in."""

import email
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, expect
from sqlmodel import select

from app.changes.make_digest_run import make_run
from app.clock import HeldClock
from app.db import Database
from app.jobs.send_mail import finisher
from app.mail.send import send_one, transport_for
from app.models import Account, Evidence, OutboxMail, ProgressUpdate, Region, ReportLink
from app.models.digest_run import RunKind
from app.settings import Settings
from tests.conftest import NOW, TODAY
from tests.documents import samples
from tests.history import History
from tests.web.conftest import PHONE
from tests.web.keyboard import Keyboard
from tests.web.test_accessibility import Inspection, inspection  # noqa: F401 (a fixture)

pytestmark = pytest.mark.browser

LIAISON = "乙局联络员"


@pytest.fixture
def letter(app: FastAPI, database: Database, settings: Settings, clock: HeldClock, site: str) -> EmailMessage:
    """The morning's mail to 乙局's liaison, as it arrives."""
    app.state.settings = settings = settings.model_copy(update={"base_url": site})
    with database.reading() as session:
        region = session.exec(select(Region.id).where(Region.code == "test")).one() or 0
    make_run(database, lambda: None, region, RunKind.DAILY, TODAY, now=NOW, by=None, settings=settings)
    while send_one(database, transport_for(settings), clock, finish=finisher(settings, clock)):
        pass
    with database.reading() as session:
        key = session.exec(select(OutboxMail.key).where(OutboxMail.to_name == LIAISON)).one()
    with (settings.mail_dir / f"{key}.eml").open("rb") as file:
        return email.message_from_binary_file(file, policy=default)


def link_in(letter: EmailMessage, part: str) -> str:
    body = letter.get_body((part,))
    assert body is not None
    (link,) = set(re.findall(r"http://[\d.:]+/r/[\w-]+", body.get_content()))
    return link


@pytest.fixture
def strangers(browser: Browser) -> Iterator[list[BrowserContext]]:
    """A phone with scripts, and one without."""
    made = [
        browser.new_context(viewport=PHONE, locale="zh-CN", java_script_enabled=scripts) for scripts in (True, False)
    ]
    for context in made:
        context.set_default_timeout(10_000)
    yield made
    for context in made:
        context.close()


def reports(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.exec(select(ProgressUpdate.text)))


def link_row(database: Database) -> ReportLink:
    with database.reading() as session:
        whose = select(Account.id).where(Account.login == LIAISON).scalar_subquery()
        return session.exec(select(ReportLink).where(ReportLink.account_id == whose)).one()


def test_from_the_mail_to_a_report_with_a_file(
    letter: EmailMessage,
    strangers: list[BrowserContext],
    database: Database,
    history: History,
    inspection: Inspection,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Eleven stops of the keyboard from the top of the page to the button; nothing was touched when it was opened."""
    first, second = history.key("乙局"), history.key("乙局", "2.1")
    file = tmp_path / "签到表.pdf"
    file.write_bytes(samples.PDF)
    page = strangers[0].new_page()
    page.goto(link_in(letter, "html"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("一键填报")
    assert link_row(database).opened_at is None
    keyboard = Keyboard(page)
    keyboard.skip_to_main()
    to_text = keyboard.tab_to('textbox "进展情况')
    keyboard.type("两场宣传均已办结，台账齐备。")
    expect(page.get_by_text("草稿已保存")).to_be_visible()
    assert link_row(database).opened_at is not None, "the first touch tells"
    item = page.locator(f"#item-{first}")
    item.get_by_label("选择文件").set_input_files(file)
    item.get_by_label("选择文件").focus()
    to_button = keyboard.tab_to('button "提交这一件')
    keyboard.press("Enter")
    expect(item).to_contain_text("已提交")
    expect(page.locator(f"#item-{second} details")).to_have_attribute("open", "")
    assert len(to_text) + len(to_button) <= 6
    assert reports(database) == ["两场宣传均已办结，台账齐备。"]
    with database.reading() as session:
        assert session.exec(select(Evidence.file_name)).all() == ["签到表.pdf"]
    assert link_row(database).reported_at is not None
    inspection.look_at(page, "one of two sent")
    other = page.locator(f"#item-{second}")
    other.get_by_role("textbox", name="完成比例").fill("150")
    page.get_by_role("button", name="提交全部已填写的事项").click()
    page.get_by_role("heading", name="有1件未能提交").wait_for()
    inspection.look_at(page, "with faults")
    assert inspection.found == []


def test_without_scripts_and_when_it_is_not_me(
    letter: EmailMessage,
    strangers: list[BrowserContext],
    database: Database,
    inspection: Inspection,  # noqa: F811
) -> None:
    without = strangers[1].new_page()
    without.goto(link_in(letter, "plain"))
    without.get_by_role("textbox", name="进展情况").first.fill("已办两场。")
    without.get_by_role("button", name="提交全部已填写的事项").click()
    expect(without.get_by_role("status").first).to_have_text("已填写的事项全部提交。")
    expect(without.get_by_role("heading", name="不需再填报的1件")).to_be_visible()
    assert reports(database) == ["已办两场。"]
    page = strangers[0].new_page()
    page.goto(without.url)
    typed = page.get_by_role("textbox", name="进展情况")
    without.get_by_text("这不是我").click()
    without.get_by_role("button", name="撤销链接").click()
    expect(without.get_by_role("status").first).to_have_text("填报链接已撤销，任何人不能再用。")
    typed.fill("写到一半")
    expect(page.get_by_role("alert")).to_contain_text("填报链接已不能使用")
    expect(typed, "what was written stays").to_have_value("写到一半")
    inspection.look_at(page, "with a link that counts no more")
    page.get_by_role("button", name="提交全部已填写的事项").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("链接不能使用")
    inspection.look_at(page, "void, with something typed")
    page.goto(without.url)
    inspection.look_at(page, "void")
    assert inspection.found == []

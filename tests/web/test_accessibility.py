"""Every page of every role, in every state: axe-core finds nothing, and nothing sticks out at the side.

Light and wide, dark and on a phone; 320 px are what is left of a desk's screen at 400 % zoom.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, Page
from sqlmodel import col, select

import app.routers
from app.changes.make_digest_run import make_run
from app.clock import Clock
from app.db import Database
from app.mail.send import send_one, transport_for
from app.models import OutboxMail, Region
from app.models.digest_run import RunKind
from app.models.review import ReviewDecision
from app.settings import Settings
from tests.documents import samples
from tests.history import History, at

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]
Violations = Callable[[Page], list[str]]

LOOKS = ((1280, "light"), (360, "dark"))
NARROWEST = 320

LOGINS = {
    "liaison": "甲局联络员",
    "head": "甲局负责人",
    "secretariat": "秘书处",
    "leader": "领导",
    "expert": "专家",
    "liaison-without": "丙局联络员",
    "new-region": "邻区秘书处",
}

# Pages with data; a name in braces stands for what `lived_in` made.
PAGES = {
    "liaison": [
        "/obligations",
        "/obligations?section=review",
        "/obligations?section=done",
        "/obligations/{returned}",
        "/obligations/{submitted}",
    ],
    "head": ["/obligations/{supporters}"],
    "secretariat": [
        "/desk",
        "/review",
        "/review/{submitted}",
        "/review/{accepted}",
        "/review/{returned}",
        "/obligations/{accepted}",
        "/extensions",
        "/extensions/{asked}",
        "/extensions/{decided}",
        "/overdue?group=department",
        "/overdue?group=plan&as_of=2024-11-18",
        "/overdue/lists",
        "/overdue/lists/{list}",
        "/digests",
        "/digests?kind=weekly",
        "/digests/{run}",
        "/mail",
        "/mail/{mail}",
    ],
    "leader": [
        "/plans",
        "/plans/test-plan",
        "/plans/test-plan/milestones",
        "/plans/test-plan/obligations",
        "/plans/test-plan/indicators",
        "/plans/test-plan/notes",
        "/plans/test-plan/tasks/1.1",
        "/plans/test-plan/tasks/保障1",
        "/departments",
        "/departments/{department}",
    ],
}
EMPTY = {
    "liaison-without": ["/obligations?section=review", "/obligations?section=done", "/obligations?section=cancelled"],
    "new-region": [
        *("/desk", "/review", "/extensions", "/overdue", "/overdue/lists", "/digests", "/digests?kind=weekly", "/mail"),
        *("/plans", "/departments"),
    ],
    "expert": ["/plans/test-plan/milestones?light=done", "/plans/test-plan/obligations?light=done"],
}
WITH_FAULTS = {
    "secretariat": ["/overdue?as_of=2030-01-01&min_days=x&sort=y", "/overdue?after=x", "/nothing"],
}
# What no list holds: answers that are files or lead elsewhere, and the page to sign in, which has a test of its own.
NO_PAGES = {
    *("/", "/health", "/sign-in", "/evidence/{evidence_id}", "/mail/{mail_id}.eml", "/mail/{mail_id}/html"),
    *("/overdue.xlsx", "/overdue/lists/{list_id}.xlsx", "/overdue/lists/{list_id}.docx"),
}


@dataclass
class Inspection:
    """Collects what is wrong on the pages that it is shown."""

    violations: Violations
    found: list[str] = field(default_factory=list)

    def look_at(self, page: Page, state: str = "") -> None:
        page.get_by_role("heading", level=1).wait_for()
        page.evaluate("document.querySelectorAll('details').forEach((folded) => { folded.open = true; })")
        where = f"{page.url} {state}"
        for width, scheme in LOOKS:
            page.emulate_media(color_scheme=scheme)
            self._resize(page, width)
            self.found += [f"{where} ({width} px, {scheme}): {finding}" for finding in self.violations(page)]
        self._resize(page, NARROWEST)
        page.set_viewport_size({"width": LOOKS[0][0], "height": 900})

    def _resize(self, page: Page, width: int) -> None:
        page.set_viewport_size({"width": width, "height": 740})
        needed, there = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        if needed > there:
            self.found.append(f"{page.url} is {needed} px wide on a screen of {there}")

    def look_at_all(self, page: Page, paths: list[str]) -> None:
        for path in paths:
            page.goto(path)
            self.look_at(page)


@pytest.fixture
def inspection(violations: Violations) -> Inspection:
    return Inspection(violations)


def _mails(database: Database, settings: Settings, clock: Clock) -> tuple[int, int]:
    """Friday's reminders, of which one could not be sent; the run and a mail."""
    friday = date(2024, 11, 22)
    with database.writing() as session:
        region = session.exec(select(Region).where(Region.code == "test")).one()
        run = make_run(session, region, RunKind.DAILY, friday, now=at(friday), by=None, settings=settings)
        mail = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).first()
        assert mail is not None
        mail.to_address = "no address"
        session.add(mail)
        made = run.id or 0, mail.id or 0
    while send_one(database, transport_for(settings), clock):
        pass
    return made


@pytest.fixture
def lived_in(history: History, database: Database, settings: Settings, clock: Clock) -> dict[str, int]:
    """The cast with something in every state; where to find it."""
    places = {
        "submitted": history.key("甲局", phase="第二阶段"),
        "returned": history.key("甲局"),
        "accepted": history.key("乙局", "2.1"),
        "supporters": history.key("乙局"),
    }
    history.accept(places["accepted"], date(2024, 1, 5))
    places["decided"] = history.extend(history.key("东街道"), date(2024, 1, 8), date(2024, 11, 1))
    places["list"] = history.freeze(date(2024, 11, 18), by="秘书处")
    history.submit(places["supporters"], date(2024, 11, 19), said="已办两场", complete=False)
    history.submit(places["returned"], date(2024, 11, 19))
    history.review(places["returned"], ReviewDecision.RETURNED, date(2024, 11, 20))
    history.submit(places["submitted"], date(2024, 11, 21), said="长" * 300 + "https://example.org/" + "x" * 300)
    places["run"], places["mail"] = _mails(database, settings, clock)
    places["department"] = 1
    places["asked"] = history.ask(history.key("丙局", "2.1"), date(2024, 11, 22), date(2025, 3, 31))
    return places


@pytest.mark.parametrize("role", PAGES)
def test_pages_with_data(
    open_browser: OpenBrowser, lived_in: dict[str, int], inspection: Inspection, role: str
) -> None:
    page = open_browser(LOGINS[role])
    inspection.look_at_all(page, [path.format(**lived_in) for path in PAGES[role]])
    assert inspection.found == []


@pytest.mark.parametrize("role", EMPTY)
def test_pages_without_data(open_browser: OpenBrowser, inspection: Inspection, role: str) -> None:
    inspection.look_at_all(open_browser(LOGINS[role]), EMPTY[role])
    assert inspection.found == []


@pytest.mark.parametrize("role", WITH_FAULTS)
def test_pages_of_faulty_addresses(open_browser: OpenBrowser, inspection: Inspection, role: str) -> None:
    inspection.look_at_all(open_browser(LOGINS[role]), WITH_FAULTS[role])
    assert inspection.found == []


def test_the_page_to_sign_in(browser: Browser, site: str, inspection: Inspection) -> None:
    page = browser.new_page(base_url=site)
    page.goto("/sign-in")
    inspection.look_at(page)
    page.get_by_label("账号").fill("谁也不是")
    page.get_by_label("密码").fill("wrong")
    page.get_by_role("button", name="登录").click()
    page.get_by_role("alert").wait_for()
    inspection.look_at(page, "with faults")
    page.close()
    assert inspection.found == []


def test_forms_of_a_liaison_with_faults(
    open_browser: OpenBrowser, lived_in: dict[str, int], inspection: Inspection, tmp_path: Path
) -> None:
    program = tmp_path / "照片.png"
    program.write_bytes(samples.EXE)
    page, other = (open_browser("甲局联络员") for _ in range(2))
    for opened in (page, other):
        opened.goto("/obligations/{returned}".format(**lived_in))
    page.get_by_role("textbox", name="进展情况").fill("")
    page.get_by_role("textbox", name="完成比例").fill("150")
    page.get_by_label("选择文件").set_input_files(program)
    page.get_by_role("button", name="提交填报").click()
    page.get_by_role("alert").wait_for()
    inspection.look_at(page, "report with faults")
    page.get_by_role("textbox", name="延期理由").fill("招标推迟")
    page.get_by_role("button", name="提交延期申请").click()
    page.get_by_text("请填写日期").first.wait_for()
    inspection.look_at(page, "request with faults")
    page.get_by_role("textbox", name="进展情况").fill("补充签到表。")
    page.get_by_role("button", name="提交填报").click()
    page.get_by_text("已提交秘书处审核。").first.wait_for()
    inspection.look_at(page, "with a notice")
    other.get_by_role("button", name="提交填报").click()
    other.get_by_text("已被他人更新").first.wait_for()
    inspection.look_at(other, "overtaken")
    assert inspection.found == []


def test_forms_of_the_secretariat_with_faults(
    open_browser: OpenBrowser, lived_in: dict[str, int], inspection: Inspection
) -> None:
    page, other = (open_browser("秘书处") for _ in range(2))
    other.goto("/overdue/lists")
    for path, button in (
        ("/review/{submitted}", "退回承办单位"),
        ("/review/{accepted}", "重新办理"),
        ("/extensions/{asked}", "不同意"),
    ):
        page.goto(path.format(**lived_in))
        page.get_by_role("button", name=button).click()
        page.get_by_role("alert").wait_for()
        inspection.look_at(page, f"{button} with faults")
    page.goto("/overdue/lists")
    page.get_by_role("button", name="冻结今日清单").click()
    page.get_by_text("逾期清单已冻结。").first.wait_for()
    other.get_by_role("button", name="冻结今日清单").click()
    other.get_by_role("alert").wait_for()
    inspection.look_at(other, "overtaken")
    page.goto("/desk")
    inspection.look_at(page, "after freezing")
    assert inspection.found == []


def test_no_page_is_left_out() -> None:
    """A page that is added to the house is added here, too."""
    doors = [
        route
        for module in pkgutil.iter_modules(app.routers.__path__, "app.routers.")
        for route in getattr(importlib.import_module(module.name), "router", APIRouter()).routes
        if isinstance(route, APIRoute) and "GET" in route.methods
    ]
    listed = [path for paths in (*PAGES.values(), *EMPTY.values()) for path in paths]
    looked_at = {re.sub(r"\{\w+\}", "1", path).split("?")[0] for path in listed}
    unseen = {door.path for door in doors if not any(door.path_regex.fullmatch(path) for path in looked_at)}
    assert unseen == NO_PAGES

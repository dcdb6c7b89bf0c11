"""Every page of every role, in every state: axe-core finds nothing, and nothing sticks out at the side.

Light and wide, dark and on a phone; 320 px are what is left of a desk's screen at 400 % zoom.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, Page
from sqlmodel import col, select

import app.routers
from app.changes.decide_note import decide_note
from app.changes.hold_run import hold_run
from app.changes.make_digest_run import make_run
from app.changes.one_time_links import make_link
from app.changes.release_plan import release_plan
from app.clock import Clock
from app.db import Database
from app.drafts.department_register import SuccessionKind
from app.mail.send import send_one, transport_for
from app.models import Account, Handover, InboundMail, MailedAnswer, OutboxMail, Plan, Region, SourceNote
from app.models.digest_run import RunKind
from app.models.inbound_mail import InboundKind
from app.models.mailed_answer import AnswerState
from app.models.one_time_link import LinkPurpose
from app.models.outbox_mail import MailFault, MailState
from app.models.plan_release import PublicField
from app.models.review import ReviewDecision
from app.queries.handover_items import handover_items
from app.settings import Settings
from tests.changes.successions import Office, wanted
from tests.documents import samples
from tests.history import History, at
from tests.web.reading import focus_faults, spacing_faults

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]
Violations = Callable[[Page], list[str]]

LOOKS = ((1280, "light"), (360, "dark"))
NARROWEST = 320

LOGINS = {
    "liaison": "甲局联络员",
    "head": "甲局负责人",
    "secretariat": "秘书处",
    "manager": "秘书处",
    "leader": "领导",
    "expert": "专家",
    "liaison-without": "丙局联络员",
    "new-region": "邻区秘书处",
}

# Pages with data; a name in braces stands for what `lived_in` made.
PAGES = {
    "liaison": [
        *("/account", "/account/password", "/account/second-factor", "/account/tokens"),
        "/account/reminders",
        "/obligations",
        "/obligations?section=review",
        "/obligations?section=done",
        "/obligations?q=1.1&year=2024&sort=plan",
        "/obligations/batch",
        "/answers",
        "/obligations/batch?section=todo&at={returned}&done={submitted}&sent=yes",
        "/obligations/{returned}",
        "/obligations/{submitted}",
    ],
    "head": ["/account/handover", "/obligations/{supporters}", "/search", "/search?q=%E6%B4%BB%E5%8A%A8"],
    "secretariat": [
        "/desk",
        "/review",
        "/review?late=yes",
        "/review?all=yes&returned=2",
        "/review/{submitted}",
        "/review/{accepted}",
        "/review/{returned}",
        "/obligations/{accepted}",
        "/obligations/{extended}",
        "/extensions",
        "/extensions/{asked}",
        "/extensions/{decided}",
        "/overdue?group=department",
        "/overdue?group=plan&as_of=2024-11-18",
        "/overdue/lists",
        "/overdue/lists/{list}",
        "/overdue/lists/{list}?show=still",
        *("/plans/test-plan/public", "/plans/test-plan/public/preview?shown=dates&shown=progress", "/public/test-plan"),
        "/digests",
        *("/digests?kind=weekly", "/digests?day=2024-12-17", "/digests?day=2024-11-30&department=above"),
        "/digests/{run}",
        "/mail",
        "/mail/{mail}",
        *("/mail/inbound", "/mail/inbound/{inbound}"),
        "/plans/test-plan/notes",
    ],
    "manager": [
        *("/manage", "/manage/accounts", "/manage/accounts/new", "/manage/accounts/unheard", "/manage/accounts/1"),
        *("/handovers", "/handovers/{handover}", "/manage/accounts/{leaver}/handover"),
        *("/manage/departments", "/manage/departments/new", "/manage/departments/{department}"),
        *("/manage/successions", "/manage/successions/new", "/manage/successions/new?kind=split"),
        "/manage/successions/{succession}",
        *("/manage/groups", "/manage/groups/1", "/manage/calendar?year=2024", "/manage/rules"),
        *("/manage/channels", "/manage/alarms"),
        *("/manage/rules/default?due=2024-10-06", "/manage/rules/plans/test-plan", "/manage/accounts/2/charges"),
        *("/audit", "/audit?place=system", "/audit?who=x&action=report", "/audit/region/1"),
        *("/manage/plans", "/manage/plans/test-plan/editions/1", "/manage/plans/publish", "/mail?q=nobody"),
    ],
    "leader": [
        *(
            "/overview",
            "/overview?plan=test-plan",
            "/overview/obligations?show=overdue",
            "/overview/milestones?show=past",
        ),
        "/plans",
        "/plans/test-plan",
        "/plans/test-plan/phases",
        "/plans/test-plan/responsibilities?lights=1",
        "/plans/test-plan/responsibilities?department={department}",
        "/plans/test-plan/timeline",
        "/plans/test-plan/milestones",
        "/plans/test-plan/obligations",
        "/plans/test-plan/indicators",
        "/plans/test-plan/notes",
        "/plans/test-plan/notes/{note}",
        "/plans/test-plan/tasks/1.1",
        "/plans/test-plan/tasks/2.1",
        "/plans/test-plan/tasks/保障1",
        "/departments",
        "/departments/{department}",
        *("/departments/{department}/obligations", "/departments/{department}/sheet?month=2024-12"),
        *("/departments/silent", "/departments/silent?kind=repeated"),
        *("/calendar", "/calendar?month=2024-10", "/calendar?month=2030-12", "/calendar/2024-12-31"),
    ],
}
EMPTY = {
    "liaison-without": [
        "/answers",
        *("/obligations?section=review", "/obligations?section=done", "/obligations?section=cancelled"),
        *("/obligations?section=returned", "/obligations?q=x", "/obligations/batch?q=x"),
    ],
    "new-region": [
        *(
            "/desk",
            "/review",
            "/extensions",
            "/overdue",
            "/overdue/lists",
            "/digests",
            "/digests?kind=weekly",
            "/mail",
            "/mail/inbound",
        ),
        *("/plans", "/departments", "/overview", "/overview/obligations", "/overview/milestones"),
        *("/departments/silent", "/departments/silent?kind=repeated", "/calendar", "/calendar/2024-12-31"),
        "/handovers",
        *("/manage/successions", "/manage/channels", "/manage/alarms"),
        *("/manage", "/manage/accounts?q=nobody", "/manage/departments?q=nobody", "/manage/groups", "/manage/plans"),
    ],
    "expert": [
        *("/plans/test-plan/milestones?light=done", "/plans/test-plan/obligations?light=done"),
        "/plans/test-plan/notes?q=没有这句",
        *("/departments?q=x", "/departments/7", "/departments/7/obligations", "/departments/7/sheet"),
        "/plans/test-plan/responsibilities?area=safeguard&role=lead",
    ],
}
WITH_FAULTS = {
    "manager": [
        "/audit?from=x&to=x&action=x&outcome=x&channel=x&about=x",
        *("/manage/accounts?role=x&department=y&standing=z", "/manage/departments?kind=x"),
        *("/manage/calendar?year=1800", "/manage/rules/default?due=x", "/manage/successions/new?kind=x"),
    ],
    "leader": [
        *("/overview/obligations?show=x&due=x", "/overview/milestones?show=x"),
        *("/departments?kind=x&group=x", "/departments/1/obligations?role=x&from=x&to=x&plan=x&light=x&outcome=x"),
        *("/departments/1/sheet?month=x", "/departments/silent?department=x&plan=x"),
        *("/calendar?month=x&plan=x&mine=x", "/calendar/2024-12-31?light=x&mine=x", "/calendar/x"),
    ],
    "liaison": ["/obligations?section=x&role=x&year=1&plan=test-plan", "/obligations/batch?section=x&plan=x&year=1"],
    "secretariat": [
        *("/overdue?as_of=2030-01-01&min_days=x&sort=y", "/overdue?after=x", "/nothing"),
        *("/plans/test-plan/notes?state=x&q=%E8%AF%B4", "/plans/test-plan/responsibilities?role=x"),
        "/plans/test-plan/milestones?light=x",
    ],
}
# What no list holds: answers that are files or lead elsewhere, and the pages to sign in, which have tests of their own.
NO_PAGES = {
    *(
        "/",
        *("/health", "/health/sending"),
        "/sign-in",
        "/sign-in/forgotten",
        "/sign-in/link/{token}",
        "/r/{token}",
        "/sign-in/second-factor",
        "/sign-in/provider/return",
        "/evidence/{evidence_id}",
        "/review/{obligation_id}/row",
        "/mail/{mail_id}.eml",
        "/mail/{mail_id}/html",
    ),
    "/digests/{run_id}.xlsx",
    *("/handovers/{handover_id}.docx", "/account/handover.docx"),
    "/audit.{kind}",
    *("/overdue.xlsx", "/overdue/lists/{list_id}.xlsx", "/overdue/lists/{list_id}.docx"),
    *("/plans/{code}/responsibilities.xlsx", "/public/{code}.json"),
    "/manage/plans/{code}/editions/{number}.json",
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
            for findings in (self.violations(page), focus_faults(page), spacing_faults(page)):
                self.found += [f"{where} ({width} px, {scheme}): {finding}" for finding in findings]
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
    with database.reading() as session:
        here = session.exec(select(Region.id).where(Region.code == "test")).one() or 0
    run = make_run(database, lambda: None, here, RunKind.DAILY, friday, now=at(friday), by=None, settings=settings)
    with database.writing() as session:
        mail = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).first()
        assert mail is not None
        mail.state, mail.fault, mail.attempts = MailState.FAILED, MailFault.ADDRESS, 1
        mail.error = "收件地址不正确：no address"
        session.add(mail)
        hold = {"reason": "数据待核对", "by": 1, "now": at(friday), "today": friday}
        hold_run(session, here, RunKind.DAILY, date(2024, 12, 17), **hold)
        made = run.id or 0, mail.id or 0
    while send_one(database, transport_for(settings), clock):
        pass
    return made


def _decided_note(database: Database, by: int) -> int:
    with database.writing() as session:
        note = session.exec(select(SourceNote)).one()
        decide_note(session, note, reading=0, text="附件在后，以附件为准", seen=0, by=by, now=at(date(2024, 11, 20)))
        return note.id or 0


def _released_plan(database: Database, by: int) -> None:
    """Everything that can be released."""
    with database.writing() as session:
        plan = session.exec(select(Plan).where(Plan.code == "test-plan")).one()
        release_plan(session, plan, shown=list(PublicField), seen=0, by=by, now=at(date(2024, 11, 20)))


def _handed_over(history: History) -> int:
    """A sheet as the secretariat made it; the liaison of 甲局 stays to hand over himself."""
    day = date(2024, 11, 20)
    with history.database.writing() as session:
        account = session.exec(select(Account).where(Account.login == "乙局联络员")).one()
        sheet = handover_items(session, history.region(session), account, now=at(day), to_name="甲局联络员")
        made = Handover(
            region_id=account.region_id or 0,
            from_account_id=account.id or 0,
            to_account_id=history.account("甲局联络员"),
            on=day,
            note="纸质材料在柜中",
            items=sheet.kept(),
            made_at=at(day),
            made_by=history.account("秘书处"),
        )
        session.add(made)
        session.flush()
        return made.id or 0


def _answered(history: History) -> int:
    """What came by mail: to one item, to none for certain, and one that was dropped. The id of a mail."""
    key, now = history.key("甲局"), at(date(2024, 11, 22))
    words = dict.fromkeys(("difficulties", "next_step", "proves", "window"), "")
    typed = {"kind": "completion", "text": "已办三场", "percent": "六成", "risk": False, "kept": [], **words}
    with history.database.writing() as session:
        account = session.exec(select(Account).where(Account.login == "甲局联络员")).one()
        of = {"region_id": account.region_id or 0, "department_id": account.department_id or 0}
        said = {"subject": "回复：【督办提醒】" + "x" * 100, "outcome": "1项答复待单位确认。", "text": "已办三场"}
        mail = InboundMail(**of, **said, fingerprint="1", kind=InboundKind.ANSWER, account_id=account.id, read_at=now)
        session.add(mail)
        session.flush()
        faults = ["填报表第7行：完成比例“六成”应为0至100的整数。"]
        for item, state in ((key, "waiting"), (None, "waiting"), (key, "dropped")):
            row = {"obligation_id": item, "state": AnswerState(state), "typed": {**typed, "faults": faults}}
            session.add(MailedAnswer(**of, **row, inbound_id=mail.id or 0, created_at=now, settled_at=now))
        return mail.id or 0


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
    places["extended"] = history.key("东街道")
    places["decided"] = history.extend(places["extended"], date(2024, 1, 8), date(2024, 11, 1))
    places["list"] = history.freeze(date(2024, 11, 18), by="秘书处")
    history.submit(places["supporters"], date(2024, 11, 19), said="已办两场", complete=False)
    history.submit(places["returned"], date(2024, 11, 19))
    history.review(places["returned"], ReviewDecision.RETURNED, date(2024, 11, 20))
    history.submit(places["submitted"], date(2024, 11, 21), said="长" * 300 + "https://example.org/" + "x" * 300)
    places["run"], places["mail"] = _mails(database, settings, clock)
    places["inbound"] = _answered(history)
    places["department"] = 1
    _released_plan(database, history.account("秘书处"))
    places["note"] = _decided_note(database, history.account("秘书处"))
    places["leaver"], places["handover"] = history.account("甲局联络员"), _handed_over(history)
    places["succession"] = Office(database).record(
        wanted(SuccessionKind.RENAME, "旧局", "新局", on=date(2025, 1, 1)), at(date(2024, 11, 22))
    )
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


def test_the_pages_to_sign_in(browser: Browser, site: str, database: Database, inspection: Inspection) -> None:
    page = browser.new_page(base_url=site)
    with database.writing() as session:
        account = session.exec(select(Account).where(Account.login == "甲局联络员")).one()
        token, _link = make_link(
            session, account, LinkPurpose.FIRST, by=None, lasts=timedelta(days=30), now=at(date(2024, 11, 20))
        )
    inspection.look_at_all(page, ["/sign-in/forgotten", "/sign-in/link/void", f"/sign-in/link/{token}"])
    page.get_by_role("button", name="设置密码并登录").click()
    page.get_by_role("alert").wait_for()
    inspection.look_at(page, "with faults")
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
    page.get_by_role("textbox", name="完成比例").fill("")
    page.get_by_role("button", name="提交填报").click()
    page.get_by_text("已提交秘书处审核。").first.wait_for()
    inspection.look_at(page, "with a notice")
    other.get_by_role("button", name="提交填报").click()
    other.get_by_text("已被他人更新").first.wait_for()
    inspection.look_at(other, "overtaken")
    assert inspection.found == []


def test_a_token_is_made_and_revoked(open_browser: OpenBrowser, inspection: Inspection) -> None:
    page = open_browser("甲局联络员")
    page.goto("/account/tokens")
    page.get_by_role("textbox", name="有效天数").fill("400")
    page.get_by_role("button", name="生成令牌").click()
    page.get_by_role("alert").wait_for()
    inspection.look_at(page, "with faults")
    page.get_by_role("textbox", name="名称").fill("局办公系统")
    page.get_by_role("textbox", name="有效天数").fill("30")
    page.get_by_role("button", name="生成令牌").click()
    page.get_by_role("heading", name="令牌已生成").wait_for()
    inspection.look_at(page, "shown once")
    page.get_by_role("link", name="回到令牌列表").click()
    page.get_by_role("button", name="撤销").wait_for()
    inspection.look_at(page, "with a token")
    page.get_by_role("button", name="撤销").click()
    page.get_by_text("令牌已撤销").first.wait_for()
    assert inspection.found == []


def test_many_forms_of_a_liaison_with_drafts_and_faults(
    open_browser: OpenBrowser, history: History, inspection: Inspection
) -> None:
    page = open_browser("乙局联络员")
    page.goto("/obligations/batch")
    first = page.locator(f"#item-{history.key('乙局')}")
    first.get_by_role("textbox", name="进展情况").fill("已办两场。")
    first.get_by_text("草稿已保存").wait_for()
    first.get_by_role("textbox", name="完成比例").fill("150")
    first.get_by_role("button", name="提交这一件").click()
    first.get_by_role("alert").wait_for()
    inspection.look_at(page, "one of many with faults")
    page.get_by_role("button", name="提交全部已填写的事项").click()
    page.get_by_role("heading", name="有1件未能提交").wait_for()
    inspection.look_at(page, "many with faults")
    for path in ("/obligations", "/obligations/batch", f"/obligations/{history.key('乙局')}"):
        page.goto(path)
        inspection.look_at(page, "with a draft")
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

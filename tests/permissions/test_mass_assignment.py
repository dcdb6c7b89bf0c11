"""Whatever else is sent along with a form changes nothing (OWASP ASVS 5.0, 15.3.3)."""

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import Boolean, Date, Integer, Table, select

from app.changes.edit_account import account_mark
from app.changes.set_charges import charges_mark
from app.db import Database
from app.models import Account, Obligation, OutboxMail
from app.models.base import metadata
from app.models.columns import UtcDateTime
from app.models.outbox_mail import MailState
from tests.conftest import PASSWORD, PLAN
from tests.permissions.conftest import Stage
from tests.permissions.table import read_table
from tests.permissions.world import Browser, Door, World, browser_of

Fields = dict[str, Any]
Form = Callable[[Stage, Browser], Fields]
Dump = dict[str, list[dict[str, Any]]]  # table to rows
FILES = "files"  # not a field of the form but what is uploaded with it
REPORT = {
    "kind": "interim",
    "text": "已办三场",
    "difficulties": "",
    "next_step": "",
    "percent": "60",
    "proves": "",
    "risk": "",
    "window": "",
    "opened": "",
}
RULES = {
    "before": "45、7",
    "on_day": "1",
    "after": "2",
    "weekly": "1",
    "counting": "working",
    "head_after": "5",
    "secretariat_after": "",
    "leader_after": "9",
    "at_once": "4",
    "preview": "",
    "due": "",
}
PLAN_FILE = json.dumps({**PLAN, "title": "测试行动计划（修订）"}, ensure_ascii=False).encode()


def plain(**fields: Any) -> Form:
    return lambda _stage, _browser: dict(fields)


def revised(obligation: str, **fields: Any) -> Form:
    """With the revision of the obligation that `World.own` knows by this name."""

    def made(stage: Stage, _browser: Browser) -> Fields:
        database: Database = stage.app.state.database
        with database.reading() as session:
            return {"revision": session.get_one(Obligation, stage.world.own[obligation]).revision, **fields}

    return made


def edited_account(stage: Stage, _browser: Browser) -> Fields:
    database: Database = stage.app.state.database
    with database.reading() as session:
        seen = account_mark(session.get_one(Account, stage.world.own["account_id"]))
    return {"seen": seen, "name": "街道联络员", "role": "liaison", "department": "西街道", "email": "new@example.org"}


def one_item(stage: Stage, browser: Browser) -> Fields:
    key = stage.world.own["open_id"]
    typed = revised("open_id", **REPORT)(stage, browser)
    place = dict.fromkeys(("section", "plan", "phase", "year", "q", "sort", "at", "done"), "")
    return {"item": key, "all": "yes", **place, **{f"item-{key}-{name}": value for name, value in typed.items()}}


def several(stage: Stage, browser: Browser) -> Fields:
    revision = revised("obligation_id")(stage, browser)["revision"]
    return {"item": f"{stage.world.own['obligation_id']}_{revision}", "decision": "accepted", "reason": "", "quick": ""}


def previewed(_stage: Stage, browser: Browser) -> Fields:
    answer = browser.send("POST", "/manage/plans/publish", files={"file": ("plan.json", PLAN_FILE)})
    return {
        name: unescape(value) for name, value in re.findall(r'name="(content|mark|name)" value="([^"]*)"', answer.text)
    }


def noted(**fields: Any) -> Form:
    return lambda stage, _browser: {"seen": stage.world.own["decision"], **fields}


def released(stage: Stage, _browser: Browser) -> Fields:
    return {"seen": stage.world.own["release"], "shown": "dates", "decision": ""}


def handed_over(stage: Stage, browser: Browser) -> Fields:
    return {
        "seen": edited_account(stage, browser)["seen"],
        "successor": "new",
        "login": "东街道新联络员",
        "name": "东街道新联络员",
        "email": "next@example.org",
        "on": "2024-11-25",
        "note": "",
    }


MERGER = {
    "kind": "merge",
    "predecessor": "丙局",
    "heir": "戊局",
    "heir_kind": "government",
    "heir_aliases": "",
    "on": "2025-01-01",
    "document": "机构改革方案",
    "note": "",
    "certainty": "printed",
    "chosen": "",
}


def confirmed(_stage: Stage, browser: Browser) -> Fields:
    """With the mark of the preview."""
    answer = browser.send("POST", "/manage/successions/preview", MERGER)
    mark = re.search(r'name="mark" value="([^"]*)"', answer.text)
    return {**MERGER, "mark": mark[1] if mark else ""}


def one_item_by_link(stage: Stage, browser: Browser) -> Fields:
    return {**one_item(stage, browser), "only": stage.world.own["open_id"], "after": "", "at": ""}


def typed_by_link(stage: Stage, browser: Browser) -> Fields:
    key = stage.world.own["open_id"]
    return {name: value for name, value in one_item(stage, browser).items() if name.startswith(f"item-{key}-")}


def linked(stage: Stage, _browser: Browser) -> Fields:
    return {"token": stage.world.own["token"], "new_password": "一个相当长的新口令-2024"}


def held_mail(stage: Stage, browser: Browser) -> Fields:
    browser.send("POST", f"/mail/{stage.world.own['mail_id']}/hold", {"reason": "核对"})
    return {"reason": "已核对"}


def sent_mail(stage: Stage, _browser: Browser) -> Fields:
    database: Database = stage.app.state.database
    with database.writing() as session:
        mail = session.get_one(OutboxMail, int(stage.world.own["mail_id"]))
        mail.state, mail.sent_at = MailState.SENT, mail.created_at
    return {"reason": "收件人反映未收到", "copies": "0"}


def dropped_answer(stage: Stage, browser: Browser) -> Fields:
    browser.send("POST", f"/answers/{stage.world.own['answer_id']}/drop")
    return {}


# Every field that a form has, filled in rightly; who sends it where.
FORMS: dict[str, tuple[str, Form]] = {
    "/account/password": ("领导", plain(old_password=PASSWORD, new_password="一个相当长的新口令-2024", next="/")),
    "/account/reminders": (
        "甲局联络员",
        plain(pace="weekly", attach_calendar="1", attach_sheet="", one_click=""),
    ),
    "/account/second-factor": ("领导", plain(code="000000", password="", new="", next="/")),
    "/account/second-factor/remove": ("领导", plain(code="", password="")),
    "/account/report-links/revoke": ("甲局联络员", plain()),
    "/account/sessions/others": ("甲局联络员", plain()),
    "/account/sessions/{session_id}/end": ("甲局联络员", plain()),
    "/account/tokens": ("甲局联络员", plain(name="办公系统", scope="read", days="30", password="", code="")),
    "/account/tokens/{token_id}/revoke": ("甲局联络员", plain()),
    "/api/v1/obligations/{obligation_id}/updates": ("甲局联络员", plain(kind="interim", text="已办三场", percent=60)),
    "/api/v1/uploads": ("甲局联络员", plain(**{FILES: {"file": ("台账.csv", "一,二\r\n".encode())}})),
    "/answers/{answer_id}/drop": ("甲局联络员", plain()),
    "/answers/{answer_id}/restore": ("甲局联络员", dropped_answer),
    "/answers/{answer_id}/take": ("甲局联络员", plain(obligation="")),
    "/audit/check": ("审计员", plain(place="region")),
    "/desk/weekly": ("秘书处", plain(run_date="2024-11-25")),
    "/digests": ("秘书处", plain(kind="weekly", run_date="2024-11-25")),
    "/digests/holds": ("秘书处", plain(kind="daily", run_date="2024-12-03", reason="数据待核对")),
    "/digests/holds/{hold_id}/release": ("秘书处", plain()),
    "/extensions/{extension_id}": ("秘书处", plain(decision="grant", granted_due="2025-03-31", reason="")),
    "/language": ("甲局联络员", plain(language="en", next="/plans")),
    "/mail/{mail_id}/again": ("秘书处", sent_mail),
    "/mail/{mail_id}/drop": ("秘书处", plain(reason="重复")),
    "/mail/{mail_id}/hold": ("秘书处", plain(reason="核对")),
    "/mail/{mail_id}/release": ("秘书处", held_mail),
    "/manage/accounts": (
        "秘书处",
        plain(login="新号", name="丙局新联络员", role="liaison", department="丙局", email="n@example.org", password=""),
    ),
    "/manage/accounts/{account_id}": ("秘书处", edited_account),
    "/manage/accounts/{account_id}/charges": ("秘书处", plain(seen=charges_mark(()), whole="some", departments="1")),
    "/manage/accounts/{account_id}/close": ("秘书处", plain()),
    "/manage/accounts/{account_id}/handover": ("秘书处", handed_over),
    "/manage/accounts/{account_id}/provider/unlink": ("秘书处", plain()),
    "/manage/accounts/{account_id}/sessions": ("秘书处", plain()),
    "/manage/accounts/{account_id}/password": ("秘书处", plain()),
    "/manage/accounts/{account_id}/reopen": ("秘书处", plain()),
    "/manage/accounts/{account_id}/second-factor/reset": ("秘书处", plain()),
    "/manage/calendar": ("秘书处", plain(day="2024-12-27", working="off", reason="校庆")),
    "/manage/calendar/{exception_id}/remove": ("秘书处", plain()),
    "/manage/channels": (
        "秘书处",
        plain(name="甲局工作群", department="", address="feishu://0123456789abcdef", signing=""),
    ),
    "/manage/channels/{channel_id}/active": ("秘书处", plain(active="no")),
    "/manage/channels/{channel_id}/test": ("秘书处", plain()),
    "/manage/departments": ("秘书处", plain(name="丁局", kind="government", aliases="区丁局", note="")),
    "/manage/departments/{department_id}": ("秘书处", plain(name="甲局", kind="party", place="1", note="改")),
    "/manage/departments/{department_id}/aliases": ("秘书处", plain(alias="甲局机关")),
    "/manage/departments/{department_id}/aliases/remove": ("秘书处", plain(alias="区甲局")),
    "/manage/groups/{group_id}/members": ("秘书处", plain(member="丙局")),
    "/manage/groups/{group_id}/members/remove": ("秘书处", plain(member="东街道")),
    "/manage/plans/publish": ("秘书处", plain(**{FILES: {"file": ("plan.json", PLAN_FILE)}})),
    "/manage/plans/publish/confirm": ("秘书处", previewed),
    "/manage/rules/default": ("秘书处", plain(seen="default", **RULES)),
    "/manage/rules/default/remove": ("秘书处", plain(seen="default")),
    "/manage/rules/plans/{code}": ("秘书处", plain(seen="default", **RULES)),
    "/manage/rules/plans/{code}/remove": ("秘书处", plain(seen="default")),
    "/manage/successions": ("秘书处", confirmed),
    "/manage/successions/form": ("秘书处", plain(**MERGER)),
    "/manage/successions/preview": ("秘书处", plain(**MERGER)),
    "/manage/successions/{succession_id}/undo": ("秘书处", plain()),
    "/mail/{mail_id}/report-link/revoke": ("秘书处", plain()),
    "/obligations/batch": ("甲局联络员", one_item),
    "/obligations/{obligation_id}/draft": ("甲局联络员", revised("open_id", **REPORT, copy="")),
    "/obligations/{obligation_id}/draft/discard": ("甲局联络员", plain()),
    "/obligations/{obligation_id}/extensions": ("甲局联络员", plain(reason="招标延后", proposed_due="2025-03-31")),
    "/obligations/{obligation_id}/updates": ("甲局联络员", revised("open_id", **REPORT)),
    "/overdue/lists": ("秘书处", plain()),
    "/plans/{code}/notes/{note_id}": ("秘书处", noted(reading="1", text="附件在后")),
    "/plans/{code}/notes/{note_id}/take-back": ("秘书处", noted()),
    "/plans/{code}/public": ("秘书处", released),
    "/r/{token}": ("甲局联络员", one_item_by_link),
    "/r/{token}/draft/{obligation_id}": ("甲局联络员", typed_by_link),
    "/r/{token}/opened": ("甲局联络员", plain()),
    "/r/{token}/revoke": ("甲局联络员", plain()),
    "/review/several": ("秘书处", several),
    "/review/{obligation_id}": (
        "秘书处",
        revised("obligation_id", decision="returned", reason="请补充", quick="", reopen_reason=""),
    ),
    "/review/{obligation_id}/reopen": (
        "秘书处",
        revised("obligation_id", reopen_reason="抽查", reason="", quick="", decision=""),
    ),
    "/sign-in": ("", plain(login="领导", password=PASSWORD, next="/", **{"had-files": "", "resume": ""})),
    "/sign-in/forgotten": ("", plain(login="领导")),
    "/sign-in/link": ("", linked),
    "/sign-in/provider": ("", plain(next="/")),
    "/sign-in/second-factor": ("", plain(code="000000", next="/")),
    "/sign-out": ("领导", plain()),
}
CHANGING = sorted({door for door in read_table("Every route").cells if door.method != "GET"})


def hostile(world: World) -> Fields:
    """A value for every column of every table, chosen to do harm."""
    wanted: Fields = {
        "region_id": world.foreign["region_id"],
        "department_id": world.foreign["department_id"],
        "role": "admin",
        "state": "accepted",
        "active": "1",
    }
    for table in metadata.tables.values():
        for column in table.columns:
            wanted.setdefault(column.name, _harm(world, column.name, column.type))
    del wanted["csrf"]  # without it no form is taken at all
    wanted |= {f"{noun}-{world.foreign['account_id']}": "close" for noun in ("account", "task")}
    return wanted


def _harm(world: World, name: str, kind: object) -> str:
    if name.endswith(("_id", "_by")) or name == "id":
        return str(world.accounts["邻区秘书处"])
    if isinstance(kind, Boolean):
        return "1"
    if isinstance(kind, Integer):
        return "999"
    if isinstance(kind, Date | UtcDateTime):
        return "2030-01-01"
    return "外来"


def dump(stage: Stage) -> Dump:
    """Every row of every table, without moments, hashes and what is drawn at random."""
    database: Database = stage.app.state.database
    found = {}
    with database.reading() as session:
        for table in metadata.sorted_tables:
            if table.name not in {"audit_chain", "audit_entry"}:
                columns = [column for column in table.columns if not _varies(table, column.name, column.type)]
                order = list(table.primary_key.columns)
                found[table.name] = [dict(row) for row in session.execute(select(*columns).order_by(*order)).mappings()]
    return found


def _varies(table: Table, name: str, kind: object) -> bool:
    random = {"csrf", "password_hash", "message_id", "hint", "sealed_url"}
    letters = table.name == "outbox_mail" and name in {"html", "text", "attachments", "key"}
    return isinstance(kind, UtcDateTime) or name in random or "sha256" in name or letters


def after(stage: Stage, door: Door, *, extra: Fields) -> tuple[int, Dump]:
    stage.again()
    login, form = FORMS[door.path]
    with browser_of(stage.app, login) as browser:
        own = form(stage, browser)
        files = own.pop(FILES, None)
        ids = stage.world.own
        if login == "甲局联络员":
            ids = {**ids, "obligation_id": ids["open_id"]}
        answer = browser.send(door.method, door.address(ids), {**extra, **own}, files=files)
    return answer.status_code, dump(stage)


def test_every_changing_route_has_its_form_here() -> None:
    assert {door.path for door in CHANGING} - set(FORMS) == set()


@pytest.mark.parametrize("door", CHANGING, ids=[f"{door.method} {door.path}" for door in CHANGING])
def test_fields_that_no_form_has_change_nothing(stage: Stage, door: Door) -> None:
    stage.again()
    before = dump(stage)
    status, right = after(stage, door, extra={})
    bent, wrong = after(stage, door, extra=hostile(stage.world))
    assert (bent, differing(right, wrong)) == (status, []) or (bent, differing(before, wrong)) == (422, [])


def differing(one: Dump, other: Dump) -> list[str]:
    """The tables whose rows are not the same, with the rows."""
    return [
        f"{name}: {[row for row in rows if row not in other[name]]} -> {[row for row in other[name] if row not in rows]}"
        for name, rows in one.items()
        if rows != other[name]
    ]

"""Two regions with something of everything, and a signed-in browser for each kind of person.

What 邻区 says or is called has 邻区 in it, so that any of it is found in an answer to somebody of 测试区.
"""

import asyncio
import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from unittest.mock import patch

import anyio.to_thread
import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlmodel import Session, col, select

from app.changes.decide_note import decide_note
from app.changes.extend_due import request_extension
from app.changes.freeze_overdue_list import freeze_overdue_list
from app.changes.keep_draft import keep_draft
from app.changes.make_digest_run import make_run
from app.changes.one_time_links import make_link
from app.changes.publish_plan import publish_plan
from app.changes.register_departments import register_departments
from app.changes.release_plan import release_plan
from app.changes.report_links import token_to_send
from app.changes.submit_update import Report, submit_update
from app.changes.token_hash import token_sha256
from app.clock import Clock
from app.db import Database
from app.documents.evidence_store import EvidenceStore
from app.domain.audit import Act, AuditAction, Channel
from app.drafts.department_register import Certainty, DepartmentRegister, SuccessionKind
from app.drafts.plan_draft import PlanDraft
from app.jobs.beat import beat
from app.models import (
    Account,
    AccountSession,
    ApiToken,
    ChatChannel,
    DayException,
    Department,
    DepartmentGroup,
    Digest,
    Evidence,
    Handover,
    InboundMail,
    MailedAnswer,
    NoteDecision,
    Obligation,
    OutboxMail,
    Plan,
    PlanRelease,
    ProgressUpdate,
    Region,
    ReportLink,
    RunHold,
    SourceNote,
    Succession,
)
from app.models.account import AccountRole
from app.models.api_token import TokenScope
from app.models.digest_run import RunKind
from app.models.inbound_mail import InboundKind
from app.models.mailed_answer import AnswerState
from app.models.one_time_link import LinkPurpose
from app.models.plan_release import PublicField
from app.models.progress_update import UpdateKind
from app.routers.dependencies import COOKIE
from app.routers.form_token import masked
from app.routers.mailed_report import link_form_token
from app.routers.report_form import WORDS
from app.sealing import Sealer
from app.settings import Settings
from app.trail import append_entry
from tests.conftest import MILESTONES, PHASES, PUBLISHED, TODAY

FOREIGN = "邻区"
CSRF = "the-token-of-every-form"

# The columns of docs/permissions.md: whose browser it is. Task 1.1 is led by 甲局 and supported by 乙局.
PEOPLE = {
    "anonymous": "",
    "other department": "丙局联络员",
    "supporter": "乙局联络员",
    "lead": "甲局联络员",
    "head": "甲局负责人",
    "expert": "专家",
    "leader": "领导",
    "secretariat": "秘书处",
    "admin": "系统管理员",
    "security": "安全管理员",
    "auditor": "审计员",
    "other secretariat": "邻区秘书处",
    "other liaison": "邻区联络员",
}
OURS = frozenset(login for login in PEOPLE.values() if not login.startswith(FOREIGN))
_ADDED = (
    ("系统管理员", AccountRole.ADMIN, "test", None),
    ("安全管理员", AccountRole.SECURITY, "test", None),
    ("审计员", AccountRole.AUDITOR, "test", None),
    ("邻区联络员", AccountRole.LIAISON, "next", "邻区专属局"),
    ("邻区安全管理员", AccountRole.SECURITY, "next", None),
    ("邻区审计员", AccountRole.AUDITOR, "next", None),
    ("邻区领导", AccountRole.LEADER, "next", None),
)
_NEXT_REGISTER = {
    "region": {"code": "next", "name": "邻区"},
    "departments": [
        {"name": "甲局", "kind": "government"},
        {"name": "邻区专属局", "kind": "government", "aliases": ["邻区专局"]},
    ],
    "groups": [{"name": "邻区各站", "members": ["邻区专属局"], "certainty": "printed"}],
}
_NEXT_PLAN = {
    "code": "next-plan",
    "title": "邻区行动计划",
    "period": [2022, 2025],
    "region": "next",
    "status": "in_force",
    "phases": PHASES,
    "areas": [{"number": "1", "title": "邻区行动"}],
    "tasks": [
        {
            "number": "1.1",
            "kind": "action",
            "area": "1",
            "title": "邻区任务",
            "mode": "lead_support",
            "lead": ["邻区专属局"],
            "support": ["甲局"],
            "as_printed": {"lead": ["邻区专局"], "support": ["甲局"]},
            "measures": ["邻区每年举办3场宣传活动"],
            "milestones": [dict(milestone) for milestone in MILESTONES],
            "line": 10,
        }
    ],
    "indicators": [
        {
            "number": "1",
            "area": "1",
            "name": "邻区普及率",
            "unit": "%",
            "lead": ["邻区专属局"],
            "targets": [{"year": 2025, "comparator": ">=", "value": 85, "printed": "≥85%"}],
        }
    ],
    "source_notes": [{"about": "task:1.1", "lines": [12, 13], "readings": ["邻区甲说", "邻区乙说"]}],
}


@dataclass(frozen=True)
class World:
    """`own` and `foreign`: what stands for each parameter of a path, in 测试区 and in 邻区. `accounts`: login to id."""

    own: Mapping[str, Any]
    foreign: Mapping[str, Any]
    accounts: Mapping[str, int]


def build_world(database: Database, settings: Settings, clock: Clock) -> World:
    with database.writing() as session:
        register_departments(session, DepartmentRegister.model_validate(_NEXT_REGISTER))
        publish_plan(session, PlanDraft.model_validate(_NEXT_PLAN), now=PUBLISHED)
        _add_accounts(session)
    store = EvidenceStore(settings.evidence_dir, 1024 * 1024)
    own = _told(database, settings, clock, store, "test", "甲局", "甲局联络员", "秘书处", "")
    foreign = _told(database, settings, clock, store, "next", "邻区专属局", "邻区联络员", "邻区秘书处", FOREIGN)
    with database.writing() as session:
        accounts = dict(session.exec(select(Account.login, Account.id)).all())
        roles = {row.login: row.role for row in session.exec(select(Account)).all()}
        for login, key in accounts.items():
            _open_session(session, key or 0, token_of(login), clock.now())
            _give_token(session, key or 0, login, roles[login], clock.now())
        own |= _keys_of_lead(session, clock, settings, "甲局联络员", "东街道联络员", "")
        foreign |= _keys_of_lead(session, clock, settings, "邻区联络员", "邻区安全管理员", FOREIGN)
    beat(database, clock.wall(), "test:1", clock.wall())  # a worker is at work: monitoring says so
    return World(own, foreign, {login: key or 0 for login, key in accounts.items()})


def _add_accounts(session: Session) -> None:
    regions = dict(session.exec(select(Region.code, Region.id)).all())
    hashed = session.exec(select(Account.password_hash)).first() or ""
    for number, (login, role, region, department) in enumerate(_ADDED, start=1):
        held = session.exec(
            select(Department.id).where(Department.region_id == regions[region], Department.name == department)
        ).one_or_none()
        session.add(
            Account(
                region_id=regions[region],
                department_id=held,
                login=login,
                name=login,
                email=f"added{number}@example.org",
                role=role,
                password_hash=hashed,
                created_at=PUBLISHED,
            )
        )


def _open_session(session: Session, account_id: int, token: str, now: datetime, agent: str = "") -> int:
    row = AccountSession(
        account_id=account_id,
        token_sha256=token_sha256(token),
        csrf=CSRF,
        agent=agent,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=12),
    )
    session.add(row)
    session.flush()
    return row.id or 0


def _give_token(session: Session, account_id: int, login: str, role: AccountRole, now: datetime) -> int:
    """As far as the role can have one: only liaisons report."""
    row = ApiToken(
        account_id=account_id,
        name=f"{login}令牌",
        token_sha256=token_sha256(bearer_of(login)),
        hint="duban_",
        scope=TokenScope.REPORT if role is AccountRole.LIAISON else TokenScope.READ,
        created_at=now,
        expires_at=now + timedelta(days=90),
    )
    session.add(row)
    session.flush()
    return row.id or 0


def _keys_of_lead(
    session: Session, clock: Clock, settings: Settings, lead: str, other: str, mark: str
) -> dict[str, Any]:
    """What belongs to the lead's liaison alone, and to another account for whom a link was made."""
    account = session.exec(select(Account).where(Account.login == lead)).one()
    spare = session.exec(select(Account).where(Account.login == other)).one()
    hours = timedelta(hours=12)
    token, _link = make_link(session, spare, LinkPurpose.RESET, by=None, lasts=hours, now=clock.now())
    acted = Act(clock.now(), AuditAction.ACCOUNT, Channel.WEB, account.region_id, account.id, actor=lead)
    append_entry(session, acted)
    append_entry(session, Act(clock.now(), AuditAction.MAINTENANCE, Channel.COMMAND))
    return {
        "session_id": _open_session(session, account.id or 0, f"second {token_of(lead)}", clock.now(), f"{mark}浏览器"),
        "token_id": _give_token(session, account.id or 0, f"second {lead}", account.role, clock.now()),
        "token": token,
        "report_token": _give_report_link(session, account, settings, clock.now()),
        "account_id": spare.id,
        "leader_id": session.exec(
            select(Account.id).where(Account.region_id == account.region_id, Account.role == AccountRole.LEADER)
        ).one(),
        "place": "region",
        "seq": 1,
        "kind": "csv",
    }


def _give_report_link(session: Session, account: Account, settings: Settings, now: datetime) -> str:
    """Of the mail that the lead got; it speaks of both of the department's duties."""
    link = session.exec(select(ReportLink).where(ReportLink.account_id == account.id)).one()
    digest = session.get_one(Digest, link.digest_id)
    owed = session.exec(select(Obligation.id).where(Obligation.department_id == account.department_id)).all()
    digest.items = [{"obligation": key, "heading": "overdue", "due": None, "revision": 0} for key in owed]
    session.add(digest)
    mail = session.get_one(OutboxMail, link.mail_id)
    token = token_to_send(session, Sealer(settings.var_dir), mail, settings=settings, now=now)
    assert token is not None
    return token


def token_of(login: str) -> str:
    return f"session of {login}".encode().hex()


def bearer_of(login: str) -> str:
    return f"duban_{token_sha256(login)[:43]}"


def _answered(session: Session, owed: Obligation, by: int, mark: str, now: datetime) -> tuple[int, int]:
    """What came by mail, and the answer that it holds."""
    mail = InboundMail(
        region_id=owed.region_id,
        fingerprint=mark or "own",
        kind=InboundKind.ANSWER,
        from_name=f"{mark}来信人",
        subject=f"{mark}回复",
        account_id=by,
        department_id=owed.department_id,
        text=f"{mark}邮件里写的",
        read_at=now,
    )
    session.add(mail)
    session.flush()
    answer = MailedAnswer(
        region_id=owed.region_id,
        department_id=owed.department_id,
        inbound_id=mail.id or 0,
        obligation_id=owed.id,
        typed={
            **dict.fromkeys(WORDS, ""),
            "kind": "interim",
            "text": f"{mark}邮件里写的",
            "risk": False,
            "window": "",
            "kept": [],
            "faults": [],
        },
        state=AnswerState.WAITING,
        created_at=now,
    )
    session.add(answer)
    session.flush()
    return mail.id or 0, answer.id or 0


def _told(
    database: Database,
    settings: Settings,
    clock: Clock,
    store: EvidenceStore,
    region_code: str,
    department: str,
    liaison: str,
    secretariat: str,
    mark: str,
) -> dict[str, Any]:
    """What happened in one region; the ids of it by the names that paths give them."""
    now = clock.now()
    with database.reading() as session:
        region_id = session.exec(select(Region.id).where(Region.code == region_code)).one() or 0
        by = dict(session.exec(select(Account.login, Account.id)).all())
    run = make_run(
        database, lambda: None, region_id, RunKind.DAILY, TODAY, now=now, by=by[secretariat], settings=settings
    )
    with database.writing() as session:
        region = session.get_one(Region, region_id)
        liaison_id, secretariat_id = by[liaison] or 0, by[secretariat] or 0
        place = session.exec(
            select(Department).where(Department.region_id == region.id, Department.name == department)
        ).one()
        first, second = session.exec(
            select(Obligation).where(Obligation.department_id == place.id).order_by(col(Obligation.due))
        ).all()[:2]
        frozen = freeze_overdue_list(session, region, as_of=TODAY, now=now, by=secretariat_id)
        file = store.store(io.BytesIO(f"{mark}台账,次数\r\n一,3\r\n".encode("utf-8-sig")), f"{mark}台账.csv")
        submit_update(
            session,
            first,
            Report(
                revision=first.revision,
                kind=UpdateKind.COMPLETION,
                text=f"{mark}填报内容",
                percent=100,
                proves="台账",
                files=(file,),
            ),
            by=liaison_id,
            now=now,
            today=TODAY,
        )
        extension = request_extension(
            session,
            second,
            reason=f"{mark}招标延后",
            proposed_due=date(2025, 6, 30),
            by=liaison_id,
            now=now,
            today=TODAY,
        )
        typed = {**dict.fromkeys(WORDS, ""), "text": f"{mark}草稿", "risk": False, "window": "", "kept": []}
        keep_draft(session, second, typed, revision=second.revision, by=liaison_id, now=now)
        gone = session.exec(
            select(Department).where(Department.region_id == region.id, Department.name == ("甲局" if mark else "旧局"))
        ).one()
        succession = Succession(
            region_id=region.id or 0,
            predecessor_id=gone.id or 0,
            successor_id=place.id or 0,
            kind=SuccessionKind.MERGE,
            on=date(2025, 1, 1),
            certainty=Certainty.PRINTED,
            document=f"{mark}机构改革方案",
            recorded_at=now,
            recorded_by=secretariat_id,
        )
        handover = Handover(
            region_id=region.id or 0,
            from_account_id=liaison_id,
            to_account_id=secretariat_id,
            on=TODAY,
            note=f"{mark}交接",
            made_at=now,
            made_by=secretariat_id,
        )
        session.add_all((succession, handover))
        sealer = Sealer(settings.var_dir)
        sealer.make()
        channel = ChatChannel(
            region_id=region.id or 0,
            department_id=place.id,
            name=f"{mark}工作群",
            service="wecombot",
            sealed_url=sealer.seal("wecombot://0123456789abcdef"),
            created_at=now,
        )
        session.add(channel)
        hold = RunHold(
            region_id=region.id or 0,
            kind=RunKind.DAILY,
            run_date=date(2024, 12, 5),
            reason=f"{mark}数据待核对",
            held_at=now,
            held_by=secretariat_id,
        )
        session.add(hold)
        day = DayException(region_id=region.id or 0, day=date(2024, 12, 20), working=False, reason=f"{mark}校庆")
        session.add(day)
        inbound, answer = _answered(session, second, liaison_id, mark, now)
        plan = session.exec(select(Plan).where(Plan.region_id == region.id)).one()
        note = session.exec(select(SourceNote).where(SourceNote.plan_id == plan.id)).one()
        decide_note(session, note, reading=0, text=f"{mark}以附件为准", seen=0, by=secretariat_id, now=now)
        if not mark:
            release_plan(session, plan, shown=list(PublicField), seen=0, by=secretariat_id, now=now)
        session.flush()
        decision = session.exec(select(NoteDecision.id).where(NoteDecision.note_id == note.id)).one()
        release = session.exec(select(PlanRelease.id).where(PlanRelease.plan_id == plan.id)).one_or_none()
        return {
            "region_id": region.id,
            "code": plan.code,
            "number": 1,
            "task_number": "1.1",
            "indicator_number": "1",
            "obligation_id": first.id,
            "open_id": second.id,
            "extension_id": extension.id,
            "update_id": session.exec(select(ProgressUpdate.id).where(ProgressUpdate.obligation_id == first.id)).one(),
            "evidence_id": session.exec(select(Evidence.id).where(Evidence.obligation_id == first.id)).one(),
            "list_id": frozen.id,
            "run_id": run.id,
            "mail_id": session.exec(
                select(OutboxMail.id).where(OutboxMail.region_id == region.id).order_by(col(OutboxMail.id))
            ).first(),
            "note_id": note.id,
            "exception_id": day.id,
            "hold_id": hold.id,
            "inbound_id": inbound,
            "answer_id": answer,
            "channel_id": channel.id,
            "succession_id": succession.id,
            "handover_id": handover.id,
            "department_id": place.id,
            "group_id": session.exec(select(DepartmentGroup.id).where(DepartmentGroup.region_id == region.id)).one(),
            "day": "2024-12-31",
            "decision": decision,
            "release": release,
        }


# The doors of the application


@dataclass(frozen=True, slots=True, order=True)
class Door:
    """One method of one path template; `parameters` are its names."""

    path: str
    method: str

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)(?::\w+)?\}", self.path)

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    def address(self, ids: Mapping[str, Any]) -> str:
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda hit: str(ids[self.known_as(hit[1])]), self.path)

    def known_as(self, parameter: str) -> str:
        """A task's or an indicator's `number` is not an edition's, a report link's `token` not a one-time link's."""
        if parameter == "token" and self.path.startswith("/r/"):
            return "report_token"
        if parameter == "account_id" and self.path.endswith("/charges"):
            return "leader_id"
        if parameter != "number":
            return parameter
        return (
            "task_number"
            if "/tasks/" in self.path
            else "indicator_number"
            if "/indicators/" in self.path
            else parameter
        )


def doors_of(app: FastAPI) -> list[Door]:
    """Every route that can be reached, however it was put in; files of the house's own look are none."""
    found = []
    for context in iter_route_contexts(app.routes):
        mounted = getattr(getattr(context.original_route, "app", None), "_app", None)
        if isinstance(mounted, FastAPI):
            found += [Door(f"{context.path}{door.path}", door.method) for door in doors_of(mounted)]
        elif context.path != "/static":
            found += [Door(context.path or "", method) for method in context.methods or () if method != "HEAD"]
    return sorted(found)


class Browser:
    """One person's, with cookie and form token; for the API a program of the same person, with a bearer token.

    It asks the application on one loop and without threads, which cost more than most pages: there is never more than
    one request at a time.
    """

    def __init__(self, http: httpx.AsyncClient, login: str, loop: asyncio.AbstractEventLoop) -> None:
        self.http = http
        self.loop = loop
        self.bearer = {"Authorization": f"Bearer {bearer_of(login)}"} if login else {}

    def send(self, method: str, path: str, data: Mapping[str, Any] | None = None, **options: Any) -> httpx.Response:
        if path.startswith("/api/"):
            options["headers"] = {**self.bearer, "If-Match": '"1"'}
            if method != "GET":
                options["data" if options.get("files") else "json"] = dict(data or {})
        elif method != "GET":
            # The forms behind a report link have a token that is made of the link's.
            token = link_form_token(path.split("/")[2]) if path.startswith("/r/") else CSRF
            options["data"] = {"csrf": masked(token), **(data or {})}
        return self.loop.run_until_complete(self.http.request(method, path, **options))


@contextmanager
def browser_of(app: FastAPI, login: str) -> Iterator[Browser]:
    loop = asyncio.new_event_loop()
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://testserver",
        cookies={COOKIE: token_of(login)} if login else {},
        headers={"Accept-Encoding": "identity"},  # nobody reads these pages but a program
    )
    with patch.object(anyio.to_thread, "run_sync", _where_it_stands):
        yield Browser(http, login, loop)
        loop.run_until_complete(http.aclose())
    loop.close()


async def _where_it_stands(work: Callable[..., Any], *arguments: Any, **_pool: Any) -> Any:
    return work(*arguments)


# The form's token, and what follows from the address that was asked for.
_OF_THE_PAGE = re.compile(r'name="csrf" value="[^"]*"|name="next" value="[^"]*"|\s*aria-current="page"')


def said(answer: httpx.Response) -> tuple[int, str]:
    """Status and page, without what differs between two pages that say the same."""
    return answer.status_code, re.sub(r"\s+>", ">", _OF_THE_PAGE.sub("", answer.text))

"""The link of a reminder reports on what its mail speaks of, for its person, and does nothing else."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from email import message_from_binary_file
from email.policy import default
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, col, select
from starlette.testclient import TestClient

from app.changes.close_account import close_account, reopen_account
from app.changes.edit_account import AccountEdit, account_mark, edit_account
from app.changes.end_ways_in import end_ways_in
from app.changes.hand_over import Hands, Wanted, hand_over
from app.changes.make_digest_run import make_run
from app.changes.report_links import revoke_link_of_mail
from app.changes.reset_password import reset_password
from app.clock import HeldClock
from app.db import Database
from app.documents.evidence_store import EvidenceStore
from app.domain.workflow import State
from app.drafts.department_register import SuccessionKind
from app.jobs.send_mail import finisher
from app.mail.send import send_one, transport_for
from app.models import (
    Account,
    AuditEntry,
    Evidence,
    Obligation,
    OutboxMail,
    ProgressUpdate,
    Region,
    ReportLink,
    UpdateDraft,
)
from app.models.account import AccountRole
from app.models.digest_run import RunKind
from app.models.review import ReviewDecision
from app.routers.form_token import masked
from app.settings import Settings
from tests.changes.successions import Office, wanted
from tests.conftest import NOW, TODAY, Person
from tests.documents import samples
from tests.history import History, counted
from tests.mailed_links import Receiver, mailed
from tests.requests.rows import all_rows, changed

SignIn = Callable[[str], Person]
ObligationOf = Callable[..., Obligation]
HTMX = {"HX-Request": "true"}
LIAISON = "乙局联络员"


@dataclass(frozen=True)
class Mailed:
    """乙局's mail speaks of `items`; `other` is 乙局's, too, and not in it."""

    receiver: Receiver
    items: list[Obligation]
    other: Obligation
    database: Database
    settings: Settings

    def link(self) -> ReportLink:
        with self.database.reading() as session:
            return session.exec(select(ReportLink).order_by(col(ReportLink.id))).first() or ReportLink()

    def reports(self) -> list[ProgressUpdate]:
        with self.database.reading() as session:
            return list(session.exec(select(ProgressUpdate).order_by(col(ProgressUpdate.id))))

    def send(self, *forms: dict[str, Any], **options: Any) -> Any:
        files = options.pop("files", None)
        headers = options.pop("headers", None)
        data: dict[str, Any] = {**options}
        for one in forms:
            data |= one
        data["item"] = [name.split("-")[1] for name in data if name.endswith("-revision")]
        return self.receiver.post(data, files=files, headers=headers)


def typed(row: Obligation, **fields: str) -> dict[str, str]:
    """One item as the page sends it."""
    values = {"revision": str(row.revision), "kind": "interim", "text": "", **fields}
    return {f"item-{row.id}-{name}": value for name, value in values.items()}


def items(page: str) -> list[int]:
    return [int(key) for key in re.findall(r'<section class="sheet batch-item" id="item-(\d+)"', page)]


@pytest.fixture
def mail(client: TestClient, database: Database, settings: Settings, obligation_of: ObligationOf) -> Mailed:
    rows = [obligation_of("乙局"), obligation_of("乙局", "2.1")]
    token = mailed(database, settings, LIAISON, [row.id or 0 for row in rows])
    other = obligation_of("乙局", phase="第二阶段")
    return Mailed(Receiver(client, token), rows, other, database, settings)


# The page


def test_the_page_shows_the_items_of_the_mail_and_says_whose_it_is(mail: Mailed) -> None:
    answer = mail.receiver.get()
    assert answer.status_code == 200
    assert items(answer.text) == [row.id for row in mail.items]
    assert "本页供乙局联络员填报2024年11月25日提醒邮件所列的事项" in answer.text
    assert "2024年12月2日 10:00前有效" in answer.text
    assert '<nav aria-label="主导航">' not in answer.text
    leads = set(re.findall(r'(?:href|action|hx-post)="(/[^"#?]*)', answer.text))
    own = {path for path in leads if path.startswith((f"/r/{mail.receiver.token}", "/static/"))}
    assert leads - own == {"/"}, "nowhere but to signing in"


def test_nothing_tells_where_the_token_is(mail: Mailed) -> None:
    answer = mail.receiver.get()
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert not re.search(r'(?:href|src|action)="https?:', answer.text)


def test_looking_changes_nothing_however_often_a_scanner_looks(mail: Mailed) -> None:
    before = all_rows(mail.database)
    for _time in range(2):
        for path in set(re.findall(r'(?:href|action|hx-post)="(/[^"]*)', mail.receiver.get().text)):
            mail.receiver.http.get(path)
            mail.receiver.http.head(path)
    assert mail.receiver.http.head(mail.receiver.path).status_code == 200
    assert mail.receiver.get("?at=1&sent=yes&after=1", headers={"Sec-Purpose": "prefetch"}).status_code == 200
    assert changed(before, all_rows(mail.database)) == []
    assert mail.link().opened_at is None


def test_a_scanner_that_follows_every_link_of_a_mail_twice_changes_nothing(
    client: TestClient, database: Database, settings: Settings, clock: HeldClock
) -> None:
    with database.reading() as session:
        region = session.exec(select(Region.id).where(Region.code == "test")).one() or 0
    make_run(database, lambda: None, region, RunKind.DAILY, TODAY, now=NOW, by=None, settings=settings)
    while send_one(database, transport_for(settings), clock, finish=finisher(settings, clock)):
        pass
    before, followed = all_rows(database), []
    for path in settings.mail_dir.glob("*.eml"):
        with path.open("rb") as file:
            letter = message_from_binary_file(file, policy=default)
        parts = [part.get_content() for part in letter.walk() if part.get_content_maintype() == "text"]
        links = {link for part in parts for link in re.findall(rf"{settings.site}(/[\w/-]*)", part)}
        for link in sorted(links) * 2:
            client.head(link)
            followed.append(client.get(link).status_code == 200 and link.startswith("/r/"))
    assert sum(followed) == 10, "five links, twice"
    assert changed(before, all_rows(database)) == []


def test_the_number_of_statements_does_not_depend_on_the_items(
    client: TestClient, database: Database, settings: Settings, mail: Mailed
) -> None:
    few = Receiver(client, mailed(database, settings, "丙局联络员", [mail.items[0].id or 0]))
    mail.receiver.get()
    with counted(database) as of_two:
        mail.receiver.get()
    with counted(database) as of_none:
        assert "没有要填报的了" in few.get().text
    assert len(of_none) <= len(of_two) <= 10


# Reporting


def test_a_report_with_a_file_is_stored_for_the_links_person(mail: Mailed, sign_in: SignIn) -> None:
    row = mail.items[0]
    sent = typed(row, kind="completion", text="两场宣传均已办结", proves="签到表")
    answer = mail.send(
        sent, typed(mail.items[1]), only=row.id, files={f"item-{row.id}-files": ("签到表.pdf", samples.PDF)}
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{mail.receiver.path}?at={mail.items[1].id}&sent=yes#item-{mail.items[1].id}"
    with mail.database.reading() as session:
        said = session.exec(select(ProgressUpdate)).one()
        author = session.get_one(Account, said.author_id)
        assert (author.login, said.text, said.percent) == (LIAISON, "两场宣传均已办结", 100)
        assert session.exec(select(Evidence.file_name)).all() == ["签到表.pdf"]
        assert session.get_one(Obligation, row.id).state is State.SUBMITTED
    link = mail.link()
    assert (link.opened_at, link.reported_at) != (None, None)
    page = mail.receiver.get("?sent=yes").text
    assert items(page) == [mail.items[1].id]
    assert "不需再填报的1件" in page
    assert "已提交" not in sign_in("甲局联络员").get("/obligations").text.split("<main")[0]


def test_the_trail_says_that_it_came_by_a_link(mail: Mailed) -> None:
    row = mail.items[0]
    mail.send(typed(row, text="已办一场"), only=row.id)
    with mail.database.reading() as session:
        entry = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()
        assert entry is not None
        assert (entry.actor, entry.channel, entry.action, entry.reason) == (LIAISON, "web", "report", "邮件链接")
        assert mail.receiver.token not in str(session.exec(select(AuditEntry.changes)).all())


def test_all_that_is_filled_in_is_sent_at_once_and_nothing_is_left(mail: Mailed) -> None:
    answer = mail.send(*(typed(row, text="已办两场") for row in mail.items), all="yes")
    assert answer.headers["location"] == f"{mail.receiver.path}?notice=batch-sent"
    assert len(mail.reports()) == 2
    page = mail.receiver.get("?notice=batch-sent").text
    assert "这封邮件所列的事项没有要填报的了。" in page
    assert "已填写的事项全部提交。" in page
    assert page.count("2024年11月25日已填报") == 2


def test_what_was_sent_back_since_is_to_be_reported_again(mail: Mailed, history: History, clock: HeldClock) -> None:
    row = mail.items[0]
    mail.send(typed(row, kind="completion", text="已办"), only=row.id)
    history.review(row.id or 0, ReviewDecision.RETURNED, date(2024, 11, 25), 11)
    page = mail.receiver.get().text
    assert items(page) == [row.id for row in mail.items]
    assert "请补充材料" in page


def test_a_double_click_is_one_report(mail: Mailed) -> None:
    row = mail.items[0]
    for _time in range(2):
        assert mail.send(typed(row, text="已办两场"), only=row.id).status_code == 303
    assert len(mail.reports()) == 1


def test_who_was_overtaken_keeps_the_text_and_sends_it_again(mail: Mailed, sign_in: SignIn) -> None:
    row = mail.items[0]
    sign_in(LIAISON).post(f"/obligations/{row.id}/updates", {"revision": row.revision, "kind": "interim", "text": "甲"})
    answer = mail.send(typed(row, text="一段写了很久的话"), only=row.id)
    assert answer.status_code == 409
    assert "一段写了很久的话" in answer.text
    revision = re.search(rf'name="item-{row.id}-revision" value="(\d+)"', answer.text)
    assert revision is not None
    again = mail.send(typed(row, text="一段写了很久的话", revision=revision[1]), only=row.id)
    assert again.status_code == 303
    assert [said.text for said in mail.reports()] == ["甲", "一段写了很久的话"]


def test_faults_stand_at_their_fields_and_the_text_stays(mail: Mailed) -> None:
    row, second = mail.items
    wrong = typed(row, text="长" * 10_001, percent="150")
    answer = mail.send(wrong, typed(second, text="‮<script>\x00\r\n已办"), all="yes")
    assert answer.status_code == 422
    assert f'id="item-{row.id}-text-fault"' in answer.text
    assert f'id="item-{row.id}-percent-fault"' in answer.text
    assert "长" * 10_001 in answer.text
    assert [said.obligation_id for said in mail.reports()] == [second.id]
    assert "<script>\x00" not in answer.text


def test_a_file_that_is_too_large_or_no_evidence_is_refused_and_the_text_stays(mail: Mailed, app: FastAPI) -> None:
    app.state.settings = mail.settings.model_copy(update={"upload_max_mb": 1})
    row = mail.items[0]
    for content in (b"%PDF-1.7\n" + b"x" * (1024 * 1024 + 1), samples.EXE):
        answer = mail.send(
            typed(row, text="已办两场"), only=row.id, files={f"item-{row.id}-files": ("总结.pdf", content)}
        )
        assert answer.status_code == 422
        assert f'id="item-{row.id}-files-fault"' in answer.text
        assert "已办两场" in answer.text
    assert mail.reports() == []


def test_a_draft_of_the_same_person_is_there_and_goes_on_here(mail: Mailed, sign_in: SignIn) -> None:
    row = mail.items[0]
    liaison = sign_in(LIAISON)
    liaison.post(f"/obligations/{row.id}/draft", {"revision": row.revision, "kind": "interim", "text": "上午写的"})
    assert "上午写的" in mail.receiver.get().text
    answer = mail.receiver.post(typed(row, text="下午写的"), to=f"/draft/{row.id}", headers=HTMX)
    assert "草稿已保存" in answer.text
    assert "下午写的" in liaison.get(f"/obligations/{row.id}").text
    assert mail.link().opened_at is not None
    assert mail.link().reported_at is None


def test_one_item_is_exchanged_for_htmx(mail: Mailed) -> None:
    row = mail.items[0]
    stored = mail.send(typed(row, text="已办两场"), only=row.id, headers=HTMX)
    assert (stored.status_code, "batch-done" in stored.text) == (200, True)
    assert f"/obligations/{row.id}" not in stored.text
    wrong = mail.send(typed(mail.items[1], text=""), only=mail.items[1].id, headers=HTMX)
    assert (wrong.status_code, "请填写进展情况。" in wrong.text) == (422, True)
    assert f'hx-post="{mail.receiver.path}"' in wrong.text


def test_setting_about_it_is_told_by_a_post_alone(mail: Mailed) -> None:
    assert mail.receiver.post(to="/opened", headers=HTMX).status_code == 204
    first = mail.link().opened_at
    assert first is not None
    mail.receiver.post(to="/opened", headers=HTMX)
    assert mail.link().opened_at == first


def test_many_items_come_page_by_page(
    client: TestClient, database: Database, settings: Settings, obligation_of: ObligationOf, monkeypatch: Any
) -> None:
    monkeypatch.setattr("app.routers.mailed_report_page.BATCH", 1)
    rows = [obligation_of("乙局"), obligation_of("乙局", "2.1"), obligation_of("乙局", phase="第二阶段")]
    receiver = Receiver(client, mailed(database, settings, LIAISON, [row.id or 0 for row in rows]))
    query, seen = "", []
    while True:
        page = receiver.get(query).text
        seen += items(page)
        link = re.search(rf'href="{receiver.path}(\?after=\d+)" rel="next"', page)
        if link is None:
            break
        query = link[1]
    assert seen == [row.id for row in rows]


# Whose link it is


def test_who_is_signed_in_as_somebody_else_is_told_and_acts_as_the_links_person(mail: Mailed, app: FastAPI) -> None:
    other = Person(app, "甲局联络员")
    receiver = Receiver(other.http, mail.receiver.token)
    page = receiver.get().text
    assert "本浏览器中登录的是“甲局联络员”" in page
    row = mail.items[0]
    receiver.post({**typed(row, text="已办两场"), "item": row.id, "only": row.id})
    with mail.database.reading() as session:
        assert session.get_one(Account, mail.reports()[0].author_id).login == LIAISON
    assert "本浏览器中登录的是" not in Receiver(Person(app, LIAISON).http, mail.receiver.token).get().text
    assert other.get("/account").status_code == 200, "the session stays whose it is"


# Attacks


def nothing_done(mail: Mailed) -> bool:
    with mail.database.reading() as session:
        return not session.exec(select(UpdateDraft)).all() and mail.reports() == []


@pytest.mark.parametrize("other", ["another department's", "own, not in the mail", "nobody's", "too large a number"])
def test_any_other_obligation_looks_like_a_missing_one(mail: Mailed, obligation_of: ObligationOf, other: str) -> None:
    known = {"another department's": obligation_of("甲局"), "own, not in the mail": mail.other}
    number = {"nobody's": 999_999, "too large a number": 2**50}
    row = known.get(other) or Obligation(id=number[other], revision=1)
    before = all_rows(mail.database)
    answers = [
        mail.send(typed(row, text="越权"), only=row.id),
        mail.send(typed(mail.items[0], text="正当"), typed(row, text="越权"), all="yes"),
        mail.send(typed(row, text="越权"), save="yes"),
        mail.receiver.post(typed(row, text="越权"), to=f"/draft/{row.id}", headers=HTMX),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert not any("链接不能使用" in answer.text for answer in answers)
    assert changed(before, all_rows(mail.database)) == []
    with mail.database.reading() as session:
        told = [entry.model_dump() for entry in session.exec(select(AuditEntry).where(AuditEntry.outcome == "refused"))]
    assert {(entry["actor"], entry["reason"][:4]) for entry in told} == {(LIAISON, told[0]["reason"][:4])}
    assert mail.receiver.token not in str(told)


def test_a_form_of_another_site_goes_nowhere(mail: Mailed, sign_in: SignIn) -> None:
    """Not even where it knows the address: without the page's own token no form is taken."""
    row = mail.items[0]
    other = mailed(mail.database, mail.settings, "丙局联络员", [])
    foreign = masked(link_form_token_of(other))
    form = {**typed(row, text="越权"), "item": row.id, "only": row.id}
    for csrf in ({}, {"csrf": ""}, {"csrf": "x"}, {"csrf": foreign}, {"csrf": sign_in(LIAISON).csrf}):
        for path in ("", f"/draft/{row.id}", "/opened", "/revoke"):
            answer = mail.receiver.http.post(mail.receiver.path + path, data={**form, **csrf}, headers=HTMX)
            assert answer.status_code == 403
    assert nothing_done(mail)
    assert mail.link().revoked_at is None


def link_form_token_of(token: str) -> str:
    from app.routers.mailed_report import link_form_token

    return link_form_token(token)


def test_tokens_that_nobody_was_given_open_nothing(mail: Mailed) -> None:
    known = mail.receiver.token
    changed_letter = known[:-1] + ("A" if known[-1] != "A" else "B")
    near = (changed_letter, known.lower(), known + "=", mail.link().token_sha256)
    for token in ("x", "", "A" * 43, "..%2Faccount", "%00", "长" * 500, "{report-link}", *near):
        assert mail.receiver.http.get(f"/r/{token}").status_code == 404


def expired(mail: Mailed, session: Session, account: Account) -> None:
    row = session.exec(select(ReportLink)).one()
    row.expires_at = NOW
    session.add(row)


def revoked(mail: Mailed, session: Session, account: Account) -> None:
    assert revoke_link_of_mail(session, mail.link().mail_id, now=NOW)


def closed(mail: Mailed, session: Session, account: Account) -> None:
    close_account(session, account, by=None, now=NOW)


def closed_and_opened(mail: Mailed, session: Session, account: Account) -> None:
    close_account(session, account, by=None, now=NOW)
    reopen_account(session, account, by=None)


def edited(**changes: Any) -> Callable[[Mailed, Session, Account], None]:
    def edit(_mail: Mailed, session: Session, account: Account) -> None:
        values = {"role": account.role, "department": "乙局", "email": account.email, **changes}
        edit_account(session, account, AccountEdit(account_mark(account), account.name, **values), by=None, now=NOW)

    return edit


def moved_and_back(mail: Mailed, session: Session, account: Account) -> None:
    edited(department="丙局")(mail, session, account)
    edited(department="乙局")(mail, session, account)


def reset_by_the_keeper_of_accounts(mail: Mailed, session: Session, account: Account) -> None:
    by = session.exec(select(Account.id).where(Account.login == "秘书处")).one() or 0
    reset_password(session, account, by=by, settings=mail.settings, now=NOW)


def restored(mail: Mailed, session: Session, account: Account) -> None:
    end_ways_in(session, now=NOW)


def password_changed(mail: Mailed, session: Session, account: Account) -> None:
    """However it came about."""
    account.password_set_at = NOW + timedelta(seconds=1)
    session.add(account)


def address_changed_elsewhere(mail: Mailed, session: Session, account: Account) -> None:
    account.email = "other@example.org"
    session.add(account)


def moved_elsewhere(mail: Mailed, session: Session, account: Account) -> None:
    account.department_id = mail.items[0].department_id + 1
    session.add(account)


def wants_none(mail: Mailed, session: Session, account: Account) -> None:
    account.one_click = False
    session.add(account)


def second_factor(mail: Mailed, session: Session, account: Account) -> None:
    account.totp_secret = "sealed"
    session.add(account)


ENDINGS: dict[str, Callable[[Mailed, Session, Account], None]] = {
    "expired": expired,
    "revoked": revoked,
    "closed": closed,
    "closed and opened again": closed_and_opened,
    "another department": edited(department="丙局"),
    "another role": edited(role=AccountRole.HEAD, department="乙局"),
    "another address": edited(email="new@example.org"),
    "moved away and back": moved_and_back,
    "another password": password_changed,
    "no password": reset_by_the_keeper_of_accounts,
    "a restored backup": restored,
    "another address, however": address_changed_elsewhere,
    "another department, however": moved_elsewhere,
    "no links wanted": wants_none,
    "a second factor": second_factor,
}


@pytest.mark.parametrize("how", ENDINGS)
def test_a_link_that_counts_no_more_looks_like_one_that_never_was(mail: Mailed, how: str) -> None:
    """Between looking and sending; and what was written can be sent on after signing in."""
    assert mail.receiver.get().status_code == 200
    with mail.database.writing() as session:
        ENDINGS[how](mail, session, session.exec(select(Account).where(Account.login == LIAISON)).one())
    row = mail.items[0]
    never = Receiver(mail.receiver.http, "A" * 43)
    form = {**typed(row, text="一段写了很久的话"), "item": row.id, "only": row.id}
    assert (mail.receiver.get().status_code, mail.receiver.get().text) == (404, never.get().text)
    sent, other = mail.receiver.post(form), never.post(form)
    assert (sent.status_code, sent.text) == (404, other.text)
    assert 'name="resume" value="/obligations/batch"' in sent.text
    assert "一段写了很久的话" in sent.text
    by_htmx = mail.receiver.post(typed(row, text="x"), to=f"/draft/{row.id}", headers=HTMX)
    assert (by_htmx.status_code, by_htmx.headers["HX-Retarget"]) == (404, "#above")
    for path in ("/opened", "/revoke"):
        assert mail.receiver.post(to=path).status_code == 404
    assert nothing_done(mail)


@pytest.mark.parametrize("setting", [{"second_factor_roles": "liaison"}, {"oidc_only": True}])
def test_where_the_office_demands_more_no_link_is_made_and_no_old_one_works(
    mail: Mailed, app: FastAPI, setting: dict[str, object]
) -> None:
    app.state.settings = mail.settings.model_copy(update=setting)
    assert mail.receiver.get().status_code == 404
    assert mailed(mail.database, app.state.settings, "丙局联络员", []) == ""
    assert mailed(mail.database, mail.settings, "甲局负责人", []) == "", "who reads for others reports nothing"


def test_what_was_typed_is_sent_on_after_signing_in(mail: Mailed, client: TestClient) -> None:
    row = mail.items[0]
    with mail.database.writing() as session:
        revoked(mail, session, Account())
    page = mail.receiver.post({**typed(row, text="写了很久"), "item": row.id, "only": row.id}).text
    fields = dict(re.findall(r'<input type="hidden" name="(resume[^"]*)" value="([^"]*)"', page))
    signed_in = client.post("/sign-in", data={**fields, "login": LIAISON, "password": "duban-test-password"})
    assert 'action="/obligations/batch"' in signed_in.text
    again = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', signed_in.text))
    assert client.post("/obligations/batch", data=again).status_code == 303
    assert [said.text for said in mail.reports()] == ["写了很久"]


def test_this_is_not_me_ends_every_link_in_the_mailbox(mail: Mailed) -> None:
    later = NOW + timedelta(days=1)
    second = Receiver(
        mail.receiver.http, mailed(mail.database, mail.settings, LIAISON, [mail.items[0].id or 0], at=later)
    )
    answer = mail.receiver.post(to="/revoke")
    assert answer.headers["location"] == f"{mail.receiver.path}?notice=report-link-revoked"
    assert second.get().status_code == 404
    page = mail.receiver.get("?notice=report-link-revoked")
    assert page.status_code == 404
    assert "填报链接已撤销" in page.text
    with mail.database.reading() as session:
        entry = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()
        assert entry is not None
        assert "不是本人" in entry.reason


def test_the_link_ends_with_a_hand_over(mail: Mailed, settings: Settings) -> None:
    with mail.database.writing() as session:
        leaver = session.exec(select(Account).where(Account.login == LIAISON)).one()
        by = session.exec(select(Account.id).where(Account.login == "秘书处")).one() or 0
        successor = Account(
            **leaver.model_dump(exclude={"id", "login", "email"}), login="乙局新联络员", email="new@example.org"
        )
        session.add(successor)
        session.flush()
        store = EvidenceStore(settings.evidence_dir, 1024)
        wanted_ = Wanted(account_mark(leaver), successor.id, NOW.date())
        hand_over(session, leaver, wanted_, Hands(by, NOW, settings, store))
    assert mail.receiver.get().status_code == 404


def test_a_merged_department_reports_on_by_the_same_link(mail: Mailed, database: Database) -> None:
    """The items went to the heir with the account; what the heir had before is not in the mail."""
    Office(database).record(wanted(SuccessionKind.MERGE, "乙局", "丙局", on=NOW.date()), NOW)
    page = mail.receiver.get()
    assert page.status_code == 200
    assert "丙局" in page.text
    with database.reading() as session:
        row = session.get_one(Obligation, mail.items[0].id)
        heirs = session.exec(select(Obligation.id).where(Obligation.department_id == row.department_id)).all()
    assert mail.items[0].id in items(page.text)
    assert set(items(page.text)) <= {row.id for row in mail.items}
    assert len(heirs) > len(items(page.text))
    assert mail.send(typed(row, text="合并后填报"), only=row.id).status_code == 303
    assert [said.text for said in mail.reports()] == ["合并后填报"]


def test_fields_that_no_form_has_change_nothing(mail: Mailed) -> None:
    row = mail.items[0]
    harm = {
        "department_id": "1",
        "author_id": "1",
        "state": "accepted",
        "role": "admin",
        "token": "x",
        "account_id": "1",
    }
    more = {f"item-{row.id}-{name}": value for name, value in harm.items()}
    assert mail.send(typed(row, text="已办两场"), harm, more, only=row.id).status_code == 303
    said = mail.reports()[0]
    with mail.database.reading() as session:
        assert session.get_one(Account, said.author_id).login == LIAISON
        assert session.get_one(Obligation, row.id).state is State.OPEN


def test_a_receipt_of_somebody_elses_upload_is_none(mail: Mailed, obligation_of: ObligationOf) -> None:
    """Nor does the link hand out a file: what was uploaded is named, and that is all."""
    theirs = obligation_of("丙局", "2.1")
    client = mail.receiver.http
    foreign = Receiver(client, mailed(mail.database, mail.settings, "丙局联络员", [theirs.id or 0]))
    data = {**typed(theirs, text="", kind="completion"), "item": theirs.id, "only": theirs.id}
    page = foreign.post(data, files={f"item-{theirs.id}-files": ("内部.pdf", samples.PDF)}).text
    receipt = re.search(rf'name="item-{theirs.id}-kept" value="([^"]+)"', page)
    assert receipt is not None
    row = mail.items[1]
    answer = mail.send(typed(row, text="已办", kept=receipt[1]), only=row.id)
    assert (answer.status_code, "未能核验" in answer.text) == (422, True)
    assert foreign.post({**data, **typed(theirs, text="已办", kept=receipt[1])}).status_code == 303
    with mail.database.reading() as session:
        key = session.exec(select(Evidence.id)).one()
    assert client.get(f"/evidence/{key}").headers["location"].startswith("/sign-in")


# Ending them


def test_one_sees_and_ends_ones_own_links(mail: Mailed, sign_in: SignIn) -> None:
    liaison = sign_in(LIAISON)
    assert "目前有1个链接可用" in liaison.get("/account").text
    assert mail.receiver.token not in liaison.get("/account").text
    assert sign_in("甲局联络员").post("/account/report-links/revoke").status_code == 303
    assert mail.receiver.get().status_code == 200
    assert liaison.post("/account/report-links/revoke").headers["location"] == "/account?notice=report-links-revoked"
    assert mail.receiver.get().status_code == 404
    assert "邮件中的填报链接" not in liaison.get("/account").text


def test_the_secretariat_ends_the_link_of_a_mail(mail: Mailed, sign_in: SignIn) -> None:
    path = f"/mail/{mail.link().mail_id}/report-link/revoke"
    for login in (LIAISON, "领导", "邻区秘书处"):
        assert sign_in(login).post(path).status_code == 404
    assert mail.receiver.get().status_code == 200
    secretariat = sign_in("秘书处")
    page = secretariat.get(path.removesuffix("/report-link/revoke")).text
    assert "撤销填报链接" in page
    assert mail.receiver.token not in page
    for _time in range(2):
        assert secretariat.post(path).status_code == 303
    assert "撤销填报链接</button>" not in secretariat.get(path.removesuffix("/report-link/revoke")).text
    assert mail.receiver.get().status_code == 404


def test_the_stored_mail_holds_no_token(mail: Mailed) -> None:
    with mail.database.reading() as session:
        assert all(mail.receiver.token not in str(row.model_dump()) for row in session.exec(select(OutboxMail)))
    for rows in all_rows(mail.database).values():
        assert mail.receiver.token not in str(rows)

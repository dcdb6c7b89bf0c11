"""Somebody leaves: work, drafts, mails and reminders go to the successor, and every way in of the leaver ends."""

import io
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from docx import Document
from sqlalchemy import text
from sqlmodel import Session, col, select

from app.changes.make_digest_run import make_run
from app.changes.one_time_links import make_link
from app.db import Database
from app.documents.evidence_store import EvidenceStore, StoredFile
from app.documents.upload_receipt import issue, redeem
from app.domain.audit import AuditAction
from app.domain.handover_sheet import sheet_of
from app.mail.outbox import claim_next
from app.mail.run_previews import preview_run
from app.mail.send import send_one
from app.models import (
    Account,
    AccountSession,
    ApiToken,
    AuditEntry,
    Department,
    Handover,
    Obligation,
    OneTimeLink,
    OutboxMail,
    Region,
    UpdateDraft,
)
from app.models.account import AccountRole
from app.models.api_token import TokenScope
from app.models.digest_run import RunKind
from app.models.one_time_link import LinkPurpose
from app.models.outbox_mail import MailState
from app.models.review import ReviewDecision
from app.settings import Settings
from tests.conftest import NOW, TODAY, Person
from tests.history import History

SignIn = Callable[[str], Person]
LEAVER, HEIR = "甲局联络员", "甲局新联络员"


@pytest.fixture
def heir(database: Database) -> int:
    """A second liaison of the same department."""
    return add(database, HEIR, "甲局", AccountRole.LIAISON, email="heir@example.org")


def add(database: Database, login: str, department: str | None, role: AccountRole, *, email: str | None = None) -> int:
    with database.writing() as session:
        region = session.exec(select(Region).where(Region.code == "test")).one()
        like = session.exec(select(Account).where(Account.login == LEAVER)).one()
        place = session.exec(
            select(Department.id).where(Department.region_id == region.id, Department.name == department)
        ).one_or_none()
        row = Account(
            region_id=region.id,
            department_id=place,
            login=login,
            name=login,
            email=email,
            role=role,
            password_hash=like.password_hash,
            created_at=NOW,
        )
        session.add(row)
        session.flush()
        return row.id or 0


def key_of(database: Database, login: str) -> int:
    with database.reading() as session:
        return session.exec(select(Account.id).where(Account.login == login)).one() or 0


def path_of(database: Database, login: str = LEAVER) -> str:
    return f"/manage/accounts/{key_of(database, login)}/handover"


def seen(page: str) -> str:
    return page.partition('name="seen" value="')[2].partition('"')[0]


def give(person: Person, path: str, successor: object, **typed: object) -> Any:
    form = person.get(path)
    assert form.status_code == 200, form.text
    mark = seen(form.text) if 'name="seen"' in form.text else ""
    return person.post(path, {"seen": mark, "successor": successor, "on": "2024-11-25", **typed})


def draft(database: Database, obligation: int, account: int, said: str, **more: object) -> None:
    typed = {"kind": "interim", "text": said, "difficulties": "", "next_step": "", "percent": "", "proves": ""}
    with database.writing() as session:
        session.add(
            UpdateDraft(
                region_id=session.get_one(Obligation, obligation).region_id,
                obligation_id=obligation,
                account_id=account,
                typed={**typed, "risk": False, "kept": [], "window": "w", **more},
                revision=1,
                saved_at=NOW - timedelta(days=1),
            )
        )


def test_everything_changes_hands_in_one_step_and_the_leaver_is_out(
    database: Database, history: History, sign_in: SignIn, heir: int, settings: Settings
) -> None:
    leaver = key_of(database, LEAVER)
    mine = sign_in(LEAVER)
    assert mine.get("/obligations").status_code == 200
    history.submit(history.key("甲局"), TODAY - timedelta(days=3), complete=True, said="已印发方案")
    history.review(history.key("甲局"), ReviewDecision.RETURNED, TODAY - timedelta(days=2))
    history.ask(history.key("甲局"), TODAY - timedelta(days=1), TODAY + timedelta(days=30), reason="招标推迟")
    second = history.key("甲局", phase="第二阶段")
    draft(database, second, leaver, "写了一半")
    with database.writing() as session:
        account = session.get_one(Account, leaver)
        account.totp_secret = "x" * 20
        make_link(session, account, LinkPurpose.RESET, by=None, lasts=timedelta(hours=1), now=NOW)
        token = ApiToken(
            account_id=leaver,
            name="表格",
            token_sha256="a" * 64,
            hint="dbn_aaaa",
            scope=TokenScope.REPORT,
            created_at=NOW,
            expires_at=NOW + timedelta(days=9),
        )
        session.add(token)
    secretary = sign_in("秘书处")
    form = secretary.get(path_of(database))
    assert "在办事项2项仍由单位承办" in form.text
    assert "招标推迟" in form.text
    assert "草稿1份转给接交人" in form.text
    assert "1处登录、1个接口令牌、1个一次性链接" in form.text
    answer = give(secretary, path_of(database), heir, note="纸质材料在柜中\n第二层")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/handovers/")
    assert mine.get("/obligations").headers["location"].startswith("/sign-in")
    with database.reading() as session:
        account = session.get_one(Account, leaver)
        assert not account.active
        assert session.exec(select(AccountSession).where(AccountSession.account_id == leaver)).all() == []
        assert session.exec(select(OneTimeLink).where(OneTimeLink.account_id == leaver)).all() == []
        living = session.exec(
            select(ApiToken).where(ApiToken.account_id == leaver, col(ApiToken.revoked_at).is_(None))
        ).all()
        assert living == []
        assert session.exec(select(UpdateDraft.account_id)).all() == [heir]
        assert session.get_one(Account, heir).totp_secret is None
        row = session.exec(select(Handover)).one()
        assert (row.from_account_id, row.to_account_id, row.on) == (leaver, heir, TODAY)
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == AuditAction.HANDOVER)).one()
        assert entry.subject == f"{LEAVER} → {HEIR}"
        assert entry.actor == "秘书处"
        letter = session.exec(select(OutboxMail).where(OutboxMail.kind == "handover")).one()
        assert (letter.account_id, letter.to_address, letter.state) == (heir, "heir@example.org", MailState.QUEUED)
        assert f"/handovers/{row.id}" in letter.text
        assert "您已接手甲局的2项在办事项" in letter.subject
        owner = session.get_one(Obligation, second).department_id
        assert owner == account.department_id
    sheet = secretary.get(answer.headers["location"]).text
    for said in (
        "退回原因：请补充材料",
        "延期：申请延至2024年12月25日：招标推迟",
        "草稿：2024年11月24日保存：写了一半",
        "2024年11月22日 甲局联络员（100%）：已印发方案",
        "逾期",
        "纸质材料在柜中\n第二层",
        "监交人（签字）",
    ):
        assert said in sheet, said


def test_the_sheet_stays_as_it_was_and_prints_the_same_in_word(
    database: Database, history: History, sign_in: SignIn, heir: int
) -> None:
    secretary = sign_in("秘书处")
    place = give(secretary, path_of(database), heir).headers["location"].split("?")[0]
    before = secretary.get(place).text
    history.accept(history.key("甲局"), TODAY)
    with database.writing() as session:
        session.execute(text("UPDATE task SET title = '改了' WHERE number = '1.1'"))
        session.execute(text("UPDATE account SET name = '别名' WHERE login = :login"), {"login": HEIR})
    after = secretary.get(place).text
    cut = slice(before.index("<article"), before.index("</article"))
    assert before[cut] == after[after.index("<article") : after.index("</article")]
    answer = secretary.get(f"{place}.docx")
    assert "attachment" in answer.headers["content-disposition"]
    document = Document(io.BytesIO(answer.content))
    told = "\n".join(cell.text for table in document.tables for row in table.rows for cell in row.cells)
    for said in ("甲局联络员", HEIR, "1.1 开展宣传活动", "2024年12月31日", "监交人（签字）"):
        assert said in told
    assert "改了" not in told


def test_where_both_wrote_on_one_item_neither_text_is_lost(
    database: Database, history: History, sign_in: SignIn, heir: int, settings: Settings
) -> None:
    leaver, key = key_of(database, LEAVER), history.key("甲局")
    store = EvidenceStore(settings.evidence_dir, 1_000_000)
    sha256 = "0" * 64
    place = store.folder / sha256[:2] / sha256[2:4] / sha256
    place.parent.mkdir(parents=True)
    place.write_bytes(b"x")
    file = StoredFile("方案.pdf", "application/pdf", 1, sha256)
    draft(database, key, leaver, "旧人所写", percent="60", kept=[issue(store, file, leaver).token, "junk.token"])
    draft(database, key, heir, "新人所写")
    secretary = sign_in("秘书处")
    assert "1项双方都有草稿" in secretary.get(path_of(database)).text
    assert give(secretary, path_of(database), heir).status_code == 303
    with database.reading() as session:
        row = session.exec(select(UpdateDraft)).one()
        assert row.account_id == heir
        assert row.typed["text"] == "新人所写\n\n【甲局联络员2024年11月24日保存的草稿，交接时并入】\n旧人所写"
        assert row.typed["percent"] == "60"
        assert [redeem(store, token, heir) for token in row.typed["kept"]] == [file]
    page = sign_in(HEIR).get(f"/obligations/{key}")
    assert "旧人所写" in page.text
    assert "新人所写" in page.text


def mail(session: Session, account: Account, kind: str, key: str, state: MailState = MailState.QUEUED) -> None:
    session.add(
        OutboxMail(
            region_id=account.region_id,
            account_id=account.id,
            key=key,
            message_id=f"<{key}@example.org>",
            kind=kind,
            to_name=account.name,
            to_address=account.email or "",
            subject="主题",
            text=f"{account.name}：\n\n　　正文",
            html=f'<p style="margin:0">{account.name}：</p><p>正文</p>',
            state=state,
            attempts=1 if state is MailState.SENDING else 0,
            lease_until=NOW + timedelta(minutes=5) if state is MailState.SENDING else None,
            next_try_at=NOW - timedelta(minutes=1),
            created_at=NOW,
        )
    )


def test_waiting_mails_go_to_the_successor_once_and_what_is_personal_to_nobody(
    database: Database, sign_in: SignIn, heir: int
) -> None:
    leaver = key_of(database, LEAVER)
    with database.writing() as session:
        old, new = session.get_one(Account, leaver), session.get_one(Account, heir)
        mail(session, old, "daily", f"daily.test.2024-11-25.{leaver}")
        mail(session, old, "weekly", f"weekly.test.2024-11-25.{leaver}")
        mail(session, new, "weekly", f"weekly.test.2024-11-25.{heir}")
        mail(session, old, "weekly", f"weekly.test.2024-11-18.{leaver}", MailState.SENDING)
        mail(session, old, "link", "link.77")
        mail(session, old, "daily", f"daily.test.2024-11-22.{leaver}", MailState.SENT)
    assert give(sign_in("秘书处"), path_of(database), heir).status_code == 303
    with database.reading() as session:
        found = {row.key: row for row in session.exec(select(OutboxMail).where(OutboxMail.kind != "handover")).all()}
        moved = found[f"daily.test.2024-11-25.{heir}"]
        assert (moved.account_id, moved.to_address, moved.to_name) == (heir, "heir@example.org", HEIR)
        assert moved.text == f"{HEIR}：\n\n　　正文"
        assert f">{HEIR}：<" in moved.html
        assert moved.message_id == f"<daily.test.2024-11-25.{heir}@example.org>"
        dropped = found[f"weekly.test.2024-11-25.{leaver}"]
        assert dropped.state is MailState.FAILED  # the successor has the same
        assert found["link.77"].state is MailState.FAILED
        assert found[f"weekly.test.2024-11-18.{leaver}"].state is MailState.SENDING
        assert found[f"weekly.test.2024-11-18.{heir}"].state is MailState.QUEUED
        assert found[f"daily.test.2024-11-22.{leaver}"].account_id == leaver
        assert not [row for row in found.values() if row.state is MailState.QUEUED and row.account_id == leaver]


def test_whether_the_successor_may_still_be_written_to_is_asked_when_it_is_sent(
    database: Database, sign_in: SignIn, heir: int, clock: Any
) -> None:
    leaver = key_of(database, LEAVER)
    with database.writing() as session:
        mail(session, session.get_one(Account, leaver), "daily", f"daily.test.2024-11-25.{leaver}")
    secretary = sign_in("秘书处")
    assert give(secretary, path_of(database), heir).status_code == 303
    secretary.post(f"/manage/accounts/{heir}/close")
    sent: list[str] = []

    class Watched:
        def send(self, one: OutboxMail, _now: object) -> None:
            sent.append(one.to_address)

    while send_one(database, Watched(), clock):
        pass
    assert sent == []
    with database.writing() as session:
        assert claim_next(session, NOW) is None


def test_the_successor_is_reminded_as_the_leaver_would_have_been(
    database: Database, sign_in: SignIn, settings: Settings
) -> None:
    """And not from the beginning, as somebody to whom nothing was said yet."""
    friday = TODAY - timedelta(days=3)
    new = {"login": HEIR, "name": HEIR, "email": "heir@example.org"}

    def told(days: int) -> dict[str, str]:
        on = friday + timedelta(days=days)
        with database.reading() as session:
            region = session.exec(select(Region).where(Region.code == "test")).one()
            now = NOW + timedelta(days=days - 3)
            letters = preview_run(session, region, RunKind.DAILY, on, now=now, settings=settings)
        return {letter.to_name: letter.text.replace(letter.to_name, "") for letter in letters}

    with database.reading() as session:
        here = session.exec(select(Region.id).where(Region.code == "test")).one() or 0
    made_at = NOW - timedelta(days=3)
    make_run(database, lambda: None, here, RunKind.DAILY, friday, now=made_at, by=None, settings=settings)
    add(database, "甲局旁人", "甲局", AccountRole.LIAISON, email="other@example.org")
    days = range(12)
    before = [told(day).get(LEAVER) for day in days]
    assert give(sign_in("秘书处"), path_of(database), "new", **new).status_code == 303
    after = [told(day) for day in days]
    assert [one.get(HEIR) for one in after] == before
    assert not any(LEAVER in one for one in after)
    assert before[0] is None
    assert "甲局旁人" in after[0]


def test_a_successor_may_get_an_account_on_the_spot(database: Database, sign_in: SignIn) -> None:
    secretary = sign_in("秘书处")
    answer = give(secretary, path_of(database), "new", login=HEIR, email="heir@example.org")
    assert answer.status_code == 303
    with database.reading() as session:
        made = session.exec(select(Account).where(Account.login == HEIR)).one()
        old = session.exec(select(Account).where(Account.login == LEAVER)).one()
        assert (made.department_id, made.role, made.active) == (old.department_id, AccountRole.LIAISON, True)
        kinds = session.exec(select(OutboxMail.kind).where(OutboxMail.account_id == made.id)).all()
        assert sorted(kinds) == ["handover", "link"]


def test_without_an_address_the_way_in_is_shown_once(database: Database, sign_in: SignIn) -> None:
    answer = give(sign_in("秘书处"), path_of(database), "new", login=HEIR)
    assert answer.status_code == 200
    assert "初始密码" in answer.text
    with database.reading() as session:
        assert session.exec(select(Handover)).one().id


@pytest.mark.parametrize(
    ("successor", "sentence"),
    [
        ("乙局联络员", "同一单位"),
        ("甲局负责人", "同一角色"),
        ("邻区秘书处", "没有这个账号"),
        (LEAVER, "不能是本人"),
        ("", "请选择接交人"),
        ("999999999999", "没有这个账号"),
        ("１' OR 1=1", "请选择接交人"),
    ],
)
def test_who_cannot_take_over_is_refused_and_nothing_is_lost(
    database: Database, sign_in: SignIn, successor: str, sentence: str
) -> None:
    with database.reading() as session:
        known = session.exec(select(Account.id).where(Account.login == successor)).one_or_none()
    answer = give(sign_in("秘书处"), path_of(database), known or successor, note="说明<script>", on="2024年11月20日")
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "说明&lt;script&gt;" in answer.text
    assert "2024年11月20日" in answer.text
    with database.reading() as session:
        assert session.exec(select(Account.active).where(Account.login == LEAVER)).one()
        assert session.exec(select(Handover)).all() == []


def test_bad_days_notes_and_names_get_a_sentence_each(database: Database, sign_in: SignIn) -> None:
    secretary = sign_in("秘书处")
    answer = give(
        secretary,
        path_of(database),
        "new",
        login="乙局联络员",
        name="甲\u202e局",
        email="a@b\r\nBcc: x@y.z",
        on="2024-12-01",
        note="长" * 1001,
    )
    assert answer.status_code == 422
    for sentence in ("已被使用", "看不见的字符", "邮箱地址不正确", "不能填写将来的日期", "不能超过1000字"):
        assert sentence in answer.text
    assert "三十天以前" in give(secretary, path_of(database), "new", login=HEIR, on="2024-10-01").text
    assert "请填写交接日期" in give(secretary, path_of(database), "new", login=HEIR, on="昨天").text
    with database.reading() as session:
        assert session.exec(select(Account).where(Account.login == HEIR)).all() == []


def test_a_closed_successor_is_refused(database: Database, sign_in: SignIn, heir: int) -> None:
    secretary = sign_in("秘书处")
    secretary.post(f"/manage/accounts/{heir}/close")
    answer = give(secretary, path_of(database), heir)
    assert answer.status_code == 422
    assert "已经停用" in answer.text


def test_the_last_secretary_hands_over_only_to_another_one(database: Database, sign_in: SignIn) -> None:
    """And not by his own hand."""
    own = sign_in("秘书处")
    assert "不能办理自己的交接" in own.get(path_of(database, "秘书处")).text
    form: dict[str, object] = {"seen": "", "successor": "new", "login": "新秘书", "on": "2024-11-25"}
    refused = own.post(path_of(database, "秘书处"), form)
    assert refused.status_code == 422
    add(database, "安全管理员", None, AccountRole.SECURITY)
    keeper = sign_in("安全管理员")
    form_page = keeper.get(path_of(database, LEAVER)).text
    assert "在办事项2项" in form_page
    assert "开展宣传活动" not in form_page  # who keeps accounts reads no reports
    answer = give(keeper, path_of(database, "秘书处"), "new", login="新秘书", email="new@example.org")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/manage/accounts/")  # the sheet is none of the keeper's business
    with database.reading() as session:
        active = session.exec(
            select(Account.login).where(Account.role == AccountRole.SECRETARIAT, col(Account.active).is_(True))
        ).all()
        assert sorted(active) == ["新秘书", "邻区秘书处"]
        region = session.exec(select(Region).where(Region.code == "test")).one()
        sheet = sheet_of(session.exec(select(Handover)).one().items)
        assert (sheet.department, sheet.from_name) == (region.secretariat, "秘书处")


def test_a_secretarys_sheet_lists_what_waits_for_a_decision(
    database: Database, history: History, sign_in: SignIn
) -> None:
    history.submit(history.key("甲局"), TODAY)
    history.ask(history.key("乙局"), TODAY, TODAY + timedelta(days=20))
    history.accept(history.key("丙局", "2.1"), TODAY)
    page = sign_in("秘书处").get("/account/handover").text
    assert "预备稿" in page
    assert "在办事项2项" in page
    assert "近30日已报送、已办理1件" in page


def test_a_double_click_is_one_handover(database: Database, sign_in: SignIn, heir: int) -> None:
    secretary = sign_in("秘书处")
    path = path_of(database)
    form = {"seen": seen(secretary.get(path).text), "successor": heir, "on": "2024-11-25"}
    first, second = secretary.post(path, form), secretary.post(path, form)
    assert first.headers["location"] == second.headers["location"]
    other = secretary.post(path, {**form, "note": "别的"})
    assert other.status_code == 409
    assert "已经停用" in other.text
    with database.reading() as session:
        assert len(session.exec(select(Handover)).all()) == 1


def test_of_two_secretaries_at_once_one_wins(database: Database, sign_in: SignIn, heir: int) -> None:
    add(database, "第二秘书", None, AccountRole.SECRETARIAT)
    third = add(database, "甲局第三联络员", "甲局", AccountRole.LIAISON)
    path, people = path_of(database), [sign_in("秘书处"), sign_in("第二秘书")]
    forms = [
        {"seen": seen(person.get(path).text), "successor": successor, "on": "2024-11-25"}
        for person, successor in zip(people, (heir, third), strict=True)
    ]
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda person=person, form=form: answers.append(person.post(path, form).status_code))
        for person, form in zip(people, forms, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 409]


def test_a_form_from_before_the_account_was_changed_is_stale(database: Database, sign_in: SignIn, heir: int) -> None:
    secretary, path = sign_in("秘书处"), path_of(database)
    form = {"seen": seen(secretary.get(path).text), "successor": heir, "on": "2024-11-25"}
    with database.writing() as session:  # the department was succeeded meanwhile, and its people went along
        account = session.exec(select(Account).where(Account.login == LEAVER)).one()
        account.department_id = session.exec(select(Department.id).where(Department.name == "丙局")).one()
    answer = secretary.post(path, form)
    assert answer.status_code == 409
    assert "刚被他人修改" in answer.text


def test_sheets_are_for_the_secretariat_and_for_both_parties(database: Database, sign_in: SignIn, heir: int) -> None:
    place = give(sign_in("秘书处"), path_of(database), heir).headers["location"].split("?")[0]
    allowed = {HEIR: 200, "乙局联络员": 404, "甲局负责人": 404, "领导": 404, "专家": 404, "邻区秘书处": 404}
    for login, status in allowed.items():
        person = sign_in(login)
        assert person.get(place).status_code == status, login
        assert person.get(f"{place}.docx").status_code == status, login
        assert person.get("/handovers").status_code == (200 if login == "邻区秘书处" else 404), login
        assert person.get(path_of(database, "乙局联络员")).status_code == 404, login
        assert person.post(path_of(database, "乙局联络员"), {"successor": heir}).status_code == 404, login
    add(database, "安全管理员", None, AccountRole.SECURITY)
    keeper = sign_in("安全管理员")
    assert (keeper.get("/handovers").status_code, keeper.get(place).status_code) == (200, 404)
    assert sign_in("秘书处").get("/handovers/999").status_code == 404
    assert sign_in("秘书处").get(path_of(database, "领导")).status_code == 404
    assert sign_in("领导").get("/account/handover").status_code == 404


def test_ones_own_sheet_is_prepared_and_changes_nothing(database: Database, sign_in: SignIn) -> None:
    person = sign_in(LEAVER)
    page = person.get("/account/handover").text
    assert "尚未办理（预备稿）" in page
    assert "1.1 开展宣传活动" in page
    assert person.get("/account/handover.docx").status_code == 200
    with database.reading() as session:
        assert session.exec(select(Handover)).all() == []

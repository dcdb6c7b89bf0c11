"""What came by mail, on the page of the department that has to confirm it, and in the secretariat's log."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from app.changes.keep_draft import keep_draft
from app.db import Database
from app.documents.evidence_store import EvidenceStore
from app.documents.upload_receipt import issue, redeem
from app.models import Account, InboundMail, MailedAnswer, Obligation, UpdateDraft
from app.models.inbound_mail import InboundKind
from app.models.mailed_answer import AnswerState
from app.settings import Settings
from tests.conftest import NOW, TODAY, Person
from tests.documents import samples
from tests.history import History

SignIn = Callable[[str], Person]
HOSTILE = "</bdi><script>alert(1)</script>"


def typed(**changed: Any) -> dict[str, Any]:
    words = dict.fromkeys(("text", "difficulties", "next_step", "percent", "proves", "window"), "")
    return {"kind": "interim", **words, "risk": False, "kept": [], "faults": [], **changed}


def account_of(session: Session, login: str) -> Account:
    return session.exec(select(Account).where(Account.login == login)).one()


def put(database: Database, login: str, obligation_id: int | None, **changed: Any) -> int:
    """An answer of this account; its id."""
    with database.writing() as session:
        account = account_of(session, login)
        mail = InboundMail(
            region_id=account.region_id,
            fingerprint=f"{len(session.exec(select(InboundMail)).all())}",
            kind=InboundKind.ANSWER,
            from_address=account.email or "",
            from_name=HOSTILE,
            subject=HOSTILE,
            account_id=account.id,
            department_id=account.department_id,
            text=HOSTILE,
            outcome="1项答复待单位确认。",
            read_at=NOW,
        )
        session.add(mail)
        session.flush()
        answer = MailedAnswer(
            region_id=account.region_id or 0,
            department_id=account.department_id or 0,
            inbound_id=mail.id or 0,
            obligation_id=obligation_id,
            typed=typed(**changed),
            state=AnswerState.WAITING,
            created_at=NOW,
        )
        session.add(answer)
        session.flush()
        return answer.id or 0


def draft_of(database: Database, obligation_id: int) -> dict[str, Any] | None:
    with database.reading() as session:
        found = session.exec(select(UpdateDraft).where(UpdateDraft.obligation_id == obligation_id)).one_or_none()
        return found.typed if found else None


def state_of(database: Database, answer_id: int) -> AnswerState:
    with database.reading() as session:
        return session.get_one(MailedAnswer, answer_id).state


def test_an_answer_is_shown_and_becomes_the_draft_of_who_takes_it(
    database: Database, settings: Settings, history: History, sign_in: SignIn
) -> None:
    store = EvidenceStore(settings.evidence_dir, 1024 * 1024)

    file = store.store(io.BytesIO(samples.PDF), "总结.pdf")
    head, liaison = history.account("甲局负责人"), history.account("甲局联络员")
    key = history.key("甲局")
    answer = put(
        database,
        "甲局负责人",
        key,
        text=HOSTILE,
        percent="60",
        faults=["完成比例应为0至100的整数。"],
        kept=[issue(store, file, head).token],
    )
    person = sign_in("甲局联络员")
    shown = person.get("/answers").text
    assert HOSTILE not in shown
    assert "总结.pdf" in shown
    assert "采用前请核对" in shown
    assert person.post(f"/answers/{answer}/take").status_code == 303
    draft = draft_of(database, key)
    assert draft is not None
    assert (draft["text"], draft["percent"]) == (HOSTILE, "60")
    assert redeem(store, draft["kept"][0], liaison) == file
    assert state_of(database, answer) is AnswerState.TAKEN
    assert "没有待确认的邮件答复" in person.get("/answers").text
    # A double click, and somebody who has the page open still.
    again = person.post(f"/answers/{answer}/take")
    assert (again.status_code, "刚被本单位其他人处理" in again.text) == (409, True)
    assert "待确认" not in person.get("/obligations").text


def test_what_one_has_written_already_is_not_lost(database: Database, history: History, sign_in: SignIn) -> None:
    key, by = history.key("甲局"), history.account("甲局联络员")
    with database.writing() as session:
        row = session.get_one(Obligation, key)
        keep_draft(session, row, typed(text="自己写的", percent="30"), revision=row.revision, by=by, now=NOW)
    answer = put(database, "甲局联络员", key, text="邮件里写的", percent="60")
    person = sign_in("甲局联络员")
    assert "您在此事项已有草稿" in person.get("/answers").text
    assert person.post(f"/answers/{answer}/take").status_code == 303
    draft = draft_of(database, key)
    assert draft is not None
    assert draft["text"].startswith("自己写的\n\n【")
    assert draft["text"].endswith("邮件里写的")
    assert draft["percent"] == "30"


def test_a_draft_that_would_become_too_long_is_said_and_nothing_changes(
    database: Database, history: History, sign_in: SignIn
) -> None:
    key, by = history.key("甲局"), history.account("甲局联络员")
    with database.writing() as session:
        row = session.get_one(Obligation, key)
        keep_draft(session, row, typed(text="一" * 9000), revision=row.revision, by=by, now=NOW)
    answer = put(database, "甲局联络员", key, text="二" * 9000)
    refused = sign_in("甲局联络员").post(f"/answers/{answer}/take")
    assert (refused.status_code, "超过字数限制" in refused.text) == (422, True)
    draft = draft_of(database, key)
    assert draft is not None
    assert draft["text"] == "一" * 9000
    assert state_of(database, answer) is AnswerState.WAITING


def test_what_speaks_of_no_item_is_attributed_by_the_department(
    database: Database, history: History, sign_in: SignIn
) -> None:
    answer = put(database, "乙局联络员", None, text="都完成了")
    person = sign_in("乙局联络员")
    key, foreign = history.key("乙局", "2.1"), history.key("丙局", "2.1")
    for chosen in ("", "x", str(foreign), "9" * 30):
        refused = person.post(f"/answers/{answer}/take", {"obligation": chosen})
        assert refused.status_code == 422, chosen
        assert state_of(database, answer) is AnswerState.WAITING
    assert person.post(f"/answers/{answer}/take", {"obligation": str(key)}).status_code == 303
    draft = draft_of(database, key)
    assert draft is not None
    assert draft["text"] == "都完成了"
    with database.reading() as session:
        assert session.get_one(MailedAnswer, answer).obligation_id == key


def test_an_item_that_is_done_cannot_be_reported_again(database: Database, history: History, sign_in: SignIn) -> None:
    key = history.key("甲局")
    answer = put(database, "甲局联络员", key, text="补充")
    history.submit(key, TODAY)
    person = sign_in("甲局联络员")
    assert "不能再采用" in person.get("/answers").text
    assert person.post(f"/answers/{answer}/take").status_code == 422


def test_dropping_can_be_taken_back(database: Database, history: History, sign_in: SignIn) -> None:
    answer = put(database, "甲局联络员", history.key("甲局"), text="x")
    person = sign_in("甲局联络员")
    assert person.post(f"/answers/{answer}/drop").headers["location"] == "/answers?notice=answer-dropped"
    assert state_of(database, answer) is AnswerState.DROPPED
    assert person.post(f"/answers/{answer}/drop").status_code == 409
    assert f'action="/answers/{answer}/restore"' in person.get("/answers").text
    assert person.post(f"/answers/{answer}/restore").status_code == 303
    assert state_of(database, answer) is AnswerState.WAITING
    assert person.post(f"/answers/{answer}/restore").status_code == 409


@pytest.mark.parametrize("login", ["乙局联络员", "甲局负责人", "秘书处", "邻区秘书处"])
def test_nobody_else_settles_it(database: Database, history: History, sign_in: SignIn, login: str) -> None:
    answer = put(database, "甲局联络员", history.key("甲局"), text="机密")
    person = sign_in(login)
    for verb in ("take", "drop", "restore"):
        assert person.post(f"/answers/{answer}/{verb}").status_code == 404
    assert ("机密" in person.get("/answers").text) is (login == "甲局负责人")  # who reads it and leaves it
    assert state_of(database, answer) is AnswerState.WAITING


def test_a_duty_that_moved_takes_its_answers_along(database: Database, history: History, sign_in: SignIn) -> None:
    answer = put(database, "丙局联络员", history.key("丙局", "2.1"), text="移交前的答复")
    put(database, "丙局联络员", None, text="没有对应的答复")
    history.succeed("丙局", "旧局", TODAY)
    person = sign_in("丙局联络员")  # who belongs to the successor now
    shown = person.get("/answers").text
    assert "移交前的答复" in shown
    assert "没有对应的答复" in shown
    assert person.post(f"/answers/{answer}/drop").status_code == 303


def test_the_secretariat_reads_what_came(database: Database, history: History, sign_in: SignIn) -> None:
    put(database, "甲局联络员", history.key("甲局"), text="x")
    person = sign_in("秘书处")
    shown = person.get("/mail/inbound").text
    assert "1项答复待单位确认" in shown
    assert HOSTILE not in shown
    with database.reading() as session:
        key = session.exec(select(InboundMail.id)).one()
    one = person.get(f"/mail/inbound/{key}")
    assert one.status_code == 200
    assert HOSTILE not in one.text
    assert "没有这类来信" in person.get("/mail/inbound?kind=bounce").text
    assert person.get("/mail/inbound?kind=x").status_code == 422
    assert sign_in("邻区秘书处").get(f"/mail/inbound/{key}").status_code == 404
    assert '/mail/inbound"' in person.get("/mail").text

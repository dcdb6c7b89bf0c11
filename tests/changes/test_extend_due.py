from collections.abc import Callable
from datetime import date

import pytest
from sqlmodel import Session, select

from app.changes.extend_due import decide_extension, request_extension
from app.changes.record_event import record_event
from app.domain.workflow import EventKind
from app.errors import Invalid, Overtaken
from app.models import Account, Extension, Obligation
from app.queries.verify import Checked, history_findings
from tests.conftest import NOW, TODAY

NEW_DUE = date(2025, 3, 31)


@pytest.fixture
def row(session: Session, obligation_of: Callable[..., Obligation]) -> Obligation:
    return session.get_one(Obligation, obligation_of("甲局", "1.1", "第二阶段").id)


def account(session: Session, login: str) -> int:
    return session.exec(select(Account.id).where(Account.login == login)).one() or 0


def ask(session: Session, row: Obligation, *, reason: str = "招标延后", proposed: date | None = NEW_DUE) -> Extension:
    by = account(session, "甲局联络员")
    return request_extension(session, row, reason=reason, proposed_due=proposed, by=by, now=NOW, today=TODAY)


def decide(session: Session, extension: Extension, *, grant: bool, reason: str = "", due: date | None = None) -> None:
    by = account(session, "秘书处")
    decide_extension(session, extension, grant=grant, reason=reason, granted_due=due, by=by, now=NOW, today=TODAY)


def test_a_granted_extension_moves_the_date_and_keeps_the_first_one(session: Session, row: Obligation) -> None:
    extension = ask(session, row)
    assert row.due == date(2024, 12, 31)
    decide(session, extension, grant=True)
    session.refresh(row)
    assert (row.due, row.first_due, row.extensions) == (NEW_DUE, date(2024, 12, 31), 1)
    assert list(history_findings(session, Checked())) == []


def test_the_secretariat_may_grant_another_date(session: Session, row: Obligation) -> None:
    decide(session, ask(session, row), grant=True, due=date(2025, 1, 31))
    session.refresh(row)
    assert row.due == date(2025, 1, 31)


def test_a_refusal_needs_a_reason_and_moves_nothing(session: Session, row: Obligation) -> None:
    extension = ask(session, row)
    with pytest.raises(Invalid, match="理由"):
        decide(session, extension, grant=False)
    decide(session, extension, grant=False, reason="请按期完成")
    session.refresh(row)
    assert row.due == date(2024, 12, 31)


@pytest.mark.parametrize(
    ("reason", "proposed", "field"),
    [
        ("", NEW_DUE, "reason"),
        ("长" * 2001, NEW_DUE, "reason"),
        ("招标延后", None, "proposed_due"),
        ("招标延后", date(2024, 12, 31), "proposed_due"),
        ("招标延后", date(2024, 12, 1), "proposed_due"),
        ("招标延后", date(2031, 1, 1), "proposed_due"),
    ],
)
def test_a_request_with_faults_names_the_field(
    session: Session, row: Obligation, reason: str, proposed: date | None, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        ask(session, row, reason=reason, proposed=proposed)
    assert list(caught.value.fields) == [field]
    assert session.exec(select(Extension)).all() == []


def test_one_request_at_a_time(session: Session, row: Obligation) -> None:
    first = ask(session, row)
    with pytest.raises(Overtaken):
        ask(session, row, reason="另一个理由")
    assert ask(session, row).id == first.id  # the same again, a double click


def test_a_request_is_decided_once(session: Session, row: Obligation) -> None:
    extension = ask(session, row)
    decide(session, extension, grant=True)
    with pytest.raises((Overtaken, Invalid)):
        decide(session, extension, grant=False, reason="不同意")
    session.refresh(row)
    assert row.due == NEW_DUE


def test_what_waits_for_review_is_not_extended(session: Session, row: Obligation) -> None:
    record_event(session, row, EventKind.SUBMITTED, on=TODAY, now=NOW, by=None)
    with pytest.raises(Overtaken):
        ask(session, row)

"""Two people at one obligation: one wins, the other is told, nothing is half written."""

import threading
from collections.abc import Callable

import pytest
from sqlmodel import col, func, select

from app.changes.review_update import review_update
from app.changes.second_factor import locked_account
from app.changes.submit_update import Report, submit_update
from app.db import Database
from app.domain.audit import Act, AuditAction, Channel
from app.domain.workflow import State
from app.errors import Overtaken
from app.models import Account, Obligation, ObligationEvent, ProgressUpdate, Review
from app.models.progress_update import UpdateKind
from app.models.review import ReviewDecision
from app.queries.verify import Checked, history_findings
from app.trail import keep_trail, tell
from tests.conftest import NOW, TODAY


def account(database: Database, login: str) -> int:
    with database.reading() as session:
        return session.exec(select(Account.id).where(Account.login == login)).one() or 0


def race(*attempts: Callable[[], None]) -> list[str]:
    """Runs all at once; "won" or "overtaken" for each."""
    barrier = threading.Barrier(len(attempts))
    results: list[str] = []

    def run(attempt: Callable[[], None]) -> None:
        barrier.wait()
        try:
            attempt()
        except Overtaken:
            results.append("overtaken")
        else:
            results.append("won")

    threads = [threading.Thread(target=run, args=(attempt,)) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


def report(database: Database, key: int, by: int, revision: int) -> None:
    with database.writing() as session:
        said = Report(revision=revision, kind=UpdateKind.COMPLETION, text="完成", percent=100)
        submit_update(session, session.get_one(Obligation, key), said, by=by, now=NOW, today=TODAY)


def test_of_eight_reports_at_once_one_is_taken(database: Database, obligation_of: Callable[..., Obligation]) -> None:
    row = obligation_of("甲局")
    by = account(database, "甲局联络员")
    results = race(*[lambda: report(database, row.id or 0, by, row.revision)] * 8)
    assert results == ["overtaken"] * 7 + ["won"]
    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(ProgressUpdate)).one() == 1
        assert list(history_findings(session, Checked())) == []


def test_of_acceptance_and_return_at_once_one_is_taken(
    database: Database, obligation_of: Callable[..., Obligation]
) -> None:
    row = obligation_of("甲局")
    report(database, row.id or 0, account(database, "甲局联络员"), row.revision)
    by = account(database, "秘书处")
    revision = obligation_of("甲局").revision

    def decide(decision: ReviewDecision) -> None:
        with database.writing() as session:
            review_update(
                session,
                session.get_one(Obligation, row.id),
                decision,
                reason="请补充",
                revision=revision,
                by=by,
                now=NOW,
                today=TODAY,
            )

    results = race(*[lambda: decide(ReviewDecision.ACCEPTED), lambda: decide(ReviewDecision.RETURNED)] * 3)
    assert results == ["overtaken"] * 5 + ["won"]
    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(Review)).one() == 1
        last = session.exec(
            select(ObligationEvent)
            .where(ObligationEvent.obligation_id == row.id)
            .order_by(col(ObligationEvent.seq).desc())
        ).first()
        assert last is not None
        assert last.state is obligation_of("甲局").state
        assert last.state in {State.ACCEPTED, State.RETURNED}
        assert list(history_findings(session, Checked())) == []


def test_who_signs_in_does_not_hold_up_who_is_at_work_under_the_same_name(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one holds the account's row and waits for the trail; the other holds the trail, and its entry names the row."""
    monkeypatch.setattr(database, "witness", database.witness)
    keep_trail(database)
    by, begun = account(database, "甲局联络员"), threading.Event()
    with database.reading() as session:
        region_id = session.get_one(Account, by).region_id

    def act() -> Act:
        return Act(NOW, AuditAction.EXPORT, Channel.WEB, region_id=region_id, actor_id=by)

    def sign_in() -> None:
        with database.writing(act) as session:
            locked_account(session, by)
            begun.set()
            working.join(0.3)
            tell(session, action=AuditAction.SIGN_IN)

    def work() -> None:
        begun.wait()
        with database.writing(act) as session:
            tell(session, action=AuditAction.EXPORT)

    with database.writing(act) as session:
        tell(session, action=AuditAction.EXPORT)
    faults: list[BaseException] = []

    def told(run: Callable[[], None]) -> None:
        try:
            run()
        except BaseException as error:
            faults.append(error)

    working = threading.Thread(target=told, args=(work,))
    working.start()
    told(sign_in)
    working.join()
    assert faults == []

"""Several at one succession at once: each thing happens once, and nothing that was sent is lost."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta

import pytest
from sqlmodel import Session, col, select

from app.changes.apply_successions import apply_successions
from app.changes.extend_due import decide_extension, request_extension
from app.changes.preview_succession import confirm_succession
from app.changes.review_update import review_update
from app.changes.submit_update import Report, submit_update
from app.changes.undo_succession import Stands
from app.db import Database
from app.domain.succession import end_of
from app.domain.workflow import LIVE, WAITING_FOR_DEPARTMENT, State
from app.drafts.department_register import SuccessionKind
from app.errors import Invalid, Overtaken
from app.models import Department, Extension, Obligation, ProgressUpdate, Succession
from app.models.extension import ExtensionState
from app.models.progress_update import UpdateKind
from app.models.review import ReviewDecision
from app.queries.successions import steps_of_region
from tests.changes.successions import Office, region, wanted
from tests.conftest import NOW, TODAY

RENAME = SuccessionKind.RENAME


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def at_once(*attempts: Callable[[], object]) -> list[str]:
    """What became of each, in their order; all are begun at the same moment."""
    barrier = threading.Barrier(len(attempts))
    results = [""] * len(attempts)

    def run(place: int, attempt: Callable[[], object]) -> None:
        barrier.wait()
        try:
            attempt()
        except (Overtaken, Invalid, Stands) as error:
            results[place] = type(error).__name__
        else:
            results[place] = "done"

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(attempts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def of(session: Session, department: str) -> Obligation:
    return (
        session.exec(
            select(Obligation).join(Department).where(Department.name == department).order_by(col(Obligation.id))
        ).first()
        or Obligation()
    )


def tick(database: Database, today: date = TODAY) -> int:
    with database.writing() as session:
        return apply_successions(session, region(session), today=today, now=NOW)


def test_what_is_sent_while_a_department_is_renamed_comes_before_or_after(office: Office, database: Database) -> None:
    office.record(wanted(RENAME, "丙局", "丁局", on=TODAY + timedelta(days=1)))
    by = office.account("丙局联络员").id or 0
    with database.reading() as session:
        row = of(session, "丙局")
        key, revision = row.id or 0, row.revision

    def send() -> None:
        with database.writing() as session:
            report = Report(revision, UpdateKind.COMPLETION, "已完成", percent=100)
            submit_update(session, session.get_one(Obligation, key), report, by=by, now=NOW, today=TODAY)

    sent, moved = at_once(send, lambda: tick(database, TODAY + timedelta(days=1)))
    assert moved == "done"
    with database.reading() as session:
        row = session.get_one(Obligation, key)
        assert row.department_id == office.department("丁局")
        assert (row.state is State.SUBMITTED) == (sent == "done")
        assert len(session.exec(select(ProgressUpdate)).all()) == (sent == "done")
    assert office.findings() == []


def test_of_two_who_record_the_same_one_does(office: Office, database: Database) -> None:
    asked = wanted(RENAME, "丙局", "丁局")
    mark, by = office.tried(asked).mark, office.secretary

    def confirm() -> None:
        with database.writing() as session:
            confirm_succession(session, region(session), asked, mark=mark, now=NOW, by=by)

    results = at_once(confirm, confirm, lambda: tick(database), lambda: tick(database))
    assert sorted(results) == ["Invalid", "done", "done", "done"]
    with database.reading() as session:
        assert len(session.exec(select(Succession)).all()) == 1
    assert office.findings() == []


def test_of_two_ticks_and_two_who_take_it_back_each_does_it_once(office: Office, database: Database) -> None:
    key = office.record(wanted(RENAME, "丙局", "丁局"))
    results = at_once(lambda: office.undo(key), lambda: office.undo(key), lambda: tick(database))
    assert sorted(results[:2]) == ["Overtaken", "done"]
    assert office.owners(task="2.1").count("丙局") == 2
    assert office.findings() == []


class Chance:
    """A history of the office at random; the same seed tells the same."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.random = office, random.Random(seed)  # noqa: S311 (no secret)
        self.now = NOW
        self.acts: list[int] = []
        self.names = 0

    def live(self, session: Session, *states: State) -> Obligation | None:
        rows = session.exec(
            select(Obligation).where(col(Obligation.state).in_(states)).order_by(col(Obligation.id))
        ).all()
        return self.random.choice(rows) if rows else None

    def succeed(self) -> None:
        kind = self.random.choice(list(SuccessionKind))
        with self.office.database.reading() as session:
            names = list(
                session.exec(
                    select(Department.name)
                    .where(Department.region_id == region(session).id, col(Department.never_used).is_(False))
                    .order_by(col(Department.id))
                ).all()
            )
            tasks = list(session.exec(select(Obligation.task_id).distinct().order_by(col(Obligation.task_id))).all())
        self.names += 1
        old, new = self.random.sample(names, 2)
        heirs = {
            SuccessionKind.RENAME: [f"新局{self.names}"],
            SuccessionKind.SPLIT: [f"新局{self.names}", new],
        }.get(kind, [new])
        chosen = {key: int(kind is SuccessionKind.SPLIT) for key in tasks if self.random.random() < 0.5}
        on = TODAY - timedelta(days=self.random.randrange(-5, 300))
        asked = wanted(kind, old, heirs, on=on, tasks=chosen)
        self.acts.append(self.office.record(asked, self.now))

    def undo(self) -> None:
        if self.acts:
            self.office.undo(self.random.choice(self.acts), self.now)

    def report(self, session: Session, by: int) -> None:
        row = self.live(session, *WAITING_FOR_DEPARTMENT)
        if row is not None:
            kind = self.random.choice(list(UpdateKind))
            said = Report(row.revision, kind, "进展", percent=100 if kind is UpdateKind.COMPLETION else 10)
            submit_update(session, row, said, by=by, now=self.now, today=TODAY)

    def review(self, session: Session, by: int) -> None:
        row = self.live(session, State.SUBMITTED, State.ACCEPTED)
        if row is None:
            return
        decision = ReviewDecision.REOPENED
        if row.state is State.SUBMITTED:
            decision = self.random.choice([ReviewDecision.ACCEPTED, ReviewDecision.RETURNED])
        review_update(session, row, decision, reason="理由", revision=row.revision, by=by, now=self.now, today=TODAY)

    def extend(self, session: Session, by: int) -> None:
        asked = session.exec(select(Extension).where(Extension.state == ExtensionState.REQUESTED)).first()
        row = self.live(session, *WAITING_FOR_DEPARTMENT)
        if asked is not None:
            decide_extension(session, asked, grant=True, reason="", granted_due=None, by=by, now=self.now, today=TODAY)
        elif row is not None and row.due is not None:
            due = row.due + timedelta(days=30)
            request_extension(session, row, reason="延期", proposed_due=due, by=by, now=self.now, today=TODAY)

    def step(self) -> None:
        self.now += timedelta(minutes=1)
        by = self.office.secretary
        doing = self.random.choice(["succeed", "succeed", "undo", "undo", "report", "review", "extend", "tick"])
        try:
            if doing in {"succeed", "undo"}:
                getattr(self, doing)()
                return
            with self.office.database.writing() as session:
                if doing == "tick":
                    apply_successions(session, region(session), today=TODAY + timedelta(days=6), now=self.now)
                else:
                    getattr(self, doing)(session, by)
        except (Invalid, Overtaken, Stands):
            pass  # refused in so many words, and nothing was written


def faults(office: Office) -> Iterator[str]:
    """What must never be: a duty in the hands of somebody who has gone."""
    with office.database.reading() as session:
        rows = session.exec(select(Succession).where(col(Succession.applied_at).is_not(None))).all()
        applied = {row.predecessor_id for row in rows if row.undone_at is None}
        steps = steps_of_region(session, region(session).id or 0)
        for row in session.exec(select(Obligation).where(col(Obligation.state).in_(LIVE))):
            if row.department_id in applied and end_of(steps, row.department_id) is not None:
                yield f"obligation {row.id} is owed by department {row.department_id}, which has gone"
        for department in session.exec(select(Department).where(col(Department.never_used).is_(True))):
            left = session.exec(select(Obligation.id).where(Obligation.department_id == department.id)).all()
            yield from (f"obligation {key} is left with {department.name}" for key in left)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_is_done_in_whatever_order_the_books_agree(office: Office, seed: int) -> None:
    chance = Chance(office, seed)
    for _step in range(30):
        chance.step()
        assert list(faults(office)) == []
    assert office.findings() == []
    for key in reversed(chance.acts):  # in this order everything goes that nothing was built on
        with suppress(Stands, Overtaken):
            office.undo(key, chance.now)
    assert list(faults(office)) == []
    assert office.findings() == []

"""A change and a weekly list at the same moment: the list holds it or it comes behind the list, and so it stays."""

import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from sqlmodel import Session, col, select

from app.changes.freeze_overdue_list import freeze_overdue_list
from app.changes.keep_draft import keep_draft
from app.changes.publish_plan import publish_plan
from app.changes.recorded_moment import hold_lists, recorded_moment
from app.changes.submit_update import Report, submit_update
from app.drafts.plan_draft import PlanDraft
from app.errors import Invalid, Overtaken
from app.models import Obligation, ObligationEvent, OverdueList, Region
from app.models.progress_update import UpdateKind
from app.queries.known_then import known_then_findings
from tests.conftest import PLAN
from tests.history import History, at

MONDAY = date(2024, 11, 4)
BEFORE, FREEZES = at(MONDAY, 9, 59), at(MONDAY, 10)


def findings(history: History) -> list[str]:
    with history.database.reading() as session:
        return list(known_then_findings(session))


def frozen_keys(history: History, key: int) -> set[int]:
    return {row.obligation_id for row in history.frozen(key)[1]}


def submit(session: Session, history: History, key: int) -> None:
    row = session.get_one(Obligation, key)
    said = Report(row.revision, UpdateKind.COMPLETION, "已完成", percent=100)
    submit_update(session, row, said, by=history.account("甲局联络员"), now=BEFORE, today=MONDAY)


def in_the_background(act: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_what_began_before_a_list_and_ends_behind_it_is_known_behind_it(history: History) -> None:
    key = history.key("甲局")
    if history.database.engine.dialect.name == "postgresql":
        with history.database.writing() as session:
            session.get_one(Obligation, key)  # the request has read, and not yet written
            frozen = history.freeze(MONDAY)
            submit(session, history, key)
    else:  # the request waits at its door: SQLite has one writer
        frozen = history.freeze(MONDAY)
        with history.database.writing() as session:
            submit(session, history, key)
    assert key in frozen_keys(history, frozen)
    with history.database.reading() as session:
        newest = session.exec(select(ObligationEvent).order_by(col(ObligationEvent.id).desc())).first()
        assert newest is not None
        assert newest.recorded_at == FREEZES == session.get_one(OverdueList, frozen).cutoff
        assert newest.on == MONDAY
    assert findings(history) == []


def test_a_list_waits_for_what_is_about_to_be_written_and_holds_it(history: History) -> None:
    """From the moment on that the change has asked for, before its first row is written."""
    key = history.key("甲局")
    frozen: list[int] = []
    with history.database.writing() as session:
        assert recorded_moment(session, session.get_one(Obligation, key).region_id, BEFORE) == BEFORE
        thread = in_the_background(lambda: frozen.append(history.freeze(MONDAY)))
        thread.join(0.3)
        assert thread.is_alive()
        submit(session, history, key)
    thread.join()
    assert key not in frozen_keys(history, frozen[0])
    assert findings(history) == []


def test_who_waits_for_a_list_that_is_being_frozen_comes_behind_it(history: History) -> None:
    key = history.key("甲局")
    reporting = threading.Event()

    def report() -> None:
        with history.database.writing() as session:
            reporting.set()
            submit(session, history, key)

    with history.database.writing() as session:
        freeze_overdue_list(session, history.region(session), as_of=MONDAY, now=FREEZES, by=None)
        thread = in_the_background(report)
        reporting.wait(0.3)
        time.sleep(0.1)
    thread.join()
    with history.database.reading() as session:
        assert session.exec(select(ObligationEvent.recorded_at).where(ObligationEvent.seq == 2)).one() == FREEZES
    assert findings(history) == []


def test_a_savepoint_that_is_rolled_back_takes_the_lock_with_it_and_it_is_asked_for_again(history: History) -> None:
    with history.database.writing() as session:
        region_id = history.region(session).id or 0
        savepoint = session.begin_nested()
        hold_lists(session, region_id)
        savepoint.rollback()
        if history.database.engine.dialect.name == "postgresql":
            history.freeze(MONDAY)  # nobody holds it up
            assert recorded_moment(session, region_id, BEFORE) == FREEZES
        else:
            assert recorded_moment(session, region_id, BEFORE) == BEFORE


DAYS = [MONDAY + timedelta(days=7 * week) for week in range(4)]
OWNERS = ("西街道", "残联", "丙局", "旧局")


def draft(history: History, key: int, by: int, day: date) -> None:
    typed = {"text": f"草稿{day}", "difficulties": "", "next_step": "", "percent": "", "proves": ""}
    typed |= {"kind": "interim", "window": str(day)}
    with history.database.writing() as session:
        row = session.get_one(Obligation, key)
        keep_draft(session, row, {**typed, "risk": False, "kept": []}, revision=row.revision, by=by, now=at(day))


def publish(history: History, day: date) -> None:
    edition = PlanDraft.model_validate({**PLAN, "title": f"测试行动计划{day}"})
    with history.database.writing() as session:
        session.exec(select(Region.id).where(Region.code == "test").with_for_update()).one()
        publish_plan(session, edition, now=at(day))


def succeed(history: History, day: date) -> None:
    place = DAYS.index(day)
    if place + 1 < len(OWNERS):
        history.succeed(OWNERS[place], OWNERS[place + 1], day)


def every_day(act: Callable[[date], object], wrong: list[BaseException]) -> None:
    for day in DAYS:
        try:
            act(day)
        except (Overtaken, Invalid):
            pass
        except BaseException as error:
            wrong.append(error)


def test_lists_drafts_reports_successions_and_editions_at_once_do_not_block_each_other(history: History) -> None:
    """PostgreSQL ends one of two that wait for each other with an error, after a second."""
    by, wrong = history.account("甲局联络员"), list[BaseException]()
    lead, support, later = (history.key(name) for name in ("甲局", "乙局", "东街道"))
    acts: list[Callable[[date], object]] = [
        history.freeze,
        lambda day: history.submit(support, day, complete=False),
        lambda day: history.extend(later, day, date(2025, 3, day.day)),
        lambda day: draft(history, lead, by, day),
        lambda day: publish(history, day),
        lambda day: succeed(history, day),
    ]
    threads = [in_the_background(partial(every_day, act, wrong)) for act in acts]
    for thread in threads:
        thread.join()
    assert wrong == []
    assert findings(history) == []

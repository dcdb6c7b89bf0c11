"""A run is stopped before it is made, or made; whoever comes second is told so."""

import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlmodel import Session, select

from app.changes.hold_run import LONGEST_REASON, hold_run, release_run
from app.changes.make_digest_run import make_run
from app.db import Database
from app.errors import Invalid, Overtaken
from app.models import DigestRun, RunHold
from app.models.digest_run import RunKind
from app.settings import Settings
from tests.conftest import NOW, TODAY
from tests.history import History

DAILY, WEEKLY = RunKind.DAILY, RunKind.WEEKLY
FRIDAY = TODAY + timedelta(days=4)


def hold(
    database: Database, kind: RunKind = DAILY, day: date = FRIDAY, reason: str = "待核对数据", by: str = "秘书处"
) -> int:
    history = History(database)
    account = history.account(by)
    with database.writing() as session:
        region_id = history.region(session).id or 0
        return hold_run(session, region_id, kind, day, reason=reason, by=account, now=NOW, today=TODAY).id or 0


def release(database: Database, key: int, by: str = "秘书处") -> None:
    account = History(database).account(by)
    with database.writing() as session:
        release_run(session, session.get_one(RunHold, key), by=account, now=NOW)


def make(database: Database, settings: Settings, kind: RunKind = DAILY) -> DigestRun:
    with database.reading() as session:
        region_id = History(database).region(session).id or 0
    return make_run(database, lambda: None, region_id, kind, TODAY, now=NOW, by=None, settings=settings)


def rows(database: Database, table: type) -> int:
    def count(session: Session) -> int:
        return len(session.exec(select(table)).all())

    with database.reading() as session:
        return count(session)


def test_a_double_click_holds_once_and_releases_once(database: Database) -> None:
    assert hold(database) == hold(database)
    key = hold(database)
    release(database, key)
    release(database, key)
    assert hold(database) != key, "it may be held again"


def test_who_comes_second_is_told_who_was_first(database: Database) -> None:
    key = hold(database)
    with pytest.raises(Overtaken, match="已由秘书处暂缓发送"):
        hold(database, by="领导")
    release(database, key)
    with pytest.raises(Overtaken, match="已由秘书处恢复发送"):
        release(database, key, by="领导")


@pytest.mark.parametrize(
    ("kind", "day", "reason", "sentence"),
    [
        (DAILY, TODAY - timedelta(days=3), "原因", "已经过去"),
        (DAILY, TODAY + timedelta(days=5), "原因", "不是工作日"),
        (DAILY, TODAY + timedelta(days=32), "原因", "31天以内"),
        (WEEKLY, FRIDAY, "原因", "不发每周逾期清单"),
        (WEEKLY, TODAY - timedelta(days=7), "原因", "已经过去"),
        (DAILY, FRIDAY, "", "写明暂缓发送的原因"),
        (DAILY, FRIDAY, "因" * (LONGEST_REASON + 1), "不能超过500个字"),
        (DAILY, FRIDAY, "原因\r\nBcc: x", "不能含有换行"),
    ],
)
def test_what_cannot_be_held_is_said(database: Database, kind: RunKind, day: date, reason: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        hold(database, kind, day, reason)
    assert rows(database, RunHold) == 0


def test_what_is_made_cannot_be_held_and_what_is_held_cannot_be_made(database: Database, settings: Settings) -> None:
    key = hold(database, DAILY, TODAY)
    with pytest.raises(Overtaken, match="请先恢复发送"):
        make(database, settings)
    release(database, key)
    make(database, settings)
    with pytest.raises(Overtaken, match="已经开始发送，不能再暂缓"):
        hold(database, DAILY, TODAY)


def test_of_holding_and_making_at_once_exactly_one_happens(database: Database, settings: Settings) -> None:
    start = threading.Barrier(2)
    refused: list[Overtaken] = []

    def attempt(what: Callable[[], object]) -> None:
        start.wait()
        try:
            what()
        except Overtaken as error:
            refused.append(error)

    tries = [lambda: hold(database, WEEKLY, TODAY), lambda: make(database, settings, WEEKLY)]
    threads = [threading.Thread(target=attempt, args=(one,)) for one in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows(database, RunHold) + rows(database, DigestRun) == 1
    assert len(refused) == 1

"""The audit trail is kept for six months at least; what goes then is told, and nothing else may go."""

import json
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.changes.freeze_overdue_list import freeze_overdue_list
from app.changes.shorten_trail import entries_over, shorten_trail
from app.clock import Clock
from app.db import Database
from app.domain.audit import HASHED, Act, AuditAction, Channel, entry_sha256, months_before
from app.jobs.trail_care import care_for_trail
from app.models import Region
from app.queries.trail import entry_lines
from app.queries.trail_findings import TrailChecked, head_finding, trail_findings
from app.settings import Settings
from app.trail import append_entry, keep_trail
from tests.conftest import SHANGHAI
from tests.tampering import tamper
from tests.trail import acting, entries

REAL = datetime.now(UTC)  # the triggers ask the clock of the database


def told(session: Session, *ages: int) -> None:
    """Entries of so many days ago."""
    made = acting()()
    for age in ages:
        append_entry(session, replace(made, at=REAL - timedelta(days=age)))


def worker(at: datetime = REAL) -> Act:
    return Act(at, AuditAction.MAINTENANCE, Channel.WORKER, region_id=1)


def findings(session: Session) -> list[str]:
    return list(trail_findings(session, TrailChecked()))


@pytest.fixture
def old(database: Database) -> Database:
    keep_trail(database)
    with database.writing() as session:
        told(session, 700, 400, 300, 100, 1)
    return database


def shortened(session: Session, months: int = 6) -> None:
    over = entries_over(session, 1, now=REAL, months=months)
    assert over is not None
    shorten_trail(session, worker(), over)


def test_what_had_its_time_goes_and_an_entry_says_so(old: Database) -> None:
    third = entries(old, 1)[2]
    with old.writing() as session:
        shortened(session)
        assert findings(session) == []
    left = entries(old, 1)
    assert [one.seq for one in left] == [4, 5, 6]
    assert (left[-1].action, left[-1].removed_up_to) == (AuditAction.TRAIL_SHORTENED, 3)
    assert left[-1].changes[0]["removed"] == 3
    assert left[-1].changes[0]["sha256"] == third.sha256 == left[0].previous_sha256


def test_it_can_be_shortened_again_and_down_to_its_own_word(old: Database) -> None:
    with old.writing() as session:
        shortened(session, months=12)
        shortened(session)
        assert findings(session) == []
    assert [one.seq for one in entries(old, 1)] == [4, 5, 6, 7]


def test_nothing_is_old_enough_or_there_is_nothing(database: Database) -> None:
    with database.writing() as session:
        assert entries_over(session, 1, now=REAL, months=6) is None
        told(session, 100, 1)
        assert entries_over(session, 1, now=REAL, months=6) is None


def test_everything_may_be_old(database: Database) -> None:
    with database.writing() as session:
        told(session, 400, 390)
        shortened(session)
        assert findings(session) == []
    assert [one.seq for one in entries(database, 1)] == [3]


def test_an_old_entry_behind_a_younger_one_stays(database: Database) -> None:
    with database.writing() as session:
        told(session, 400, 100, 300)
        shortened(session)
        assert findings(session) == []
    assert [one.seq for one in entries(database, 1)] == [2, 3, 4]


def test_less_than_six_months_cannot_be_asked_for(old: Database) -> None:
    with old.reading() as session:
        assert entries_over(session, 1, now=REAL, months=1) == entries_over(session, 1, now=REAL, months=6)


@pytest.mark.parametrize("seq", [1, 3, 4])
def test_without_its_word_nothing_may_go(old: Database, seq: int) -> None:
    with pytest.raises(DBAPIError, match="append-only"), old.writing() as session:
        session.execute(text("DELETE FROM audit_entry WHERE seq = :seq"), {"seq": seq})


def test_with_its_word_what_is_young_may_not_go(old: Database) -> None:
    with old.writing() as session:
        append_entry(session, worker(), [{"table": "audit_entry", "sha256": ""}], removed_up_to=5)
    with pytest.raises(DBAPIError, match="append-only"), old.writing() as session:
        session.execute(text("DELETE FROM audit_entry WHERE seq <= 5"))


def test_the_word_of_one_chain_is_no_word_for_another(old: Database) -> None:
    with old.writing() as session:
        append_entry(session, replace(acting(region_id=2)(), at=REAL - timedelta(days=400)))
        shortened(session)
    with pytest.raises(DBAPIError, match="append-only"), old.writing() as session:
        session.execute(text("DELETE FROM audit_entry WHERE chain = 2"))


@pytest.mark.parametrize(
    ("tampering", "finding"),
    [
        ("DELETE FROM audit_entry WHERE seq = 4", "entry 4 is missing before entry 5"),
        ("UPDATE audit_entry SET removed_up_to = 4 WHERE seq = 6", "entry 4 has no place in it"),
        ("UPDATE audit_entry SET removed_up_to = NULL WHERE seq = 6", "entries 1 to 3 are missing before entry 4"),
        ("UPDATE audit_entry SET changes = '[]' WHERE seq = 6", "entry 6 was changed after it was written"),
        ("DELETE FROM audit_entry WHERE seq = 6", "entries 1 to 3 are missing before entry 4"),
    ],
)
def test_a_shortened_chain_is_followed_like_any_other(old: Database, tampering: str, finding: str) -> None:
    with old.writing() as session:
        shortened(session)
        tamper(session, tampering)
        found = findings(session)
    assert any(finding in one for one in found), found


def test_more_taken_away_than_was_told_is_found(old: Database) -> None:
    with old.writing() as session:
        append_entry(session, worker(), [{"table": "audit_entry", "sha256": "x"}], removed_up_to=2)
        tamper(session, "DELETE FROM audit_entry WHERE seq <= 3")
        assert "audit chain 1: entry 3 is missing before entry 4" in findings(session)


def test_a_head_on_paper_is_compared_with_what_was_the_last_to_go(old: Database) -> None:
    third = entries(old, 1)[2].sha256
    with old.writing() as session:
        shortened(session)
        assert head_finding(session, 1, 3, third) is None
        assert "is not the one on the paper" in (head_finding(session, 1, 3, "0" * 64) or "")
        assert "was removed after its time" in (head_finding(session, 1, 2, "0" * 64) or "")


def test_a_young_list_whose_head_is_gone_gives_it_away(database: Database) -> None:
    with database.writing() as session:
        told(session, 400)
        today = REAL.astimezone(SHANGHAI).date()
        freeze_overdue_list(session, session.get_one(Region, 1), as_of=today, now=REAL, by=None)
        shortened(session)
        assert findings(session) == [
            f"overdue list {today.year}-1 of region 1: entry 1 of the audit chain, printed on it, was removed before its time"
        ]


class Standing(Clock):
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    @property
    def held_at(self) -> date | None:
        return None


def test_the_worker_shortens_when_there_is_a_months_worth_and_follows_the_chain_daily(
    old: Database, settings: Settings
) -> None:
    kept = settings.model_copy(update={"audit_months": 12})
    for hours in (0, 1, 24):
        care_for_trail(kept, Standing(REAL + timedelta(hours=hours)), old, threading.Event())
    left = entries(old, 1)
    assert [one.seq for one in left] == [3, 4, 5, 6, 7, 8]
    assert [one.action for one in left[3:]] == [
        AuditAction.TRAIL_SHORTENED,
        AuditAction.MAINTENANCE,
        AuditAction.MAINTENANCE,
    ]
    assert left[-1].reason == "第3至7条，链完整。"


def test_the_worker_keeps_everything_unless_told_otherwise(old: Database, settings: Settings) -> None:
    care_for_trail(settings, Standing(REAL), old, threading.Event())
    assert [one.seq for one in entries(old, 1)] == [1, 2, 3, 4, 5, 6]


def test_exported_lines_can_be_checked_without_us(old: Database, tmp_path: Path) -> None:
    with old.reading() as session:
        (tmp_path / "trail.jsonl").write_text("\n".join(entry_lines(session, 1, after=1)), encoding="utf-8")
    previous = entries(old, 1)[0].sha256
    for line in (tmp_path / "trail.jsonl").read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        assert said["previous_sha256"] == previous
        previous = said["sha256"]
        values = said | {"at": datetime.fromisoformat(said["at"])}
        assert entry_sha256({name: values[name] for name in HASHED}) == previous


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [("2024-08-31", 6, "2024-02-29"), ("2025-08-31", 6, "2025-02-28"), ("2024-01-15", 13, "2022-12-15")],
)
def test_months_end_where_a_month_ends(day: str, months: int, expected: str) -> None:
    at = datetime.fromisoformat(f"{day}T10:00:00+00:00")
    assert months_before(at, months) == datetime.fromisoformat(f"{expected}T10:00:00+00:00")

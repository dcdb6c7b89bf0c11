"""`duban verify` names the entry of the audit trail that is not what was written."""

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from app.changes.freeze_overdue_list import freeze_overdue_list
from app.db import Database
from app.domain.audit import HASHED, entry_sha256
from app.models import AuditEntry, OverdueList, Region
from app.queries.append_only import guard_findings
from app.queries.trail_findings import TrailChecked, head_finding, trail_findings
from app.queries.verify import Checked, frozen_list_findings
from tests.conftest import NOW, TODAY
from tests.tampering import tamper
from tests.trail import acting, entries, fill


def findings(session: Session) -> list[str]:
    return [*trail_findings(session, TrailChecked()), *frozen_list_findings(session, Checked())]


@pytest.fixture
def chained(database: Database) -> Database:
    """Region 1 has eight entries, the sixth of which freezes a list; region 2 and the installation have two each."""
    fill(database, 5)
    with database.writing(acting()) as session:
        freeze_overdue_list(session, session.get_one(Region, 1), as_of=TODAY, now=NOW, by=None)
    fill(database, 2)
    fill(database, 2, region_id=2)
    for _ in range(2):
        with database.writing(acting(region_id=None)) as session:
            session.get_one(Region, 1).time_zone += "一"
    return database


def test_what_nobody_touched_has_no_findings(chained: Database) -> None:
    checked = TrailChecked()
    with chained.reading() as session:
        assert list(trail_findings(session, checked)) == []
    assert (checked.entries, checked.heads) == (12, 1)
    assert {chain: head.seq for chain, head in checked.last.items()} == {0: 2, 1: 8, 2: 2}


@pytest.mark.parametrize(
    ("tampering", "finding"),
    [
        ("UPDATE audit_entry SET actor = '别人' WHERE chain = 1 AND seq = 3", "chain 1: entry 3 was changed"),
        ("UPDATE audit_entry SET at = '2024-11-24 02:00:00' WHERE chain = 1 AND seq = 3", "entry 3 was changed"),
        ("UPDATE audit_entry SET changes = '[]' WHERE chain = 2 AND seq = 2", "chain 2: entry 2 was changed"),
        ("UPDATE audit_entry SET action = 'nothing' WHERE chain = 0 AND seq = 1", "chain 0: entry 1 was changed"),
        ("UPDATE audit_entry SET actor_id = 1 WHERE chain = 1 AND seq = 8", "chain 1: entry 8 was changed"),
        ("DELETE FROM audit_entry WHERE chain = 1 AND seq = 4", "chain 1: entry 4 is missing before entry 5"),
        ("DELETE FROM audit_entry WHERE chain = 1 AND seq = 1", "chain 1: entry 1 is missing before entry 2"),
        ("DELETE FROM audit_entry WHERE chain = 1 AND seq < 4", "entries 1 to 3 are missing before entry 4"),
        ("DELETE FROM audit_entry WHERE chain = 1 AND seq > 6", "entries 7 to 8 are missing at its end"),
        ("DELETE FROM audit_entry WHERE chain = 1", "entries 1 to 8 are missing at its end"),
        ("DELETE FROM audit_entry", "chain 2: entries 1 to 2 are missing at its end"),
        ("DELETE FROM audit_chain WHERE id = 1", "chain 1: nothing says which entry is its newest"),
        ("UPDATE audit_chain SET seq = 7 WHERE id = 1", "chain 1: entry 8 is there although entry 7 is its newest"),
        ("UPDATE audit_chain SET sha256 = 'x' WHERE id = 1", "chain 1: entry 8 is not the one that was written"),
        ("UPDATE audit_entry SET chain = 99 WHERE chain = 2", "audit chain 99: there is no such region"),
        ("UPDATE overdue_list SET audit_seq = 4", "list 2024-1 of region 1: entry 4 of the audit chain is not the one"),
        ("UPDATE overdue_list SET audit_sha256 = 'abc'", "entry 5 of the audit chain is not the one that is printed"),
        ("UPDATE overdue_list SET audit_seq = NULL, audit_sha256 = ''", "changed after it was frozen"),
        ("UPDATE overdue_list SET audit_seq = 70", "entry 70 of the audit chain, printed on it, is missing"),
    ],
)
def test_tampering_is_found_and_the_entry_named(chained: Database, tampering: str, finding: str) -> None:
    with chained.writing() as session:
        assert tamper(session, tampering) > 0
        found = findings(session)
    assert any(finding in one for one in found), found


def test_a_changed_json_that_is_none_is_found(chained: Database) -> None:
    if chained.engine.dialect.name != "sqlite":  # PostgreSQL would not take it
        return
    with chained.writing() as session:
        tamper(session, "UPDATE audit_entry SET changes = 'x', at = 'never' WHERE chain = 1 AND seq = 2")
        tamper(session, "UPDATE audit_entry SET seq = 'x' WHERE chain = 1 AND seq = 8")
        found = findings(session)
    assert "audit chain 1: entry 2 was changed after it was written" in found
    assert any("entry x has no place in it" in one for one in found)


def moved(session: Session, old: int, new: int) -> None:
    tamper(session, "UPDATE audit_entry SET seq = :new WHERE chain = 1 AND seq = :old", old=old, new=new)


def test_two_entries_in_each_others_place_are_found(chained: Database) -> None:
    with chained.writing() as session:
        for old, new in ((3, 100), (4, 3), (100, 4)):
            moved(session, old, new)
        found = findings(session)
    assert {f"audit chain 1: entry {seq} was changed after it was written" for seq in (3, 4)} <= set(found)


def copied(session: Session, like: int, **other: object) -> None:
    """An entry like that one, in another place."""
    row = session.exec(select(AuditEntry).where(AuditEntry.chain == 1, AuditEntry.seq == like)).one()
    session.add(AuditEntry(**(row.model_dump(exclude={"id"}) | other)))
    session.flush()


def test_an_inserted_entry_is_found(chained: Database) -> None:
    with chained.writing() as session:
        copied(session, 3, seq=0)
        copied(session, 8, seq=9)
        found = findings(session)
    assert "audit chain 1: entry 0 has no place in it" in found
    assert "audit chain 1: entry 9 is there although entry 8 is its newest" in found


def test_an_entry_pushed_between_two_others_is_found(chained: Database) -> None:
    with chained.writing() as session:
        for seq in range(8, 3, -1):
            moved(session, seq, seq + 1)
        copied(session, 3, seq=4)
        found = findings(session)
    assert "audit chain 1: entry 4 was changed after it was written" in found


def rewritten(session: Session, first: int) -> None:
    """As good a forgery as there can be: every hash from there on is reckoned anew."""
    previous = session.execute(
        text("SELECT sha256 FROM audit_entry WHERE chain = 1 AND seq = :seq"), {"seq": first - 1}
    ).scalar_one()
    rows = session.exec(select(AuditEntry).where(AuditEntry.chain == 1, AuditEntry.seq >= first)).all()
    for entry in sorted((row.model_dump() for row in rows), key=lambda one: int(one["seq"])):
        entry["previous_sha256"] = previous
        previous = entry_sha256({name: entry[name] for name in HASHED})
        tamper(
            session,
            "UPDATE audit_entry SET previous_sha256 = :before, sha256 = :own WHERE id = :id",
            before=entry["previous_sha256"],
            own=previous,
            id=entry["id"],
        )
    tamper(session, "UPDATE audit_chain SET sha256 = :own WHERE id = 1", own=previous)


def test_a_chain_rewritten_from_the_middle_is_found_by_the_list_and_by_the_paper(chained: Database) -> None:
    printed = entries(chained, 1)[4].sha256
    with chained.writing() as session:
        assert head_finding(session, 1, 5, printed[:12]) is None
        tamper(session, "UPDATE audit_entry SET actor = '别人' WHERE chain = 1 AND seq = 3")
        rewritten(session, 3)
        assert list(trail_findings(session, TrailChecked())) == [
            "overdue list 2024-1 of region 1: entry 5 of the audit chain is not the one that is printed on it"
        ]
        forged = session.exec(select(AuditEntry.sha256).where(AuditEntry.chain == 1, AuditEntry.seq == 5)).one()
        tamper(session, "UPDATE overdue_list SET audit_sha256 = :own", own=forged)
        assert any("changed after it was frozen" in one for one in findings(session))
        assert "entry 5 is not the one on the paper" in (head_finding(session, 1, 5, printed) or "")
        assert "there is no entry 50" in (head_finding(session, 1, 50, printed) or "")


def test_the_list_knows_the_trail_as_it_was_before_it(chained: Database) -> None:
    with chained.reading() as session:
        frozen = session.exec(select(OverdueList)).one()
    assert (frozen.audit_seq, frozen.audit_sha256) == (5, entries(chained, 1)[4].sha256)


def test_a_list_from_before_there_was_a_trail_keeps_its_hash(database: Database) -> None:
    with database.writing() as session:
        frozen = freeze_overdue_list(session, session.get_one(Region, 1), as_of=TODAY, now=NOW, by=None)
        assert (frozen.audit_seq, frozen.audit_sha256) == (None, "")
        assert findings(session) == []


def test_every_guard_is_in_its_place(database: Database) -> None:
    with database.reading() as session:
        assert list(guard_findings(session)) == []


def test_a_guard_that_was_taken_away_is_missed(database: Database) -> None:
    with database.writing() as session:
        where = " ON overdue_row" if session.get_bind().dialect.name == "postgresql" else ""
        session.execute(text(f"DROP TRIGGER append_only_overdue_row_delete{where}"))
        assert list(guard_findings(session)) == [
            "trigger append_only_overdue_row_delete: missing or switched off, the table can be changed"
        ]
        session.rollback()


def test_a_guard_that_was_switched_off_or_made_harmless_is_missed(database: Database) -> None:
    with database.writing() as session:
        name = "append_only_audit_entry_delete"
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("ALTER TABLE handover DISABLE TRIGGER USER"))
            assert len(list(guard_findings(session))) == 3
            session.rollback()
            harmless = "BEGIN RETURN OLD; END"
            session.execute(
                text(
                    f"CREATE OR REPLACE FUNCTION duban_audit_keeps() RETURNS trigger LANGUAGE plpgsql AS $$ {harmless} $$"
                )
            )
        else:
            session.execute(text(f"DROP TRIGGER {name}"))
            session.execute(text(f"CREATE TRIGGER {name} BEFORE DELETE ON audit_entry BEGIN SELECT 1; END"))
        assert list(guard_findings(session)) == [f"trigger {name}: it does not do what it should"]
        session.rollback()


def test_reading_goes_on_behind_a_batch(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(database, 7)
    monkeypatch.setattr("app.queries.trail_findings.BATCH", 3)
    checked = TrailChecked()
    with database.writing() as session:
        assert list(trail_findings(session, checked)) == []
        assert checked.entries == 7
        tamper(session, "DELETE FROM audit_entry WHERE chain = 1 AND seq = 6")
        assert list(trail_findings(session, TrailChecked())) == ["audit chain 1: entry 6 is missing before entry 7"]

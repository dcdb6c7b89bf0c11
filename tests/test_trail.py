"""The audit trail writes itself: what a transaction changed stands in one entry, and nothing else does."""

import json
import threading
from dataclasses import replace

import pytest
from sqlalchemy import delete, func, text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from app.changes.edit_register import edited_register
from app.changes.publish_plan import publish_plan
from app.db import Database
from app.domain.audit import ActResult, AuditAction
from app.drafts.department_register import DepartmentKind
from app.drafts.plan_draft import PlanDraft
from app.errors import Invalid
from app.models import Account, AuditEntry, Department, DepartmentAlias, Region
from app.queries.trail_findings import TrailChecked, trail_findings
from app.trail import keep_trail, tell
from tests.conftest import NOW, PLAN
from tests.trail import acting, changes_of, entries, fill, newest, rename


@pytest.fixture
def watched(database: Database) -> Database:
    keep_trail(database)
    return database


def findings(database: Database) -> list[str]:
    with database.reading() as session:
        return list(trail_findings(session, TrailChecked()))


def test_a_change_is_told_with_what_was_before_and_after(watched: Database) -> None:
    with watched.writing(acting(actor="秘书处", address="10.1.2.3")) as session:
        rename(session, 1, "政府办")
    entry = newest(watched)
    assert (entry.seq, entry.actor, entry.address, entry.action) == (1, "秘书处", "10.1.2.3", AuditAction.DEPARTMENT)
    assert entry.changes == [
        {"table": "region", "id": 1, "before": {"secretariat": "残联"}, "after": {"secretariat": "政府办"}}
    ]
    assert findings(watched) == []


def test_nothing_changed_leaves_no_entry(watched: Database) -> None:
    with watched.writing(acting()) as session:
        rename(session, 1, "残联")
    with watched.writing(acting()) as session:
        session.exec(select(Region)).all()
    assert entries(watched) == []


def test_what_changes_and_changes_back_is_no_change(watched: Database) -> None:
    with watched.writing(acting()) as session:
        rename(session, 1, "一")
        session.flush()
        rename(session, 1, "残联")
    assert entries(watched) == []


def test_a_row_flushed_twice_is_told_once(watched: Database) -> None:
    with watched.writing(acting()) as session:
        row = Department(region_id=1, name="新局", kind=DepartmentKind.GOVERNMENT)
        session.add(row)
        session.flush()
        row.note = "有备注"
        session.flush()
        rename(session, 1, "一")
        session.flush()
        rename(session, 1, "二")
    told = newest(watched).changes
    assert [change["table"] for change in told] == ["department", "region"]
    assert told[0]["after"]["note"] == "有备注"
    assert told[1] == {"table": "region", "id": 1, "before": {"secretariat": "残联"}, "after": {"secretariat": "二"}}


def test_a_column_set_without_having_been_read_is_told_with_what_it_held(watched: Database) -> None:
    with watched.writing(acting()) as session:
        region = session.get_one(Region, 1)
        session.expire_all()
        region.secretariat = "盲写"
    assert newest(watched).changes[0]["before"] == {"secretariat": "残联"}


def test_statements_over_many_rows_are_told_row_by_row(watched: Database) -> None:
    with watched.writing(acting()) as session:
        named = col(Department.region_id) == 1, col(Department.name).in_(["甲局", "乙局"])
        session.exec(update(Department).where(*named).values(note="并入大部门"))
        session.exec(delete(DepartmentAlias).where(col(DepartmentAlias.name) == "区甲局"))
    told = newest(watched).changes
    assert [(one["before"], one["after"]) for one in told[:2]] == [({"note": ""}, {"note": "并入大部门"})] * 2
    assert told[2]["before"]["name"] == "区甲局"
    assert "after" not in told[2]


def test_what_was_rolled_back_is_not_told(watched: Database) -> None:
    with watched.writing(acting()) as session:
        rename(session, 1, "错")
        tell(session, reason="错")
        session.flush()
        session.rollback()
    assert entries(watched) == []


def added(session: Session, name: str) -> None:
    with session.begin_nested():
        session.add(Department(region_id=1, name=name, kind=DepartmentKind.GOVERNMENT))


def refused(session: Session) -> None:
    with session.begin_nested():
        session.add(Department(region_id=1, name="撤局", kind=DepartmentKind.GOVERNMENT))
        tell(session, reason="撤")
        session.flush()
        raise Invalid({})


def test_a_savepoint_takes_back_what_is_its_own(watched: Database) -> None:
    with watched.writing(acting()) as session:
        rename(session, 1, "留")
        tell(session, reason="留")
        session.flush()
        with pytest.raises(Invalid):
            refused(session)
        with pytest.raises(DBAPIError):
            added(session, "甲局")  # its name is taken
        added(session, "新局")
    entry = newest(watched)
    assert entry.reason == "留"
    assert [(one["table"], one["after"].get("name")) for one in entry.changes] == [
        ("region", None),
        ("department", "新局"),
    ]


def test_what_is_told_needs_no_change(watched: Database) -> None:
    with watched.writing(acting(AuditAction.SIGN_IN)) as session:
        tell(session, outcome=ActResult.REFUSED, subject="不存在的人", region_id=None)
    assert entries(watched, 0)[0].outcome is ActResult.REFUSED


def test_secrets_are_covered_and_long_texts_cut_with_their_hash(watched: Database) -> None:
    with watched.writing(acting()) as session:
        account = session.exec(select(Account).where(Account.login == "秘书处")).one()
        account.password_hash = "$argon2id$secret"
        session.get_one(Department, 1).note = "长" * 900
    entry = newest(watched)
    assert "argon2" not in json.dumps(entry.changes)
    assert changes_of(entry, "account")[0]["after"] == {"password_hash": "***"}
    cut = changes_of(entry, "department")[0]["after"]["note"]
    assert (len(cut["cut"]), cut["length"], len(cut["sha256"])) == (300, 900, 64)


def test_the_word_secret_is_known_of_every_column_that_holds_one() -> None:
    from app.domain.trail_changes import SECRET
    from app.models import metadata
    from app.trail import QUIET

    telling = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        if table.name not in QUIET
        for column in table.columns
        if column.name not in SECRET
        and any(
            part in column.name.replace("secretariat", "")
            for part in ("password", "secret", "token", "hash", "sha256", "code_", "nonce", "csrf")
        )
    }
    # Fingerprints of what everybody of the house may see, and when a password was set.
    assert telling <= {
        "account.password_set_at",
        "evidence.sha256",
        "overdue_list.audit_sha256",
        "overdue_list.previous_sha256",
        "overdue_list.sha256",
        "plan_edition.sha256",
        "region.secretariat",
    }


def test_texts_longer_than_their_column_and_signs_no_database_takes_do_no_harm(watched: Database) -> None:
    with watched.writing(acting(actor="名" * 500, address="f" * 500)) as session:
        tell(session, subject="\x00前" + "题" * 5000, reason="\ud800半" + "因" * 5000)
    entry = newest(watched)
    assert (len(entry.actor), len(entry.address), len(entry.subject), len(entry.reason)) == (100, 64, 300, 1000)
    assert entry.subject.startswith("前")
    assert findings(watched) == []


def test_an_edit_of_the_register_tells_what_was_edited_and_no_more(watched: Database) -> None:
    with watched.writing(acting()) as session, edited_register(session, 1, field="name") as register:
        next(one for one in register.departments if one.name == "甲局").aliases.append("甲委")
    told = newest(watched).changes
    assert [(one["table"], one["after"]["name"]) for one in told] == [("department_alias", "甲委")]
    with watched.writing(acting()) as session, edited_register(session, 1, field="name") as register:
        register.groups[0].members.remove("东街道")
    told = newest(watched).changes
    assert {one["table"] for one in told} == {"group_member"}
    assert len(told) <= 2


def test_an_alias_goes_from_one_department_to_another(watched: Database) -> None:
    with watched.writing(acting()) as session, edited_register(session, 1, field="name") as register:
        first, second = (next(one for one in register.departments if one.name == name) for name in ("甲局", "乙局"))
        first.aliases.remove("区甲局")
        second.aliases.append("区甲局")
    with watched.reading() as session:
        owner = session.exec(
            select(Department.name).join(DepartmentAlias).where(DepartmentAlias.name == "区甲局")
        ).one()
    assert owner == "乙局"
    assert {one["table"] for one in newest(watched).changes} == {"department_alias"}


def test_publishing_thousands_of_rows_leaves_a_small_entry(watched: Database) -> None:
    task = PlanDraft.model_validate(PLAN).tasks[0].model_dump()
    tasks = [{**task, "number": f"1.{number}", "area": "1", "line": number} for number in range(1, 301)]
    large = PlanDraft.model_validate({**PLAN, "code": "large", "tasks": tasks, "indicators": [], "source_notes": []})
    with watched.writing(acting(AuditAction.PLAN_PUBLISHED)) as session:
        publish_plan(session, large, now=NOW)
    entry = newest(watched)
    counted = {one["table"]: one["added"] for one in entry.changes if "added" in one}
    assert counted["task"] == 300
    assert counted["obligation"] == 300 * 4 * 2
    assert len(json.dumps(entry.changes)) < 40_000
    assert (entry.subject_table, entry.subject) == ("plan", "测试行动计划")
    again = large.model_copy(update={"tasks": large.tasks[:10]})
    with watched.writing(acting(AuditAction.PLAN_PUBLISHED)) as session:
        publish_plan(session, again, now=NOW)
    assert len(json.dumps(newest(watched).changes)) < 60_000
    assert findings(watched) == []


def test_each_region_has_a_chain_of_its_own(watched: Database) -> None:
    fill(watched, 2, region_id=1)
    fill(watched, 1, region_id=2)
    with watched.writing(acting(region_id=None)) as session:
        tell(session, subject="全系统")
    assert [(entry.chain, entry.seq) for entry in entries(watched)] == [(0, 1), (1, 1), (1, 2), (2, 1)]
    assert findings(watched) == []


def test_many_at_once_leave_a_chain_without_a_gap(watched: Database) -> None:
    faults: list[Exception] = []

    def work(number: int) -> None:
        try:
            for turn in range(5):
                with watched.writing(acting(actor=f"{number}-{turn}")) as session:
                    session.add(Department(region_id=1, name=f"局{number}-{turn}", kind=DepartmentKind.GOVERNMENT))
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    told = entries(watched, 1)
    assert [entry.seq for entry in told] == list(range(1, 31))
    assert {entry.actor for entry in told} == {f"{number}-{turn}" for number in range(6) for turn in range(5)}
    assert findings(watched) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'x'",
        "DELETE FROM audit_entry",
        "UPDATE obligation_event SET reason = 'x'",
        "DELETE FROM obligation_event",
    ],
)
def test_the_database_itself_refuses_to_change_what_has_happened(watched: Database, statement: str) -> None:
    fill(watched, 1)
    with pytest.raises(DBAPIError, match="append-only"), watched.writing() as session:
        session.execute(text(statement))
    assert len(entries(watched)) == 1


def test_a_table_cannot_be_emptied_at_once_either(watched: Database) -> None:
    fill(watched, 1)
    if watched.engine.dialect.name == "sqlite":  # has no such statement
        return
    for table in ("audit_entry", "obligation_event", "overdue_row", "overdue_list CASCADE", "handover", "plan_release"):
        with pytest.raises(DBAPIError, match="append-only"), watched.writing() as session:
            session.execute(text(f"TRUNCATE {table}"))
    assert len(entries(watched)) == 1


def test_the_applications_own_session_cannot_change_an_entry_either(watched: Database) -> None:
    fill(watched, 1)
    with pytest.raises(DBAPIError, match="append-only"), watched.writing() as session:
        session.exec(select(AuditEntry)).one().actor = "另一人"
    with pytest.raises(DBAPIError, match="append-only"), watched.writing() as session:
        session.delete(session.exec(select(AuditEntry)).one())
    with watched.reading() as session:
        assert session.exec(select(func.count()).select_from(AuditEntry)).one() == 1


def test_an_act_that_is_nobodys_leaves_nothing(watched: Database) -> None:
    with watched.writing(lambda: None) as session:
        rename(session, 1, "一")
    with watched.writing() as session:
        tell(session, reason="没有人")
    assert entries(watched) == []


def test_what_is_said_of_an_act_outweighs_what_was_known_before(watched: Database) -> None:
    made = acting(reason="先")()
    with watched.writing(lambda: replace(made, actor="甲")) as session:
        rename(session, 1, "一")
        tell(session, reason="后", region_id=2)
    assert (newest(watched, 2).actor, newest(watched, 2).reason) == ("甲", "后")

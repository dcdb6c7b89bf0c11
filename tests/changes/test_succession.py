"""Departments are renamed, merged and split, and give duties away; it can be taken back while nothing was built on it."""

import copy
from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from app.changes.apply_successions import apply_successions
from app.changes.keep_draft import keep_draft
from app.changes.publish_plan import publish_plan
from app.changes.register_departments import register_departments
from app.changes.undo_succession import Stands
from app.db import Database
from app.domain.workflow import EventKind, Role, State
from app.drafts.department_register import DepartmentRegister, SuccessionKind
from app.drafts.faults import DraftRejected
from app.drafts.plan_draft import PlanDraft
from app.errors import Invalid, Overtaken
from app.models import (
    Account,
    Assignment,
    Department,
    DepartmentAlias,
    Extension,
    GroupMember,
    Obligation,
    ObligationEvent,
    Region,
    Succession,
    UpdateDraft,
)
from app.models.extension import ExtensionState
from app.models.review import ReviewDecision
from app.queries.accounts import departments_without_liaison
from app.queries.department_names import present_names
from app.queries.directory import load_directory
from app.queries.register_export import export_register
from tests.changes.successions import DAY, Office, region, wanted
from tests.conftest import NOW, PLAN, REGISTER, TODAY
from tests.history import History

RENAME, MERGE = SuccessionKind.RENAME, SuccessionKind.MERGE
SPLIT, TRANSFER = SuccessionKind.SPLIT, SuccessionKind.TRANSFER


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def test_a_renamed_department_hands_over_what_is_open_and_keeps_what_is_done(office: Office, history: History) -> None:
    history.accept(history.key("丙局", "2.1"), date(2023, 12, 1))
    office.record(wanted(RENAME, "丙局", "丁局", aliases=["区丁局"]))
    assert office.owners(State.ACCEPTED) == ["丙局"]
    assert office.owners(task="2.1") == ["乙局", "乙局", "丁局"]
    with office.database.reading() as session:
        event = session.exec(select(ObligationEvent).where(ObligationEvent.kind == EventKind.TRANSFERRED)).one()
        assert (event.on, event.recorded_at) == (DAY, NOW)
        assert session.exec(select(Assignment.printed).join(Department).where(Department.name == "丙局")).all()
        directory = load_directory(session, region(session).id or 0, today=TODAY)
        assert directory.resolve("区丁局") == directory.resolve("丁局")
        assert directory.present_holder(office.department("丙局")) == office.department("丁局")
    assert office.findings() == []


def test_nothing_is_left_behind_by_a_trial_and_the_same_is_done_when_it_is_confirmed(office: Office) -> None:
    before = office.standings()
    tried = office.tried(wanted(RENAME, "丙局", "丁局"))
    assert [(row.before, row.after) for row in tried.effects.moved] == [("丙局", "丁局")] * 2
    assert [(one.name, one.after) for one in tried.effects.accounts] == [("丙局联络员", "丁局")]
    assert tried.effects.late == 1
    assert office.standings() == before
    with office.database.reading() as session:
        assert session.exec(select(Department).where(Department.name == "丁局")).all() == []
    office.record(wanted(RENAME, "丙局", "丁局"))
    assert office.owners(task="2.1").count("丁局") == 2


def test_another_mark_is_refused_and_changes_nothing(office: Office) -> None:
    from app.changes.preview_succession import confirm_succession

    before = office.standings()
    with pytest.raises(Overtaken), office.database.writing() as session:
        confirm_succession(
            session, region(session), wanted(RENAME, "丙局", "丁局"), mark="x", now=NOW, by=office.secretary
        )
    assert office.standings() == before


def test_accounts_go_with_the_duties_or_are_closed_and_their_sessions_end(office: Office, database: Database) -> None:
    head, liaison = office.account("甲局负责人").id or 0, office.account("甲局联络员").id or 0
    office.record(wanted(RENAME, "甲局", "新甲局", accounts={head: None, liaison: 0}))
    assert office.account("甲局负责人").active is False
    assert office.account("甲局联络员").department_id == office.department("新甲局")


def test_drafts_go_along(office: Office, history: History) -> None:
    key, by = history.key("丙局", "2.1"), office.account("丙局联络员").id or 0
    typed = {
        "text": "写了一半", "difficulties": "", "next_step": "", "percent": "", "proves": "",
        "kind": "interim", "risk": "", "kept": [], "window": "w",
    }  # fmt: skip
    with office.database.writing() as session:
        keep_draft(session, session.get_one(Obligation, key), typed, revision=1, by=by, now=NOW)
    act = office.record(wanted(MERGE, "丙局", "甲局", accounts={by: None}))
    with office.database.reading() as session:
        assert session.exec(select(UpdateDraft.account_id)).all() == [office.account("甲局联络员").id]
    office.undo(act)
    with office.database.reading() as session:
        assert session.exec(select(UpdateDraft.account_id)).all() == [by]
    assert office.account("丙局联络员").active


def test_of_two_that_were_one_duty_the_heavier_role_stays_and_one_request_is_answered(
    office: Office, history: History
) -> None:
    """甲局 leads 1.1, 乙局 supports: 甲局 goes into 乙局."""
    key = history.key("甲局", "1.1", "第二阶段")
    history.ask(key, date(2024, 5, 1), date(2025, 3, 1))
    before = office.standings()
    act = office.record(wanted(MERGE, "甲局", "乙局"))
    assert office.owners(State.CANCELLED) == ["甲局", "甲局"]
    with office.database.reading() as session:
        kept = session.exec(select(Obligation).where(Obligation.department_id == office.department("乙局"))).all()
        assert [row.role for row in kept if row.task_id == office.task("1.1")] == [Role.LEAD, Role.LEAD]
        assert session.exec(select(Extension.state)).one() is ExtensionState.REFUSED
    assert office.findings() == []
    office.undo(act)
    assert office.standings() == before
    with office.database.reading() as session:
        assert session.exec(select(Extension.state)).one() is ExtensionState.REQUESTED
    assert office.findings() == []


@pytest.mark.parametrize("state", [State.SUBMITTED, State.RETURNED])
def test_what_was_merged_stands_again_as_it_stood(office: Office, history: History, state: State) -> None:
    key = history.key("甲局", "1.1")
    history.submit(key, date(2023, 12, 20))
    if state is State.RETURNED:
        history.review(key, ReviewDecision.RETURNED, date(2023, 12, 22))
    before = office.standings()
    office.undo(office.record(wanted(MERGE, "甲局", "乙局")))
    assert office.standings() == before
    assert office.findings() == []


def test_a_lead_that_is_not_done_is_not_lost_to_a_support_that_is(office: Office, history: History) -> None:
    history.accept(history.key("乙局", "1.1"), date(2023, 12, 1))
    before = office.standings()
    act = office.record(wanted(MERGE, "甲局", "乙局"))
    with office.database.reading() as session:
        row = session.get_one(Obligation, history.key("乙局", "1.1"))
        assert (row.state, row.role) == (State.OPEN, Role.LEAD)
    office.undo(act)
    assert office.standings() == before
    assert office.findings() == []


def test_a_split_gives_every_task_to_one_heir_and_asks_whose_a_new_task_is(office: Office, history: History) -> None:
    act = office.record(wanted(SPLIT, "乙局", ["乙一局", "乙二局"], tasks={office.task("2.1"): 1}))
    assert office.owners(task="1.1").count("乙一局") == 2
    assert office.owners(task="2.1").count("乙二局") == 2
    edition = copy.deepcopy(PLAN)
    edition["tasks"][0]["title"] = "开展宣传活动（修订）"
    with office.database.writing() as session:
        publish_plan(session, PlanDraft.model_validate(edition), now=NOW)
    assert office.owners(State.CANCELLED) == []
    assert office.owners(task="1.1").count("乙一局") == 2
    later = copy.deepcopy(PLAN) | {"code": "later-plan", "source_notes": []}
    with pytest.raises(DraftRejected, match="乙局”已拆分为乙一局、乙二局"), office.database.writing() as session:
        publish_plan(session, PlanDraft.model_validate(later), now=NOW)
    later["tasks"][0]["support"] = ["乙二局", "各街道"]
    later["tasks"][1]["support"] = ["乙一局", "丙局"]
    with office.database.writing() as session:
        publish_plan(session, PlanDraft.model_validate(later), now=NOW)
        names = present_names(session, region(session).id or 0, TODAY)
        assert names[office.department("乙局")] == "乙一局、乙二局"
        one = present_names(session, region(session).id or 0, TODAY, task_id=office.task("2.1"))
        assert one[office.department("乙局")] == "乙二局"
    with pytest.raises(Stands):
        office.undo(act)


def test_accounts_of_a_split_department_are_told_apart(office: Office) -> None:
    key = office.account("乙局联络员").id or 0
    office.record(wanted(SPLIT, "乙局", ["乙一局", "乙二局"], accounts={key: 1}))
    assert office.account("乙局联络员").department_id == office.department("乙二局")


def test_a_transfer_leaves_the_department_in_its_place(office: Office, database: Database) -> None:
    office.record(wanted(TRANSFER, "乙局", "丙局", tasks={office.task("1.1"): 0}))
    assert office.owners(task="1.1").count("丙局") == 2
    assert office.owners(task="2.1").count("乙局") == 2
    assert office.account("乙局联络员").department_id == office.department("乙局")
    with database.writing() as session:
        directory = load_directory(session, region(session).id or 0, today=TODAY)
        assert directory.present_holder(office.department("乙局")) == office.department("乙局")
        assert "乙局" not in {one.name for one in departments_without_liaison(session, region(session).id or 0, TODAY)}
        edition = copy.deepcopy(PLAN)
        edition["tasks"][0]["title"] = "开展宣传活动（修订）"
        publish_plan(session, PlanDraft.model_validate(edition), now=NOW)
    assert office.owners(task="1.1").count("丙局") == 2
    assert office.owners(State.CANCELLED) == []
    # Given back on another day, it is at home again.
    office.record(wanted(TRANSFER, "丙局", "乙局", on=TODAY, tasks={office.task("1.1"): 0}))
    assert office.owners(task="1.1").count("乙局") == 2
    assert office.findings() == []


def test_a_day_to_come_waits_for_the_tick(office: Office, database: Database) -> None:
    on = TODAY + timedelta(days=10)
    act = office.record(wanted(RENAME, "丙局", "丁局", on=on))
    assert "丁局" not in office.owners()
    with database.writing() as session:
        assert apply_successions(session, region(session), today=on - timedelta(days=1), now=NOW) == 0
        assert apply_successions(session, region(session), today=on, now=NOW) == 2
        assert apply_successions(session, region(session), today=on, now=NOW) == 0
    assert office.owners().count("丁局") == 2
    office.undo(act)
    assert "丁局" not in office.owners()


def test_one_that_waits_is_taken_back_without_a_trace_in_the_lists(office: Office, database: Database) -> None:
    before = office.standings()
    office.undo(office.record(wanted(RENAME, "丙局", "丁局", on=TODAY + timedelta(days=10))))
    with database.writing() as session:
        assert apply_successions(session, region(session), today=date(2026, 1, 1), now=NOW) == 0
    assert office.standings() == before


def test_seats_in_groups_are_taken_over_and_given_back(office: Office, database: Database) -> None:
    def members() -> list[str]:
        with database.reading() as session:
            return list(
                session.exec(
                    select(Department.name)
                    .join(GroupMember, col(GroupMember.department_id) == Department.id)
                    .order_by(col(GroupMember.position))
                ).all()
            )

    act = office.record(wanted(RENAME, "东街道", "新街道"))
    assert members() == ["新街道", "西街道"]
    office.undo(act)
    assert members() == ["东街道", "西街道"]
    office.record(wanted(MERGE, "东街道", "西街道"))
    assert members() == ["西街道"]


def test_what_was_a_spelling_of_the_old_name_becomes_the_new_one_and_back(office: Office, database: Database) -> None:
    act = office.record(wanted(RENAME, "甲局", "区甲局"))
    with database.reading() as session:
        assert session.exec(select(DepartmentAlias.name).where(DepartmentAlias.name == "区甲局")).all() == []
        directory = load_directory(session, region(session).id or 0, today=TODAY)
        holder = directory.resolve("区甲局")
        assert holder is not None
        assert holder.department_id == office.department("区甲局")
    with database.writing() as session:  # the plan still prints 区甲局 for 甲局
        edition = copy.deepcopy(PLAN)
        edition["tasks"][1]["title"] = "提供上门服务（修订）"
        publish_plan(session, PlanDraft.model_validate(edition), now=NOW)
    assert office.owners(State.CANCELLED) == []
    office.undo(act)
    with database.reading() as session:
        holder = load_directory(session, region(session).id or 0, today=TODAY).resolve("区甲局")
        assert holder is not None
        assert holder.name == "甲局"


def test_a_new_edition_does_not_ask_the_successor_for_what_was_done_before(office: Office, history: History) -> None:
    history.accept(history.key("甲局", "1.1"), date(2023, 12, 1))
    office.record(wanted(RENAME, "甲局", "新甲局"))
    edition = copy.deepcopy(PLAN)
    edition["tasks"][0]["title"] = "开展宣传活动（修订）"
    with office.database.writing() as session:
        publish_plan(session, PlanDraft.model_validate(edition), now=NOW)
    assert office.owners(State.ACCEPTED) == ["甲局"]
    assert office.owners(State.CANCELLED) == []
    assert office.owners(task="1.1").count("新甲局") == 1


def test_what_is_reopened_under_an_old_name_goes_to_the_successor(office: Office, history: History) -> None:
    key = history.key("甲局", "1.1")
    history.accept(key, date(2023, 12, 1))
    act = office.record(wanted(RENAME, "甲局", "新甲局"))
    history.review(key, ReviewDecision.REOPENED, TODAY, 11)
    with office.database.reading() as session:
        row = session.get_one(Obligation, key)
        assert (row.state, row.department_id) == (State.OPEN, office.department("新甲局"))
    with pytest.raises(Stands):
        office.undo(act)
    assert office.findings() == []


def test_it_is_not_reopened_where_the_successor_has_one_of_its_own(office: Office, history: History) -> None:
    key = history.key("甲局", "1.1")
    history.accept(key, date(2023, 12, 1))
    office.record(wanted(MERGE, "甲局", "乙局"))
    with pytest.raises(Invalid, match="乙局"):
        history.review(key, ReviewDecision.REOPENED, TODAY, 11)


@pytest.mark.parametrize("what", ["report", "extension", "review", "later"])
def test_it_is_not_taken_back_once_something_was_built_on_it(office: Office, history: History, what: str) -> None:
    key = history.key("甲局", "1.1", "第二阶段")
    if what == "review":
        history.submit(key, date(2024, 5, 1))
    act = office.record(wanted(RENAME, "甲局", "新甲局"))
    match what:
        case "report":
            history.submit(key, TODAY, 11, complete=False)
        case "extension":
            history.ask(key, TODAY, date(2025, 3, 1), 11)
        case "review":
            history.review(key, ReviewDecision.RETURNED, TODAY, 11)
        case _:
            later = office.record(wanted(RENAME, "新甲局", "再新甲局", on=TODAY), NOW + timedelta(hours=1))
    before = office.standings()
    with pytest.raises(Stands) as stands:
        office.undo(act, NOW + timedelta(hours=2))
    assert stands.value.found
    assert office.standings() == before
    if what == "later":
        office.undo(later, NOW + timedelta(hours=2))
        office.undo(act, NOW + timedelta(hours=3))
        assert office.owners(task="1.1").count("甲局") == 2
        assert office.findings() == []


def test_what_was_taken_back_counts_for_nothing_and_may_be_recorded_again(office: Office, database: Database) -> None:
    with database.reading() as session:
        register = export_register(session, region(session))
    before = office.standings()
    act = office.record(wanted(RENAME, "丙局", "丁局"))
    office.undo(act)
    assert office.standings() == before
    with database.reading() as session:
        assert export_register(session, region(session)) == register
        directory = load_directory(session, region(session).id or 0, today=TODAY)
        assert directory.resolve("丁局") is None
        assert present_names(session, region(session).id or 0, TODAY) == {}
    with pytest.raises(Overtaken):
        office.undo(act)
    office.record(wanted(RENAME, "丙局", "丁局"))
    assert office.owners(task="2.1").count("丁局") == 2
    assert office.findings() == []


def test_a_chain_is_followed_to_its_end_and_a_day_may_lie_in_its_middle(office: Office, history: History) -> None:
    office.record(wanted(RENAME, "旧局", "中局", on=date(2020, 1, 1)))
    office.record(wanted(RENAME, "中局", "末局", on=date(2023, 1, 1)))
    office.record(wanted(MERGE, "丙局", "中局", on=date(2021, 1, 1)))
    assert office.owners(task="2.1").count("末局") == 2
    assert office.account("丙局联络员").department_id == office.department("末局")
    with office.database.reading() as session:
        event = session.exec(select(ObligationEvent).where(ObligationEvent.kind == EventKind.TRANSFERRED)).first()
        assert event is not None
        assert event.on == date(2023, 1, 1)
        assert "中局" in event.reason


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        (wanted(RENAME, "丙局", "丙局"), "heir", "不能承继自己"),
        (wanted(RENAME, "丙局", "甲局"), "heir", "登记为合并"),
        (wanted(MERGE, "丙局", "各街道"), "heir", "单位组"),
        (wanted(MERGE, "丙局", "丁局"), "predecessor-2", "更名"),
        (wanted(MERGE, "并局", "甲局"), "predecessor", "没有单位"),
        (wanted(MERGE, ["丙局", "丙局"], "甲局"), "predecessor-2", "填了两次"),
        (wanted(MERGE, "丙局", "先局"), "heir", "不能再承继"),
        (wanted(MERGE, "先局", "丙局"), "predecessor", "只能终止一次"),
        (wanted(MERGE, "后局", "先局", on=date(2015, 1, 1)), "predecessor", "不能早于"),
        (wanted(MERGE, "丙局", "甲局", on=None), "on", "请填写"),
        (wanted(MERGE, "丙局", "甲局", on=date(3000, 1, 1)), "on", "之间"),
        (wanted(SPLIT, "丙局", "甲局"), "heir-2", "两个"),
        (wanted(TRANSFER, "丙局", "甲局"), "tasks", "请选择"),
        (wanted(TRANSFER, "先局", "甲局"), "predecessor", "划转"),
        (wanted(RENAME, "丙局", "丁\n局"), "heir", "一行"),
        (wanted(RENAME, "丙局", "丁" * 10_000), "heir", "100"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(office: Office, asked: object, field: str, said: str) -> None:
    with office.database.writing() as session:
        register = copy.deepcopy(REGISTER)
        register["departments"] += [{"name": "先局", "kind": "government"}, {"name": "后局", "kind": "government"}]
        register["successions"] = [
            {"predecessor": "先局", "successor": "后局", "kind": "rename", "on": "2020-01-01", "certainty": "printed"}
        ]
        register_departments(session, DepartmentRegister.model_validate(register))
    with pytest.raises(Invalid) as invalid:
        office.tried(asked)  # type: ignore[arg-type]
    assert said in invalid.value.fields[field]


def test_nobody_comes_to_follow_on_itself(office: Office) -> None:
    office.record(wanted(RENAME, "丙局", "丁局", on=date(2024, 8, 1)))
    with pytest.raises(Invalid, match="循环"):
        office.tried(wanted(MERGE, "丁局", "丙局", on=date(2024, 7, 1)))


def test_one_of_the_register_file_is_taken_back_and_does_not_come_back_with_the_file(
    office: Office, database: Database
) -> None:
    register = copy.deepcopy(REGISTER)
    register["successions"] = [
        {"predecessor": old, "successor": "旧局", "kind": "merge", "on": DAY.isoformat(), "certainty": "probable"}
        for old in ("乙局", "丙局")
    ]
    before = office.standings()
    with database.writing() as session:
        register_departments(session, DepartmentRegister.model_validate(register))
        apply_successions(session, region(session), today=TODAY, now=NOW)
        keys = list(session.exec(select(Succession.id).order_by(col(Succession.id))).all())
        for row in session.exec(select(Succession)).all():
            row.done = None  # as it was applied before this was kept
            session.add(row)
    with pytest.raises(Stands):
        office.undo(keys[0] or 0)
    office.undo(keys[1] or 0)
    office.undo(keys[0] or 0)
    assert office.standings() == before
    with database.writing() as session:
        register_departments(session, DepartmentRegister.model_validate(register))
        assert apply_successions(session, region(session), today=TODAY, now=NOW) == 0
    assert office.findings() == []


def test_the_register_says_again_what_the_screen_recorded(office: Office, database: Database) -> None:
    office.record(wanted(RENAME, "丙局", "丁局", aliases=["区丁局"]))
    office.record(wanted(SPLIT, "乙局", ["乙一局", "乙二局"], tasks={office.task("2.1"): 1}))
    office.record(wanted(TRANSFER, "甲局", "丁局", tasks={office.task("1.1"): 0}))

    def said() -> list[object]:
        with database.reading() as session:
            return [
                export_register(session, session.exec(select(Region).where(Region.code == "test")).one()),
                *(row.model_dump() for row in session.exec(select(Succession).order_by(col(Succession.id)))),
                *(row.model_dump() for row in session.exec(select(Account).order_by(col(Account.id)))),
            ]

    before = said()
    register = before[0]
    assert isinstance(register, DepartmentRegister)
    assert [one.tasks for one in register.successions] == [None, None, ["test-plan 2.1"], ["test-plan 1.1"]]
    with database.writing() as session:
        register_departments(session, DepartmentRegister.model_validate_json(register.model_dump_json()))
        apply_successions(session, region(session), today=TODAY, now=NOW)
    assert said() == before
    with database.writing() as session:  # and an older file takes nothing away
        register_departments(session, DepartmentRegister.model_validate(REGISTER))
    with database.reading() as session:
        assert load_directory(session, region(session).id or 0, today=TODAY).resolve("区丁局") is not None
        assert len(session.exec(select(Succession)).all()) == 4

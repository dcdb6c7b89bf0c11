import copy
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from app.changes.decide_note import NOTED, decide_note, take_back_decision
from app.changes.publish_plan import publish_plan
from app.db import Database
from app.drafts.plan_draft import PlanDraft
from app.errors import Invalid, Overtaken
from app.i18n import speaking
from app.models import Account, NoteDecision, Plan, SourceNote
from app.queries.plan_export import export_plan
from app.queries.plan_notes import notes_of_plan
from tests.changes.test_concurrency import account, race
from tests.conftest import NOW, PLAN


def note_of(session: Session) -> SourceNote:
    return session.exec(select(SourceNote)).one()


def decided(session: Session, **given: Any) -> NoteDecision:
    by = session.exec(select(Account.id).where(Account.login == "秘书处")).one() or 0
    values: dict[str, Any] = {"reading": 0, "text": "附件在后，以附件为准", "seen": 0, "by": by, "now": NOW} | given
    return decide_note(session, note_of(session), **values)


def test_a_reading_is_chosen_with_its_reason(session: Session) -> None:
    decided(session)
    session.expire_all()
    row = note_of(session)
    assert row.decision == "甲说\n附件在后，以附件为准"
    assert row.decided_at == NOW
    (note,) = notes_of_plan(session, session.exec(select(Plan)).one())
    assert (note.chosen, note.said, note.last and note.last.by) == (0, "附件在后，以附件为准", "秘书处")


def test_a_sentence_of_its_own_is_a_decision_too(session: Session) -> None:
    decided(session, reading=None, text="两说并行")
    (note,) = notes_of_plan(session, session.exec(select(Plan)).one())
    assert (note.chosen, note.said, note.decision) == (None, "两说并行", "两说并行")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_remarks_are_noted_in_the_official_language_and_need_no_reason(session: Session, language: str) -> None:
    with speaking(language):
        decided(session, reading=NOTED, text="")
    (note,) = notes_of_plan(session, session.exec(select(Plan)).one())
    assert (note.chosen, note.said) == (None, "所列均属说明，知悉即可")


def test_a_remark_is_noted_with_a_sentence_where_one_is_written(session: Session) -> None:
    decided(session, reading=NOTED, text="正式稿印发后再核对")
    assert note_of(session).decision == "所列均属说明，知悉即可\n正式稿印发后再核对"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"reading": "x"}, "reading"),
        ({"reading": NOTED, "text": "长" * 1989}, "text"),
        ({"reading": -1}, "reading"),
        ({"reading": 2}, "reading"),
        ({"text": ""}, "text"),
        ({"reading": None, "text": ""}, "text"),
        ({"text": "长" * 1998}, "text"),
        ({"reading": None, "text": "长" * 2001}, "text"),
    ],
)
def test_what_is_missing_or_too_long_is_said_at_its_field(session: Session, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        decided(session, **given)
    assert list(caught.value.fields) == [field]
    assert session.exec(select(func.count()).select_from(NoteDecision)).one() == 0


def test_a_decision_is_replaced_and_taken_back_and_every_step_stays(session: Session) -> None:
    first = decided(session)
    second = decided(session, reading=1, text="再议", seen=first.id, now=NOW + timedelta(hours=1))
    session.expire_all()
    take_back_decision(
        session, note_of(session), seen=second.id or 0, by=second.decided_by, now=NOW + timedelta(hours=2)
    )
    session.expire_all()
    row = note_of(session)
    assert (row.decision, row.decided_by, row.decided_at) == ("", None, None)
    (note,) = notes_of_plan(session, session.exec(select(Plan)).one())
    assert [one.text for one in note.decisions] == ["甲说\n附件在后，以附件为准", "乙说\n再议", ""]
    with pytest.raises(Overtaken):
        take_back_decision(session, row, seen=note.seen, by=second.decided_by, now=NOW)


def test_who_has_not_seen_the_newest_decision_writes_nothing(session: Session) -> None:
    decided(session)
    session.expire_all()
    with pytest.raises(Overtaken):
        decided(session, reading=1, text="晚了一步")
    assert note_of(session).decision.startswith("甲说")


def test_of_two_at_once_one_decides(database: Database) -> None:
    by = account(database, "秘书处")

    def attempt(reading: int) -> None:
        with database.writing() as session:
            decide_note(session, note_of(session), reading=reading, text="理由", seen=0, by=by, now=NOW)

    assert race(lambda: attempt(0), lambda: attempt(1)) == ["overtaken", "won"]
    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(NoteDecision)).one() == 1


def edition(**changes: Any) -> PlanDraft:
    return PlanDraft.model_validate(copy.deepcopy(PLAN) | changes)


def test_a_decision_outlives_a_new_edition_that_says_the_same(session: Session) -> None:
    decided(session)
    publish_plan(session, edition(title="测试行动计划（修订）"), now=NOW)
    session.expire_all()
    assert note_of(session).decision.startswith("甲说")
    assert session.exec(select(func.count()).select_from(NoteDecision)).one() == 1


def test_a_decided_note_that_the_new_edition_drops_goes_with_its_decisions(session: Session) -> None:
    decided(session)
    session.commit()
    publish_plan(session, edition(source_notes=[{"about": "task:2.1", "lines": [12], "readings": ["丙说"]}]), now=NOW)
    session.commit()
    assert session.exec(select(NoteDecision)).all() == []
    assert session.exec(select(SourceNote.readings).order_by(col(SourceNote.id))).all() == [["丙说"]]


def test_decisions_are_no_part_of_the_exported_plan(session: Session) -> None:
    before = export_plan(session, "test-plan")
    decided(session)
    assert export_plan(session, "test-plan") == before
    assert not publish_plan(session, before, now=NOW).changed

"""The letters of a weekly run: the rules of the plans decide what a head hears, and late lists are named."""

from dataclasses import asdict
from datetime import timedelta

from sqlmodel import Session, col, select

from app.db import Database
from app.domain.reminder_rules import ReminderRules
from app.mail.compose import Composer
from app.mail.digest_letters import Told
from app.mail.report_mark import MARK
from app.mail.run_letters import weekly_as_of_now
from app.mail.weekly_letters import WeeklyLetters
from app.models import Obligation, OverdueList, Region, ReminderRule
from app.queries.reminders import people
from app.settings import Settings
from tests.conftest import NOW, TODAY
from tests.history import History
from tests.mail.test_digest_letters import html_of, region, text_of


def weekly(session: Session, settings: Settings) -> dict[str, Told]:
    """By login, of those who get a letter."""
    here: Region = region(session)
    found = weekly_as_of_now(session, here, TODAY, NOW)
    writer = WeeklyLetters(session, Composer(settings), here, found, run_date=TODAY)
    told = writer.to(people(session, here.id or 0, limit=100))
    return {one.person.name: one for one in told if one.letter is not None}


def test_the_head_hears_by_the_rules_of_the_plan_and_the_liaison_of_all(database: Database, settings: Settings) -> None:
    with database.reading() as session:
        told = weekly(session, settings)
    assert told["甲局负责人"].letter is not None
    assert told["甲局负责人"].letter.subject == "【逾期清单·抄送】甲局逾期超过10个工作日1项（11月25日）"
    assert MARK in html_of(told["甲局联络员"])
    assert MARK not in html_of(told["甲局负责人"])
    assert "领导" not in told
    with database.writing() as session:
        plan = session.exec(select(Obligation.plan_id)).first()
        values = asdict(ReminderRules(head_after=None)) | {"region_id": region(session).id, "plan_id": plan}
        session.add(ReminderRule(**values, set_at=NOW))
    with database.reading() as session:
        told = weekly(session, settings)
    assert "甲局负责人" not in told
    assert "甲局联络员" in told


def test_the_secretariat_is_told_which_lists_of_late_were_made_up(history: History, settings: Settings) -> None:
    week = timedelta(days=7)
    history.freeze(TODAY - 5 * week, as_of=TODAY - 6 * week)  # too long ago
    history.freeze(TODAY - week, as_of=TODAY - 2 * week)
    history.freeze(TODAY - week, 11)
    with history.database.reading() as session:
        made = session.exec(select(OverdueList.late).order_by(col(OverdueList.as_of))).all()
        assert made == [True, True, False]
        told = weekly(session, settings)["秘书处"]
    for part in (html_of(told), text_of(told)):
        assert "近四周的清单中，〔2024〕第2期（截至11月11日）为事后补制。" in part

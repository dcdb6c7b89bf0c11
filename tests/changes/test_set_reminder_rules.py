"""Other rules, real runs: what is said next is what they newly reached, and that once."""

from collections import Counter
from dataclasses import replace
from datetime import date

from sqlmodel import select

from app.changes.make_digest_run import make_run
from app.changes.set_reminder_rules import set_rules
from app.db import Database
from app.domain.reminder_rules import DEFAULT_RULES
from app.models import Account, Digest, DigestRun, Plan, Region
from app.models.digest_run import RunKind
from app.settings import Settings
from tests.history import at

MONDAY, TUESDAY, WEDNESDAY, FRIDAY = (date(2024, 11, day) for day in (25, 26, 27, 29))


def run(database: Database, settings: Settings, day: date) -> Counter[tuple[str, str]]:
    """How often the run spoke of what is due on a day under which heading, over all its mails."""
    with database.reading() as session:
        region = session.exec(select(Region.id).where(Region.code == "test")).one() or 0
    made = make_run(database, lambda: None, region, RunKind.DAILY, day, now=at(day, 8, 30), by=None, settings=settings)
    with database.reading() as session:
        told = session.exec(select(Digest.items).join(DigestRun).where(DigestRun.id == made.id)).all()
    return Counter((str(item["due"]), str(item["heading"])) for items in told for item in items)


def test_a_wider_first_rung_is_said_once_and_nothing_else_is_said_again(database: Database, settings: Settings) -> None:
    first = run(database, settings, MONDAY)
    assert {due for due, _heading in first} == {"2023-12-31"}  # 36 days before the end of the year
    with database.writing() as session:
        by = session.exec(select(Account.id).where(Account.login == "秘书处")).one() or 0
        plan = session.exec(select(Plan).where(Plan.code == "test-plan")).one()
        wider = replace(DEFAULT_RULES, before=(45, *DEFAULT_RULES.before))
        set_rules(session, plan.region_id, plan, wider, seen="default", by=by, now=at(MONDAY, 12))
        owed = len(session.exec(select(Account.id).where(Account.role == "liaison")).all())
    second = run(database, settings, TUESDAY)
    assert second == Counter({("2024-12-31", "due_soon"): owed + 1})  # 乙局 has two, every other liaison one
    assert run(database, settings, WEDNESDAY) == Counter()
    assert run(database, settings, FRIDAY) == second  # 30 days before it is a Sunday

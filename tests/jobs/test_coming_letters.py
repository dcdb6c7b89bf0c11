"""What the preview says of each day to come is what the worker sends on it, if nobody reports meanwhile.

COMING_STORIES and COMING_DAYS make it look at more than the default.
"""

import os
import random
import re
import threading
from datetime import date, timedelta

import pytest
from sqlmodel import Session, select

from app.changes.hold_run import hold_run
from app.changes.publish_plan import publish_plan
from app.changes.submit_update import Report, submit_update
from app.clock import local_day
from app.db import Database
from app.domain.reminder_rules import Counting, Pace
from app.drafts.plan_draft import PlanDraft
from app.jobs.make_runs import make_due_runs
from app.mail.coming_letters import coming_letters
from app.mail.run_letters import addressed, everybody
from app.models import Account, DayException, DigestRun, LeaderCharge, Obligation, OutboxMail, Plan, ReminderRule
from app.models.digest_run import RunKind
from app.models.progress_update import UpdateKind
from app.models.review import ReviewDecision
from app.queries.work_calendar import work_calendar
from app.settings import Settings
from tests.conftest import PLAN, TODAY
from tests.history import History, at
from tests.jobs.doomed_worker import SetClock

DAYS = int(os.environ.get("COMING_DAYS", "9"))
STORIES = int(os.environ.get("COMING_STORIES", "1"))
BEFORE = TODAY - timedelta(days=3)  # the Friday before
Mails = dict[tuple[RunKind, date], dict[int, tuple[str, str]]]


def tell_story(database: Database, chance: random.Random) -> None:
    """Another plan with its own rules, published lately; a return; people who want it otherwise; a closure; holds."""
    phases = []
    for number in range(1, 9):
        due = TODAY + timedelta(days=chance.randint(-25, 40))
        phases.append({"name": f"第{number}批", "due": due.isoformat(), "printed": due.isoformat(), "line": number})
    tasks = [
        {
            "number": f"1.{number}",
            "kind": "action",
            "area": "1",
            "title": f"任务{number}",
            "mode": "lead_support",
            "lead": [chance.choice(["甲局", "乙局"])],
            "support": ["丙局", "各街道"],
            "measures": ["办好"],
            "milestones": [
                {"phase": phase["name"], **{key: phase[key] for key in ("due", "printed", "line")}}
                for phase in chance.sample(phases, 4)
            ],
            "line": 20 + number,
        }
        for number in range(1, 5)
    ]
    draft = {**PLAN, "code": "second", "title": "第二计划", "phases": phases, "tasks": tasks, "indicators": []}
    draft["source_notes"] = []
    history = History(database)
    with database.writing() as session:
        publish_plan(session, PlanDraft.model_validate(draft), now=at(BEFORE, 16))
        region_id = history.region(session).id or 0
        plan = session.exec(select(Plan).where(Plan.code == "second")).one()
        rules = {"region_id": region_id, "set_at": at(BEFORE), "weekly": True, "on_day": True}
        session.add(
            ReminderRule(
                plan_id=plan.id,
                before=sorted(chance.sample(range(1, 20), 3), reverse=True),
                after=[chance.randint(1, 3)],
                counting=chance.choice(list(Counting)),
                head_after=chance.randint(0, 8),
                secretariat_after=chance.randint(1, 10),
                leader_after=chance.randint(2, 12),
                at_once=chance.randint(0, 5),
                **rules,
            )
        )
        accounts = {row.login: row for row in session.exec(select(Account).where(Account.region_id == region_id))}
        accounts["丙局联络员"].pace = accounts["西街道联络员"].pace = Pace.WEEKLY
        accounts["东街道联络员"].email = None
        session.add(
            LeaderCharge(
                region_id=region_id,
                account_id=accounts["领导"].id or 0,
                department_id=accounts["甲局联络员"].department_id,
            )
        )
        closed = TODAY + timedelta(days=chance.choice([1, 3, 7, 8]))
        session.add(DayException(region_id=region_id, day=closed, working=False, reason="停电检修"))
        row = session.exec(
            select(Obligation).where(Obligation.plan_id == plan.id).order_by(Obligation.due.desc()).limit(1)
        ).one()
        key, revision = row.id or 0, row.revision
        report = Report(revision, UpdateKind.COMPLETION, "已完成", percent=100)
        submit_update(session, row, report, by=accounts["甲局联络员"].id or 0, now=at(BEFORE, 17), today=BEFORE)
    history.review(key, ReviewDecision.RETURNED, BEFORE, 18)
    with database.writing() as session:
        region_id = history.region(session).id or 0
        calendar = work_calendar(session, region_id)
        held = calendar.on_or_after(TODAY + timedelta(days=chance.randint(1, 4)))
        for kind, day in ((RunKind.DAILY, held), (RunKind.WEEKLY, calendar.list_day(TODAY + timedelta(days=7)))):
            if kind is RunKind.DAILY or chance.random() < 0.5:
                by = history.account("秘书处")
                hold_run(session, region_id, kind, day, reason="待核对", by=by, now=at(BEFORE, 18), today=BEFORE)


def plain(subject: str, text: str) -> tuple[str, str]:
    """Without what a list has only when it is frozen."""
    return subject, re.sub(r"\n+", "\n", re.sub(r"/overdue(/lists/\d+)?\s|审计链至.*\n", "", text)).strip()


def foreseen(database: Database, settings: Settings, runs: list[tuple[RunKind, date]]) -> Mails:
    found: Mails = {}
    for kind, day in runs:
        with database.reading() as session:
            region = History(database).region(session)
            letters = coming_letters(session, region, kind, day, now=at(TODAY, 7), settings=settings)
            found[kind, day] = {
                told.person.account_id: plain(told.letter.subject, told.letter.text)
                for told in everybody(session, letters, region.id or 0, addressed(kind))
                if told.letter
            }
    return found


def sent(session: Session, region_id: int | None, kind: RunKind, day: date) -> dict[int, tuple[str, str]]:
    rows = session.exec(select(OutboxMail).where(OutboxMail.kind == kind.value, OutboxMail.region_id == region_id))
    return {
        mail.account_id or 0: plain(mail.subject, mail.text)
        for mail in rows
        if local_day(mail.created_at, "Asia/Shanghai") == day
    }


@pytest.mark.parametrize("story", range(STORIES))
def test_the_preview_of_each_day_is_what_the_worker_sends_on_it(
    database: Database, settings: Settings, story: int
) -> None:
    tell_story(database, random.Random(story))  # noqa: S311
    with database.reading() as session:
        calendar = work_calendar(session, History(database).region(session).id or 0)
    days = [day for offset in range(DAYS) if calendar.is_working(day := TODAY + timedelta(days=offset))]
    runs = [(RunKind.WEEKLY, day) for day in days if calendar.first_of_week(day) == day]
    runs += [(RunKind.DAILY, day) for day in days]
    ahead = foreseen(database, settings, runs)
    for day in days:
        make_due_runs(settings, SetClock(at(day, 8, 30)), database, threading.Event())
    told = 0
    with database.reading() as session:
        region_id = History(database).region(session).id
        made = set(
            session.exec(select(DigestRun.kind, DigestRun.run_date).where(DigestRun.region_id == region_id)).all()
        )
        assert len(runs) - 2 <= len(made) < len(runs), "all but what is held"
        for run in made:
            assert ahead[run] == sent(session, region_id, *run), run
            told += len(ahead[run])
    assert told > len(made), "a story in which something is said"

"""The rules by which a region's plans are reminded of."""

from datetime import date

from sqlmodel import Session, select

from app.domain.reminder_rules import DEFAULT_RULES, ReminderRules
from app.domain.reminders import Ladders
from app.domain.workdays import WorkCalendar
from app.models import ReminderRule


def stored_rules(session: Session, region_id: int) -> dict[int | None, ReminderRules]:
    """By plan, the region's under None; only what somebody has set."""
    rows = session.exec(select(ReminderRule).where(ReminderRule.region_id == region_id))
    return {row.plan_id: rules_in(row) for row in rows}


def rules_in(row: ReminderRule) -> ReminderRules:
    return ReminderRules(
        before=tuple(row.before),
        on_day=row.on_day,
        after=tuple(row.after),
        weekly=row.weekly,
        counting=row.counting,
        head_after=row.head_after,
        secretariat_after=row.secretariat_after,
        leader_after=row.leader_after,
        at_once=row.at_once,
    )


def rules_of_plan(session: Session, region_id: int, plan_id: int) -> ReminderRules:
    """Its own, the region's, or those that come with the product."""
    stored = stored_rules(session, region_id)
    return stored.get(plan_id) or stored.get(None) or DEFAULT_RULES


def ladders(session: Session, region_id: int, calendar: WorkCalendar, day: date) -> Ladders:
    stored = stored_rules(session, region_id)
    of_plans = {plan_id: rules for plan_id, rules in stored.items() if plan_id is not None}
    return Ladders(calendar, day, stored.get(None, DEFAULT_RULES), of_plans)

"""The rules by which a region's plans are reminded of, and which leader hears of which department."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select as select_columns
from sqlalchemy import true
from sqlmodel import Session, col, select

from app.domain.reminder_rules import DEFAULT_RULES, ReminderRules
from app.domain.reminders import Ladders
from app.domain.succession import Step, final_heirs, steps_of
from app.domain.workdays import WorkCalendar
from app.drafts.department_register import DepartmentKind
from app.drafts.plan_draft import PlanStatus
from app.i18n import gettext as _
from app.models import Account, Department, LeaderCharge, Plan, ReminderRule
from app.models.account import AccountRole
from app.queries.accounts import department_names
from app.queries.successions import line_of, standing_successions


def stored_rules(session: Session, region_id: int) -> dict[int | None, ReminderRules]:
    """By plan, the region's under None; only what somebody has set."""
    rows = session.exec(select(ReminderRule).where(ReminderRule.region_id == region_id))
    return {row.plan_id: rules_in(row) for row in rows}


def rule_of(session: Session, region_id: int, plan_id: int | None, *, fresh: bool = False) -> ReminderRule | None:
    """What somebody set for this plan, or without one for the region; `fresh`: read again, behind a lock."""
    statement = select(ReminderRule).where(ReminderRule.region_id == region_id, ReminderRule.plan_id == plan_id)
    return session.exec(statement.execution_options(populate_existing=fresh)).one_or_none()


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
    return all_ladders(session, region_id, calendar, [day])[0]


def all_ladders(session: Session, region_id: int, calendar: WorkCalendar, days: Sequence[date]) -> list[Ladders]:
    """Those of several days by the rules of now."""
    stored = stored_rules(session, region_id)
    of_plans = {plan_id: rules for plan_id, rules in stored.items() if plan_id is not None}
    return [Ladders(calendar, day, stored.get(None, DEFAULT_RULES), of_plans) for day in days]


@dataclass(frozen=True, slots=True)
class PlanRules:
    """`rules`: by which the plan is reminded of; `own`: they are its own. `set_at` and `set_by` of its own ones."""

    code: str
    title: str
    rules: ReminderRules
    own: bool
    set_at: datetime | None
    set_by: str | None


def rules_of_plans(session: Session, region_id: int) -> tuple[PlanRules, list[PlanRules]]:
    """The region's default, under an empty code, and every plan that is not closed, the newest period first."""
    statement = (
        select_columns(ReminderRule, col(Account.name))
        .outerjoin(Account, col(Account.id) == ReminderRule.set_by)
        .where(col(ReminderRule.region_id) == region_id)
    )
    stored = {row.plan_id: (row, name) for row, name in session.execute(statement)}
    default = _line(stored.get(None), "", "", DEFAULT_RULES)
    plans = session.exec(
        select(Plan)
        .where(Plan.region_id == region_id, Plan.status != PlanStatus.CLOSED)
        .order_by(col(Plan.period_from).desc(), col(Plan.id))
    )
    return default, [_line(stored.get(plan.id), plan.code, plan.title, default.rules) for plan in plans]


def _line(stored: tuple[ReminderRule, str | None] | None, code: str, title: str, otherwise: ReminderRules) -> PlanRules:
    if stored is None:
        return PlanRules(code, title, otherwise, own=False, set_at=None, set_by=None)
    row, name = stored
    return PlanRules(code, title, rules_in(row), own=True, set_at=row.set_at, set_by=name)


def charges(session: Session, region_id: int) -> Mapping[int, frozenset[int] | None]:
    """Every leader of the region -> the departments in his charge, None for all of them; nothing where none was named.

    Who is in charge of a department is in charge of what followed on it once its duties were moved there, too. What
    was merely handed some of its tasks stays its own leader's.
    """
    return _charges(session, region_id)


def departments_without_leader(session: Session, region_id: int) -> list[tuple[int, str]]:
    """(id, name) of those whose long overdue obligations no leader hears of; what has ended is left out."""
    led = list(_charges(session, region_id, active=True).values())
    if None in led:
        return []
    ended = {step.predecessor for step in _applied(session, region_id) if step.ends}
    taken = ended.union(*(departments for departments in led if departments is not None))
    return [(key, name) for key, name in department_names(session, region_id) if key not in taken]


def charge_names(session: Session, account_id: int) -> list[str] | None:
    """What was named of the departments in somebody's charge, in the order of the register; None for all."""
    names = session.exec(
        select(Department.name)
        .select_from(LeaderCharge)
        .outerjoin(Department, col(Department.id) == LeaderCharge.department_id)
        .where(LeaderCharge.account_id == account_id)
        .order_by(col(Department.position), col(Department.id))
    ).all()
    return None if None in names else list(names)


@dataclass(frozen=True, slots=True)
class LedDepartment:
    """`now`: who has taken over its duties, where it has ended."""

    id: int
    name: str
    now: str | None


def departments_to_lead(
    session: Session, region_id: int, named: Collection[int]
) -> list[tuple[DepartmentKind, list[LedDepartment]]]:
    """By kind, in the order of the register; of those that have ended only what is `named`."""
    steps = _applied(session, region_id)
    rows = session.exec(
        select(Department)
        .where(Department.region_id == region_id, col(Department.never_used).is_(False))
        .order_by(col(Department.position), col(Department.id))
    ).all()
    names = {row.id: row.name for row in rows}
    kinds: dict[DepartmentKind, list[LedDepartment]] = {kind: [] for kind in DepartmentKind}
    for row in rows:
        key = row.id or 0
        heirs = final_heirs(steps, key)
        if heirs == (key,):
            kinds[row.kind].append(LedDepartment(key, row.name, None))
        elif key in named:
            now = _("、").join(names[heir] for heir in heirs if heir in names)
            kinds[row.kind].append(LedDepartment(key, row.name, now))
    return [(kind, found) for kind, found in kinds.items() if found]


def has_leader(session: Session, region_id: int, department_id: int) -> bool:
    """Whether an active leader is in charge of the department."""
    led = _charges(session, region_id, active=True).values()
    return any(departments is None or department_id in departments for departments in led)


def _charges(session: Session, region_id: int, *, active: bool = False) -> dict[int, frozenset[int] | None]:
    named: dict[int, set[int] | None] = {}
    for account_id, charge_id, department_id in session.execute(
        select_columns(col(Account.id), col(LeaderCharge.id), col(LeaderCharge.department_id))
        .outerjoin(LeaderCharge, col(LeaderCharge.account_id) == Account.id)
        .where(
            col(Account.region_id) == region_id,
            col(Account.role) == AccountRole.LEADER,
            col(Account.active).is_(True) if active else true(),
        )
        .order_by(col(Account.id))
    ):
        known = named.setdefault(account_id, set())
        if charge_id is not None and department_id is None:
            named[account_id] = None
        elif charge_id is not None and known is not None:
            known.add(department_id)
    steps = _applied(session, region_id)
    return {key: None if found is None else _with_successors(steps, found) for key, found in named.items()}


def _applied(session: Session, region_id: int) -> list[Step]:
    """The successions that stand and by which duties were moved."""
    rows = standing_successions(session, region_id)
    return steps_of(line_of(row) for row in rows if row.applied_at is not None)


def _with_successors(steps: Sequence[Step], departments: Collection[int]) -> frozenset[int]:
    found: set[int] = set()
    open_ = list(departments)
    while open_:
        one = open_.pop()
        if one not in found:
            found.add(one)
            open_ += [heir for step in steps if step.predecessor == one and step.ends for heir in step.heirs]
    return frozenset(found)

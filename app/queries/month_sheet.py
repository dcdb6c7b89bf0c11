"""What one department owes in one month over all plans, sorted as the printed sheet shows it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select
from sqlmodel import Session, col

from app.domain.completion import Part, waits
from app.domain.lights import shown
from app.domain.months import Month
from app.domain.workflow import WAITING_FOR_DEPARTMENT, Role, State
from app.models import Department, Milestone, Obligation, Phase, Plan, ProgressUpdate, Task
from app.queries.waiting import PRESSING


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One obligation; `review` is the MM-DD of a standing duty, `last_on` the day of the newest report."""

    id: int
    milestone_id: int
    plan_code: str
    plan_title: str
    task_number: str
    task_title: str
    phase: str
    expected: str
    printed: str
    review: str | None
    role: Role
    state: State
    due: date | None
    first_due: date | None
    risk: bool
    late_days: int | None
    last_on: date | None

    @property
    def is_waiting(self) -> bool:
        return self.state in WAITING_FOR_DEPARTMENT


@dataclass(frozen=True, slots=True)
class Awaited:
    """On this row's milestone: whose reports the department waits for, or who waits for its report."""

    row: SheetRow
    departments: Sequence[str]


@dataclass(slots=True)
class MonthSheet:
    """Every row stands in one section only.

    `overdue`: late today, due by the end of the month. `returned`: waits for a better report and is not late.
    `earlier`: due before a month that has not begun. `due`: due in the month, done or not. `coming`: not submitted
    yet and due in the month after. `standing`: without a date, to be looked at in this month of every year.
    """

    overdue: list[SheetRow] = field(default_factory=list)
    returned: list[SheetRow] = field(default_factory=list)
    earlier: list[SheetRow] = field(default_factory=list)
    due: list[SheetRow] = field(default_factory=list)
    coming: list[SheetRow] = field(default_factory=list)
    standing: list[SheetRow] = field(default_factory=list)
    waits_for: list[Awaited] = field(default_factory=list)
    awaited_by: list[Awaited] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.overdue or self.returned or self.earlier or self.due or self.coming or self.standing)


_COLUMNS: list[Any] = [
    col(Obligation.id),
    col(Obligation.milestone_id),
    col(Plan.code),
    col(Plan.title),
    col(Task.number),
    col(Task.title),
    col(Phase.name),
    col(Milestone.expected),
    col(Milestone.printed),
    col(Milestone.review),
    col(Obligation.role),
    col(Obligation.state),
    col(Obligation.due),
    col(Obligation.first_due),
    col(Obligation.risk),
    col(Obligation.late_days),
    col(ProgressUpdate.on),
]


def month_sheet(session: Session, region_id: int, department_id: int, month: Month, today: date) -> MonthSheet:
    """As things stand today, for a past month too: what is still open of it. Two statements."""
    sheet = sorted_rows(_rows(session, region_id, department_id, month), month, today)
    _add_waiting(session, sheet, department_id, today)
    return sheet


def _rows(session: Session, region_id: int, department_id: int, month: Month) -> list[SheetRow]:
    due, state = col(Obligation.due), col(Obligation.state)
    waiting = state.in_(WAITING_FOR_DEPARTMENT)
    statement = (
        select(*_COLUMNS)
        .select_from(Obligation)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .outerjoin(ProgressUpdate, col(ProgressUpdate.id) == Obligation.last_update_id)
        .where(
            col(Obligation.region_id) == region_id,
            col(Obligation.department_id) == department_id,
            state != State.CANCELLED,
            col(Milestone.withdrawn).is_(False),
            or_(
                state == State.RETURNED,
                and_(waiting, due <= month.shifted(1).last),
                and_(due >= month.first, due <= month.last),
                and_(due.is_(None), col(Milestone.review).startswith(f"{month.number:02}-")),
            ),
        )
        .order_by(due, col(Plan.period_from).desc(), col(Plan.id), col(Task.position), col(Obligation.id))
    )
    return [SheetRow(*row) for row in session.execute(statement)]


def sorted_rows(rows: Iterable[SheetRow], month: Month, today: date) -> MonthSheet:
    sheet = MonthSheet()
    following = month.shifted(1)
    past = month.last < today
    for row in rows:
        if row.due is not None and row.is_waiting and row.due < today and row.due <= month.last:
            sheet.overdue.append(row)
        elif row.state is State.RETURNED and not (past and (row.due is None or row.due > month.last)):
            sheet.returned.append(row)
        elif row.due is None:
            if row.review and int(row.review[:2]) == month.number:
                sheet.standing.append(row)
        elif month.holds(row.due):
            sheet.due.append(row)
        elif row.due < month.first:
            sheet.earlier.append(row)
        elif following.holds(row.due):
            sheet.coming.append(row)
    return sheet


def _add_waiting(session: Session, sheet: MonthSheet, department_id: int, today: date) -> None:
    """Only where the time is short, as on the page of an obligation: before that everybody still has time."""
    pressing = [
        row
        for row in (*sheet.overdue, *sheet.returned, *sheet.earlier, *sheet.due, *sheet.coming)
        if row.is_waiting and shown(row.state, row.due, today, risk=row.risk).light in PRESSING
    ]
    parts, own = _parts(session, [row.milestone_id for row in pressing], department_id)
    for row in pressing:
        pairs = waits(parts[row.milestone_id])
        if supporters := [supporter for lead, supporter in pairs if lead == own]:
            sheet.waits_for.append(Awaited(row, supporters))
        if leads := [lead for lead, supporter in pairs if supporter == own]:
            sheet.awaited_by.append(Awaited(row, leads))


def _parts(
    session: Session, milestone_ids: Collection[int], department_id: int
) -> tuple[dict[int, list[Part]], str | None]:
    """Every milestone's departments, and the name of the department itself among them."""
    found: dict[int, list[Part]] = defaultdict(list)
    own = None
    for milestone_id, key, name, role, state in session.execute(
        select(
            col(Obligation.milestone_id),
            col(Department.id),
            col(Department.name),
            col(Obligation.role),
            col(Obligation.state),
        )
        .join(Department, col(Department.id) == Obligation.department_id)
        .where(col(Obligation.milestone_id).in_(milestone_ids))
        .order_by(col(Department.position), col(Department.id))
    ):
        found[milestone_id].append(Part(name, role, state))
        own = name if key == department_id else own
    return found, own

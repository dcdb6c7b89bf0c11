"""Who may read or change what: one function per noun and level. Missing and forbidden look alike."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, exists, select

from app.errors import NotFound
from app.models import (
    Account,
    DayException,
    Department,
    DepartmentGroup,
    DigestRun,
    Evidence,
    Extension,
    Obligation,
    OutboxMail,
    OverdueList,
    Plan,
    SourceNote,
)
from app.models.account import AccountRole
from app.queries.plan_releases import ReleasedPlan, released_plan
from app.queries.search import Scope

# Roles that read everything of their region; liaisons and heads read their tasks and all plans.
READS_REGION = frozenset({AccountRole.SECRETARIAT, AccountRole.LEADER, AccountRole.EXPERT})
# Roles that keep the accounts, departments, groups, days off and plans of their region.
MANAGES_REGION = frozenset({AccountRole.SECRETARIAT, AccountRole.ADMIN})


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking. `csrf` is the token that the forms of this session carry."""

    account_id: int
    name: str
    role: AccountRole
    region_id: int
    region_name: str
    time_zone: str
    department_id: int | None
    department_name: str | None
    csrf: str

    @property
    def is_secretariat(self) -> bool:
        return self.role is AccountRole.SECRETARIAT

    @property
    def is_liaison(self) -> bool:
        return self.role is AccountRole.LIAISON

    @property
    def reads_region(self) -> bool:
        return self.role in READS_REGION

    @property
    def manages_region(self) -> bool:
        return self.role in MANAGES_REGION

    @property
    def has_department(self) -> bool:
        return self.department_id is not None


def secretariat_only(viewer: Viewer) -> None:
    if not viewer.is_secretariat:
        raise NotFound


def manages_region(viewer: Viewer) -> None:
    """The pages of administration."""
    if not viewer.manages_region:
        raise NotFound


def account_for_managing(session: Session, viewer: Viewer, account_id: int) -> Account:
    row = session.get(Account, account_id)
    if row is None or not viewer.manages_region or row.region_id != viewer.region_id:
        raise NotFound
    return row


def department_for_managing(session: Session, viewer: Viewer, department_id: int) -> Department:
    row = session.get(Department, department_id)
    if row is None or not viewer.manages_region or row.region_id != viewer.region_id:
        raise NotFound
    return row


def group_for_managing(session: Session, viewer: Viewer, group_id: int) -> DepartmentGroup:
    row = session.get(DepartmentGroup, group_id)
    if row is None or not viewer.manages_region or row.region_id != viewer.region_id:
        raise NotFound
    return row


def day_exception_for_managing(session: Session, viewer: Viewer, exception_id: int) -> DayException:
    row = session.get(DayException, exception_id)
    if row is None or not viewer.manages_region or row.region_id != viewer.region_id:
        raise NotFound
    return row


def department_page(viewer: Viewer) -> int:
    """The viewer's own department; pages of one department exist only for those who belong to one."""
    if viewer.department_id is None:
        raise NotFound
    return viewer.department_id


def reporting_page(viewer: Viewer) -> int:
    """The department for which the viewer reports."""
    if not viewer.is_liaison:
        raise NotFound
    return department_page(viewer)


def obligation_for_reading(session: Session, viewer: Viewer, obligation_id: int) -> Obligation:
    """The own department's, and every other department's on a task in which the own one takes part."""
    row = session.get(Obligation, obligation_id)
    if row is None or row.region_id != viewer.region_id:
        raise NotFound
    if viewer.role in READS_REGION or row.department_id == viewer.department_id:
        return row
    takes_part = session.exec(
        select(
            exists().where(
                col(Obligation.task_id) == row.task_id,
                col(Obligation.department_id) == viewer.department_id,
            )
        )
    ).one()
    if viewer.department_id is None or not takes_part:
        raise NotFound
    return row


def obligation_for_reporting(session: Session, viewer: Viewer, obligation_id: int) -> Obligation:
    """Only the liaison of the department that owes the report."""
    row = session.get(Obligation, obligation_id)
    if (
        row is None
        or not viewer.is_liaison
        or row.region_id != viewer.region_id
        or row.department_id != viewer.department_id
    ):
        raise NotFound
    return row


def obligations_for_reporting(session: Session, viewer: Viewer, obligation_ids: Sequence[int]) -> None:
    """Whether all of them are the liaison's to report on."""
    if not viewer.is_liaison:
        raise NotFound
    own = session.exec(
        select(Obligation.id).where(
            col(Obligation.id).in_(obligation_ids),
            Obligation.region_id == viewer.region_id,
            Obligation.department_id == viewer.department_id,
        )
    ).all()
    if set(own) != set(obligation_ids):
        raise NotFound


def obligation_for_review(session: Session, viewer: Viewer, obligation_id: int) -> Obligation:
    row = session.get(Obligation, obligation_id)
    if row is None or not viewer.is_secretariat or row.region_id != viewer.region_id:
        raise NotFound
    return row


def obligations_for_review(session: Session, viewer: Viewer, keys: Collection[int]) -> list[Obligation]:
    """In the order of their ids; one that is not the viewer's to review makes the whole request look missing."""
    secretariat_only(viewer)
    rows = session.exec(
        select(Obligation)
        .where(col(Obligation.id).in_(keys), Obligation.region_id == viewer.region_id)
        .order_by(col(Obligation.id))
    ).all()
    if len(rows) != len(set(keys)):
        raise NotFound
    return list(rows)


def extension_for_decision(session: Session, viewer: Viewer, extension_id: int) -> Extension:
    row = session.get(Extension, extension_id)
    if row is None or not viewer.is_secretariat or row.region_id != viewer.region_id:
        raise NotFound
    return row


def evidence_for_reading(session: Session, viewer: Viewer, evidence_id: int) -> Evidence:
    row = session.get(Evidence, evidence_id)
    if row is None:
        raise NotFound
    obligation_for_reading(session, viewer, row.obligation_id)
    return row


def plan_for_reading(session: Session, viewer: Viewer, code: str) -> Plan:
    row = session.exec(select(Plan).where(Plan.code == code, Plan.region_id == viewer.region_id)).one_or_none()
    if row is None:
        raise NotFound
    return row


def note_for_reading(session: Session, viewer: Viewer, code: str, note_id: int) -> tuple[Plan, SourceNote]:
    plan = plan_for_reading(session, viewer, code)
    row = session.get(SourceNote, note_id)
    if row is None or row.plan_id != plan.id:
        raise NotFound
    return plan, row


def note_for_deciding(session: Session, viewer: Viewer, code: str, note_id: int) -> tuple[Plan, SourceNote]:
    secretariat_only(viewer)
    return note_for_reading(session, viewer, code, note_id)


def plan_for_everybody(session: Session, code: str) -> ReleasedPlan:
    """Without an account: only what the secretariat has released."""
    released = released_plan(session, code) if "\x00" not in code else None
    if released is None:
        raise NotFound
    return released


def plan_for_managing(session: Session, viewer: Viewer, code: str) -> Plan:
    manages_region(viewer)
    return plan_for_reading(session, viewer, code)


def reads_reports_of(viewer: Viewer, taking_part: Collection[int]) -> bool:
    """Whether `obligation_for_reading` opens the obligations of a task in which these departments take part."""
    return viewer.role in READS_REGION or viewer.department_id in taking_part


def report_scope(viewer: Viewer) -> Scope:
    """Where a search for words may look: what `obligation_for_reading` would open, asked of many at once."""
    return Scope(viewer.region_id, all_reports=viewer.reads_region, department_id=viewer.department_id)


def department_for_reading(session: Session, viewer: Viewer, department_id: int) -> Department:
    row = session.get(Department, department_id)
    if row is None or row.region_id != viewer.region_id:
        raise NotFound
    return row


def reads_inside(viewer: Viewer, department_id: int) -> bool:
    """How a department works, beyond what every plan page says of it: for itself and for those who read the region."""
    return viewer.reads_region or viewer.department_id == department_id


def department_for_sheet(session: Session, viewer: Viewer, department_id: int) -> Department:
    """What it owes in a month, on one page."""
    row = department_for_reading(session, viewer, department_id)
    if not reads_inside(viewer, department_id):
        raise NotFound
    return row


def overdue_list_for_reading(session: Session, viewer: Viewer, list_id: int) -> OverdueList:
    """Frozen lists are for those who read the whole region."""
    row = session.get(OverdueList, list_id)
    if row is None or row.region_id != viewer.region_id or viewer.role not in READS_REGION:
        raise NotFound
    return row


def region_lists(viewer: Viewer) -> None:
    """The overdue list of the whole region."""
    if viewer.role not in READS_REGION:
        raise NotFound


def mail_for_reading(session: Session, viewer: Viewer, mail_id: int) -> OutboxMail:
    row = session.get(OutboxMail, mail_id)
    if row is None or not viewer.is_secretariat or row.region_id != viewer.region_id:
        raise NotFound
    return row


def digest_run_for_reading(session: Session, viewer: Viewer, run_id: int) -> DigestRun:
    row = session.get(DigestRun, run_id)
    if row is None or not viewer.is_secretariat or row.region_id != viewer.region_id:
        raise NotFound
    return row


def may_sign_in(account: Account) -> bool:
    """Every page belongs to a region, so an account without one has nowhere to go."""
    return account.active and account.region_id is not None

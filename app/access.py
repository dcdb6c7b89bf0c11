"""Who may read or change what: one function per noun and level. Missing and forbidden look alike."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, exists, select

from app.errors import NotFound
from app.models import Account, Department, DigestRun, Evidence, Extension, Obligation, OutboxMail, OverdueList, Plan
from app.models.account import AccountRole

# Roles that read everything of their region; liaisons and heads read their tasks and all plans.
READS_REGION = frozenset({AccountRole.SECRETARIAT, AccountRole.LEADER, AccountRole.EXPERT})


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
    def has_department(self) -> bool:
        return self.department_id is not None


def secretariat_only(viewer: Viewer) -> None:
    if not viewer.is_secretariat:
        raise NotFound


def department_page(viewer: Viewer) -> int:
    """The viewer's own department; pages of one department exist only for those who belong to one."""
    if viewer.department_id is None:
        raise NotFound
    return viewer.department_id


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


def obligation_for_review(session: Session, viewer: Viewer, obligation_id: int) -> Obligation:
    row = session.get(Obligation, obligation_id)
    if row is None or not viewer.is_secretariat or row.region_id != viewer.region_id:
        raise NotFound
    return row


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


def reads_reports_of(viewer: Viewer, taking_part: Collection[int]) -> bool:
    """Whether `obligation_for_reading` opens the obligations of a task in which these departments take part."""
    return viewer.role in READS_REGION or viewer.department_id in taking_part


def department_for_reading(session: Session, viewer: Viewer, department_id: int) -> Department:
    row = session.get(Department, department_id)
    if row is None or row.region_id != viewer.region_id:
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

"""What was decided about a plan's public page; the newest decision counts."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.models import Account, Plan, PlanRelease, Region
from app.models.plan_release import PublicField


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A decision with the name of who made it."""

    release: PlanRelease
    by: str


@dataclass(frozen=True, slots=True)
class ReleasedPlan:
    plan: Plan
    region: Region
    shown: frozenset[PublicField]


def newest_release(session: Session, plan_id: int) -> PlanRelease | None:
    return session.exec(
        select(PlanRelease).where(PlanRelease.plan_id == plan_id).order_by(col(PlanRelease.id).desc()).limit(1)
    ).one_or_none()


def release_history(session: Session, plan_id: int) -> Sequence[ReleaseRow]:
    """Newest first."""
    statement = (
        select(PlanRelease, Account.name)
        .join(Account, col(Account.id) == PlanRelease.decided_by)
        .where(PlanRelease.plan_id == plan_id)
        .order_by(col(PlanRelease.id).desc())
    )
    return [ReleaseRow(release, name) for release, name in session.exec(statement)]


def fields_of(release: PlanRelease | None) -> frozenset[PublicField]:
    return frozenset(PublicField(value) for value in release.shown) if release else frozenset()


def released_plan(session: Session, code: str) -> ReleasedPlan | None:
    """None unless the newest decision is to show it."""
    found = session.exec(
        select(Plan, Region).join(Region, col(Region.id) == Plan.region_id).where(Plan.code == code)
    ).one_or_none()
    if found is None:
        return None
    plan, region = found
    release = newest_release(session, plan.id or 0)
    if release is None or not release.public:
        return None
    return ReleasedPlan(plan, region, fields_of(release))

"""The secretariat shows a plan to everybody, or takes the page back: each time one more decision, none is changed."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, select

from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Plan, PlanRelease
from app.models.plan_release import PublicField
from app.queries.plan_releases import newest_release


def release_plan(
    session: Session, plan: Plan, *, shown: Collection[str], seen: int | None, by: int, now: datetime
) -> PlanRelease:
    """`shown` are values of PublicField. `seen`: id of the newest decision that the person knew of, 0 for none.

    Raises Invalid for a field that there is not, Overtaken when somebody decided in between.
    """
    known = {field.value for field in PublicField}
    if not set(shown) <= known:
        raise Invalid({"shown": _("没有这项内容，请在列表中选择。")})
    fields = [field.value for field in PublicField if field.value in shown]
    return _decide(session, plan, public=True, shown=fields, seen=seen, by=by, now=now)


def withdraw_plan(session: Session, plan: Plan, *, seen: int | None, by: int, now: datetime) -> PlanRelease:
    """Raises Overtaken when somebody decided in between, or when the page is not public."""
    return _decide(session, plan, public=False, shown=[], seen=seen, by=by, now=now)


def _decide(
    session: Session, plan: Plan, *, public: bool, shown: list[str], seen: int | None, by: int, now: datetime
) -> PlanRelease:
    # One at a time for a plan: two at once would both be the newest that they know of.
    session.exec(select(Plan.id).where(Plan.id == plan.id).with_for_update()).one()
    newest = newest_release(session, plan.id or 0)
    if (newest.id if newest else 0) != seen or (not public and (newest is None or not newest.public)):
        raise Overtaken(_("公开设置刚刚已被更改，本次操作未执行，请核对后再办理。"))
    release = PlanRelease(plan_id=plan.id or 0, public=public, shown=shown, decided_by=by, decided_at=now)
    session.add(release)
    session.flush()
    return release

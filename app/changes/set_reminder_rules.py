"""The secretariat sets when a plan's obligations are spoken of and who hears of it, or goes back to the default."""

import hashlib
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from app.domain.reminder_rules import ReminderRules
from app.errors import Overtaken
from app.i18n import gettext as _
from app.i18n import officially
from app.models import Plan, Region, ReminderRule
from app.queries.reminder_rules import rule_of, rules_in
from app.trail import tell


def rules_mark(row: ReminderRule | None) -> str:
    """Changes whenever somebody sets the rules, takes them back or sets them anew."""
    if row is None:
        return "default"
    return hashlib.sha256(f"{row.revision} {row.set_at.isoformat()} {rules_in(row)}".encode()).hexdigest()[:16]


def set_rules(
    session: Session, region_id: int, plan: Plan | None, wanted: ReminderRules, *, seen: str, by: int, now: datetime
) -> None:
    """Without a plan: the region's default. `seen` is the mark of what the form showed.

    Nothing is sent by it: the next run speaks of what the new rules have reached and was not said yet.
    Raises Overtaken when somebody else set them since the form was opened.
    """
    row = _hold(session, region_id, plan, seen)
    if row is None:
        row = ReminderRule(region_id=region_id, plan_id=plan.id if plan else None, **_columns(wanted), set_at=now)
    elif rules_in(row) == wanted:
        return
    else:
        row.sqlmodel_update({**_columns(wanted), "revision": row.revision + 1, "set_at": now})
    row.set_by = by
    session.add(row)
    session.flush()


def drop_rules(session: Session, region_id: int, plan: Plan | None, *, seen: str) -> None:
    """The plan follows the region's default again; the region those that come with the product.

    Raises Overtaken when somebody else set them since the page was opened, or took them back.
    """
    row = _hold(session, region_id, plan, seen)
    if row is None:
        raise Overtaken(_("提醒规则刚被他人修改，本次未保存。请核对下面的内容后再提交。"))
    session.delete(row)
    session.flush()


def _hold(session: Session, region_id: int, plan: Plan | None, seen: str) -> ReminderRule | None:
    """The rules as they stand, behind the region's row: of two who save at once the second sees the first."""
    region = session.exec(select(Region).where(Region.id == region_id).with_for_update()).one()
    row = rule_of(session, region_id, plan.id if plan else None, fresh=True)
    if rules_mark(row) != seen:
        raise Overtaken(_("提醒规则刚被他人修改，本次未保存。请核对下面的内容后再提交。"))
    with officially():
        if plan is None:
            tell(session, subject_table="region", subject_id=region.id, subject=_("默认提醒规则"))
        else:
            tell(session, subject_table="plan", subject_id=plan.id, subject=plan.title)
    return row


def _columns(rules: ReminderRules) -> dict[str, Any]:
    return {**asdict(rules), "before": list(rules.before), "after": list(rules.after)}

"""What plans and tasks were called at an earlier moment: as printed by the edition that was known then.

Codes, task numbers and phases are what a later edition finds its rows by, and never change; titles may. A department
that any obligation ever belonged to cannot be renamed, it is succeeded (`has_history`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.models import Plan, PlanEdition


@dataclass(frozen=True, slots=True)
class WordsThen:
    """Only of plans that were published again since; what is not here is called as it is now.

    `plans`: by code. `tasks`: by plan code and task number.
    """

    plans: Mapping[str, str] = field(default_factory=dict)
    tasks: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def plan(self, code: str, now: str) -> str:
        return self.plans.get(code, now)

    def task(self, code: str, number: str, now: str) -> str:
        return self.tasks.get((code, number), now)


def words_then(session: Session, region_id: int, before: datetime) -> WordsThen:
    """One statement; it reads a draft, which is large, only where a later edition may have changed its words."""
    known, later = aliased(PlanEdition), aliased(PlanEdition)
    newest = (
        select(func.max(known.number))
        .where(known.plan_id == PlanEdition.plan_id, known.published_at < before)
        .correlate(PlanEdition)
        .scalar_subquery()
    )
    published_since = (
        select(later.id).where(later.plan_id == PlanEdition.plan_id, later.published_at >= before).exists()
    )
    drafts = session.execute(
        select_columns(col(Plan.code), col(PlanEdition.draft))
        .join(Plan, col(Plan.id) == PlanEdition.plan_id)
        .where(col(Plan.region_id) == region_id, col(PlanEdition.number) == newest, published_since)
    ).all()
    return WordsThen(
        plans={code: draft["title"] for code, draft in drafts},
        tasks={(code, task["number"]): task["title"] for code, draft in drafts for task in draft["tasks"]},
    )

"""The indicators of a plan that is being published, with their leads and targets."""

from collections.abc import Iterable

from sqlalchemy import delete
from sqlmodel import col, select

from app.changes.publication import Work
from app.drafts.plan_draft import IndicatorDraft, PlanDraft
from app.models import Indicator, IndicatorLead, IndicatorTarget


def publish_indicators(work: Work, draft: PlanDraft) -> None:
    session, plan_id = work.session, work.plan.id or 0
    known = {row.number: row for row in session.exec(select(Indicator).where(Indicator.plan_id == plan_id))}
    ids = [row.id for row in known.values()]
    session.exec(delete(IndicatorLead).where(col(IndicatorLead.indicator_id).in_(ids)))
    session.exec(delete(IndicatorTarget).where(col(IndicatorTarget.indicator_id).in_(ids)))
    for stale in known.values():
        stale.withdrawn = True
    for position, given in enumerate(draft.indicators):
        row = known.get(given.number) or Indicator(plan_id=plan_id, number=given.number, name="")
        formula = given.formula
        row.sqlmodel_update(
            {
                "area_id": work.areas[given.area].id if given.area is not None else None,
                "name": given.name,
                "unit": given.unit,
                "attribute": given.attribute,
                "numerator": formula.numerator if formula else None,
                "denominator": formula.denominator if formula else None,
                "factor": formula.factor if formula else None,
                "printed_factor": formula.printed_factor if formula else None,
                "formula_line": formula.line if formula else None,
                "note": given.note,
                "line": given.line,
                "position": position,
                "withdrawn": False,
            }
        )
        session.add(row)
        session.flush()
        session.add_all(_indicator_parts(work, row, given))
    session.flush()


def _indicator_parts(work: Work, row: Indicator, given: IndicatorDraft) -> Iterable[IndicatorLead | IndicatorTarget]:
    for position, name in enumerate(given.lead):
        holder = work.holder(name)
        yield IndicatorLead(
            indicator_id=row.id or 0,
            position=position,
            printed=given.as_printed[position],
            department_id=holder.department_id,
            group_id=holder.group_id,
        )
    for position, target in enumerate(given.targets):
        yield IndicatorTarget(indicator_id=row.id or 0, position=position, **target.model_dump())

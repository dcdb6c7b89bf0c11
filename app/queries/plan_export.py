"""A published plan as PlanDraft, built from the tables alone."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from app.domain.workflow import Role
from app.drafts.plan_draft import (
    AreaDraft,
    CheckpointDraft,
    FormulaDraft,
    IndicatorDraft,
    MilestoneDraft,
    PhaseDraft,
    PlanDraft,
    PrintedNames,
    SourceNoteDraft,
    TargetDraft,
    TaskDraft,
)
from app.errors import NotFound
from app.models import (
    Area,
    Assignment,
    Department,
    DepartmentGroup,
    Indicator,
    IndicatorLead,
    IndicatorTarget,
    Measure,
    Milestone,
    Phase,
    Plan,
    Region,
    SourceNote,
    Task,
)


def export_plan(session: Session, code: str) -> PlanDraft:
    """Publishing the result again changes nothing. Raises NotFound."""
    found = session.exec(select(Plan, Region).join(Region, col(Region.id) == Plan.region_id).where(Plan.code == code))
    pair = found.one_or_none()
    if pair is None:
        raise NotFound
    plan, region = pair
    phases = session.exec(
        select(Phase).where(Phase.plan_id == plan.id, col(Phase.withdrawn).is_(False)).order_by(col(Phase.position))
    ).all()
    areas = session.exec(
        select(Area).where(Area.plan_id == plan.id, col(Area.withdrawn).is_(False)).order_by(col(Area.position))
    ).all()
    names = _holder_names(session, plan.region_id)
    area_numbers = {area.id: area.number for area in areas}
    return PlanDraft(
        code=plan.code,
        title=plan.title,
        document_number=plan.document_number,
        issuer=plan.issuer,
        issued_on=plan.issued_on,
        period=(plan.period_from, plan.period_to),
        region=region.code,
        status=plan.status,
        phases=[PhaseDraft(**_phase(phase)) for phase in phases if phase.checkpoint is None],
        checkpoints=[
            CheckpointDraft(kind=phase.checkpoint, **_phase(phase)) for phase in phases if phase.checkpoint is not None
        ],
        areas=[AreaDraft(number=area.number, title=area.title, line=area.line) for area in areas],
        tasks=_tasks(session, plan, area_numbers, {phase.id: phase.name for phase in phases}, names),
        indicators=_indicators(session, plan, area_numbers, names),
        source_notes=[
            SourceNoteDraft(about=note.about, lines=note.lines, readings=note.readings)
            for note in session.exec(
                select(SourceNote).where(SourceNote.plan_id == plan.id).order_by(col(SourceNote.position))
            )
        ],
    )


def _phase(phase: Phase) -> dict[str, Any]:
    return {"name": phase.name, "due": phase.due, "printed": phase.printed, "line": phase.line}


def _holder_names(session: Session, region_id: int) -> dict[tuple[int | None, int | None], str]:
    """(department id, group id) -> canonical name; one of the two is None, as in the tables."""
    names: dict[tuple[int | None, int | None], str] = {}
    for key, name in session.exec(select(Department.id, Department.name).where(Department.region_id == region_id)):
        names[key, None] = name
    groups = select(DepartmentGroup.id, DepartmentGroup.name).where(DepartmentGroup.region_id == region_id)
    for key, name in session.exec(groups):
        names[None, key] = name
    return names


def _tasks(
    session: Session,
    plan: Plan,
    areas: Mapping[int | None, str],
    phases: Mapping[int | None, str],
    names: Mapping[tuple[int | None, int | None], str],
) -> list[TaskDraft]:
    tasks = session.exec(
        select(Task).where(Task.plan_id == plan.id, col(Task.withdrawn).is_(False)).order_by(col(Task.position))
    ).all()
    of_plan = select(Task.id).where(Task.plan_id == plan.id)
    measures: dict[int, list[str]] = defaultdict(list)
    for measure in session.exec(
        select(Measure).where(col(Measure.task_id).in_(of_plan)).order_by(col(Measure.task_id), col(Measure.position))
    ):
        measures[measure.task_id].append(measure.text)
    clauses: dict[int, list[Assignment]] = defaultdict(list)
    for assignment in session.exec(
        select(Assignment).where(col(Assignment.task_id).in_(of_plan)).order_by(col(Assignment.position))
    ):
        clauses[assignment.task_id].append(assignment)
    milestones: dict[int, list[MilestoneDraft]] = defaultdict(list)
    for milestone in session.exec(
        select(Milestone)
        .where(Milestone.plan_id == plan.id, col(Milestone.task_id).is_not(None), col(Milestone.withdrawn).is_(False))
        .order_by(col(Milestone.position))
    ):
        milestones[milestone.task_id or 0].append(
            MilestoneDraft(
                phase=phases[milestone.phase_id],
                due=milestone.due,
                printed=milestone.printed,
                expected=milestone.expected,
                review=milestone.review,
                line=milestone.line,
            )
        )
    drafts = []
    for task in tasks:
        clause = clauses[task.id or 0]
        lead = [part for part in clause if part.role is Role.LEAD]
        support = [part for part in clause if part.role is not Role.LEAD]
        drafts.append(
            TaskDraft(
                number=task.number,
                kind=task.kind,
                area=areas.get(task.area_id),
                title=task.title,
                mode=task.mode,
                lead=[names[part.department_id, part.group_id] for part in lead],
                support=[names[part.department_id, part.group_id] for part in support],
                as_printed=PrintedNames(
                    lead=[part.printed for part in lead], support=[part.printed for part in support]
                ),
                measures=measures[task.id or 0],
                milestones=milestones[task.id or 0],
                line=task.line,
            )
        )
    return drafts


def _indicators(
    session: Session,
    plan: Plan,
    areas: Mapping[int | None, str],
    names: Mapping[tuple[int | None, int | None], str],
) -> list[IndicatorDraft]:
    of_plan = select(Indicator.id).where(Indicator.plan_id == plan.id)
    leads: dict[int, list[IndicatorLead]] = defaultdict(list)
    for lead in session.exec(
        select(IndicatorLead).where(col(IndicatorLead.indicator_id).in_(of_plan)).order_by(col(IndicatorLead.position))
    ):
        leads[lead.indicator_id].append(lead)
    targets: dict[int, list[TargetDraft]] = defaultdict(list)
    for target in session.exec(
        select(IndicatorTarget)
        .where(col(IndicatorTarget.indicator_id).in_(of_plan))
        .order_by(col(IndicatorTarget.position))
    ):
        targets[target.indicator_id].append(
            TargetDraft(
                year=target.year,
                comparator=target.comparator,
                value=target.value,
                base_year=target.base_year,
                scope=target.scope,
                printed=target.printed,
                line=target.line,
            )
        )
    drafts = []
    for row in session.exec(
        select(Indicator)
        .where(Indicator.plan_id == plan.id, col(Indicator.withdrawn).is_(False))
        .order_by(col(Indicator.position))
    ):
        formula = None
        if row.numerator is not None and row.factor is not None:
            formula = FormulaDraft(
                numerator=row.numerator,
                denominator=row.denominator,
                factor=row.factor,
                printed_factor=row.printed_factor,
                line=row.formula_line,
            )
        answering = leads[row.id or 0]
        drafts.append(
            IndicatorDraft(
                number=row.number,
                area=areas.get(row.area_id),
                name=row.name,
                unit=row.unit,
                attribute=row.attribute,
                lead=[names[lead.department_id, lead.group_id] for lead in answering],
                as_printed=[lead.printed for lead in answering],
                formula=formula,
                note=row.note,
                targets=targets[row.id or 0],
                line=row.line,
            )
        )
    return drafts

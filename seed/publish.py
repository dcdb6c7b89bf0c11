"""Publishes the seed files in the order of their names; what is published already is left alone."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, select

from app.changes.apply_successions import apply_successions
from app.changes.publish_plan import publish_plan
from app.changes.register_departments import register_departments
from app.clock import local_day
from app.documents.reading.yaml_draft import read_draft
from app.domain.audit import AuditAction
from app.drafts.department_register import DepartmentRegister
from app.drafts.plan_draft import PlanDraft
from app.models import Region
from app.trail import finish_act

SEED = Path(__file__).resolve().parent

Say = Callable[[str], None]


def seed_departments(session: Session, say: Say, folder: Path = SEED / "departments") -> None:
    """Raises DraftRejected before the first write of a faulty file."""
    for path in sorted(folder.glob("*.yaml")):
        register, line_of = read_draft(path, DepartmentRegister)
        region = register_departments(session, register, source=str(path), line_of=line_of)
        finish_act(session, action=AuditAction.DEPARTMENT, region_id=region.id, subject=f"{region.name}单位名录")
        say(f"单位名录：{region.name}，{len(register.departments)}个单位")


def seed_plan(session: Session, path: Path, *, now: datetime, say: Say) -> None:
    """Raises DraftRejected before the first write."""
    draft, line_of = read_draft(path, PlanDraft)
    done = publish_plan(session, draft, now=now, source=str(path), line_of=line_of)
    place = session.exec(select(Region.id).where(Region.code == draft.region)).one()
    finish_act(session, region_id=place, subject_table="plan", subject_id=done.plan_id, subject=draft.title)
    what = f"新增承办事项{done.opened}项" if done.changed else "已是最新，未作改动"
    say(f"规划：{draft.title}，{len(draft.tasks)}项任务、{len(draft.indicators)}项指标，{what}")


def seed_all(session: Session, *, now: datetime, say: Say) -> None:
    """Departments, plans, and the successions whose day has come. Raises DraftRejected."""
    seed_departments(session, say)
    for path in sorted((SEED / "plans").glob("*.yaml")):
        seed_plan(session, path, now=now, say=say)
    for region in session.exec(select(Region)).all():
        moved = apply_successions(session, region, today=local_day(now, region.time_zone), now=now)
        finish_act(session, action=AuditAction.SUCCESSION, region_id=region.id)
        if moved:
            say(f"机构沿革：{region.name}，{moved}项在办事项转由承继单位办理")

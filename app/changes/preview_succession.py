"""A succession is tried before it is recorded, and trying is recording and carrying it out in a savepoint.

So the preview cannot say anything else than what happens. For a day to come it says what would happen as things stand.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.changes.apply_successions import apply_successions
from app.changes.check_succession import WantedSuccession
from app.changes.record_succession import record_succession
from app.clock import local_day
from app.errors import Overtaken
from app.i18n import gettext as _
from app.models import Department, Region, Succession
from app.queries.succession_effects import SuccessionEffects, effects_of


@dataclass(frozen=True, slots=True)
class TriedSuccession:
    """`mark` stands for all that was asked for and all that it does. `waits`: its day is to come."""

    effects: SuccessionEffects
    mark: str
    waits: bool


def try_succession(
    session: Session, region: Region, wanted: WantedSuccession, *, now: datetime, by: int
) -> TriedSuccession:
    """Leaves nothing behind. Raises Invalid with every fault."""
    savepoint = session.begin_nested()
    try:
        return _tried(session, region, wanted, now=now, by=by)[1]
    finally:
        savepoint.rollback()


def confirm_succession(
    session: Session, region: Region, wanted: WantedSuccession, *, mark: str, now: datetime, by: int
) -> int:
    """Id of the first of its rows. Raises Invalid, and Overtaken when it would do something else than was shown."""
    savepoint = session.begin_nested()
    rows, tried = _tried(session, region, wanted, now=now, by=by)
    if tried.mark != mark:
        raise Overtaken(_("预览之后情况或选择有变，本次未登记。请核对下面新的预览后再确认。"))
    if not tried.waits:
        savepoint.commit()
        return rows[0].id or 0
    savepoint.rollback()
    today = local_day(now, region.time_zone)
    return record_succession(session, region, wanted, now=now, by=by, today=today)[0].id or 0


def _tried(
    session: Session, region: Region, wanted: WantedSuccession, *, now: datetime, by: int
) -> tuple[list[Succession], TriedSuccession]:
    today = local_day(now, region.time_zone)
    rows = record_succession(session, region, wanted, now=now, by=by, today=today)
    on = rows[0].on
    apply_successions(session, region, today=max(on, today), now=now, by=by)
    effects = effects_of(session, rows, {row.predecessor_id: row.done for row in rows if row.done is not None})
    said = repr((wanted, effects.as_marked()))
    return rows, TriedSuccession(effects, hashlib.sha256(said.encode()).hexdigest(), waits=on > today)


def recorded_before(session: Session, region_id: int, wanted: WantedSuccession, *, by: int) -> int | None:
    """The very same, recorded by the same person: an earlier click of the same form."""
    names = {row.name: row.id for row in session.exec(select(Department).where(Department.region_id == region_id))}
    pairs = {(names.get(old), names.get(heir.name)) for old in wanted.predecessors for heir in wanted.heirs}
    rows = session.exec(
        select(Succession).where(
            Succession.region_id == region_id,
            Succession.recorded_by == by,
            Succession.kind == wanted.kind,
            Succession.on == wanted.on,
            Succession.document == wanted.document,
            col(Succession.undone_at).is_(None),
        )
    ).all()
    acts: dict[int, set[tuple[int | None, int | None]]] = {}
    for row in rows:
        acts.setdefault(row.act_id or 0, set()).add((row.predecessor_id, row.successor_id))
    return next((act for act, found in acts.items() if found == pairs), None)

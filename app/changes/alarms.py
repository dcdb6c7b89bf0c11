"""Alarms: raised when something keeps reminders from going out, cleared when it is mended, each told once.

Any number of watchers look at the same time. A row is unique by its key, and whoever changes it by a conditional
UPDATE is the one who tells it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.i18n import gettext as _
from app.models import Alarm
from app.queries.alarms import open_alarms
from app.queries.health import Trouble, day_of
from app.trail import tell

# The same again so soon after it was mended is no news: somebody restarts things, or a server comes and goes.
CALM = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
DELAYS = (_MINUTE, 2 * _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE)  # then hourly, for two days
LAST_DELAY = timedelta(hours=1)
TOO_OLD = timedelta(days=2)
_CANDIDATES = 5  # several watchers read the same first rows; the losers of one go on to the next
TEXT_LIMIT = ERROR_LIMIT = 1000


def raise_and_clear(session: Session, troubles: Sequence[Trouble], *, now: datetime, zone: str) -> list[Alarm]:
    """Those that this very call has raised. The same trouble is one alarm from the day it began until it is mended."""
    open_ones = {_name(alarm.key): alarm for alarm in open_alarms(session)}
    raised = []
    for trouble in troubles:
        if open_ones.pop(trouble.name, None) is None:
            alarm = _raised(session, trouble, now, zone)
            raised += [alarm] if alarm else []
    for alarm in open_ones.values():
        _clear(session, alarm, now)
    return raised


def _name(key: str) -> str:
    """The key without its day."""
    return key.rpartition(".")[0]


def _raised(session: Session, trouble: Trouble, now: datetime, zone: str) -> Alarm | None:
    """None when another watcher was first, or it was mended only just now."""
    key = f"{trouble.name}.{day_of(trouble, now, zone).isoformat()}"
    text = f"{trouble.said}{trouble.advice}"[:TEXT_LIMIT]
    known = session.exec(select(Alarm).where(Alarm.key == key)).one_or_none()
    if known is not None:
        # Again on the same day: it is the same row, and told anew.
        fresh = {"text": text, "raised_at": now, "cleared_at": None, "told_at": None, "tries": 0, "next_try_at": now}
        again = (
            update(Alarm)
            .where(col(Alarm.id) == known.id, col(Alarm.cleared_at) <= now - CALM)
            .values(**fresh, error="")
            .execution_options(synchronize_session=False)
        )
        if session.exec(again).rowcount != 1:
            return None
        session.refresh(known)
        tell(session, reason=text)
        return known
    alarm = Alarm(region_id=trouble.region_id, key=key, text=text, raised_at=now, next_try_at=now)
    try:
        with session.begin_nested():
            session.add(alarm)
            session.flush()
    except IntegrityError:
        return None
    tell(session, reason=text)
    return alarm


def _clear(session: Session, alarm: Alarm, now: datetime) -> None:
    """What nobody was told of need not be taken back."""
    was_told = alarm.told_at is not None or alarm.tries > 0
    session.exec(
        update(Alarm)
        .where(col(Alarm.id) == alarm.id, col(Alarm.cleared_at).is_(None))
        .values(cleared_at=now, told_at=None if was_told else now, tries=0, next_try_at=now, error="")
        .execution_options(synchronize_session=False)
    )
    tell(session, reason=_("告警解除"))


@dataclass(frozen=True, slots=True)
class Claimed:
    """An alarm that this watcher is to tell, as it was read. `cleared`: that it is mended."""

    id: int
    key: str
    text: str
    region_id: int | None
    raised_at: datetime
    cleared_at: datetime | None
    tries: int


def alarm_waits(session: Session, now: datetime) -> bool:
    """Is there one to be told? For a reading session, so that nobody writes in vain."""
    return bool(_waiting(session, now))


def _waiting(session: Session, now: datetime) -> Sequence[Alarm]:
    """For two days it is tried; one that still stands then is on the pages and in the log."""
    newest = func.coalesce(Alarm.cleared_at, Alarm.raised_at)
    return session.exec(
        select(Alarm)
        .where(col(Alarm.told_at).is_(None), col(Alarm.next_try_at) <= now, newest > now - TOO_OLD)
        .order_by(col(Alarm.next_try_at), col(Alarm.id))
        .limit(_CANDIDATES)
    ).all()


def claim_alarm(session: Session, now: datetime) -> Claimed | None:
    """The next to be told; nobody else gets it before the delay is over. Commit before you tell it."""
    for alarm in _waiting(session, now):
        delay = DELAYS[alarm.tries] if alarm.tries < len(DELAYS) else LAST_DELAY
        claim = (
            update(Alarm)
            .where(*_as_read(alarm.id, alarm.tries, alarm.cleared_at))
            .values(tries=alarm.tries + 1, next_try_at=now + delay)
            .execution_options(synchronize_session=False)
        )
        if session.exec(claim).rowcount == 1:
            return Claimed(
                alarm.id or 0,
                alarm.key,
                alarm.text,
                alarm.region_id,
                alarm.raised_at,
                alarm.cleared_at,
                alarm.tries + 1,
            )
    return None


def mark_told(session: Session, claimed: Claimed, now: datetime, *, error: str = "") -> None:
    """`error`: why it was not taken; then it is tried again. What was changed meanwhile stays as it is."""
    values = {"error": error[:ERROR_LIMIT]} if error else {"told_at": now, "error": ""}
    session.exec(
        update(Alarm)
        .where(*_as_read(claimed.id, claimed.tries, claimed.cleared_at))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _as_read(alarm_id: int | None, tries: int, cleared_at: datetime | None) -> tuple[ColumnElement[bool], ...]:
    same = col(Alarm.cleared_at).is_(None) if cleared_at is None else col(Alarm.cleared_at).is_not(None)
    return (col(Alarm.id) == alarm_id, col(Alarm.tries) == tries, col(Alarm.told_at).is_(None), same)

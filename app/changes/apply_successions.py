"""Carries out the successions whose day has come: duties, accounts and what else belongs to a department go over.

What was done is kept with the succession, so that it can be taken back:
{"moved", "merged", "requests"} as `move_obligations` says, {"accounts", "seats", "drafts"} as `move_people` says,
"secretariat": whether the region's secretariat was renamed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from itertools import groupby

from sqlmodel import Session, col, select

from app.changes.move_obligations import Moving, move_obligations, names_of
from app.changes.move_people import move_accounts, move_drafts, move_seats, rename_secretariat
from app.domain.succession import steps_of
from app.drafts.department_register import SuccessionKind
from app.models import Region, Succession
from app.queries.successions import line_of, standing_successions, steps_of_region


def apply_successions(session: Session, region: Region, *, today: date, now: datetime, by: int | None = None) -> int:
    """Applies every succession on record whose day has come; returns the number of obligations that were moved."""
    region_id = region.id or 0
    lock_successions(session, region_id)
    due = [row for row in standing_successions(session, region_id, until=today) if row.applied_at is None]
    names = names_of(session, region_id) if due else {}
    steps = steps_of_region(session, region_id, until=today) if due else []
    count = 0
    for rows in _together(due):
        (step,) = steps_of(line_of(row) for row in rows)
        count += _apply(Moving(session, region_id, step, steps, now, by, names), rows)
    return count


def lock_successions(session: Session, region_id: int) -> None:
    """One at a time in a region, and nobody reports, reviews or publishes meanwhile (see `hold_lists`)."""
    session.exec(select(Region.id).where(Region.id == region_id).with_for_update()).one()
    session.flush()
    # What another one did while we waited is seen.
    session.exec(
        select(Succession)
        .where(Succession.region_id == region_id, col(Succession.undone_at).is_(None))
        .execution_options(populate_existing=True)
    ).all()


def _together(rows: Sequence[Succession]) -> Iterator[list[Succession]]:
    """The rows of one split are carried out as one."""

    def key(row: Succession) -> tuple[int, int]:
        return (row.predecessor_id, 0) if row.kind is SuccessionKind.SPLIT else (row.predecessor_id, row.id or 0)

    for _key, run in groupby(sorted(rows, key=lambda row: (row.on, key(row)[0], row.id or 0)), key):
        yield list(run)


def _apply(moving: Moving, rows: Sequence[Succession]) -> int:
    moved = move_obligations(moving)
    done = asdict(moved)
    done["accounts"] = move_accounts(moving, rows)
    done["drafts"] = move_drafts(moving.session, moved)
    done["seats"] = move_seats(moving)
    done["secretariat"] = rename_secretariat(moving)
    for row in rows:
        row.applied_at = moving.now
        moving.session.add(row)
    rows[0].done = done
    moving.session.flush()
    return len(moved.moved) + len(moved.merged)

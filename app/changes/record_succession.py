"""A succession as the secretariat records it: checked as a whole, then put on record; its day carries it out."""

from datetime import date, datetime

from sqlmodel import Session, select

from app.changes.apply_successions import lock_successions
from app.changes.check_succession import Parties, WantedSuccession, check_succession, live_tasks
from app.changes.edit_register import edited_register
from app.changes.move_people import accounts_of
from app.domain.succession import steps_of
from app.drafts.department_register import DepartmentDraft, SuccessionKind
from app.models import Department, Region, Succession
from app.queries.directory import Directory, load_directory
from app.queries.successions import line_of, standing_successions


def record_succession(
    session: Session, region: Region, wanted: WantedSuccession, *, now: datetime, by: int, today: date
) -> list[Succession]:
    """Raises Invalid with every fault; the fields are those of the form."""
    region_id = region.id or 0
    lock_successions(session, region_id)
    directory = load_directory(session, region_id, today=today)
    steps = steps_of(line_of(row) for row in standing_successions(session, region_id))
    parties = check_succession(session, directory, steps, wanted, today)
    taken = _make_heirs(session, region_id, directory, wanted, parties)
    keys = dict(session.execute(select(Department.name, Department.id).where(Department.region_id == region_id)).all())
    heirs = [keys[wanted.heirs[place].name] if key is None else key for place, key in enumerate(parties.heirs)]
    rows = []
    for predecessor in parties.predecessors:
        for place, heir in enumerate(heirs):
            rows.append(
                Succession(
                    region_id=region_id,
                    predecessor_id=predecessor,
                    successor_id=heir,
                    kind=wanted.kind,
                    on=wanted.on or today,
                    certainty=wanted.certainty,
                    document=wanted.document,
                    note=wanted.note,
                    task_ids=_tasks_of(session, wanted, predecessor, place),
                    made=parties.heirs[place] is None,
                    choices={
                        **_accounts_for(session, wanted, predecessor, place),
                        "aliases": taken.get(predecessor, []) if place == 0 else [],
                    },
                    recorded_at=now,
                    recorded_by=by,
                )
            )
    session.add_all(rows)
    session.flush()
    for row in rows:
        row.act_id = rows[0].id
    session.flush()
    return rows


def _tasks_of(session: Session, wanted: WantedSuccession, predecessor: int, place: int) -> list[int] | None:
    chosen = sorted(task for task, heir in wanted.tasks.items() if heir == place)
    match wanted.kind:
        case SuccessionKind.TRANSFER:
            return sorted(set(chosen) & live_tasks(session, predecessor))
        case SuccessionKind.SPLIT if place > 0:
            return chosen
        case _:
            return None


def _accounts_for(session: Session, wanted: WantedSuccession, predecessor: int, place: int) -> dict[str, list[int]]:
    own = {account.id for account in accounts_of(session, predecessor)}
    return {
        "accounts": sorted(key for key, heir in wanted.accounts.items() if heir == place and key in own),
        "close": sorted(key for key, heir in wanted.accounts.items() if heir is None and key in own and place == 0),
    }


def _make_heirs(
    session: Session, region_id: int, directory: Directory, wanted: WantedSuccession, parties: Parties
) -> dict[int, list[str]]:
    """New departments stand behind the last predecessor. The spellings of theirs that were a predecessor's, by it."""
    made = [heir for heir, key in zip(wanted.heirs, parties.heirs, strict=True) if key is None]
    if not made:
        return {}
    taken: dict[int, list[str]] = {}
    with edited_register(session, region_id, field="heir") as register:
        old = {directory.name_of(key): key for key in parties.predecessors}
        spellings = {name for heir in made for name in (heir.name, *heir.aliases)}
        for one in register.departments:
            if one.name in old:
                taken[old[one.name]] = [alias for alias in one.aliases if alias in spellings]
                one.aliases = [alias for alias in one.aliases if alias not in spellings]
        places = [place for place, one in enumerate(register.departments) if one.name in old]
        usual = register.departments[places[0]].kind
        register.departments[places[-1] + 1 : places[-1] + 1] = [
            DepartmentDraft(name=heir.name, kind=heir.kind or usual, aliases=list(heir.aliases)) for heir in made
        ]
    return taken

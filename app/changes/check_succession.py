"""What stands against a succession that somebody wants to record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlmodel import Session, col, select

from app.changes.check_register import LONGEST_NAME
from app.domain.one_line import is_one_line
from app.domain.succession import Step, end_of, leads_back
from app.domain.workflow import LIVE
from app.drafts.department_register import Certainty, DepartmentKind, SuccessionKind
from app.errors import Invalid
from app.i18n import gettext as _
from app.models import Account, Obligation
from app.queries.directory import Directory
from app.queries.register_rows import has_history
from app.words import day

LONGEST_DOCUMENT = 500
LONGEST_NOTE = 2000
FIRST_YEAR = 1949
YEARS_AHEAD = 5


@dataclass(frozen=True, slots=True)
class Heir:
    """`kind` and `aliases` count for a department that is not in the register yet."""

    name: str
    kind: DepartmentKind | None = None
    aliases: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class WantedSuccession:
    """`heirs`: the first one gets what is not given to another; their places are counted from 0.

    `tasks`: task -> place of its heir; for a transfer those that are given away. `accounts`: account -> place of the
    heir it goes to, None: closed.
    """

    kind: SuccessionKind
    predecessors: Sequence[str]
    heirs: Sequence[Heir]
    on: date | None
    document: str
    note: str = ""
    certainty: Certainty = Certainty.PRINTED
    tasks: Mapping[int, int] = field(default_factory=dict)
    accounts: Mapping[int, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parties:
    """Who is meant: ids of the predecessors in order, and of the heirs; None for one that is to be made."""

    predecessors: Sequence[int]
    heirs: Sequence[int | None]


def live_tasks(session: Session, department_id: int) -> set[int]:
    """The tasks on which it owes something."""
    return set(
        session.exec(
            select(Obligation.task_id)
            .where(Obligation.department_id == department_id, col(Obligation.state).in_(LIVE))
            .distinct()
        ).all()
    )


def check_succession(
    session: Session, directory: Directory, steps: Sequence[Step], wanted: WantedSuccession, today: date
) -> Parties:
    """Raises Invalid with every fault."""
    faults = _written_faults(wanted, today)
    predecessors = _predecessors(directory, wanted, faults)
    for place, key in enumerate(predecessors):
        by = max(wanted.on or today, today) if wanted.kind is SuccessionKind.TRANSFER else None
        if fault := _end_fault(directory, steps, key, by):
            raise Invalid(faults | {place_of("predecessor", place): fault})
    heirs = _heirs(session, directory, wanted, predecessors, faults)
    if not faults and wanted.on is not None:
        faults |= _order_faults(directory, steps, wanted, wanted.on, Parties(predecessors, heirs))
    given_away = set(wanted.tasks)
    if not faults and wanted.kind is SuccessionKind.TRANSFER and not given_away & live_tasks(session, predecessors[0]):
        faults["tasks"] = _("请选择要划转的任务，至少一项。")
    if faults:
        raise Invalid(faults)
    return Parties(predecessors, heirs)


def _written_faults(wanted: WantedSuccession, today: date) -> dict[str, str]:
    faults: dict[str, str] = {}
    if not wanted.document:
        faults["document"] = _("请填写依据文件的文号或名称。")
    elif len(wanted.document) > LONGEST_DOCUMENT:
        faults["document"] = _("依据文件不能超过%(limit)s个字。") % {"limit": LONGEST_DOCUMENT}
    elif not is_one_line(wanted.document):
        faults["document"] = _("依据文件不能含有换行或看不见的字符。")
    if len(wanted.note) > LONGEST_NOTE:
        faults["note"] = _("备注不能超过%(limit)s个字。") % {"limit": LONGEST_NOTE}
    if wanted.on is None:
        faults["on"] = _("请填写生效日期，格式如2025年3月31日或2025-03-31。")
    elif not FIRST_YEAR <= wanted.on.year <= today.year + YEARS_AHEAD:
        faults["on"] = _("生效日期应在%(first)s年至%(last)s年之间。") % {
            "first": FIRST_YEAR,
            "last": today.year + YEARS_AHEAD,
        }
    return faults


def _predecessors(directory: Directory, wanted: WantedSuccession, faults: dict[str, str]) -> list[int]:
    found: list[int] = []
    several = wanted.kind is SuccessionKind.MERGE
    if not wanted.predecessors:
        faults["predecessor"] = _("请填写被合并的单位。") if several else _("请填写原单位。")
    for place, name in enumerate(wanted.predecessors):
        where = place_of("predecessor", place)
        holder = directory.resolve(name)
        if holder is None or holder.department_id is None:
            faults[where] = _unknown(directory, name)
        elif holder.department_id in found:
            faults[where] = _("“%(name)s”填了两次。") % {"name": holder.name}
        else:
            found.append(holder.department_id)
    return found


def place_of(name: str, place: int) -> str:
    """The field of one of several: heir, heir-2, heir-3."""
    return name if place == 0 else f"{name}-{place + 1}"


def _unknown(directory: Directory, name: str) -> str:
    near = "、".join(directory.nearest(name))
    hint = _("是否为：%(near)s？") % {"near": near} if near else ""
    return _("没有单位“%(name)s”。") % {"name": name} + hint


def _heirs(
    session: Session,
    directory: Directory,
    wanted: WantedSuccession,
    predecessors: Sequence[int],
    faults: dict[str, str],
) -> list[int | None]:
    found: list[int | None] = []
    names: set[str] = set()
    if not wanted.heirs:
        faults["heir"] = _("请填写承继单位。")
    elif wanted.kind is SuccessionKind.SPLIT and len(wanted.heirs) == 1:
        faults["heir-2"] = _("拆分至少要有两个承继单位；职责全部归一个单位的是更名或合并。")
    for place, heir in enumerate(wanted.heirs):
        where = place_of("heir", place)
        holder = directory.resolve(heir.name)
        key = holder.department_id if holder else None
        spelling_only = key in predecessors and holder is not None and holder.name != heir.name
        if heir.name in names or (holder is not None and holder.name in names):
            faults[where] = _("“%(name)s”填了两次。") % {"name": heir.name}
        elif holder is not None and key is None:
            faults[where] = _("“%(name)s”是单位组，不能承继职责。") % {"name": heir.name}
        elif key in predecessors and not spelling_only:
            faults[where] = _(
                "“%(name)s”不能承继自己；并入它的，只填被并入的单位；它继续存在、只交出部分职责的，请登记为职责划转。"
            ) % {"name": heir.name}
        elif key is None or spelling_only:
            _check_new(wanted, place, faults)
            key = None
        elif wanted.kind is SuccessionKind.RENAME and is_in_use(session, key):
            faults[where] = _("“%(name)s”已在名录中并有记录；并入现有单位的，请登记为合并。") % {
                "name": holder.name if holder else ""
            }
        found.append(key)
        names |= {heir.name} | ({holder.name} if holder and key is not None else set())
    if wanted.kind is SuccessionKind.MERGE and len(predecessors) == 1 and found == [None]:
        faults.setdefault("predecessor-2", _("只有一个单位改为新单位的是更名；合并为新单位的，请填写各被合并单位。"))
    return found


def _check_new(wanted: WantedSuccession, place: int, faults: dict[str, str]) -> None:
    heir = wanted.heirs[place]
    if len(heir.name) > LONGEST_NAME or not is_one_line(heir.name):
        faults[place_of("heir", place)] = _("名称应为一行，不超过%(limit)s个字。") % {"limit": LONGEST_NAME}
    elif heir.kind is None and wanted.kind is not SuccessionKind.RENAME:
        faults[place_of("kind", place)] = _("“%(name)s”不在名录中，将作为新单位登记，请选择类别。") % {
            "name": heir.name
        }


def is_in_use(session: Session, department_id: int) -> bool:
    """Whether anything but the register speaks of it."""
    accounts = session.exec(select(Account.id).where(Account.department_id == department_id).limit(1)).first()
    return accounts is not None or has_history(session, department_id)


def _order_faults(
    directory: Directory, steps: Sequence[Step], wanted: WantedSuccession, on: date, parties: Parties
) -> dict[str, str]:
    """One department ends once, nothing goes to one that has gone, and nobody comes to follow on itself."""
    faults: dict[str, str] = {}
    transfer = wanted.kind is SuccessionKind.TRANSFER
    for place, key in enumerate(parties.predecessors):
        if fault := _entry_fault(directory, steps, key, on, transfer=transfer):
            faults[place_of("predecessor", place)] = fault
    for place, heir in enumerate(parties.heirs):
        fault = None if heir is None else _heir_fault(directory, steps, heir, on, parties, transfer=transfer)
        if fault:
            faults[place_of("heir", place)] = fault
    return faults


def _heir_fault(
    directory: Directory, steps: Sequence[Step], heir: int, on: date, parties: Parties, *, transfer: bool
) -> str | None:
    end = end_of(steps, heir)
    if end is not None and end.on <= on:
        return _("“%(name)s”已于%(day)s由%(heirs)s承继，不能再承继职责，请填写现在的单位。") % _said(directory, end)
    if not transfer and leads_back(steps, heir, parties.predecessors):
        sentence = _("“%(name)s”的沿革会回到原单位，形成循环，请核对。")
        return sentence % {"name": directory.name_of(heir)}
    if any(step.predecessor in parties.predecessors and step.on == on and heir in step.heirs for step in steps):
        sentence = _("同一天已登记过由“%(name)s”承继，一天之内的划转请登记在一起。")
        return sentence % {"name": directory.name_of(heir)}
    return None


def _end_fault(directory: Directory, steps: Sequence[Step], key: int, by: date | None) -> str | None:
    """It has ended, or will; `by`: of duties that are given away only an end until then matters."""
    end = end_of(steps, key)
    if end is None:
        return None
    if by is None:
        sentence = _("“%(name)s”已登记于%(day)s由%(heirs)s承继，一个单位只能终止一次；要更正的，请先撤销那一次沿革。")
        return sentence % _said(directory, end)
    sentence = _("“%(name)s”已于%(day)s由%(heirs)s承继，请从现在承担职责的单位划转。")
    return sentence % _said(directory, end) if end.on <= by else None


def _entry_fault(directory: Directory, steps: Sequence[Step], key: int, on: date, *, transfer: bool) -> str | None:
    """What came to it after that day, or what it still gave away."""
    for step in steps:
        said = {"name": directory.name_of(key), "day": day(step.on, weekday=False)}
        if step.on > on and key in step.heirs and (step.ends or not transfer):
            old = {"old": directory.name_of(step.predecessor)}
            return _("“%(name)s”于%(day)s承继了%(old)s，这次的日期不能早于那一天。") % (said | old)
        if step.on > on and step.predecessor == key and not transfer:
            return _("“%(name)s”于%(day)s还划出过职责，终止日期不能早于那一天。") % said
    return None


def _said(directory: Directory, end: Step) -> dict[str, str]:
    return {
        "name": directory.name_of(end.predecessor),
        "day": day(end.on, weekday=False),
        "heirs": "、".join(directory.name_of(heir) for heir in end.heirs),
    }

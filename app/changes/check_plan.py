"""Everything that can be wrong with a PlanDraft before it is published."""

from collections.abc import Iterator, Sequence
from datetime import date

from app.drafts.faults import Fault, Path
from app.drafts.plan_draft import AssignmentMode, MilestoneDraft, PlanDraft, TaskDraft, TaskKind
from app.queries.directory import Directory


def plan_faults(draft: PlanDraft, directory: Directory) -> list[Fault]:
    """All faults, in the order of the draft; an empty list means that it can be published."""
    return [
        *_period(draft),
        *_unique(("phases",), [phase.name for phase in (*draft.phases, *draft.checkpoints)], "name"),
        *_unique(("areas",), [area.number for area in draft.areas], "number"),
        *_unique(("tasks",), [task.number for task in draft.tasks], "number"),
        *_unique(("indicators",), [indicator.number for indicator in draft.indicators], "number"),
        *_tasks(draft, directory),
        *_indicators(draft, directory),
        *_source_notes(draft, directory),
        *(Fault(("unresolved", index), f"name not resolved: {name}") for index, name in enumerate(draft.unresolved)),
    ]


def _period(draft: PlanDraft) -> Iterator[Fault]:
    first, last = draft.period
    if first > last:
        yield Fault(("period",), f"ends before it begins: {first} to {last}")
    for key, phases in (("phases", draft.phases), ("checkpoints", draft.checkpoints)):
        for index, phase in enumerate(phases):
            yield from _within((key, index, "due"), phase.due, draft)


def _within(path: Path, due: date | None, draft: PlanDraft) -> Iterator[Fault]:
    first, last = draft.period
    if due is not None and not first <= due.year <= last:
        yield Fault(path, f"{due} is outside the plan's period {first} to {last}")


def _unique(path: Path, values: Sequence[str], key: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            yield Fault((*path, index, key), f"occurs twice: {value}")
        seen.add(value)


def _tasks(draft: PlanDraft, directory: Directory) -> Iterator[Fault]:
    areas = {area.number for area in draft.areas}
    phases = {phase.name for phase in (*draft.phases, *draft.checkpoints)}
    for index, task in enumerate(draft.tasks):
        path: Path = ("tasks", index)
        if task.area is None and task.kind is TaskKind.ACTION:
            yield Fault((*path, "area"), f"action {task.number} belongs to no area")
        if task.area is not None and task.area not in areas:
            yield Fault((*path, "area"), f"no such area: {task.area}")
        yield from _mode(path, task)
        yield from _names((*path, "lead"), task.lead, (*path, "as_printed", "lead"), task.as_printed.lead, directory)
        yield from _names(
            (*path, "support"), task.support, (*path, "as_printed", "support"), task.as_printed.support, directory
        )
        both = sorted(set(task.lead) & set(task.support))
        if both:
            yield Fault((*path, "support"), f"leads and supports at once: {'、'.join(both)}")
        yield from _milestones(path, task.milestones, phases, draft)


def _mode(path: Path, task: TaskDraft) -> Iterator[Fault]:
    given = (bool(task.lead), bool(task.support))
    wanted = {
        AssignmentMode.LEAD_SUPPORT: (True, True),
        AssignmentMode.SHARED: (False, True),
        AssignmentMode.SOLE: (True, False),
        AssignmentMode.UNASSIGNED: (False, False),
    }[task.mode]
    if given != wanted:
        words = {(True, True): "lead and support", (False, True): "support only", (True, False): "lead only"}
        yield Fault(
            (*path, "mode"),
            f"task {task.number} is {task.mode.value}, which wants {words.get(wanted, 'nobody')}, "
            f"but has {words.get(given, 'nobody')}",
        )


def _names(
    path: Path, names: Sequence[str], printed_path: Path, printed: Sequence[str], directory: Directory
) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        holder = directory.resolve(name)
        if name in seen:
            yield Fault((*path, index), f"named twice: {name}")
        elif holder is None:
            near = directory.nearest(name)
            hint = f"; did you mean {' / '.join(near)}?" if near else ""
            yield Fault((*path, index), f"unknown department: {name}{hint}")
        elif holder.name != name:
            yield Fault((*path, index), f"{name} is another spelling of {holder.name}; write the canonical name")
        seen.add(name)
    if printed and len(printed) != len(names):
        yield Fault(printed_path, f"{len(printed)} printed names for {len(names)} canonical ones")
        return
    for index, (name, spelling) in enumerate(zip(names, printed, strict=False)):
        holder = directory.resolve(spelling)
        if holder is None:
            yield Fault((*printed_path, index), f"unknown spelling: {spelling}; add it as an alias of {name}")
        elif holder.name != name:
            yield Fault((*printed_path, index), f"{spelling} is {holder.name}, not {name}")


def _milestones(
    path: Path, milestones: Sequence[MilestoneDraft], phases: set[str], draft: PlanDraft
) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, milestone in enumerate(milestones):
        here: Path = (*path, "milestones", index)
        if milestone.phase not in phases:
            yield Fault((*here, "phase"), f"no such phase: {milestone.phase}")
        if milestone.phase in seen:
            yield Fault((*here, "phase"), f"two milestones in one phase: {milestone.phase}")
        seen.add(milestone.phase)
        yield from _within((*here, "due"), milestone.due, draft)


def _indicators(draft: PlanDraft, directory: Directory) -> Iterator[Fault]:
    areas = {area.number for area in draft.areas}
    for index, indicator in enumerate(draft.indicators):
        path: Path = ("indicators", index)
        if indicator.area is not None and indicator.area not in areas:
            yield Fault((*path, "area"), f"no such area: {indicator.area}")
        yield from _names((*path, "lead"), indicator.lead, (*path, "as_printed"), indicator.as_printed, directory)
        keys = [f"{target.year} {target.scope}".strip() for target in indicator.targets]
        yield from _unique((*path, "targets"), keys, "year")


def _source_notes(draft: PlanDraft, directory: Directory) -> Iterator[Fault]:
    known = {
        "task": {task.number for task in draft.tasks},
        "indicator": {indicator.number for indicator in draft.indicators},
        "area": {area.number for area in draft.areas},
    }
    for index, note in enumerate(draft.source_notes):
        noun, _, key = note.about.partition(":")
        if noun in known and key not in known[noun]:
            yield Fault(("source_notes", index, "about"), f"no such {noun}: {key}")
        if noun in {"department", "group"} and directory.resolve(key) is None:
            yield Fault(("source_notes", index, "about"), f"unknown department: {key}")

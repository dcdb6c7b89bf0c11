"""Everything that can be wrong with a PlanDraft before it is published."""

from collections.abc import Iterator, Sequence
from datetime import date

from app.drafts.faults import Fault, Path
from app.drafts.plan_draft import AssignmentMode, MilestoneDraft, PlanDraft, PlanStatus, TaskDraft, TaskKind
from app.i18n import gettext as _
from app.queries.directory import Directory, Holder


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
        *(
            Fault(("unresolved", index), _("未能识别的名称：%(name)s") % {"name": name})
            for index, name in enumerate(draft.unresolved)
        ),
    ]


def _period(draft: PlanDraft) -> Iterator[Fault]:
    first, last = draft.period
    if first > last:
        yield Fault(("period",), _("起始年份%(first)s晚于终止年份%(last)s") % {"first": first, "last": last})
    for key, phases in (("phases", draft.phases), ("checkpoints", draft.checkpoints)):
        for index, phase in enumerate(phases):
            yield from _within((key, index, "due"), phase.due, draft)


def _within(path: Path, due: date | None, draft: PlanDraft) -> Iterator[Fault]:
    first, last = draft.period
    if due is not None and not first <= due.year <= last:
        yield Fault(path, _("%(due)s不在规划期%(first)s至%(last)s年之内") % {"due": due, "first": first, "last": last})


def _unique(path: Path, values: Sequence[str], key: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            yield Fault((*path, index, key), _("“%(name)s”出现了两次") % {"name": value})
        seen.add(value)


def _tasks(draft: PlanDraft, directory: Directory) -> Iterator[Fault]:
    areas = {area.number for area in draft.areas}
    phases = {phase.name for phase in (*draft.phases, *draft.checkpoints)}
    for index, task in enumerate(draft.tasks):
        path: Path = ("tasks", index)
        if task.area is None and task.kind is TaskKind.ACTION:
            yield Fault((*path, "area"), _("行动任务%(number)s没有写明所属领域") % {"number": task.number})
        if task.area is not None and task.area not in areas:
            yield Fault((*path, "area"), _("没有领域“%(name)s”") % {"name": task.area})
        yield from _mode(path, task)
        if draft.status is not PlanStatus.CLOSED:  # which opens no obligations
            yield from _divided((*path, "lead"), task.lead, directory, draft.code, task.number)
            yield from _divided((*path, "support"), task.support, directory, draft.code, task.number)
        yield from _names((*path, "lead"), task.lead, (*path, "as_printed", "lead"), task.as_printed.lead, directory)
        yield from _names(
            (*path, "support"), task.support, (*path, "as_printed", "support"), task.as_printed.support, directory
        )
        both = sorted(set(task.lead) & set(task.support))
        if both:
            yield Fault((*path, "support"), _("%(names)s既牵头又配合") % {"names": "、".join(both)})
        yield from _milestones(path, task.milestones, phases, draft)


def _divided(path: Path, names: Sequence[str], directory: Directory, plan: str, task: str) -> Iterator[Fault]:
    """A duty of a department that was split is nobody's before the office has said whose."""
    for index, name in enumerate(names):
        holder = directory.resolve(name)
        for key in directory.departments_of(holder) if holder else ():
            heirs = directory.to_choose_from(key, plan, task)
            if not heirs:
                continue
            said = {"name": directory.name_of(key), "heirs": "、".join(heirs), "group": name}
            yield Fault(
                (*path, index),
                _("“%(name)s”已拆分为%(heirs)s，请写明此项由哪一个承担，原文写法仍写“%(name)s”") % said
                if holder and holder.group_id is None
                else _("单位组“%(group)s”中的“%(name)s”已拆分为%(heirs)s，请先调整单位组成员") % said,
            )


def _mode(path: Path, task: TaskDraft) -> Iterator[Fault]:
    given = (bool(task.lead), bool(task.support))
    wanted = {
        AssignmentMode.LEAD_SUPPORT: (True, True),
        AssignmentMode.SHARED: (False, True),
        AssignmentMode.SOLE: (True, False),
        AssignmentMode.UNASSIGNED: (False, False),
    }[task.mode]
    if given != wanted:
        words = {
            (True, True): _("牵头和配合单位"),
            (False, True): _("只有配合单位"),
            (True, False): _("只有牵头单位"),
            (False, False): _("没有单位"),
        }
        yield Fault(
            (*path, "mode"),
            _("任务%(number)s的方式是%(mode)s，应为%(wanted)s，现为%(given)s")
            % {"number": task.number, "mode": task.mode.value, "wanted": words[wanted], "given": words[given]},
        )


def _names(
    path: Path, names: Sequence[str], printed_path: Path, printed: Sequence[str], directory: Directory
) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        holder = directory.resolve(name)
        if name in seen:
            yield Fault((*path, index), _("“%(name)s”写了两次") % {"name": name})
        elif holder is None:
            near = directory.nearest(name)
            hint = _("，是否为%(near)s？") % {"near": "、".join(near)} if near else ""
            yield Fault((*path, index), _("没有单位“%(name)s”") % {"name": name} + hint)
        elif holder.name != name:
            yield Fault(
                (*path, index),
                _("“%(name)s”是“%(holder)s”的另一种写法，请写规范名称") % {"name": name, "holder": holder.name},
            )
        seen.add(name)
    if printed and len(printed) != len(names):
        yield Fault(
            printed_path,
            _("原文写法%(printed)s个，规范名称%(names)s个，个数不一致")
            % {"printed": len(printed), "names": len(names)},
        )
        return
    for index, (name, spelling) in enumerate(zip(names, printed, strict=False)):
        holder = directory.resolve(spelling)
        if holder is None:
            yield Fault(
                (*printed_path, index),
                _("名录中没有写法“%(spelling)s”，请先加为“%(name)s”的其他写法") % {"spelling": spelling, "name": name},
            )
        elif holder.name != name and not _one_follows_the_other(directory, holder, name):
            yield Fault(
                (*printed_path, index),
                _("“%(spelling)s”是%(holder)s，不是%(name)s")
                % {"spelling": spelling, "holder": holder.name, "name": name},
            )


def _one_follows_the_other(directory: Directory, printed: Holder, name: str) -> bool:
    """A document prints the name of its day, or one that came up since."""
    named = directory.resolve(name)
    return directory.follows(name, printed) or (named is not None and directory.follows(printed.name, named))


def _milestones(
    path: Path, milestones: Sequence[MilestoneDraft], phases: set[str], draft: PlanDraft
) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, milestone in enumerate(milestones):
        here: Path = (*path, "milestones", index)
        if milestone.phase not in phases:
            yield Fault((*here, "phase"), _("没有阶段“%(name)s”") % {"name": milestone.phase})
        if milestone.phase in seen:
            yield Fault((*here, "phase"), _("同一阶段“%(name)s”有两个节点") % {"name": milestone.phase})
        seen.add(milestone.phase)
        yield from _within((*here, "due"), milestone.due, draft)


def _indicators(draft: PlanDraft, directory: Directory) -> Iterator[Fault]:
    areas = {area.number for area in draft.areas}
    for index, indicator in enumerate(draft.indicators):
        path: Path = ("indicators", index)
        if indicator.area is not None and indicator.area not in areas:
            yield Fault((*path, "area"), _("没有领域“%(name)s”") % {"name": indicator.area})
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
        noun, _colon, key = note.about.partition(":")
        if noun in known and key not in known[noun]:
            yield Fault(("source_notes", index, "about"), _("没有%(about)s") % {"about": note.about})
        if noun in {"department", "group"} and directory.resolve(key) is None:
            yield Fault(("source_notes", index, "about"), _("没有单位“%(name)s”") % {"name": key})

"""Every fault that a register of departments can have, found before the first write."""

from collections.abc import Iterator, Sequence
from datetime import date

from app.domain.one_line import is_one_line
from app.drafts.department_register import DepartmentDraft, DepartmentRegister, GroupDraft, SuccessionKind
from app.drafts.faults import Fault, Path
from app.i18n import gettext as _

LONGEST_NAME = 100


def register_faults(register: DepartmentRegister) -> list[Fault]:
    names = {department.name for department in register.departments}
    return [
        *_spellings(register),
        *_members(register, names),
        *_successions(register, names),
        *_secretariat(register, names),
    ]


def _spellings(register: DepartmentRegister) -> Iterator[Fault]:
    """A spelling that stands for two could not be resolved."""
    spelled: dict[str, str] = {}
    lists: tuple[tuple[str, Sequence[DepartmentDraft | GroupDraft]], ...] = (
        ("departments", register.departments),
        ("groups", register.groups),
    )
    for key, entries in lists:
        for index, entry in enumerate(entries):
            spellings: list[tuple[Path, str]] = [(("name",), entry.name)]
            spellings += [(("aliases", at), name) for at, name in enumerate(entry.aliases)]
            for where, name in spellings:
                yield from _readable((key, index, *where), name)
                if spelled.get(name) == entry.name:
                    yield Fault((key, index, *where), _("“%(name)s”写了两次。") % {"name": name})
                elif name in spelled:
                    both = {"name": name, "one": spelled[name], "other": entry.name}
                    sentence = _("“%(name)s”已指“%(one)s”，不能再指“%(other)s”：一种写法只能指一个单位或单位组。")
                    yield Fault((key, index, *where), sentence % both)
                spelled.setdefault(name, entry.name)


def _readable(path: Path, name: str) -> Iterator[Fault]:
    if len(name) > LONGEST_NAME:
        yield Fault(path, _("名称不能超过%(limit)s个字。") % {"limit": LONGEST_NAME})
    if not is_one_line(name):
        yield Fault(path, _("名称不能含有换行或看不见的字符。"))


def _members(register: DepartmentRegister, names: set[str]) -> Iterator[Fault]:
    for index, group in enumerate(register.groups):
        for at, member in enumerate(group.members):
            if member not in names:
                yield Fault(("groups", index, "members", at), _("没有单位“%(name)s”。") % {"name": member})
            if member in group.members[:at]:
                yield Fault(("groups", index, "members", at), _("“%(name)s”写了两次。") % {"name": member})


def _successions(register: DepartmentRegister, names: set[str]) -> Iterator[Fault]:
    followed: set[tuple[str, str, date | None]] = set()
    for index, succession in enumerate(register.successions):
        pair = (succession.predecessor, succession.successor)
        # Duties may be handed over several times, on different days; a department ends once.
        once = (*pair, succession.on if succession.kind is SuccessionKind.TRANSFER else None)
        for key, name in zip(("predecessor", "successor"), pair, strict=True):
            if name not in names:
                yield Fault(("successions", index, key), _("没有单位“%(name)s”。") % {"name": name})
        if succession.predecessor == succession.successor:
            yield Fault(
                ("successions", index, "successor"), _("“%(name)s”不能承继自己。") % {"name": succession.successor}
            )
        if once in followed:
            yield Fault(
                ("successions", index), _("“%(one)s”由“%(other)s”承继，写了两次。") % {"one": pair[0], "other": pair[1]}
            )
        followed.add(once)


def _secretariat(register: DepartmentRegister, names: set[str]) -> Iterator[Fault]:
    if register.region.secretariat is not None and register.region.secretariat not in names:
        yield Fault(("region", "secretariat"), _("没有单位“%(name)s”。") % {"name": register.region.secretariat})

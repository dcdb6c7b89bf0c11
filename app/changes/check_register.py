"""Every fault that a register of departments can have, found before the first write."""

from collections.abc import Iterator, Sequence

from app.drafts.department_register import DepartmentDraft, DepartmentRegister, GroupDraft
from app.drafts.faults import Fault, Path


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
                if name in spelled:
                    yield Fault((key, index, *where), f"{name} already stands for {spelled[name]}")
                spelled.setdefault(name, entry.name)


def _members(register: DepartmentRegister, names: set[str]) -> Iterator[Fault]:
    for index, group in enumerate(register.groups):
        for at, member in enumerate(group.members):
            if member not in names:
                yield Fault(("groups", index, "members", at), f"unknown department: {member}")
            if member in group.members[:at]:
                yield Fault(("groups", index, "members", at), f"named twice: {member}")


def _successions(register: DepartmentRegister, names: set[str]) -> Iterator[Fault]:
    followed: set[tuple[str, str]] = set()
    for index, succession in enumerate(register.successions):
        pair = (succession.predecessor, succession.successor)
        for key, name in zip(("predecessor", "successor"), pair, strict=True):
            if name not in names:
                yield Fault(("successions", index, key), f"unknown department: {name}")
        if succession.predecessor == succession.successor:
            yield Fault(("successions", index, "successor"), f"{succession.successor} cannot succeed itself")
        if pair in followed:
            yield Fault(("successions", index), f"listed twice: {' '.join(pair)}")
        followed.add(pair)


def _secretariat(register: DepartmentRegister, names: set[str]) -> Iterator[Fault]:
    if register.region.secretariat is not None and register.region.secretariat not in names:
        yield Fault(("region", "secretariat"), f"unknown department: {register.region.secretariat}")

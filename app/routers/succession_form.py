"""A succession as it was typed: one form for all kinds, and the choices that its preview asks for."""

from dataclasses import dataclass, field
from datetime import date

from app.changes.check_succession import Heir, WantedSuccession, place_of
from app.drafts.department_register import Certainty, DepartmentKind, SuccessionKind
from app.errors import Invalid
from app.i18n import gettext as _
from app.routers.dependencies import Typed

# How many fields the form offers: (predecessors, heirs).
FIELDS = {
    SuccessionKind.RENAME: (1, 1),
    SuccessionKind.MERGE: (6, 1),
    SuccessionKind.SPLIT: (1, 5),
    SuccessionKind.TRANSFER: (1, 1),
}
CLOSE = "close"
FIRST = "0"
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class TypedHeir:
    name: str = ""
    kind: str = ""
    aliases: str = ""


@dataclass(slots=True)
class SuccessionForm:
    """Everything as text. `tasks` and `accounts`: the choices by id; `chosen`: the page that asks for them was seen."""

    kind: SuccessionKind
    predecessors: list[str] = field(default_factory=list)
    heirs: list[TypedHeir] = field(default_factory=list)
    on: str = ""
    document: str = ""
    note: str = ""
    certainty: str = Certainty.PRINTED.value
    tasks: dict[int, str] = field(default_factory=dict)
    accounts: dict[int, str] = field(default_factory=dict)
    chosen: bool = False

    @property
    def predecessor_fields(self) -> list[str]:
        """With empty ones to fill in."""
        return [*self.predecessors, *[""] * (FIELDS[self.kind][0] - len(self.predecessors))]

    @property
    def heir_fields(self) -> list[TypedHeir]:
        return [*self.heirs, *[TypedHeir()] * (FIELDS[self.kind][1] - len(self.heirs))]

    def wanted(self, on: date | None) -> WantedSuccession:
        """Raises Invalid for what no form of ours offers."""
        faults: dict[str, str] = {}
        heirs = []
        for place, heir in enumerate(self.heirs):
            kind = next((one for one in DepartmentKind if one.value == heir.kind), None)
            if heir.kind and kind is None:
                faults[place_of("kind", place)] = _("没有这种类别，请在列表中选择。")
            heirs.append(Heir(heir.name, kind, tuple(_lines(heir.aliases))))
        certainty = next((one for one in Certainty if one.value == self.certainty), None)
        if certainty is None:
            faults["certainty"] = _("请选择依据程度。")
        most = FIELDS[self.kind]
        if len(self.predecessors) > most[0] or len(heirs) > most[1]:
            faults["heir"] = _("单位个数超过了表单所列，请分次登记。")
        places = {str(place): place for place in range(len(heirs))}
        if any(text not in places for text in self.tasks.values()):
            faults["tasks"] = _("请为每项任务在列表中选择承继单位。")
        if any(text not in {*places, CLOSE} for text in self.accounts.values()):
            faults["accounts"] = _("请为每个账号在列表中选择去向。")
        if faults:
            raise Invalid(faults)
        # What goes to the first heir need not be said: the preview that offers it means the same as one before it.
        transfer = self.kind is SuccessionKind.TRANSFER
        return WantedSuccession(
            kind=self.kind,
            predecessors=self.predecessors,
            heirs=heirs,
            on=on,
            document=self.document,
            note=self.note,
            certainty=certainty or Certainty.PRINTED,
            tasks={key: places[text] for key, text in self.tasks.items() if transfer or text != FIRST},
            accounts={key: places.get(text) for key, text in self.accounts.items() if text != FIRST},
        )


def _lines(text: str) -> list[str]:
    """Spellings: one a line, or with the enumeration comma between them."""
    return list(dict.fromkeys(name for line in text.replace("、", "\n").splitlines() if (name := _name(line))))


def _name(text: str) -> str:
    return " ".join(text.split(" ")).strip()


def kind_of(text: str) -> SuccessionKind | None:
    return next((one for one in SuccessionKind if one.value == text), None)


def read_succession(typed: Typed) -> SuccessionForm | None:
    """None without a kind."""
    kind = kind_of(typed.text("kind"))
    if kind is None:
        return None
    names, kinds, spellings = (typed.lists.get(name, []) for name in ("heir", "heir_kind", "heir_aliases"))
    heirs = [
        TypedHeir(_name(name), kinds[at] if at < len(kinds) else "", spellings[at] if at < len(spellings) else "")
        for at, name in enumerate(names)
        if _name(name)
    ]
    return SuccessionForm(
        kind=kind,
        predecessors=[_name(name) for name in typed.lists.get("predecessor", []) if _name(name)],
        heirs=heirs,
        on=typed.text("on"),
        document=typed.text("document"),
        note=typed.text("note"),
        certainty=typed.text("certainty") or Certainty.PRINTED.value,
        tasks=_choices(typed, "task"),
        accounts=_choices(typed, "account"),
        chosen=typed.checked("chosen"),
    )


def _choices(typed: Typed, name: str) -> dict[int, str]:
    """task-17 -> 0: the task 17 goes to the first heir."""
    found: dict[int, str] = {}
    for key, text in typed.values.items():
        noun, _dash, number = key.partition("-")
        if noun == name and number.isascii() and number.isdecimal() and int(number) <= LARGEST_ID and text:
            found[int(number)] = text
    return dict(sorted(found.items()))

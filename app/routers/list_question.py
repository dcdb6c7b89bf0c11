"""What the address of a department's list asks for: section, filters, order, place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

from app.domain.workflow import Role
from app.errors import Invalid
from app.i18n import gettext as _
from app.queries.department_desk import ListChoices
from app.queries.department_list import ListFilter, Order, PageKey, Section

FILTERS = ("plan", "role", "phase", "year", "q")
FIELDS = ("section", *FILTERS, "sort")
LONGEST_TEXT = 100
_DIGITS = 18  # what the databases can compare with an id
UNDATED = "none"

# The list shows all of them but DUE, which is what the page for reporting many at once begins with.
LIST_SECTIONS = tuple(section for section in Section if section is not Section.DUE)
BATCH_SECTIONS = (Section.DUE, Section.OVERDUE, Section.RETURNED, Section.DUE_SOON, Section.LATER, Section.TODO)


@dataclass(frozen=True, slots=True)
class ListQuestion:
    """`typed` holds the fields as they came, `faults` a sentence for each that is wrong."""

    typed: Mapping[str, str]
    section: Section
    wanted: ListFilter
    order: Order
    after: PageKey | None = None
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def filtered(self) -> bool:
        return any(self.typed[name] for name in FILTERS)

    @property
    def narrowed(self) -> bool:
        """A filter is set that does not stand in the first line of the form."""
        return any(self.typed[name] or name in self.faults for name in ("role", "phase", "year", "sort"))

    def query(self, **changed: str) -> str:
        """The same question with other values; an empty one is left out, `after` is not kept."""
        return urlencode({name: value for name, value in {**self.typed, **changed}.items() if value})

    def link(self, path: str, **changed: str) -> str:
        query = self.query(**changed)
        return f"{path}?{query}" if query else path

    def unfiltered(self, path: str) -> str:
        return self.link(path, **dict.fromkeys(FILTERS, ""))


def read_question(
    params: Mapping[str, str], choices: ListChoices, sections: Collection[Section] = LIST_SECTIONS
) -> ListQuestion:
    """The first section is meant where none is named.

    Faults are reported and not raised, except for a place in the list, which nobody types: Invalid.
    """
    typed = {name: params.get(name, "").replace("\x00", "").strip() for name in FIELDS}
    faults: dict[str, str] = {}
    section = next(iter(sections))
    if typed["section"] and typed["section"] not in {one.value for one in sections}:
        faults["section"] = _("没有这一类事项，请从上方重新选择。")
    elif typed["section"]:
        section = Section(typed["section"])
    order = Order.DUE
    if typed["sort"] and typed["sort"] not in set(Order):
        faults["sort"] = _("没有这种排序方式，请在列表中选择。")
    elif typed["sort"]:
        order = Order(typed["sort"])
    wanted = ListFilter(
        plan_code=_plan(typed["plan"], choices, faults),
        role=_role(typed["role"], faults),
        phase_id=_phase(typed["phase"], choices, faults),
        year=_year(typed["year"], choices, faults),
        text=typed["q"],
    )
    if len(typed["q"]) > LONGEST_TEXT:
        faults["q"] = _("请输入不超过%(limit)s个字。") % {"limit": LONGEST_TEXT}
    after = read_key(params.get("after", ""), order)
    return ListQuestion(typed, section, wanted, order, after, faults)


def _plan(text: str, choices: ListChoices, faults: dict[str, str]) -> str | None:
    if text and text not in choices.plans:
        faults["plan"] = _("没有这个规划，请在列表中选择。")
    return text or None


def _role(text: str, faults: dict[str, str]) -> Role | None:
    if text and text not in set(Role):
        faults["role"] = _("没有这种分工，请在列表中选择。")
        return None
    return Role(text) if text else None


def _phase(text: str, choices: ListChoices, faults: dict[str, str]) -> int | None:
    key = next((key for key in choices.phase_ids if str(key) == text), None)
    if text and key is None:
        faults["phase"] = _("没有这个阶段，请在列表中选择。")
    return key


def _year(text: str, choices: ListChoices, faults: dict[str, str]) -> int | None:
    if text == UNDATED:
        return 0
    year = next((year for year in choices.years if str(year) == text), None)
    if text and year is None:
        faults["year"] = _("没有这一年到期的事项，请在列表中选择。")
    return year


def key_text(key: PageKey | None) -> str:
    """`2024-12-31_17`, or `3_12_2024-12-31_17` plan by plan."""
    return "_".join(part.isoformat() if isinstance(part, date) else str(part) for part in key) if key else ""


def read_key(text: str, order: Order) -> PageKey | None:
    """Raises Invalid for what no link of ours says."""
    if not text:
        return None
    kinds = (int, int, date, int) if order is Order.PLAN else (date, int)
    parts = text.split("_")
    try:
        if len(parts) == len(kinds) and text.isascii():
            return tuple(
                _number(part) if kind is int else date.fromisoformat(part)
                for part, kind in zip(parts, kinds, strict=True)
            )
    except ValueError:
        pass
    raise Invalid({"after": _("翻页位置不正确，请从列表第一页重新查看。")})


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > _DIGITS:
        msg = "not a number of ours"
        raise ValueError(msg)
    return int(text)

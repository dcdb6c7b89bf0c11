"""What the address of the overdue list asks for: day, filters, order, groups, place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

from app.errors import Invalid
from app.i18n import gettext as _
from app.models import Plan
from app.queries.overdue import OverdueFilter
from app.queries.overdue_table import Arrangement, Grouping, Order, PageKey
from app.routers.dependencies import parse_day

FIELDS = ("as_of", "plan", "department", "min_days", "sort", "group")
FIRST_YEAR = 2000
MOST_DAYS = 36_500
_ID_DIGITS = 18  # what the databases can compare with an id


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters offer."""

    plans: Sequence[Plan]
    departments: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """`typed` holds the fields as they came, `faults` a sentence for each that is wrong."""

    typed: Mapping[str, str]
    day: date
    wanted: OverdueFilter
    arrangement: Arrangement
    after: PageKey | None = None
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def day_text(self) -> str:
        """The day as its field shows it: as it came while it is faulty, else in one spelling."""
        return self.typed["as_of"] if "as_of" in self.faults else self.day.isoformat()

    def link(self, path: str, **changed: str) -> str:
        """The same question at another path, with other values; an empty one is left out, `after` is not kept."""
        values = {name: value for name, value in {**self.typed, **changed}.items() if value}
        return f"{path}?{urlencode(values)}" if values else path


def read_question(params: Mapping[str, str], today: date, choices: Choices) -> Question:
    """Faults are reported and not raised, except for a place in the list, which nobody types: Invalid."""
    typed = {name: params.get(name, "").strip() for name in FIELDS}
    faults: dict[str, str] = {}
    day = _day(typed["as_of"], today, faults)
    wanted = OverdueFilter(
        plan_code=_plan(typed["plan"], choices, faults),
        department_id=_department(typed["department"], choices, faults),
        min_days=_min_days(typed["min_days"], faults),
    )
    order, grouping = Order.DAYS, Grouping.NONE
    try:
        order = Order(typed["sort"] or Order.DAYS)
    except ValueError:
        faults["sort"] = _("没有这种排序方式，请在列表中选择。")
    try:
        grouping = Grouping(typed["group"] or Grouping.NONE)
    except ValueError:
        faults["group"] = _("没有这种分组方式，请在列表中选择。")
    arrangement = Arrangement(order, grouping)
    return Question(typed, day, wanted, arrangement, _after(params.get("after", ""), arrangement), faults)


def _day(text: str, today: date, faults: dict[str, str]) -> date:
    if not text:
        return today
    day = parse_day(text)
    if day is None:
        faults["as_of"] = _("“%(text)s”不是日期，请按2024-11-25或2024年11月25日的格式填写。") % {"text": text[:40]}
    elif day > today:
        faults["as_of"] = _("不能查看将来日期的清单，请选择今天或以前的日期。")
    elif day.year < FIRST_YEAR:
        faults["as_of"] = _("请选择%(year)s年以后的日期。") % {"year": FIRST_YEAR}
    return today if day is None or faults else day


def _plan(text: str, choices: Choices, faults: dict[str, str]) -> str | None:
    if text and text not in {plan.code for plan in choices.plans}:
        faults["plan"] = _("没有这个规划，请在列表中选择。")
    return text or None


def _department(text: str, choices: Choices, faults: dict[str, str]) -> int | None:
    if not text:
        return None
    key = next((key for key, _name in choices.departments if str(key) == text), None)
    if key is None:
        faults["department"] = _("没有这个单位，请在列表中选择。")
    return key


def _min_days(text: str, faults: dict[str, str]) -> int | None:
    if not text:
        return None
    if text.isdecimal() and len(text) <= len(str(MOST_DAYS)) and 1 <= int(text) <= MOST_DAYS:
        return int(text)
    faults["min_days"] = _("逾期天数应为1至%(most)s的整数。") % {"most": MOST_DAYS}
    return None


def key_text(key: PageKey | None) -> str:
    """A place in the list as it stands in an address: `3_17_2023-12-31_88`."""
    return "_".join(str(part) for part in key) if key else ""


def _after(text: str, arrangement: Arrangement) -> PageKey | None:
    if not text:
        return None
    *leading, due, last = text.split("_") if text.count("_") else ("", "", "")
    numbers = [*leading, last]
    if len(leading) == arrangement.key_width and all(part.isdecimal() and len(part) <= _ID_DIGITS for part in numbers):
        try:
            return (*(int(part) for part in leading), date.fromisoformat(due), int(last))
        except ValueError:
            pass
    raise Invalid({"after": _("翻页位置不正确，请从第一页看起。")})

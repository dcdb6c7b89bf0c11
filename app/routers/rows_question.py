"""What the address of a list over all plans asks for: role, light, outcome, plan, dates, place."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from app.domain.lights import Light
from app.domain.months import FIRST_YEAR, LAST_YEAR
from app.domain.punctuality import Outcome
from app.domain.typed_day import parse_day
from app.domain.workflow import Role
from app.errors import Invalid
from app.i18n import gettext as _
from app.models import Plan
from app.queries.region_rows import RowKey, RowsWanted

Member = TypeVar("Member", bound=StrEnum)

FIELDS = ("plan", "role", "light", "outcome", "from", "to")


@dataclass(frozen=True, slots=True)
class RowsQuestion:
    """`typed` holds the fields as they came, `faults` a sentence for each that is wrong."""

    typed: Mapping[str, str]
    wanted: RowsWanted
    faults: Mapping[str, str] = field(default_factory=dict)

    def link(self, path: str, **changed: str) -> str:
        """The same question at another path, with other values; an empty one is left out."""
        values = {name: value for name, value in {**self.typed, **changed}.items() if value}
        return f"{path}?{urlencode(values)}" if values else path


def read_rows_question(
    params: Mapping[str, str], plans: Sequence[Plan], *, department_id: int | None, faults: dict[str, str] | None = None
) -> RowsQuestion:
    """Faults are reported and not raised. `faults`: what has been found before."""
    faults = {} if faults is None else faults
    typed = {name: params.get(name, "").strip()[:100] for name in FIELDS}
    wanted = RowsWanted(
        department_id=department_id,
        plan_id=read_plan(typed["plan"], plans, faults),
        role=_member(Role, typed["role"], "role", _("没有这种分工，请在列表中选择。"), faults),
        light=read_light(typed["light"], faults),
        outcome=_member(Outcome, typed["outcome"], "outcome", _("没有这种提交情况，请在列表中选择。"), faults),
        due_from=_day(typed["from"], "from", faults),
        due_to=_day(typed["to"], "to", faults),
    )
    if wanted.due_from and wanted.due_to and wanted.due_from > wanted.due_to:
        faults["to"] = _("截止日期早于起始日期，请修改其中一个。")
    return RowsQuestion(typed, wanted, faults)


def read_plan(text: str, plans: Sequence[Plan], faults: dict[str, str]) -> int | None:
    found = next((plan.id for plan in plans if plan.code == text), None)
    if text and found is None:
        faults["plan"] = _("没有这个规划，请在列表中选择。")
    return found


def read_light(text: str, faults: dict[str, str]) -> Light | None:
    return _member(Light, text, "light", _("没有这种状态，请在列表中选择。"), faults)


def _member(kind: type[Member], text: str, name: str, sentence: str, faults: dict[str, str]) -> Member | None:
    found = next((member for member in kind if member.value == text), None)
    if text and found is None:
        faults[name] = sentence
    return found


def _day(text: str, name: str, faults: dict[str, str]) -> date | None:
    if not text:
        return None
    day = parse_day(text)
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        faults[name] = _("“%(text)s”不是可用的日期，请按2024-12-31的格式填写。") % {"text": text[:40]}
        return None
    return day


def read_key(text: str, *, dated: bool, numbers: int) -> RowKey | None:
    """`2024-12-31_17`, or `3_5_17` without a day: the last row shown. Raises Invalid for what no link of ours says."""
    if not text:
        return None
    day = r"(\d{4}-\d\d-\d\d)_" if dated else ""
    found = re.fullmatch(day + "_".join([r"(\d{1,18})"] * numbers), text, re.ASCII)
    try:
        if found:
            parts = list(found.groups())
            leading = [date.fromisoformat(parts.pop(0))] if dated else []
            return (*leading, *(int(part) for part in parts))
    except ValueError:
        pass
    raise Invalid({"after": _("翻页位置不正确，请从列表第一页重新查看。")})


def key_text(key: RowKey | None) -> str:
    return "_".join(str(part) for part in key) if key else ""

"""The form of reminder rules: what was typed, and what it means."""

import re
from dataclasses import dataclass

from app.domain.reminder_rules import (
    MOST_AFTER,
    MOST_AT_ONCE,
    MOST_BEFORE,
    MOST_HEARS_AFTER,
    MOST_RUNGS,
    Counting,
    ReminderRules,
)
from app.errors import Invalid
from app.i18n import gettext as _
from app.routers.dependencies import Typed

# What may stand between and around numbers; a point, a dash or "to" is left out: 1.5, -1 and 1~5 mean something else.
_BETWEEN = re.compile(r"[\s,、;/|。·]+|个?工作日|日|天|前|后|和|及|与")
# Not by NFKC, which would take ⑩ for 10 and ² for 2.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_NUMBERS = re.compile(r"[0-9]+(?: [0-9]+)*")
_LONGEST = 200  # signs that are looked at


@dataclass(frozen=True, slots=True)
class RulesForm:
    """As typed. The numbers of `before` and `after` may be written with any separator and with full-width digits."""

    before: str = ""
    on_day: bool = False
    after: str = ""
    weekly: bool = False
    counting: str = ""
    head_after: str = ""
    secretariat_after: str = ""
    leader_after: str = ""
    at_once: str = ""

    def rules(self) -> ReminderRules:
        """Raises Invalid with every fault."""
        faults: dict[str, str] = {}
        before = _days(self.before, "before", MOST_BEFORE, faults)
        after = _days(self.after, "after", MOST_AFTER, faults)
        counting = Counting(self.counting) if self.counting in set(Counting) else None
        if counting is None:
            faults["counting"] = _("请选择按自然日还是按工作日计算。")
        hears = {
            name: _number(getattr(self, name), name, 1, MOST_HEARS_AFTER, faults)
            for name in ("head_after", "secretariat_after", "leader_after")
        }
        at_once = _number(self.at_once, "at_once", 0, MOST_AT_ONCE, faults)
        if at_once is None and "at_once" not in faults:
            faults["at_once"] = _("请填写天数；填0的，只有当天到期的当天告知。")
        if not (faults or before or after or self.on_day or self.weekly):
            faults["before"] = _("这样填写联络员永远收不到提醒，请至少保留一次。")
        if faults or counting is None or at_once is None:
            raise Invalid(faults)
        return ReminderRules(
            before=tuple(sorted(before, reverse=True)),
            on_day=self.on_day,
            after=tuple(sorted(after)),
            weekly=self.weekly,
            counting=counting,
            at_once=at_once,
            **hears,
        )


def form_of(rules: ReminderRules) -> RulesForm:
    def days(numbers: tuple[int, ...]) -> str:
        return _("、").join(str(number) for number in numbers)

    def days_or_never(number: int | None) -> str:
        return "" if number is None else str(number)

    return RulesForm(
        before=days(rules.before),
        on_day=rules.on_day,
        after=days(rules.after),
        weekly=rules.weekly,
        counting=rules.counting.value,
        head_after=days_or_never(rules.head_after),
        secretariat_after=days_or_never(rules.secretariat_after),
        leader_after=days_or_never(rules.leader_after),
        at_once=str(rules.at_once),
    )


def typed_form(typed: Typed) -> RulesForm:
    return RulesForm(
        before=typed.text("before"),
        on_day=typed.checked("on_day"),
        after=typed.text("after"),
        weekly=typed.checked("weekly"),
        counting=typed.text("counting"),
        head_after=typed.text("head_after"),
        secretariat_after=typed.text("secretariat_after"),
        leader_after=typed.text("leader_after"),
        at_once=typed.text("at_once"),
    )


def _plain(text: str) -> str:
    """The numbers alone, each once apart from the next by a blank; anything else stays and is found."""
    return " ".join(_BETWEEN.sub(" ", text[: _LONGEST + 1].translate(_HALF_WIDTH)).split())


def _days(text: str, name: str, most: int, faults: dict[str, str]) -> set[int]:
    plain = _plain(text)
    if not text:
        return set()
    if len(text) > _LONGEST or not _NUMBERS.fullmatch(plain):
        faults[name] = _("请只写天数，用顿号隔开，如“30、14、7、3、1”。")
        return set()
    found = {_bounded(one, most) for one in plain.split()}
    if len(found) > MOST_RUNGS:
        faults[name] = _("最多写%(count)s个天数。") % {"count": MOST_RUNGS}
    elif not all(1 <= one <= most for one in found):
        faults[name] = _("每个天数须在%(least)s至%(most)s之间。") % {"least": 1, "most": most}
    return found


def _number(text: str, name: str, least: int, most: int, faults: dict[str, str]) -> int | None:
    """None where nothing was typed, or a fault was found."""
    if not text:
        return None
    plain = _plain(text)
    if len(text) > _LONGEST or not plain.isascii() or not plain.isdecimal():
        faults[name] = _("请填写一个天数，如“10”。")
        return None
    number = _bounded(plain, most)
    if not least <= number <= most:
        faults[name] = _("请填写%(least)s至%(most)s之间的天数。") % {"least": least, "most": most}
        return None
    return number


def _bounded(digits: str, most: int) -> int:
    """Of very many digits none is read: Python refuses to."""
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= len(str(most)) else most + 1

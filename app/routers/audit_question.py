"""What the address of the audit page asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from app.access import Viewer
from app.clock import day_end
from app.domain.audit import ActResult, AuditAction, Channel
from app.domain.typed_day import parse_day
from app.i18n import gettext as _
from app.queries.trail import TrailFilter
from app.row_words import known_tables

FILTERS = ("from", "to", "who", "action", "outcome", "channel", "address", "about", "q")
PLACES = ("region", "system")
LONGEST_TEXT = 100
_DIGITS = 18

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """`typed` holds the fields as they came, `faults` a sentence for each that is wrong. `place`: which chain."""

    place: str
    typed: Mapping[str, str]
    wanted: TrailFilter
    before: int | None = None
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def filtered(self) -> bool:
        return any(self.typed[name] for name in FILTERS)

    def link(self, path: str = "/audit", **changed: str) -> str:
        """The same question with other values; an empty one is left out, and the page is the first one."""
        asked = {"place": self.place if self.place != PLACES[0] else "", **self.typed, **changed}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{path}?{query}" if query else path

    def unfiltered(self) -> str:
        return self.link(**dict.fromkeys(FILTERS, ""))


def chain_of(viewer: Viewer, place: str) -> int:
    return 0 if place == "system" else viewer.region_id


def read_question(params: Mapping[str, str], viewer: Viewer) -> AuditQuestion:
    """Faults are reported and not raised; what is wrong filters nothing."""
    typed = {name: params.get(name, "").replace("\x00", "").strip() for name in FILTERS}
    place = params.get("place", "") if params.get("place", "") in PLACES else PLACES[0]
    faults: dict[str, str] = {}
    for name in ("who", "address", "q"):
        if len(typed[name]) > LONGEST_TEXT:
            faults[name] = _("请输入不超过%(limit)s个字。") % {"limit": LONGEST_TEXT}
    first, last = _day(typed, "from", faults), _day(typed, "to", faults)
    if first and last and last < first:
        faults["to"] = _("结束日期不能早于开始日期。")
    wanted = TrailFilter(
        chain=chain_of(viewer, place),
        since=day_end(first - timedelta(days=1), viewer.time_zone) if first else None,
        until=day_end(last, viewer.time_zone) if last else None,
        who="" if "who" in faults else typed["who"],
        action=_choice(AuditAction, typed, "action", faults),
        outcome=_choice(ActResult, typed, "outcome", faults),
        channel=_choice(Channel, typed, "channel", faults),
        address="" if "address" in faults else typed["address"],
        about=_about(typed["about"], faults),
        text="" if "q" in faults else typed["q"],
    )
    return AuditQuestion(place, typed, wanted, _number(params.get("before", "")), faults)


def _day(typed: Mapping[str, str], name: str, faults: dict[str, str]) -> date | None:
    found = parse_day(typed[name]) if typed[name] else None
    # The ends of the calendar have no day before or after them.
    if typed[name] and (found is None or not date.min + timedelta(days=2) < found < date.max - timedelta(days=2)):
        faults[name] = _("请填写日期，如2025-03-31或2025年3月31日。")
        return None
    return found


def _choice(kind: type[Choice], typed: Mapping[str, str], name: str, faults: dict[str, str]) -> Choice | None:
    if not typed[name]:
        return None
    if typed[name] not in {member.value for member in kind}:
        faults[name] = _("没有这一项，请在列表中选择。")
        return None
    return kind(typed[name])


def _about(text: str, faults: dict[str, str]) -> tuple[str, int] | None:
    """obligation-7: a row, as the links of the page name it."""
    table, _dash, number = text.rpartition("-")
    key = _number(number)
    if text and (table not in known_tables() or key is None):
        faults["about"] = _("没有这个对象，请从记录中的链接选择。")
        return None
    return (table, key) if text and key is not None else None


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= _DIGITS else None

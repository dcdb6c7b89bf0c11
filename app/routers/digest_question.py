"""What the page of reminders is asked: which run, and which accounts of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from app.changes.hold_run import DAYS_AHEAD
from app.domain.coming_digests import Run
from app.domain.workdays import WorkCalendar
from app.i18n import gettext as _
from app.models.digest_run import RunKind
from app.queries.coming_runs import Shown
from app.routers.dependencies import parse_day
from app.words import day as in_words

ABOVE = "above"  # who belongs to no department
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class DigestQuestion:
    """`typed` is shown again, `faults` stand at their fields; of what is faulty the page shows today's run."""

    kind: RunKind
    run_date: date
    today: date
    shown: Shown
    typed: Mapping[str, str]
    faults: Mapping[str, str]

    @property
    def run(self) -> Run:
        return Run(self.run_date, daily=self.kind is RunKind.DAILY)

    @property
    def is_now(self) -> bool:
        """Whether it could be sent now."""
        return self.run_date <= self.today

    def address(self, **more: object) -> str:
        """Of this page, with further questions."""
        asked = {
            "kind": self.kind.value if self.kind is RunKind.WEEKLY else "",
            "day": self.run_date.isoformat() if self.run_date != self.today else "",
            "department": self.typed.get("department", "") if self.shown != Shown() else "",
            "person": self.typed.get("person", "") if self.shown != Shown() else "",
        } | more
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"/digests?{query}" if query else "/digests"


def plain_question(kind: RunKind, run_date: date, today: date) -> DigestQuestion:
    return DigestQuestion(kind, run_date, today, Shown(), {"day": "", "department": "", "person": ""}, {})


def default_day(kind: RunKind, calendar: WorkCalendar, today: date) -> date:
    """Today's digest, or this week's list, or the next one in a week without work."""
    return today if kind is RunKind.DAILY else calendar.list_day(today)


def may_look_at(kind: RunKind, day: date, calendar: WorkCalendar, today: date) -> bool:
    faults: dict[str, str] = {}
    _day(kind, day.isoformat(), calendar, today, faults)
    return not faults


def ask(
    kind: RunKind,
    typed: Mapping[str, str],
    calendar: WorkCalendar,
    today: date,
    departments: Sequence[tuple[int, str]],
) -> DigestQuestion:
    """`typed`: day, department, person."""
    faults: dict[str, str] = {}
    run_date = _day(kind, typed["day"].strip(), calendar, today, faults)
    department = typed["department"].strip()
    department_id = next((key for key, _name in departments if str(key) == department), None)
    if department and department != ABOVE and department_id is None:
        faults["department"] = _("没有这个单位，请在列表中选择。")
    person = typed["person"].strip()
    if len(person) > _LONGEST:
        faults["person"] = _("姓名或邮箱不能超过%(limit)s个字。") % {"limit": _LONGEST}
        person = ""
    shown = Shown(department_id, department == ABOVE, person)
    return DigestQuestion(kind, run_date, today, shown, {name: text[:200] for name, text in typed.items()}, faults)


def _day(kind: RunKind, text: str, calendar: WorkCalendar, today: date, faults: dict[str, str]) -> date:
    usual = default_day(kind, calendar, today)
    if not text:
        return usual
    day = parse_day(text)
    if day is None:
        faults["day"] = _("请填写日期，如2024-12-31、2024/12/31或2024年12月31日。")
    elif day == usual:
        return day
    elif not today <= day <= today + timedelta(days=DAYS_AHEAD):
        faults["day"] = _("只能查看今天起%(days)s天以内的发送，即%(first)s至%(last)s。") % {
            "days": DAYS_AHEAD,
            "first": in_words(today, weekday=False),
            "last": in_words(today + timedelta(days=DAYS_AHEAD), weekday=False),
        }
    elif kind is RunKind.WEEKLY and calendar.first_of_week(day) != day:
        faults["day"] = _("这一天不发每周逾期清单。清单在每周第一个工作日发送。")
    else:
        return day
    return usual

"""What the address of a list behind the overview asks for: plan, department, what to show, due date, place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

from sqlmodel import Session

from app.access import Viewer, plan_for_reading
from app.domain.lights import Light
from app.drafts.plan_draft import PlanStatus
from app.errors import NotFound
from app.i18n import gettext as _
from app.models import Plan
from app.queries.overview_milestones import Passed
from app.queries.overview_rows import Standing
from app.queries.plans import plans_of_region
from app.routers.dependencies import parse_day

FIELDS = ("plan", "department", "show", "due")


@dataclass(frozen=True, slots=True)
class OverviewQuestion:
    """`typed` holds the fields as they came, `faults` a sentence for each that is wrong.

    `show` is a light, or something else that the list knows; `shows` are all of them with their words.
    """

    typed: Mapping[str, str]
    scope: Sequence[Plan]
    shows: Mapping[str, str]
    department_id: int | None = None
    due: date | None = None
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def plan_ids(self) -> list[int]:
        return [plan.id or 0 for plan in self.scope]

    @property
    def light(self) -> Light | None:
        return next((light for light in Light if light.value == self.typed["show"]), None)

    @property
    def standing(self) -> Standing | None:
        return next((one for one in Standing if one.value == self.typed["show"]), None)

    @property
    def passed(self) -> Passed | None:
        return next((one for one in Passed if one.value == self.typed["show"]), None)

    def link(self, path: str, **changed: str) -> str:
        """The same question at another path, with other values; an empty one is left out, `after` is not kept."""
        values = {name: value for name, value in {**self.typed, **changed}.items() if value}
        return f"{path}?{urlencode(values)}" if values else path


def plans_in_view(session: Session, viewer: Viewer, code: str) -> tuple[Sequence[Plan], Plan | None]:
    """The region's plans that are not closed, and the one that is asked for. Raises NotFound."""
    chosen = plan_for_reading(session, viewer, code) if code else None
    plans = plans_of_region(session, viewer.region_id)
    return [plan for plan in plans if plan.status is not PlanStatus.CLOSED], chosen


def obligation_shows() -> dict[str, str]:
    """What a list of obligations can be narrowed to beside a light, in the order in which it is offered."""
    return {
        Standing.WAITING: _("尚未提交"),
        Standing.ON_TIME: _("办结：按期提交"),
        Standing.LATE: _("办结：逾期提交"),
        Standing.FRESH: _("逾期：比上周新增"),
        Standing.CLEARED: _("逾期：上周有，现已消除"),
        Standing.WAITS: _("在等配合单位报送"),
        Standing.AWAITED: _("牵头单位在等其报送"),
    }


def milestone_shows() -> dict[str, str]:
    return {
        Passed.PAST: _("期限已过"),
        Passed.DONE: _("期限已过，已完成"),
        Passed.PENDING: _("期限已过，待审核或已延期"),
    }


def read_question(
    params: Mapping[str, str],
    scope: Sequence[Plan],
    departments: Sequence[tuple[int, str]],
    shows: Mapping[str, str],
) -> OverviewQuestion:
    """Raises NotFound for a department that the region does not have; what may be mistyped is reported."""
    typed = {name: params.get(name, "").strip() for name in FIELDS}
    faults: dict[str, str] = {}
    keys = {str(key): key for key, _name in departments}
    if typed["department"] and typed["department"] not in keys:
        raise NotFound
    known = {light.value for light in Light if light is not Light.CANCELLED} | set(shows)
    if typed["show"] and typed["show"] not in known:
        faults["show"] = _("没有这种状态，请在列表中选择。")
    due = parse_day(typed["due"]) if typed["due"] else None
    if typed["due"] and due is None:
        faults["due"] = _("“%(text)s”不是日期，请按2024-12-31的格式填写。") % {"text": typed["due"][:40]}
    return OverviewQuestion(typed, scope, shows, keys.get(typed["department"]), due, faults)

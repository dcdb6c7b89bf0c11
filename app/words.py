"""The domain's words on screen and in mails: one place for each term, so that page, mail and file say the same."""

from datetime import date
from functools import cache

from app.domain.lights import Light, Shown
from app.domain.reminders import Heading
from app.domain.workflow import EventKind, Role, State
from app.drafts.department_register import Certainty, DepartmentKind, SuccessionKind
from app.drafts.plan_draft import AssignmentMode, CheckpointKind, Comparator, PlanStatus, TaskKind
from app.i18n import gettext as _
from app.models.account import AccountRole
from app.models.digest_run import RunKind
from app.models.extension import ExtensionState
from app.models.outbox_mail import MailState
from app.models.plan_release import PublicField
from app.models.progress_update import UpdateKind
from app.models.review import ReviewDecision

_WEEKDAYS = "一二三四五六日"


def word(value: object) -> str:
    """The screen word of any enumeration member of the domain."""
    # Members of different StrEnums with one text are equal, so the class belongs to the key.
    return _words().get((type(value), value), str(value))


@cache  # a page asks some hundred times; building it each time took a fifth of a page's time
def _words() -> dict[object, str]:
    return {
        (Light, Light.NOT_STARTED): _("未开始"),
        (Light, Light.ON_TRACK): _("正常"),
        (Light, Light.DUE_SOON): _("临期"),
        (Light, Light.OVERDUE): _("逾期"),
        (Light, Light.IN_REVIEW): _("待审"),
        (Light, Light.DONE): _("办结"),
        (Light, Light.CANCELLED): _("已撤销"),
        (Heading, Heading.OVERDUE): _("逾期"),
        (Heading, Heading.RETURNED): _("退回"),
        (Heading, Heading.DUE_SOON): _("临期"),
        (Heading, Heading.NEW): _("新增"),
        (State, State.OPEN): _("办理中"),
        (State, State.SUBMITTED): _("待审核"),
        (State, State.RETURNED): _("已退回"),
        (State, State.ACCEPTED): _("已办结"),
        (State, State.CANCELLED): _("已撤销"),
        (Role, Role.LEAD): _("牵头"),
        (Role, Role.SUPPORT): _("配合"),
        (Role, Role.SHARED): _("按职责分工"),
        (EventKind, EventKind.OPENED): _("立项"),
        (EventKind, EventKind.REPORTED): _("填报进展"),
        (EventKind, EventKind.SUBMITTED): _("申请办结"),
        (EventKind, EventKind.RETURNED): _("退回"),
        (EventKind, EventKind.ACCEPTED): _("审核通过，办结"),
        (EventKind, EventKind.REOPENED): _("重新办理"),
        (EventKind, EventKind.CANCELLED): _("撤销"),
        (EventKind, EventKind.EXTENDED): _("同意延期"),
        (EventKind, EventKind.DUE_MOVED): _("期限调整"),
        (EventKind, EventKind.TRANSFERRED): _("职责承继"),
        (EventKind, EventKind.ROLE_CHANGED): _("分工调整"),
        (TaskKind, TaskKind.ACTION): _("行动"),
        (TaskKind, TaskKind.INNOVATION): _("创新项目"),
        (TaskKind, TaskKind.SAFEGUARD): _("保障措施"),
        (TaskKind, TaskKind.DUTY): _("单位职责"),
        (AssignmentMode, AssignmentMode.LEAD_SUPPORT): _("牵头与配合"),
        (AssignmentMode, AssignmentMode.SHARED): _("按职责分工负责"),
        (AssignmentMode, AssignmentMode.SOLE): _("独立负责"),
        (AssignmentMode, AssignmentMode.UNASSIGNED): _("待明确责任单位"),
        (PlanStatus, PlanStatus.DRAFT): _("征求意见稿"),
        (PlanStatus, PlanStatus.IN_FORCE): _("实施中"),
        (PlanStatus, PlanStatus.CLOSED): _("已收官"),
        (CheckpointKind, CheckpointKind.EVALUATION): _("评估"),
        (CheckpointKind, CheckpointKind.REPORT): _("专题汇报"),
        (CheckpointKind, CheckpointKind.MONITORING): _("监测"),
        (UpdateKind, UpdateKind.INTERIM): _("阶段进展"),
        (UpdateKind, UpdateKind.COMPLETION): _("申请办结"),
        (ReviewDecision, ReviewDecision.ACCEPTED): _("通过"),
        (ReviewDecision, ReviewDecision.RETURNED): _("退回"),
        (ReviewDecision, ReviewDecision.REOPENED): _("重新办理"),
        (ExtensionState, ExtensionState.REQUESTED): _("待审批"),
        (ExtensionState, ExtensionState.GRANTED): _("同意"),
        (ExtensionState, ExtensionState.REFUSED): _("不同意"),
        (AccountRole, AccountRole.ADMIN): _("系统管理员"),
        (AccountRole, AccountRole.SECRETARIAT): _("秘书处"),
        (AccountRole, AccountRole.LIAISON): _("联络员"),
        (AccountRole, AccountRole.HEAD): _("单位负责人"),
        (AccountRole, AccountRole.LEADER): _("领导"),
        (AccountRole, AccountRole.EXPERT): _("专家"),
        (RunKind, RunKind.DAILY): _("每日提醒"),
        (RunKind, RunKind.WEEKLY): _("每周逾期清单"),
        (MailState, MailState.QUEUED): _("待发送"),
        (MailState, MailState.SENDING): _("发送中"),
        (MailState, MailState.SENT): _("已发送"),
        (MailState, MailState.FAILED): _("发送失败"),
        (PublicField, PublicField.MEASURES): _("举措"),
        (PublicField, PublicField.RESPONSIBILITY): _("责任分工"),
        (PublicField, PublicField.DATES): _("阶段期限"),
        (PublicField, PublicField.PROGRESS): _("完成情况"),
        (PublicField, PublicField.INDICATORS): _("指标"),
        (DepartmentKind, DepartmentKind.PARTY): _("党委部门"),
        (DepartmentKind, DepartmentKind.GOVERNMENT): _("政府部门"),
        (DepartmentKind, DepartmentKind.MASS_ORGANISATION): _("群团组织"),
        (DepartmentKind, DepartmentKind.SUBDISTRICT): _("街道"),
        (DepartmentKind, DepartmentKind.VERTICAL): _("垂直管理单位"),
        (DepartmentKind, DepartmentKind.PUBLIC_INSTITUTION): _("事业单位"),
        (DepartmentKind, DepartmentKind.COORDINATING_BODY): _("议事协调机构"),
        (DepartmentKind, DepartmentKind.LOWER_GOVERNMENT): _("下级政府"),
        (SuccessionKind, SuccessionKind.RENAME): _("更名"),
        (SuccessionKind, SuccessionKind.MERGE): _("合并"),
        (SuccessionKind, SuccessionKind.SPLIT): _("拆分"),
        (SuccessionKind, SuccessionKind.TRANSFER): _("职责划转"),
        (Certainty, Certainty.PRINTED): _("原文载明"),
        (Certainty, Certainty.PROBABLE): _("较可靠，待核定"),
        (Certainty, Certainty.ASSUMED): _("推定，待核定"),
        (Comparator, Comparator.IMPROVE): _("持续改善"),
        (Comparator, Comparator.HOLD): _("保持稳定"),
        (Comparator, Comparator.RELATIVE_DROP): _("比基年下降"),
    }


def day(value: date | None, *, weekday: bool = True) -> str:
    """2024年12月31日 周二; without a date: 长期."""
    if value is None:
        return _("长期")
    text = f"{value.year}年{value.month}月{value.day}日"
    return f"{text} 周{_WEEKDAYS[value.weekday()]}" if weekday else text


def light_phrase(shown: Shown) -> str:
    """How far away or how late, in words."""
    match shown.light:
        case Light.OVERDUE:
            return _("逾期%(days)s天") % {"days": -(shown.days or 0)}
        case Light.DONE | Light.IN_REVIEW:
            return _("逾期%(days)s天提交") % {"days": shown.late_days} if shown.late_days else _("按期提交")
        case Light.CANCELLED:
            return ""
        case _:
            if shown.days is None:
                return _("无期限")
            return _("今天到期") if shown.days == 0 else _("剩%(days)s天") % {"days": shown.days}


def list_name(year: int, number: int) -> str:
    """What a frozen overdue list is called."""
    return _("〔%(year)s〕第%(number)s期") % {"year": year, "number": number}


def week_mark(weeks: int) -> str:
    """What became of a line since the list before, by the number of lists in a row that hold it."""
    return _("新增") if weeks <= 1 else _("连续%(weeks)s期") % {"weeks": weeks}

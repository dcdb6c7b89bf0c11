"""The domain's words on screen and in mails: one place for each term, so that page, mail and file say the same."""

from datetime import date
from functools import cache

from app.domain.audit import ActResult, AuditAction, Channel
from app.domain.changes_since import Change
from app.domain.delivery import Delivery
from app.domain.edition_changes import Part
from app.domain.lights import Light, Shown
from app.domain.months import Month
from app.domain.overdue_change import Exit
from app.domain.punctuality import Outcome, Period
from app.domain.reasons_of_dates import FreeDays, Reckoning
from app.domain.reminder_rules import Counting, Pace
from app.domain.reminders import Heading, Hearing
from app.domain.search import Kind
from app.domain.why_told import Cause, Why
from app.domain.workdays import DayKind, DayReason, Holiday
from app.domain.workflow import EventKind, Role, State
from app.drafts.department_register import Certainty, DepartmentKind, SuccessionKind
from app.drafts.plan_draft import AssignmentMode, CheckpointKind, Comparator, PlanStatus, TaskKind
from app.i18n import gettext as _
from app.i18n import ngettext, pgettext, spoken
from app.models.account import AccountRole
from app.models.api_token import TokenScope
from app.models.digest_run import RunKind
from app.models.extension import ExtensionState
from app.models.inbound_mail import InboundKind
from app.models.mailed_answer import AnswerState
from app.models.one_time_link import LinkPurpose
from app.models.outbox_mail import MailFault, MailState
from app.models.overdue_list import OverdueList
from app.models.plan_release import PublicField
from app.models.progress_update import UpdateKind
from app.models.review import ReviewDecision

HALVES = 2


def word(value: object) -> str:
    """The screen word of any enumeration member of the domain."""
    # Members of different StrEnums with one text are equal, so the class belongs to the key.
    return _words(spoken()).get((type(value), value), str(value))


@cache  # a page asks some hundred times; building it each time took a fifth of a page's time
def _words(_language: str) -> dict[object, str]:
    return {
        (AuditAction, AuditAction.SIGN_IN): _("登录"),
        (AuditAction, AuditAction.SIGN_OUT): _("退出"),
        (AuditAction, AuditAction.SESSION_ENDED): _("结束登录"),
        (AuditAction, AuditAction.PASSWORD_CHANGED): _("设置密码"),
        (AuditAction, AuditAction.LINK_MADE): _("发出一次性链接"),
        (AuditAction, AuditAction.SECOND_FACTOR): _("两步验证"),
        (AuditAction, AuditAction.TOKEN): _("接口令牌"),
        (AuditAction, AuditAction.ACCESS): _("访问"),
        (AuditAction, AuditAction.ACCOUNT): _("账号管理"),
        (AuditAction, AuditAction.HANDOVER): _("工作交接"),
        (AuditAction, AuditAction.DEPARTMENT): _("单位管理"),
        (AuditAction, AuditAction.SUCCESSION): _("机构沿革"),
        (AuditAction, AuditAction.CALENDAR): _("工作日历"),
        (AuditAction, AuditAction.PLAN_PUBLISHED): _("发布规划"),
        (AuditAction, AuditAction.PLAN_RELEASED): _("公开页设置"),
        (AuditAction, AuditAction.NOTE_DECIDED): _("核定"),
        (AuditAction, AuditAction.REPORT): _("填报进展"),
        (AuditAction, AuditAction.REVIEW): _("审核"),
        (AuditAction, AuditAction.EXTENSION): _("延期"),
        (AuditAction, AuditAction.LIST_FROZEN): _("冻结清单"),
        (AuditAction, AuditAction.RUN): _("提醒批次"),
        (AuditAction, AuditAction.MAIL): _("邮件"),
        (AuditAction, AuditAction.EXPORT): _("导出文件"),
        (AuditAction, AuditAction.SETTINGS): _("系统设置"),
        (AuditAction, AuditAction.MAINTENANCE): _("维护"),
        (AuditAction, AuditAction.TRAIL_SHORTENED): _("清理到期审计记录"),
        (Channel, Channel.WEB): _("网页"),
        (Channel, Channel.API): _("接口"),
        (Channel, Channel.COMMAND): _("命令行"),
        (Channel, Channel.WORKER): _("定时任务"),
        (ActResult, ActResult.DONE): _("完成"),
        (ActResult, ActResult.REFUSED): _("拒绝"),
        (ActResult, ActResult.FAILED): _("失败"),
        (TokenScope, TokenScope.READ): _("只读"),
        (TokenScope, TokenScope.REPORT): _("读取和填报"),
        (LinkPurpose, LinkPurpose.FIRST): _("首次登录"),
        (LinkPurpose, LinkPurpose.RESET): _("重设密码"),
        (AccountRole, AccountRole.SECURITY): _("安全管理员"),
        (AccountRole, AccountRole.AUDITOR): _("审计员"),
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
        (Change, Change.CAME): pgettext("what changed", "新承办"),
        (Change, Change.ACCEPTED): pgettext("what changed", "办结"),
        (Change, Change.SUBMITTED): pgettext("what changed", "申请办结"),
        (Change, Change.RETURNED): pgettext("what changed", "退回"),
        (Change, Change.REOPENED): pgettext("what changed", "重新办理"),
        (Change, Change.EXTENDED): pgettext("what changed", "延期"),
        (Change, Change.DUE_MOVED): pgettext("what changed", "期限调整"),
        (Change, Change.CANCELLED): pgettext("what changed", "撤销"),
        (Cause, Cause.BEFORE): _("期限前提醒"),
        (Cause, Cause.ON_DAY): _("到期当日提醒"),
        (Cause, Cause.AFTER): _("逾期提醒"),
        (Cause, Cause.WEEKLY): _("逾期每周提醒"),
        (Cause, Cause.LONG_OVERDUE): _("长期逾期报告"),
        (Cause, Cause.RETURNED): _("审核退回"),
        (Cause, Cause.CAME): _("新承办事项"),
        (Cause, Cause.LISTED): _("列入每周逾期清单"),
        (Exit, Exit.DONE): _("办结"),
        (Exit, Exit.IN_REVIEW): _("待审核"),
        (Exit, Exit.EXTENDED): _("延期"),
        (Exit, Exit.DUE_MOVED): _("期限调整"),
        (Exit, Exit.CANCELLED): _("已撤销"),
        (State, State.OPEN): _("办理中"),
        (State, State.SUBMITTED): _("待审核"),
        (State, State.RETURNED): _("已退回"),
        (State, State.ACCEPTED): _("已办结"),
        (State, State.CANCELLED): _("已撤销"),
        (Outcome, Outcome.ON_TIME): _("按期提交"),
        (Outcome, Outcome.LATE): _("逾期提交"),
        (Outcome, Outcome.MISSING): _("逾期未交"),
        (Outcome, Outcome.AHEAD): _("尚未到期"),
        (Role, Role.LEAD): _("牵头"),
        (Role, Role.SUPPORT): _("配合"),
        (Role, Role.SHARED): _("按职责分工"),
        (EventKind, EventKind.OPENED): _("立项"),
        (EventKind, EventKind.REPORTED): pgettext("what happened", "填报进展"),
        (EventKind, EventKind.SUBMITTED): pgettext("what happened", "申请办结"),
        (EventKind, EventKind.RETURNED): _("退回"),
        (EventKind, EventKind.ACCEPTED): pgettext("what happened", "审核通过，办结"),
        (EventKind, EventKind.REOPENED): pgettext("what happened", "重新办理"),
        (EventKind, EventKind.CANCELLED): _("撤销"),
        (EventKind, EventKind.EXTENDED): pgettext("what happened", "同意延期"),
        (EventKind, EventKind.DUE_MOVED): _("期限调整"),
        (EventKind, EventKind.TRANSFERRED): _("职责承继"),
        (EventKind, EventKind.ROLE_CHANGED): _("分工调整"),
        (Reckoning, Reckoning.MONTH_END): _("按当月最后一天计"),
        (Reckoning, Reckoning.YEAR_END): _("按当年最后一天计"),
        (DayKind, DayKind.WEEKDAY): _("工作日"),
        (DayKind, DayKind.WEEKEND): _("周末"),
        (DayKind, DayKind.HOLIDAY): _("法定节假日"),
        (DayKind, DayKind.MAKE_UP): _("调休上班"),
        (DayKind, DayKind.LOCAL_WORKDAY): _("本地安排上班"),
        (DayKind, DayKind.LOCAL_CLOSURE): _("本地安排放假"),
        (Holiday, Holiday.NEW_YEAR): _("元旦"),
        (Holiday, Holiday.SPRING_FESTIVAL): _("春节"),
        (Holiday, Holiday.TOMB_SWEEPING): _("清明节"),
        (Holiday, Holiday.LABOUR_DAY): _("劳动节"),
        (Holiday, Holiday.DRAGON_BOAT): _("端午节"),
        (Holiday, Holiday.NATIONAL_DAY): _("国庆节"),
        (Holiday, Holiday.MID_AUTUMN): _("中秋节"),
        (Holiday, Holiday.VICTORY): _("抗战胜利70周年纪念日"),
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
        (UpdateKind, UpdateKind.COMPLETION): pgettext("what happened", "申请办结"),
        (ReviewDecision, ReviewDecision.ACCEPTED): _("通过"),
        (ReviewDecision, ReviewDecision.RETURNED): _("退回"),
        (ReviewDecision, ReviewDecision.REOPENED): pgettext("what happened", "重新办理"),
        (ExtensionState, ExtensionState.REQUESTED): _("待审批"),
        (ExtensionState, ExtensionState.GRANTED): _("同意"),
        (ExtensionState, ExtensionState.REFUSED): pgettext("what happened", "不同意"),
        (AccountRole, AccountRole.ADMIN): _("系统管理员"),
        (AccountRole, AccountRole.SECRETARIAT): _("秘书处"),
        (AccountRole, AccountRole.LIAISON): _("联络员"),
        (AccountRole, AccountRole.HEAD): _("单位负责人"),
        (AccountRole, AccountRole.LEADER): _("领导"),
        (AccountRole, AccountRole.EXPERT): _("专家"),
        (RunKind, RunKind.DAILY): _("每日提醒"),
        (RunKind, RunKind.WEEKLY): _("每周逾期清单"),
        (Counting, Counting.CALENDAR): _("自然日"),
        (Counting, Counting.WORKING): _("工作日"),
        (Pace, Pace.DAILY): _("每个工作日"),
        (Pace, Pace.WEEKLY): _("每周"),
        (MailFault, MailFault.ADDRESS): _("邮箱不可用"),
        (MailFault, MailFault.CONTENT): _("邮件被拒收"),
        (MailFault, MailFault.GAVE_UP): _("多次未能送达"),
        (MailFault, MailFault.UNWANTED): _("收件人已无权查看"),
        (MailFault, MailFault.DROPPED): _("已取消发送"),
        (InboundKind, InboundKind.ANSWER): _("答复"),
        (InboundKind, InboundKind.BOUNCE): _("退信"),
        (InboundKind, InboundKind.AUTO_REPLY): _("自动回复"),
        (InboundKind, InboundKind.STRANGER): _("无法对应"),
        (InboundKind, InboundKind.UNREADABLE): _("无法读取"),
        (AnswerState, AnswerState.WAITING): _("待确认"),
        (AnswerState, AnswerState.TAKEN): _("已采用"),
        (AnswerState, AnswerState.DROPPED): _("未采用"),
        (Delivery, Delivery.QUEUED): _("待发送"),
        (Delivery, Delivery.HELD): _("暂缓发送"),
        (Delivery, Delivery.SENDING): _("发送中"),
        (Delivery, Delivery.SENT): _("已发送"),
        (Delivery, Delivery.BOUNCED): _("退信"),
        (Delivery, Delivery.FAILED): _("发送失败"),
        (Delivery, Delivery.DROPPED): _("已取消"),
        (Delivery, Delivery.DOUBT): _("可能已发送"),
        (Delivery, Delivery.AGAIN): _("已再次发送"),
        (Delivery, Delivery.OPENED): _("已打开填报页"),
        (Delivery, Delivery.REPORTED): _("已填报"),
        (Delivery, Delivery.SILENT): _("尚未填报"),
        (Delivery, Delivery.UNADDRESSED): _("未登记邮箱"),
        (MailState, MailState.QUEUED): _("待发送"),
        (MailState, MailState.SENDING): _("发送中"),
        (MailState, MailState.SENT): _("已发送"),
        (MailState, MailState.FAILED): _("发送失败"),
        (Kind, Kind.TASK): _("任务"),
        (Kind, Kind.MEASURE): _("举措"),
        (Kind, Kind.INDICATOR): _("指标"),
        (Kind, Kind.DEPARTMENT): _("单位"),
        (Kind, Kind.REPORT): _("填报"),
        (PublicField, PublicField.MEASURES): _("举措"),
        (PublicField, PublicField.RESPONSIBILITY): _("责任分工"),
        (PublicField, PublicField.DATES): _("阶段期限"),
        (PublicField, PublicField.PROGRESS): _("完成情况"),
        (PublicField, PublicField.INDICATORS): _("指标"),
        (Part, Part.TITLE): _("名称"),
        (Part, Part.STATUS): _("状态"),
        (Part, Part.PERIOD): _("规划期"),
        (Part, Part.DOCUMENT): _("文号"),
        (Part, Part.KIND): _("类别"),
        (Part, Part.AREA): _("领域"),
        (Part, Part.MODE): _("责任方式"),
        (Part, Part.LEAD): _("牵头单位"),
        (Part, Part.SUPPORT): _("配合或共同负责单位"),
        (Part, Part.MEASURES): _("举措"),
        (Part, Part.DATES): _("期限"),
        (Part, Part.UNIT): _("计量单位"),
        (Part, Part.ATTRIBUTE): _("属性"),
        (Part, Part.FORMULA): _("计算公式"),
        (Part, Part.TARGETS): _("目标值"),
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
    """2024年12月31日 周二, Tue 31 Dec 2024; without a date: 长期, standing."""
    if value is None:
        return _("长期")
    text = _("%(year)s年%(month)s%(day)s日") % {
        "year": value.year,
        "month": _month(value.month, spoken()),
        "day": value.day,
    }
    if not weekday:
        return text
    return _("%(date)s %(weekday)s") % {"date": text, "weekday": _weekday(value.weekday(), spoken())}


def month(value: Month) -> str:
    """2024年11月, Nov 2024."""
    return _("%(year)s年%(month)s") % {"year": value.year, "month": _month(value.number, spoken())}


def period(value: Period) -> str:
    """2024年上半年, 2024年第3季度."""
    if value.parts == HALVES:
        return (_("%(year)s年上半年"), _("%(year)s年下半年"))[value.part - 1] % {"year": value.year}
    return _("%(year)s年第%(part)s季度") % {"year": value.year, "part": value.part}


def weekday(number: int) -> str:
    """周一 for 0."""
    return _weekday(number, spoken())


def month_day(month: int, date: int) -> str:
    """12月31日, 31 Dec: for what returns every year."""
    return _("%(month)s%(day)s日") % {"month": _month(month, spoken()), "day": date}


def month_name(number: int) -> str:
    """11月, Nov."""
    return _month(number, spoken())


@cache
def _month(number: int, _language: str) -> str:
    names = (
        *(_("1月"), _("2月"), _("3月"), _("4月"), _("5月"), _("6月")),
        *(_("7月"), _("8月"), _("9月"), _("10月"), _("11月"), _("12月")),
    )
    return names[number - 1]


@cache
def _weekday(number: int, _language: str) -> str:
    """0 is Monday."""
    return (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))[number]


def light_phrase(shown: Shown) -> str:
    """How far away or how late, in words."""
    match shown.light:
        case Light.OVERDUE:
            days = -(shown.days or 0)
            return ngettext("逾期%(days)s天", "逾期%(days)s天", days) % {"days": days}
        case Light.DONE | Light.IN_REVIEW:
            days = shown.late_days or 0
            return (
                ngettext("逾期%(days)s天提交", "逾期%(days)s天提交", days) % {"days": days} if days else _("按期提交")
            )
        case Light.CANCELLED:
            return ""
        case _:
            if shown.days is None:
                return _("无期限")
            if shown.days == 0:
                return _("今天到期")
            return ngettext("剩%(days)s天", "剩%(days)s天", shown.days) % {"days": shown.days}


def list_name(year: int, number: int) -> str:
    """What a frozen overdue list is called."""
    return _("〔%(year)s〕第%(number)s期") % {"year": year, "number": number}


def role_word(role: str) -> str:
    """The role of somebody who acted, as the audit trail keeps it."""
    return word(AccountRole(role)) if role in {member.value for member in AccountRole} else role


def trail_head(seq: int | None, sha256: str) -> str:
    """What is printed on a frozen list of the audit trail as it was before; "" for lists from before there was one."""
    return _("审计链至第%(number)s条：%(hash)s") % {"number": seq, "hash": sha256} if seq is not None else ""


def list_remarks(frozen: OverdueList) -> list[str]:
    """Small at the end of its papers: whether it was made up; by which hashes they can be compared with the system."""
    remarks = [_("校验码（SHA-256）：%(hash)s") % {"hash": frozen.sha256}]
    if frozen.late:
        made_up = _("补制：本期为事后补制，按%(day)s结束时的记录。")
        remarks.insert(0, made_up % {"day": day(frozen.as_of, weekday=False)})
    if frozen.audit_seq is not None:
        remarks.append(trail_head(frozen.audit_seq, frozen.audit_sha256))
    return remarks


def week_mark(weeks: int) -> str:
    """What became of a line since the list before, by the number of lists in a row that hold it."""
    return _("新增") if weeks <= 1 else _("连续%(weeks)s期") % {"weeks": weeks}


def day_reason(reason: DayReason) -> str:
    """Why a day is worked or free: 周末, 国庆节放假, 国庆节调休上班, 本地安排放假（停电检修）."""
    if reason.holiday is not None:
        name = {"holiday": word(reason.holiday)}
        return _("%(holiday)s放假") % name if reason.kind is DayKind.HOLIDAY else _("%(holiday)s调休上班") % name
    if reason.note:
        return _("%(kind)s（%(note)s）") % {"kind": word(reason.kind), "note": reason.note}
    return word(reason.kind)


def free_days(free: FreeDays) -> str:
    """12月1日为周末; 10月1日至10月7日为国庆节放假."""
    first = month_day(free.first.month, free.first.day)
    if free.first == free.last:
        return _("%(day)s为%(reason)s") % {"day": first, "reason": day_reason(free.reason)}
    last = month_day(free.last.month, free.last.day)
    return _("%(first)s至%(last)s为%(reason)s") % {"first": first, "last": last, "reason": day_reason(free.reason)}


def inheritance(old: str, on: date, late: int) -> str:
    """自甲局承继（2024年6月1日），承继时已逾期3天."""
    said = {"old": old, "day": day(on, weekday=False), "days": late}
    return (_("自%(old)s承继（%(day)s），承继时已逾期%(days)s天") if late else _("自%(old)s承继（%(day)s）")) % said


def why_told(why: Why) -> str:
    """The rule that asks for an entry of a digest: 期限前14天, 逾期超过10个工作日，抄送单位负责人."""
    days = {"days": why.days}
    working = why.counting is Counting.WORKING
    match why.cause:
        case Cause.BEFORE:
            rule = _("期限前%(days)s个工作日") % days if working else _("期限前%(days)s天") % days
        case Cause.ON_DAY:
            rule = _("到期当日")
        case Cause.AFTER:
            rule = _("逾期第%(days)s个工作日") % days if working else _("逾期%(days)s天后") % days
        case Cause.WEEKLY:
            return _("逾期后每周提醒一次")
        case Cause.LONG_OVERDUE:
            return _long_overdue(why)
        case _:
            return word(why.cause)
    if why.moved and why.nominal is not None:
        moved = {"rule": rule, "day": month_day(why.nominal.month, why.nominal.day)}
        return _("%(rule)s（%(day)s不上班，提前提醒）") % moved
    return rule


def _long_overdue(why: Why) -> str:
    days = {"days": why.days}
    match why.hearing:
        case Hearing.COPY:
            return _("逾期超过%(days)s个工作日，抄送单位负责人，每周一次") % days
        case Hearing.SECRETARIAT:
            return _("逾期超过%(days)s个工作日，报秘书处一次") % days
        case _:
            return _("逾期超过%(days)s个工作日，呈报分管领导，每周一次") % days

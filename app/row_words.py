"""What the tables and their columns are called where the audit trail shows what was changed."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, Date, Enum

from app.i18n import gettext as _
from app.i18n import pgettext, spoken
from app.models import metadata
from app.words import day, word

SETTINGS = "settings"
CHECK = "audit_check"


def known_tables() -> frozenset[str]:
    return frozenset(_tables(spoken()))


def table_word(table: str) -> str:
    return _tables(spoken()).get(table, table)


def column_word(table: str, column: str) -> str:
    known = _columns(spoken())
    return known.get(f"{table}.{column}", known.get(column, column))


@cache
def _tables(_language: str) -> dict[str, str]:
    return {
        "account": pgettext("table", "账号"),
        "alarm": pgettext("table", "告警"),
        "chat_channel": pgettext("table", "消息通道"),
        "inbound_mail": pgettext("table", "来信"),
        "leader_charge": pgettext("table", "领导分管"),
        "mailed_answer": pgettext("table", "邮件答复"),
        "reminder_rule": pgettext("table", "提醒规则"),
        "report_link": pgettext("table", "填报链接"),
        "run_hold": pgettext("table", "暂缓发送"),
        "account_session": pgettext("table", "登录会话"),
        "api_token": pgettext("table", "接口令牌"),
        "area": pgettext("table", "领域"),
        "assignment": pgettext("table", "责任分工"),
        "audit_chain": pgettext("table", "审计链"),
        "audit_entry": pgettext("table", "审计记录"),
        CHECK: pgettext("table", "审计链核对"),
        "day_exception": pgettext("table", "本地放假和上班"),
        "department": pgettext("table", "单位"),
        "department_alias": pgettext("table", "其他写法"),
        "department_group": pgettext("table", "单位组"),
        "digest": pgettext("table", "个人提醒"),
        "digest_run": pgettext("table", "提醒批次"),
        "evidence": pgettext("table", "佐证材料"),
        "extension": pgettext("table", "延期申请"),
        "group_member": pgettext("table", "单位组成员"),
        "handover": pgettext("table", "工作交接"),
        "indicator": pgettext("table", "指标"),
        "indicator_lead": pgettext("table", "指标责任单位"),
        "indicator_observation": pgettext("table", "指标数据"),
        "indicator_target": pgettext("table", "指标目标"),
        "measure": pgettext("table", "举措"),
        "milestone": pgettext("table", "节点"),
        "note_decision": pgettext("table", "核定结论"),
        "obligation": pgettext("table", "承办事项"),
        "obligation_event": pgettext("table", "事项经过"),
        "one_time_link": pgettext("table", "一次性链接"),
        "outbox_mail": pgettext("table", "邮件"),
        "overdue_list": pgettext("table", "逾期清单"),
        "overdue_row": pgettext("table", "逾期清单的行"),
        "phase": pgettext("table", "阶段"),
        "plan": pgettext("table", "规划"),
        "plan_edition": pgettext("table", "规划版本"),
        "plan_release": pgettext("table", "公开页设置"),
        "progress_update": pgettext("table", "进展"),
        "region": pgettext("table", "行政区"),
        "review": pgettext("table", "审核"),
        SETTINGS: pgettext("table", "系统设置"),
        "source_note": pgettext("table", "原文存疑"),
        "succession": pgettext("table", "机构沿革"),
        "task": pgettext("table", "任务"),
    }


@cache
def _columns(_language: str) -> dict[str, str]:
    """By table.column where a column means something else there, else by the column alone."""
    return (
        _people_columns()
        | _plan_columns()
        | _work_columns()
        | _list_columns()
        | _reminder_columns()
        | {
            "id": pgettext("column", "编号"),
            "region_id": pgettext("column", "行政区"),
            "position": pgettext("column", "次序"),
            "note": pgettext("column", "备注"),
            "on": pgettext("column", "日期"),
            "kind": pgettext("column", "类别"),
            "state": pgettext("column", "状态"),
            "number": pgettext("column", "编号"),
            "name": pgettext("column", "名称"),
            "title": pgettext("column", "标题"),
            "text": pgettext("column", "内容"),
            "typed": pgettext("column", "填报内容"),
            "reason": pgettext("column", "理由"),
            "year": pgettext("column", "年份"),
            "scope": pgettext("column", "范围"),
            "code": pgettext("column", "代码"),
            "created_at": pgettext("column", "建立时间"),
            "created_by": pgettext("column", "建立人"),
            "recorded_at": pgettext("column", "记录时间"),
            "recorded_by": pgettext("column", "记录人"),
            "decided_at": pgettext("column", "决定时间"),
            "decided_by": pgettext("column", "决定人"),
            "made_at": pgettext("column", "生成时间"),
            "made_by": pgettext("column", "经办人"),
            "source": pgettext("column", "来源"),
            "key": pgettext("column", "标识"),
            "error": pgettext("column", "错误"),
            "subject": pgettext("column", "主题"),
            "size": pgettext("column", "大小（字节）"),
            "sha256": pgettext("column", "校验码"),
        }
    )


def _people_columns() -> dict[str, str]:
    return {
        "login": pgettext("column", "登录名"),
        "account.name": pgettext("column", "姓名或岗位"),
        "email": pgettext("column", "邮箱"),
        "account.role": pgettext("column", "角色"),
        "active": pgettext("column", "在用"),
        "password_hash": pgettext("column", "密码"),
        "must_change": pgettext("column", "须修改密码"),
        "password_set_at": pgettext("column", "密码设置时间"),
        "totp_secret": pgettext("column", "两步验证密钥"),
        "totp_step": pgettext("column", "上次验证码的时段"),
        "provider_subject": pgettext("column", "统一身份认证标识"),
        "account_id": pgettext("column", "账号"),
        "actor_id": pgettext("column", "经办人"),
        "author_id": pgettext("column", "填报人"),
        "reviewer_id": pgettext("column", "审核人"),
        "requested_by": pgettext("column", "申请人"),
        "uploaded_by": pgettext("column", "上传人"),
        "published_by": pgettext("column", "发布人"),
        "started_by": pgettext("column", "发起人"),
        "frozen_by": pgettext("column", "冻结人"),
        "from_account_id": pgettext("column", "移交人"),
        "to_account_id": pgettext("column", "接收人"),
        "items": pgettext("column", "事项"),
        "purpose": pgettext("column", "用途"),
        "token_sha256": pgettext("column", "令牌"),
        "expires_at": pgettext("column", "有效期至"),
        "used_at": pgettext("column", "使用时间"),
        "revoked_at": pgettext("column", "停用时间"),
        "hint": pgettext("column", "令牌开头"),
        "api_token.scope": pgettext("column", "权限"),
        "department_id": pgettext("column", "单位"),
        "department": pgettext("column", "单位"),
        "group_id": pgettext("column", "单位组"),
        "department.never_used": pgettext("column", "从未使用"),
        "predecessor_id": pgettext("column", "原单位"),
        "successor_id": pgettext("column", "承继单位"),
        "certainty": pgettext("column", "确定程度"),
        "document": pgettext("column", "文件依据"),
        "applied_at": pgettext("column", "执行时间"),
        "undone_at": pgettext("column", "撤回时间"),
        "undone_by": pgettext("column", "撤回人"),
        "task_ids": pgettext("column", "所涉任务"),
        "act_id": pgettext("column", "同次登记"),
        "made": pgettext("column", "随之新增"),
        "choices": pgettext("column", "各任务去向"),
        "done": pgettext("column", "执行情况"),
        "never_used": pgettext("column", "从未使用"),
        "secretariat": pgettext("column", "秘书处所在单位"),
        "time_zone": pgettext("column", "时区"),
        "day": pgettext("column", "日期"),
        "working": pgettext("column", "上班"),
    }


def _plan_columns() -> dict[str, str]:
    return {
        "plan_id": pgettext("column", "规划"),
        "area_id": pgettext("column", "领域"),
        "task_id": pgettext("column", "任务"),
        "phase_id": pgettext("column", "阶段"),
        "milestone_id": pgettext("column", "节点"),
        "indicator_id": pgettext("column", "指标"),
        "document_number": pgettext("column", "文号"),
        "issuer": pgettext("column", "发文机关"),
        "issued_on": pgettext("column", "发文日期"),
        "period_from": pgettext("column", "起始年"),
        "period_to": pgettext("column", "结束年"),
        "status": pgettext("column", "状态"),
        "line": pgettext("column", "原文行号"),
        "lines": pgettext("column", "原文行号"),
        "withdrawn": pgettext("column", "已撤下"),
        "checkpoint": pgettext("column", "检查方式"),
        "printed": pgettext("column", "原文写法"),
        "mode": pgettext("column", "分工方式"),
        "unit": pgettext("column", "计量单位"),
        "attribute": pgettext("column", "指标性质"),
        "numerator": pgettext("column", "分子"),
        "denominator": pgettext("column", "分母"),
        "factor": pgettext("column", "系数"),
        "printed_factor": pgettext("column", "原文系数"),
        "formula_line": pgettext("column", "公式行号"),
        "comparator": pgettext("column", "比较方式"),
        "value": pgettext("column", "数值"),
        "base_year": pgettext("column", "基年"),
        "provisional": pgettext("column", "暂定"),
        "expected": pgettext("column", "预期成果"),
        "review": pgettext("column", "每年检视日"),
        "about": pgettext("column", "所指内容"),
        "readings": pgettext("column", "两种读法"),
        "note_id": pgettext("column", "原文存疑"),
        "decision": pgettext("column", "结论"),
        "draft": pgettext("column", "规划全文"),
        "published_at": pgettext("column", "发布时间"),
        "public": pgettext("column", "公开"),
        "shown": pgettext("column", "公开的内容"),
    }


def _work_columns() -> dict[str, str]:
    return {
        "role": pgettext("column", "分工"),
        "due": pgettext("column", "期限"),
        "first_due": pgettext("column", "原定期限"),
        "risk": pgettext("column", "预计延误"),
        "submitted_on": pgettext("column", "提交日期"),
        "late_days": pgettext("column", "提交时逾期天数"),
        "extensions": pgettext("column", "延期次数"),
        "revision": pgettext("column", "修订号"),
        "percent": pgettext("column", "完成百分比"),
        "last_update_id": pgettext("column", "最近进展"),
        "obligation_id": pgettext("column", "承办事项"),
        "update_id": pgettext("column", "进展"),
        "progress_update.text": pgettext("column", "进展情况"),
        "difficulties": pgettext("column", "困难和问题"),
        "next_step": pgettext("column", "下一步"),
        "request_key": pgettext("column", "请求标识"),
        "seq": pgettext("column", "序号"),
        "due_before": pgettext("column", "申请时期限"),
        "proposed_due": pgettext("column", "申请延至"),
        "granted_due": pgettext("column", "同意延至"),
        "decision_reason": pgettext("column", "审批意见"),
        "requested_on": pgettext("column", "申请日期"),
        "requested_at": pgettext("column", "申请时间"),
        "file_name": pgettext("column", "文件名"),
        "media_type": pgettext("column", "文件类型"),
        "proves": pgettext("column", "证明内容"),
        "uploaded_at": pgettext("column", "上传时间"),
    }


def _reminder_columns() -> dict[str, str]:
    return {
        "before": pgettext("column", "期限前提醒（天）"),
        "on_day": pgettext("column", "期限当天提醒"),
        "after": pgettext("column", "逾期后提醒（天）"),
        "weekly": pgettext("column", "以后每周提醒"),
        "counting": pgettext("column", "天数计算"),
        "head_after": pgettext("column", "逾期多少个工作日后告知单位负责人"),
        "secretariat_after": pgettext("column", "逾期多少个工作日后告知秘书处"),
        "leader_after": pgettext("column", "逾期多少个工作日后告知分管领导"),
        "at_once": pgettext("column", "到期前多少天起不等周报"),
        "set_at": pgettext("column", "设置时间"),
        "set_by": pgettext("column", "设置人"),
        "pace": pgettext("column", "提醒频次"),
        "attach_calendar": pgettext("column", "附日历文件"),
        "attach_sheet": pgettext("column", "附填报表"),
        "one_click": pgettext("column", "附填报链接"),
        "mail_fault": pgettext("column", "退信原因"),
        "mail_fault_at": pgettext("column", "退信时间"),
        "held_at": pgettext("column", "暂缓时间"),
        "held_by": pgettext("column", "暂缓人"),
        "released_at": pgettext("column", "恢复时间"),
        "released_by": pgettext("column", "恢复人"),
        "reached": pgettext("column", "已处理到的账号"),
        "completed_at": pgettext("column", "完成时间"),
        "new_since": pgettext("column", "新承办事项的起算时间"),
        "secretariat_only": pgettext("column", "只发秘书处"),
        "cut_short": pgettext("column", "未发完"),
        "channel_id": pgettext("column", "消息通道"),
        "fault": pgettext("column", "失败原因"),
        "answer": pgettext("column", "邮件服务器答复"),
        "bounced_at": pgettext("column", "退信时间"),
        "bounce": pgettext("column", "退信内容"),
        "copy_of": pgettext("column", "重发自"),
        "resent_by": pgettext("column", "重发人"),
        "digest_id": pgettext("column", "个人提醒"),
        "opened_at": pgettext("column", "打开填报页时间"),
        "reported_at": pgettext("column", "填报时间"),
        "fingerprint": pgettext("column", "来信指纹"),
        "from_address": pgettext("column", "发件地址"),
        "from_name": pgettext("column", "发件人"),
        "outcome": pgettext("column", "处理结果"),
        "read_at": pgettext("column", "收取时间"),
        "inbound_id": pgettext("column", "来信"),
        "settled_at": pgettext("column", "处理时间"),
        "settled_by": pgettext("column", "处理人"),
        "raised_at": pgettext("column", "发现时间"),
        "cleared_at": pgettext("column", "解除时间"),
        "told_at": pgettext("column", "告知时间"),
        "tries": pgettext("column", "告知次数"),
        "service": pgettext("column", "通道类型"),
        "sealed_url": pgettext("column", "通道地址"),
    }


def _list_columns() -> dict[str, str]:
    return {
        "list_id": pgettext("column", "逾期清单"),
        "overdue_list.number": pgettext("column", "期号"),
        "as_of": pgettext("column", "截至日期"),
        "cutoff": pgettext("column", "记录截止时间"),
        "frozen_at": pgettext("column", "冻结时间"),
        "late": pgettext("column", "补制"),
        "row_count": pgettext("column", "行数"),
        "previous_sha256": pgettext("column", "上期校验码"),
        "audit_seq": pgettext("column", "审计链条数"),
        "audit_sha256": pgettext("column", "审计链校验码"),
        "plan_code": pgettext("column", "规划代码"),
        "plan_title": pgettext("column", "规划"),
        "task_number": pgettext("column", "任务编号"),
        "task_title": pgettext("column", "任务"),
        "phase": pgettext("column", "阶段"),
        "days_late": pgettext("column", "逾期天数"),
        "run_id": pgettext("column", "提醒批次"),
        "run_date": pgettext("column", "批次日期"),
        "mails": pgettext("column", "邮件封数"),
        "mail_id": pgettext("column", "邮件"),
        "message_id": pgettext("column", "邮件标识"),
        "to_name": pgettext("column", "收件人"),
        "to_address": pgettext("column", "收件地址"),
        "html": pgettext("column", "网页版内容"),
        "attachments": pgettext("column", "附件"),
        "attempts": pgettext("column", "发送次数"),
        "in_doubt": pgettext("column", "可能重复"),
        "next_try_at": pgettext("column", "下次发送时间"),
        "lease_until": pgettext("column", "占用至"),
        "sent_at": pgettext("column", "发出时间"),
        "audit_entry.removed": pgettext("column", "清理条数"),
        "first": pgettext("column", "首条"),
        "last": pgettext("column", "末条"),
        "older_than": pgettext("column", "早于"),
        "findings": pgettext("column", "差异"),
        "audit_entry.last": pgettext("column", "清理至第几条"),
    }


def value_word(table: str, column: str, value: Any, zone: str, names: Mapping[tuple[str, int], str]) -> str:
    """As the office reads it. `names`: what rows are called, by table and id."""
    if value is None or value == "":
        return ""
    kind = _kind(table, column)
    if isinstance(value, bool) or (isinstance(kind, Boolean) and value in {0, 1}):
        return _("是") if value else _("否")
    target = refers_to(table, column)
    if target is not None and isinstance(value, int):
        return names.get((target, value), _("%(table)s%(number)s号") % {"table": table_word(target), "number": value})
    if isinstance(value, dict) and {"cut", "length"} <= value.keys():
        return _("%(text)s……（共%(length)s字）") % {"text": value["cut"], "length": value["length"]}
    if isinstance(value, str):
        return _text(kind, value, zone)
    return str(value)


def _text(kind: Any, value: str, zone: str) -> str:
    members = kind.enum_class if isinstance(kind, Enum) else None
    if members is not None and issubclass(members, StrEnum) and value in {member.value for member in members}:
        return word(members(value))
    if kind is None or isinstance(kind, Enum):
        return value
    try:
        if isinstance(kind, Date):
            return day(date.fromisoformat(value), weekday=False)
        if getattr(kind, "python_type", None) is datetime or type(kind).__name__ == "UtcDateTime":
            local = datetime.fromisoformat(value).astimezone(ZoneInfo(zone))
            return f"{day(local.date(), weekday=False)} {local:%H:%M}"
    except ValueError:
        pass
    return value


def _kind(table: str, column: str) -> Any:
    found = metadata.tables.get(table)
    return found.c[column].type if found is not None and column in found.c else None


def refers_to(table: str, column: str) -> str | None:
    """The table whose rows a column names, if it names any."""
    found = metadata.tables.get(table)
    if found is None or column not in found.c:
        return None
    return next((key.column.table.name for key in found.c[column].foreign_keys), None)

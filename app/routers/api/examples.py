"""What answers look like; a test holds each against its own description."""

from typing import Any

SHA256 = "350eece3ce290f056afe004e12f533ebf20fe76ec75ccf47a0a06cd60e1babac"
DEPARTMENT: dict[str, Any] = {"id": 12, "name": "区残联"}

PLAN: dict[str, Any] = {
    "code": "xicheng-2022",
    "title": "西城区“十四五”时期残疾人事业发展规划",
    "document_number": None,
    "issuer": None,
    "issued_on": None,
    "period_from": 2022,
    "period_to": 2025,
    "status": "in_force",
    "status_word": "实施中",
}
TASK: dict[str, Any] = {
    "number": "1.1",
    "kind": "action",
    "kind_word": "行动",
    "area": "1",
    "title": "开展宣传活动",
    "mode": "lead_support",
    "mode_word": "牵头与配合",
    "assignments": [
        {"role": "lead", "role_word": "牵头", "printed": "残联", "department": DEPARTMENT, "group": None},
        {
            "role": "support",
            "role_word": "配合",
            "printed": "各街道",
            "department": None,
            "group": {"id": 1, "name": "各街道", "members": [{"id": 31, "name": "德胜街道"}]},
        },
    ],
    "measures": ["每年举办3场宣传活动"],
    "milestones": [
        {
            "id": 5,
            "phase": "第二阶段",
            "due": "2024-12-31",
            "printed": "2024年12月底前",
            "expected": "",
            "review": None,
        }
    ],
    "line": 10,
    "withdrawn": False,
}
OBLIGATION: dict[str, Any] = {
    "id": 7,
    "plan": {"code": PLAN["code"], "title": PLAN["title"]},
    "task": {"number": "1.1", "title": "开展宣传活动"},
    "milestone_id": 5,
    "phase": "第二阶段",
    "department": DEPARTMENT,
    "role": "lead",
    "role_word": "牵头",
    "state": "open",
    "state_word": "办理中",
    "light": "due_soon",
    "light_word": "临期",
    "days_left": 20,
    "due": "2024-12-31",
    "first_due": "2024-12-31",
    "printed": "2024年12月底前",
    "expected": "",
    "review": None,
    "risk": False,
    "submitted_on": None,
    "late_days": None,
    "extensions": 0,
    "percent": 60,
    "revision": 2,
    "last_report": {"kind": "interim", "on": "2024-11-25", "text": "已举办两场。"},
}
UPDATE: dict[str, Any] = {
    "id": 91,
    "obligation_id": 7,
    "kind": "interim",
    "kind_word": "阶段进展",
    "on": "2024-11-25",
    "recorded_at": "2024-11-25T02:00:00Z",
    "department": "区残联",
    "author": "区残联联络员",
    "text": "已举办两场。",
    "difficulties": "",
    "next_step": "12月再办一场。",
    "percent": 60,
    "risk": False,
    "revision": 2,
    "evidence": [
        {
            "id": 3,
            "file_name": "签到表.xlsx",
            "media_type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "size": 9120,
            "sha256": SHA256,
            "proves": "两场活动的签到",
            "uploaded_at": "2024-11-25T02:00:00Z",
            "content": "/api/v1/evidence/3",
        }
    ],
}
REPORT: dict[str, Any] = {"kind": "interim", "text": "已举办两场。", "next_step": "12月再办一场。", "percent": 60}
FROZEN_LIST: dict[str, Any] = {
    "id": 4,
    "year": 2024,
    "number": 38,
    "name": "〔2024〕第38期",
    "as_of": "2024-11-18",
    "cutoff": "2024-11-18T00:30:00Z",
    "frozen_at": "2024-11-18T00:30:00Z",
    "frozen_by": None,
    "late": False,
    "row_count": 214,
    "sha256": SHA256,
    "previous_sha256": SHA256,
    "audit_seq": 5120,
    "audit_sha256": SHA256,
}
DEPARTMENT_WHOLE: dict[str, Any] = {
    **DEPARTMENT,
    "kind": "mass_organisation",
    "kind_word": "群团组织",
    "aliases": ["残联"],
    "groups": [],
    "predecessors": [],
    "successors": [],
}
PROBLEM: dict[str, Any] = {
    "type": "about:blank",
    "title": "Unprocessable Entity",
    "status": 422,
    "detail": "请求内容有误，详见各项说明。",
    "code": "invalid",
    "errors": [{"place": "query", "field": "limit", "message": "不能大于200。"}],
}

EXAMPLES = {
    "PlanShape": PLAN,
    "TaskShape": TASK,
    "ObligationShape": OBLIGATION,
    "UpdateShape": UPDATE,
    "ReportBody": REPORT,
    "FrozenListShape": FROZEN_LIST,
    "DepartmentShape": DEPARTMENT_WHOLE,
    "Problem": PROBLEM,
}

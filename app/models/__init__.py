"""The tables: one per file."""

from app.models.account import Account
from app.models.account_session import AccountSession
from app.models.alarm import Alarm
from app.models.api_token import ApiToken
from app.models.area import Area
from app.models.assignment import Assignment
from app.models.audit_chain import AuditChain
from app.models.audit_entry import AuditEntry
from app.models.base import metadata
from app.models.chat_channel import ChatChannel
from app.models.day_exception import DayException
from app.models.department import Department
from app.models.department_alias import DepartmentAlias
from app.models.department_group import DepartmentGroup
from app.models.digest import Digest
from app.models.digest_run import DigestRun
from app.models.evidence import Evidence
from app.models.extension import Extension
from app.models.group_member import GroupMember
from app.models.handover import Handover
from app.models.inbound_mail import InboundMail
from app.models.indicator import Indicator
from app.models.indicator_lead import IndicatorLead
from app.models.indicator_observation import IndicatorObservation
from app.models.indicator_target import IndicatorTarget
from app.models.known_device import KnownDevice
from app.models.leader_charge import LeaderCharge
from app.models.mailed_answer import MailedAnswer
from app.models.measure import Measure
from app.models.milestone import Milestone
from app.models.note_decision import NoteDecision
from app.models.obligation import Obligation
from app.models.obligation_event import ObligationEvent
from app.models.one_time_link import OneTimeLink
from app.models.outbox_mail import OutboxMail
from app.models.overdue_list import OverdueList
from app.models.overdue_row import OverdueRow
from app.models.past_password import PastPassword
from app.models.phase import Phase
from app.models.plan import Plan
from app.models.plan_edition import PlanEdition
from app.models.plan_release import PlanRelease
from app.models.progress_update import ProgressUpdate
from app.models.provider_visit import ProviderVisit
from app.models.region import Region
from app.models.reminder_rule import ReminderRule
from app.models.report_link import ReportLink
from app.models.review import Review
from app.models.run_hold import RunHold
from app.models.sign_in_failure import SignInFailure
from app.models.source_note import SourceNote
from app.models.succession import Succession
from app.models.task import Task
from app.models.update_draft import UpdateDraft
from app.models.worker_beat import WorkerBeat

__all__ = [
    "Account",
    "AccountSession",
    "Alarm",
    "ApiToken",
    "Area",
    "Assignment",
    "AuditChain",
    "AuditEntry",
    "ChatChannel",
    "DayException",
    "Department",
    "DepartmentAlias",
    "DepartmentGroup",
    "Digest",
    "DigestRun",
    "Evidence",
    "Extension",
    "GroupMember",
    "Handover",
    "InboundMail",
    "Indicator",
    "IndicatorLead",
    "IndicatorObservation",
    "IndicatorTarget",
    "KnownDevice",
    "LeaderCharge",
    "MailedAnswer",
    "Measure",
    "Milestone",
    "NoteDecision",
    "Obligation",
    "ObligationEvent",
    "OneTimeLink",
    "OutboxMail",
    "OverdueList",
    "OverdueRow",
    "PastPassword",
    "Phase",
    "Plan",
    "PlanEdition",
    "PlanRelease",
    "ProgressUpdate",
    "ProviderVisit",
    "Region",
    "ReminderRule",
    "ReportLink",
    "Review",
    "RunHold",
    "SignInFailure",
    "SourceNote",
    "Succession",
    "Task",
    "UpdateDraft",
    "WorkerBeat",
    "metadata",
]

"""Who may read or change what: one function per noun and level. Missing and forbidden look alike.

docs/permissions.md says it in a table that tests/permissions compares with the running application.
"""

from app.access.accounts import account_for_managing, changes_accounts_of
from app.access.answers import answer_for_settling, inbound_mail_for_reading
from app.access.departments import (
    day_exception_for_managing,
    department_for_managing,
    department_for_reading,
    department_for_sheet,
    group_for_managing,
    reads_inside,
    succession_for_managing,
)
from app.access.handovers import (
    HANDS_ON,
    account_for_handover,
    handover_for_reading,
    handovers_page,
    own_handover,
)
from app.access.lists import (
    chat_channel_for_managing,
    digest_run_for_reading,
    mail_for_reading,
    overdue_list_for_reading,
    run_hold_for_releasing,
)
from app.access.obligations import (
    evidence_for_reading,
    extension_for_decision,
    obligation_for_reading,
    obligation_for_reporting,
    obligation_for_review,
    obligations_for_reporting,
    obligations_for_review,
    reads_reports_of,
    report_scope,
)
from app.access.pages import (
    department_page,
    keeps_accounts,
    manage_index,
    manages_region,
    may_sign_in,
    plan_pages,
    reads_trail,
    region_lists,
    reporting_page,
    secretariat_only,
)
from app.access.plans import (
    note_for_deciding,
    note_for_reading,
    plan_for_everybody,
    plan_for_managing,
    plan_for_reading,
)
from app.access.receiving import Receiver, receiver_of
from app.access.roles import MANAGES_REGION, READS_REGION
from app.access.viewer import Viewer, viewer_of

__all__ = [
    "HANDS_ON",
    "MANAGES_REGION",
    "READS_REGION",
    "Receiver",
    "Viewer",
    "account_for_handover",
    "account_for_managing",
    "answer_for_settling",
    "changes_accounts_of",
    "chat_channel_for_managing",
    "day_exception_for_managing",
    "department_for_managing",
    "department_for_reading",
    "department_for_sheet",
    "department_page",
    "digest_run_for_reading",
    "evidence_for_reading",
    "extension_for_decision",
    "group_for_managing",
    "handover_for_reading",
    "handovers_page",
    "inbound_mail_for_reading",
    "keeps_accounts",
    "mail_for_reading",
    "manage_index",
    "manages_region",
    "may_sign_in",
    "note_for_deciding",
    "note_for_reading",
    "obligation_for_reading",
    "obligation_for_reporting",
    "obligation_for_review",
    "obligations_for_reporting",
    "obligations_for_review",
    "overdue_list_for_reading",
    "own_handover",
    "plan_for_everybody",
    "plan_for_managing",
    "plan_for_reading",
    "plan_pages",
    "reads_inside",
    "reads_reports_of",
    "reads_trail",
    "receiver_of",
    "region_lists",
    "report_scope",
    "reporting_page",
    "run_hold_for_releasing",
    "secretariat_only",
    "succession_for_managing",
    "viewer_of",
]

"""An access that was refused goes into the audit trail, but not so often that it could be flooded."""

from datetime import timedelta

from sqlmodel import Session, col, func, select

from app.domain.audit import Act, ActResult, AuditAction
from app.i18n import gettext as _
from app.i18n import officially
from app.models import AuditEntry
from app.trail import tell

# Of one person or one address: who tries more than that within the time is on record well enough.
SPAN = timedelta(minutes=10)
MOST = 20
# Of everybody without an account together: addresses cost an attacker nothing.
MOST_OF_STRANGERS = 100


@officially()
def record_refusal(session: Session, act: Act, *, path: str, why: str) -> bool:
    """Whether it was told. The last one that is told says that those after it are not."""
    recent = (
        select(func.count())
        .select_from(AuditEntry)
        .where(
            AuditEntry.chain == act.chain,
            col(AuditEntry.at) > act.at - SPAN,
            AuditEntry.action == AuditAction.ACCESS,
            AuditEntry.outcome == ActResult.REFUSED,
        )
    )
    if act.actor_id is not None:
        count, most = session.exec(recent.where(AuditEntry.actor_id == act.actor_id)).one(), MOST
    else:
        strangers = recent.where(col(AuditEntry.actor_id).is_(None))
        count, most = session.exec(strangers.where(AuditEntry.address == act.address)).one(), MOST
        if count < most:
            count, most = session.exec(strangers).one(), MOST_OF_STRANGERS
    if count >= most:
        return False
    reason = _("表单校验码不符，可能是其他网站代为提交。") if why == "bad_token" else _("没有权限。")
    if count == most - 1:
        reason = _("%(reason)s（此后10分钟内的同类拒绝不再逐条记录）") % {"reason": reason}
    tell(session, action=AuditAction.ACCESS, outcome=ActResult.REFUSED, subject=path, reason=reason)
    return True

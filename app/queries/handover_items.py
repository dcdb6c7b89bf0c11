"""Everything that an account would hand over today, in words that stay."""

from datetime import datetime

from sqlmodel import Session

from app.clock import local_day
from app.domain.handover_sheet import HandoverSheet
from app.i18n import officially
from app.models import Account, Department, Region
from app.models.account import AccountRole
from app.queries.handover_done import decided_lines, reported_lines
from app.queries.handover_owed import owed_lines
from app.words import word


@officially()
def handover_items(
    session: Session, region: Region, account: Account, *, now: datetime, to_name: str = ""
) -> HandoverSheet:
    """A department's open items, for a secretariat what waits for its decision; and what the account did lately."""
    today = local_day(now, region.time_zone)
    department = session.get(Department, account.department_id) if account.department_id else None
    return HandoverSheet(
        region=region.name,
        department=department.name if department else region.secretariat or "",
        role=word(account.role),
        from_name=account.name,
        to_name=to_name,
        owed=owed_lines(session, region, account, today),
        done=decided_lines(session, region, account, now)
        if account.role is AccountRole.SECRETARIAT
        else reported_lines(session, account, today),
    )

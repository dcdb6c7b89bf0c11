"""Links in mails by which a liaison reports without signing in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.models import Account, Department, Digest, DigestRun, OutboxMail, Region, ReportLink
from app.models.digest_run import RunKind


@dataclass(frozen=True, slots=True)
class FoundLink:
    """`department`: the name of the account's now. `mailed_to`, `mailed_for`: address and department of the mail."""

    link: ReportLink
    account: Account
    region: Region
    department: str | None
    mailed_to: str
    mailed_for: int | None
    items: Sequence[dict[str, Any]]
    run_date: date


def found_link(session: Session, token_sha256: str) -> FoundLink | None:
    """Whatever has become of it since."""
    row = session.execute(
        select_columns(
            ReportLink,
            Account,
            Region,
            col(Department.name),
            col(OutboxMail.to_address),
            col(OutboxMail.department_id),
            col(Digest.items),
            col(DigestRun.run_date),
        )
        .join(Account, col(Account.id) == ReportLink.account_id)
        .join(Region, col(Region.id) == ReportLink.region_id)
        .join(OutboxMail, col(OutboxMail.id) == ReportLink.mail_id)
        .join(Digest, col(Digest.id) == ReportLink.digest_id)
        .join(DigestRun, col(DigestRun.id) == Digest.run_id)
        .outerjoin(Department, col(Department.id) == Account.department_id)
        .where(col(ReportLink.token_sha256) == token_sha256)
    ).one_or_none()
    return FoundLink(*row) if row is not None else None


@dataclass(frozen=True, slots=True)
class LivingReportLink:
    """As its owner sees it: which mail it stands in."""

    id: int
    kind: RunKind
    run_date: date
    expires_at: datetime
    opened_at: datetime | None
    reported_at: datetime | None


def living_report_links(session: Session, account_id: int, *, now: datetime) -> list[LivingReportLink]:
    """The newest first."""
    rows = session.execute(
        select_columns(
            col(ReportLink.id),
            col(DigestRun.kind),
            col(DigestRun.run_date),
            col(ReportLink.expires_at),
            col(ReportLink.opened_at),
            col(ReportLink.reported_at),
        )
        .join(Digest, col(Digest.id) == ReportLink.digest_id)
        .join(DigestRun, col(DigestRun.id) == Digest.run_id)
        .where(
            col(ReportLink.account_id) == account_id,
            col(ReportLink.revoked_at).is_(None),
            col(ReportLink.expires_at) > now,
        )
        .order_by(col(ReportLink.id).desc())
    ).all()
    return [LivingReportLink(*row) for row in rows]


def link_of_mail(session: Session, mail_id: int) -> ReportLink | None:
    return links_of_mails(session, [mail_id]).get(mail_id)


def links_of_mails(session: Session, mail_ids: Sequence[int]) -> dict[int, ReportLink]:
    """By mail; most mails have none."""
    if not mail_ids:
        return {}
    found = session.exec(select(ReportLink).where(col(ReportLink.mail_id).in_(mail_ids)))
    return {link.mail_id: link for link in found}

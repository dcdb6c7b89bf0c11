"""Report links: what somebody may do who has nothing but the link in a mail. Judged anew at each use."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from app.access.pages import may_sign_in
from app.access.viewer import Viewer, viewer_of
from app.clock import local_day
from app.domain.succession import final_heirs
from app.errors import NotFound
from app.models import Account
from app.models.account import AccountRole
from app.queries.report_links import FoundLink, found_link
from app.queries.successions import steps_of_region
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class ReportVisit:
    """`viewer`: the link's person, for the items of its digest and nothing else. `items` in the order of the mail.

    `run_date`: the day of the mail. `today`: in the person's region.
    """

    link_id: int
    viewer: Viewer
    items: tuple[int, ...]
    run_date: date
    made_at: datetime
    expires_at: datetime
    today: date


def has_report_link(account: Account, settings: Settings) -> bool:
    """Whether a link is made for it, and whether an old one still works: not for who wants none."""
    return account.one_click and may_have_report_link(account, settings)


def may_have_report_link(account: Account, settings: Settings) -> bool:
    """Not for who reads mail for somebody else, and never where it would be a weaker way in than the account's own:
    beside a second factor, demanded or chosen, or past the office's identity provider.
    """
    return (
        may_sign_in(account)
        and account.role is AccountRole.LIAISON
        and account.department_id is not None
        and account.role.value not in settings.factor_roles
        and account.totp_secret is None
        and not settings.oidc_only
    )


def report_visit(session: Session, token_sha256: str, *, csrf: str, now: datetime, settings: Settings) -> ReportVisit:
    """Raises NotFound for a link that never was, has expired, was revoked, or is its person's no more."""
    found = found_link(session, token_sha256)
    if found is None or not _living(found, now) or not has_report_link(found.account, settings):
        raise NotFound
    today = local_day(now, found.region.time_zone)
    if not _still_for(session, found, today):
        raise NotFound
    return ReportVisit(
        link_id=found.link.id or 0,
        viewer=viewer_of(
            found.account, found.region, found.department, csrf=csrf, separate_duties=settings.separate_duties
        ),
        items=tuple(dict.fromkeys(int(item["obligation"]) for item in found.items)),
        run_date=found.run_date,
        made_at=found.link.created_at,
        expires_at=found.link.expires_at,
        today=today,
    )


def _living(found: FoundLink, now: datetime) -> bool:
    """Whoever has chosen another password or another address since may have done so because of this mail."""
    link, account = found.link, found.account
    return (
        link.revoked_at is None
        and link.expires_at > now
        and account.region_id == link.region_id
        and account.email == found.mailed_to
        and (account.password_set_at is None or account.password_set_at <= link.created_at)
    )


def _still_for(session: Session, found: FoundLink, today: date) -> bool:
    """In the department that the mail was written for, or in one that has taken its place."""
    present, then = found.account.department_id, found.mailed_for
    if then is None or present == then:
        return then is not None
    return present in final_heirs(steps_of_region(session, found.link.region_id, until=today), then)

"""How the receiver of a digest can answer it without signing in: by the link in it, or by mail."""

from datetime import datetime, timedelta

from app.clock import local_day
from app.mail.report_mark import MARK, PATH
from app.models import Region
from app.models.account import AccountRole
from app.queries.reminders import Person
from app.settings import Settings


def answering(person: Person, settings: Settings, region: Region, now: datetime) -> dict[str, object]:
    """What the templates ask for: `link` with the mark where its token belongs, its last day, and `answers`."""
    link = may_report_by_link(person, settings)
    return {
        "link": settings.site + PATH + MARK if link else None,
        "link_until": local_day(now + timedelta(days=settings.report_link_days), region.time_zone) if link else None,
        "answers": settings.inbox_url is not None and person.role is AccountRole.LIAISON,
    }


def may_report_by_link(person: Person, settings: Settings) -> bool:
    """As `has_report_link` judges, which lies on the floor of who may do what and looks again when it is used."""
    return (
        person.role is AccountRole.LIAISON
        and person.department_id is not None
        and person.one_click
        and not person.second_factor
        and person.role.value not in settings.factor_roles
        and not settings.oidc_only
    )

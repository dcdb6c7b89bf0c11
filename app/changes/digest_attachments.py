"""The files that somebody wants with the digest: due dates for a calendar, and a sheet to fill in and send back."""

from datetime import date, datetime

from app.documents.writing.due_dates_ics import MEDIA_TYPE as CALENDAR_TYPE
from app.documents.writing.due_dates_ics import due_dates_calendar
from app.documents.writing.report_sheet_xlsx import report_sheet
from app.documents.writing.sheet_cells import MEDIA_TYPE as SHEET_TYPE
from app.domain.digest import PersonDigest
from app.domain.reminders import Hearing
from app.i18n import gettext as _
from app.i18n import officially
from app.mail.compose import Attachment
from app.mail.digest_letters import Attach
from app.models import Region
from app.queries.reminders import Person
from app.settings import Settings


def digest_attachments(settings: Settings) -> Attach:
    """Who reports gets what they chose; others hear of what is late alone, and have nothing to enter or fill in."""

    @officially()
    def attach(
        person: Person, digest: PersonDigest, code: str, *, region: Region, day: date, at: datetime
    ) -> tuple[Attachment, ...]:
        if digest.hearer.hearing is not Hearing.DEPARTMENT:
            return ()
        found = []
        named = {"department": person.department or "", "day": day.isoformat()}
        if person.attach_calendar and any(entry.matter.due for entry in digest.entries):
            content = due_dates_calendar(digest.entries, site=settings.site, zone=region.time_zone, at=at)
            found.append(Attachment(_("%(department)s督办期限%(day)s.ics") % named, CALENDAR_TYPE, content))
        if person.attach_sheet:
            content = report_sheet(
                digest.entries, department=person.department or "", code=code, day=day, answers=bool(settings.inbox_url)
            )
            found.append(Attachment(_("%(department)s进展填报表%(day)s.xlsx") % named, SHEET_TYPE, content))
        return tuple(found)

    return attach

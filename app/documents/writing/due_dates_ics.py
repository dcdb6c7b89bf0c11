"""The due dates of a digest as a calendar (RFC 5545): whole days, one event for each obligation.

An event keeps its UID whenever it is sent, and SEQUENCE grows with each change of the obligation, so a calendar that
takes the file again moves what has moved and doubles nothing (RFC 5545 3.8.4.7 and 3.8.7.4). There is no alarm: the
mail is the reminder. A whole day is the same date in every zone, so the file needs no time zone of its own.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Calendar, Event

from app.domain.digest import Entry
from app.i18n import gettext as _
from app.i18n import officially
from app.words import word

MEDIA_TYPE = "text/calendar; method=PUBLISH; charset=utf-8"
_ONE_DAY = timedelta(days=1)


@officially()
def due_dates_calendar(entries: Iterable[Entry], *, site: str, zone: str, at: datetime) -> bytes:
    """What has no due date is left out. `at`: when this was written; `zone`: the region's, for programs that ask."""
    calendar = Calendar()
    calendar.add("prodid", "-//duban//duban//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", _("督办期限"))
    calendar.add("x-wr-timezone", zone)
    host = urlsplit(site).hostname or "duban"
    for entry in entries:
        matter = entry.matter
        if matter.due is None:
            continue
        address = f"{site}/obligations/{matter.obligation_id}"
        event = Event()
        event.add("uid", f"obligation-{matter.obligation_id}@{host}")
        event.add("dtstamp", at)
        event.add("sequence", matter.revision)
        event.add("dtstart", matter.due)
        event.add("dtend", matter.due + _ONE_DAY)
        event.add("summary", _("督办到期：%(task)s") % {"task": _plain(f"{matter.task_number} {matter.task_title}")})
        event.add(
            "description", "\n".join([_plain(matter.plan_title), _plain(matter.phase), word(matter.role), address])
        )
        event.add("url", address)
        event.add("transp", "TRANSPARENT")  # nobody is busy because of a date
        event.add("status", "CONFIRMED")
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _plain(text: str) -> str:
    """One line without control characters, which the format forbids (RFC 5545 3.1)."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())

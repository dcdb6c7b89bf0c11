"""The Jinja environment: pages for browsers and bodies for mails."""

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app import words
from app.domain.lights import shown
from app.domain.workflow import State
from app.i18n import LANGUAGE_NAMES, LANGUAGES, SOURCE, gettext, ngettext, pgettext, spoken, tag
from app.language_marks import mark_chinese

TEMPLATES = Path(__file__).resolve().parent / "templates"
KILO = 1024


def is_htmx(request: Request) -> bool:
    """A part of a page is asked for. No foreign page can send this header."""
    return request.headers.get("HX-Request") == "true"


def only_reads(request: Request) -> bool:
    return request.method in {"GET", "HEAD"}


def moment(value: datetime | None, zone: str, *, seconds: bool = False) -> str:
    """2024年11月25日 10:30 in the region's zone."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(zone))
    return f"{words.day(local.date(), weekday=False)} {local:{'%H:%M:%S' if seconds else '%H:%M'}}"


def hour(value: datetime, zone: str) -> str:
    """10:30 in the region's zone."""
    return f"{value.astimezone(ZoneInfo(zone)):%H:%M}"


def file_size(size: int) -> str:
    """Bytes in the unit that a person would choose."""
    if size < KILO:
        return f"{size} B"
    if size < KILO * KILO:
        return f"{size / KILO:.0f} KB"
    return f"{size / KILO / KILO:.1f} MB"


def light_of(row: Any, today: date) -> Any:
    """The light of anything that has the columns of an obligation; a frozen row holds its state as text."""
    return shown(
        State(row.state),
        row.due,
        today,
        risk=getattr(row, "risk", False),
        late_days=getattr(row, "late_days", None),
        reported=getattr(row, "last_on", None) is not None,
    )


@cache
def make_environment() -> Environment:
    """One for the process: a template is compiled once, however many applications are made."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True, pgettext=pgettext
    )
    environment.filters |= {
        "day": words.day,
        "word": words.word,
        "moment": moment,
        "hour": hour,
        "file_size": file_size,
        "phrase": words.light_phrase,
        "day_reason": words.day_reason,
        "free_days": words.free_days,
        "why": words.why_told,
    }
    environment.filters |= {"month": words.month, "period": words.period, "weekday": words.weekday}
    environment.globals |= {
        "light_of": light_of,
        "list_name": words.list_name,
        "week_mark": words.week_mark,
        "role_word": words.role_word,
        "month_day": words.month_day,
        "month_name": words.month_name,
    }
    environment.globals |= {
        "spoken_language": spoken,
        "language_tag": tag,
        "languages": LANGUAGES,
        "language_names": LANGUAGE_NAMES,
    }
    return environment


class Pages:
    """Renders templates; what every page needs is added here and nowhere else."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    def text(self, name: str, **context: Any) -> str:
        return self.environment.get_template(name).render(**context)

    def page(self, request: Request, name: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """`viewer` and `today` come from the request's state, so that error pages have them too."""
        state = request.state
        standing = {
            "request": request,
            "viewer": getattr(state, "viewer", None),
            "today": getattr(state, "today", None),
            "held_at": request.app.state.clock.held_at,
            "notice": request.query_params.get("notice"),
            # Where the choice of a language leads back to. Not from the answer to a form: it would lose what was typed.
            "here": request.url.path + (f"?{query}" if (query := request.url.query) else "")
            if request.method in {"GET", "HEAD"}
            else None,
        }
        html = self.text(name, **(standing | context))
        if spoken() != SOURCE:
            html = mark_chinese(html)
        return HTMLResponse(html, status_code=status)


def page(request: Request, name: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """The template as an answer; a name that begins with "_" in its folder is a fragment for htmx."""
    pages: Pages = request.app.state.pages
    return pages.page(request, name, status=status, **context)

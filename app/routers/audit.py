"""The audit trail for the auditor: the list, one entry, files of what is filtered, and following the chain anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app import words
from app.access import Viewer, reads_trail
from app.changes.check_trail import check_trail
from app.db import Database
from app.documents.writing import trail_sheets
from app.documents.writing.sheet_cells import MEDIA_TYPE
from app.domain.audit import HASHED, ActResult, AuditAction, Channel, entry_sha256
from app.errors import Invalid, NotFound
from app.i18n import gettext as _
from app.i18n import officially
from app.models import AuditEntry
from app.queries.trail import filtered_entries, names_of, newest_check, one_entry, trail_page
from app.queries.trail_findings import trail_head
from app.rendering import page
from app.routers.acts import act_of
from app.routers.audit_question import PLACES, AuditQuestion, chain_of, read_question
from app.routers.dependencies import DbSession, Form, RowId, SignedInViewer, Today, see_other
from app.routers.downloads import download
from app.row_words import column_word, refers_to, table_word, value_word

router = APIRouter()

MOST_ROWS = 20_000  # of a file; a sheet of more is of no use to anybody, and dates narrow it down


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """One change as the page shows it: `lines` are (column, before, after) in the office's words."""

    title: str
    verb: str
    lines: Sequence[tuple[str, str, str]]
    about: str = ""


@router.get("/audit")
def trail(request: Request, session: DbSession, viewer: SignedInViewer) -> Response:
    reads_trail(viewer)
    question = read_question(request.query_params, viewer)
    found = trail_page(session, question.wanted, before=question.before)
    about = question.wanted.about
    named = {(row.subject_table, row.subject_id or 0) for row in found.rows if row.subject_id and not row.subject}
    names = names_of(session, named | ({about} if about else set()))
    return page(
        request,
        "audit/trail.html",
        status=422 if question.faults else 200,
        question=question,
        found=found,
        names=names,
        about_name=names.get(about, f"{about[1]}") if about else "",
        head=trail_head(session, question.wanted.chain),
        check=newest_check(session, question.wanted.chain),
        actions=list(AuditAction),
        outcomes=list(ActResult),
        channels=list(Channel),
        places=PLACES,
        table_word=table_word,
        summary=_summary,
    )


def _summary(entry: AuditEntry) -> str:
    """单位1处、其他写法2处: what kinds of rows an entry changed."""
    counts: dict[str, int] = {}
    for change in entry.changes:
        rows = sum(int(change.get(verb, 0)) for verb in ("added", "changed", "removed")) or 1
        counts[change["table"]] = counts.get(change["table"], 0) + rows
    parts = [_("%(table)s%(count)s处") % {"table": table_word(one), "count": count} for one, count in counts.items()]
    return _("、").join(parts)


@router.get("/audit/{place}/{seq}")
def one(request: Request, place: str, seq: RowId, session: DbSession, viewer: SignedInViewer) -> Response:
    reads_trail(viewer)
    chain = chain_of(viewer, place)
    entry = one_entry(session, chain, seq)
    if entry is None or place not in PLACES:
        raise NotFound
    names = names_of(session, _named_rows(entry))
    return page(
        request,
        "audit/entry.html",
        place=place,
        entry=entry,
        subject=names.get((entry.subject_table, entry.subject_id or 0), ""),
        changes=[_shown(change, viewer, names) for change in entry.changes],
        fits=entry_sha256({name: getattr(entry, name) for name in HASHED}) == entry.sha256,
        table_word=table_word,
        later=one_entry(session, chain, seq + 1) is not None,
    )


def _named_rows(entry: AuditEntry) -> set[tuple[str, int]]:
    """Every row that the page would name: the subject, the changed rows, and what their columns refer to."""
    found = {(entry.subject_table, entry.subject_id or 0)} if entry.subject_id else set()
    for change in entry.changes:
        if isinstance(change.get("id"), int):
            found.add((change["table"], change["id"]))
        for side in ("before", "after"):
            for column, value in change.get(side, {}).items():
                target = refers_to(change["table"], column)
                if target is not None and isinstance(value, int):
                    found.add((target, value))
    return found


def _shown(change: dict[str, Any], viewer: Viewer, names: dict[tuple[str, int], str]) -> ChangedRow:
    table = change["table"]
    for verb, word in (("added", _("新增")), ("changed", _("修改")), ("removed", _("删除"))):
        if verb in change:
            count = _("共%(count)s处") % {"count": change[verb]}
            span = _("编号%(first)s至%(last)s") % change if "first" in change else ""
            return ChangedRow(table_word(table), word, [(count, "", span)])
    before, after = change.get("before"), change.get("after")
    verb = _("新增") if before is None else _("删除") if after is None else _("修改")
    if before is None and after is None:
        after = {name: value for name, value in change.items() if name not in {"table", "id"}}
        verb = ""
    was, now = before or {}, after or {}
    said = partial(value_word, zone=viewer.time_zone, names=names)
    # A settings entry holds all settings, so that the next start can be compared with it.
    shown = was.keys() | now.keys() if table != "settings" or not was else was.keys()
    lines = [
        (column_word(table, name), said(table, name, was.get(name)), said(table, name, now.get(name)))
        for name in (*now, *(name for name in was if name not in now))
        if name in shown and name != "region_id"
    ]
    key = change.get("id")
    name = names.get((table, key), "") if isinstance(key, int) else ""
    title = _("%(table)s：%(name)s") % {"table": table_word(table), "name": name} if name else table_word(table)
    return ChangedRow(title, verb, lines, f"{table}-{key}" if isinstance(key, int) else "")


@router.get("/audit.{kind}")
def as_file(
    request: Request, kind: Literal["xlsx", "csv"], session: DbSession, viewer: SignedInViewer, today: Today
) -> Response:
    reads_trail(viewer)
    question = read_question(request.query_params, viewer)
    if question.faults:
        raise Invalid(question.faults)
    return _file(session, viewer, question, kind, today)


@officially()
def _file(session: Session, viewer: Viewer, question: AuditQuestion, kind: str, today: Today) -> Response:
    entries = list(filtered_entries(session, question.wanted, most=MOST_ROWS))
    named = {(one.subject_table, one.subject_id or 0) for one in entries if one.subject_id and not one.subject}
    names = names_of(session, named)
    rows = [trail_sheets.line(entry, viewer.time_zone, names, _summary(entry)) for entry in entries]
    where = viewer.region_name if question.place == "region" else _("全系统")
    title = _("%(where)s审计记录") % {"where": where}
    write = trail_sheets.trail_workbook if kind == "xlsx" else trail_sheets.trail_csv
    return download(
        write(rows, title=title, note=_note(entries, today)),
        MEDIA_TYPE if kind == "xlsx" else "text/csv; charset=utf-8",
        name=f"{title}{today.isoformat()}.{kind}",
        plain=f"audit-{today.isoformat()}.{kind}",
    )


def _note(entries: Sequence[AuditEntry], today: Today) -> str:
    said = _("导出于%(day)s，共%(count)s条。") % {"day": words.day(today, weekday=False), "count": len(entries)}
    if len(entries) < MOST_ROWS:
        return said
    return said + _("条数已达上限，更早的记录请缩小日期范围另行导出。")


@router.post("/audit/check")
def check(request: Request, viewer: SignedInViewer, typed: Form) -> Response:
    """Follows the whole chain now, in sessions of its own: while it reads, others write. What is found is an entry."""
    reads_trail(viewer)
    place = "system" if typed.text("place") == "system" else "region"
    chain = chain_of(viewer, place)
    database: Database = request.app.state.database
    check_trail(database, chain, act_of(request))
    return see_other("/audit" if place == "region" else "/audit?place=system", "trail_checked")

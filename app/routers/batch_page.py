"""批量填报: the page with the forms of many obligations, for the doors that show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session

from app import access
from app.access import Viewer
from app.documents.file_content import EXTENSIONS
from app.errors import Invalid, Overtaken
from app.models import ProgressUpdate, Review
from app.queries.batch_items import SaidBefore, said_before
from app.queries.department_desk import list_choices
from app.queries.department_list import department_counts, rows_of_department
from app.queries.obligations import ObligationRow
from app.queries.update_drafts import drafts_of
from app.rendering import page
from app.routers.batch_place import PATH, Place
from app.routers.bounded_form import MAX_FILES
from app.routers.dependencies import get_evidence_store
from app.routers.report_form import ReportForm, begun_form, drafted_form

Errors = Mapping[int, Invalid | Overtaken]


@dataclass(frozen=True, slots=True)
class Door:
    """Where the form of an item goes: the whole form to `path`, what is typed of one item to its `draft`.

    `leads_on`: titles lead to the pages of their obligations.
    """

    path: str
    drafts: str
    leads_on: bool = True

    def draft(self, obligation_id: int) -> str:
        return self.drafts.format(obligation_id)


OWN_DOOR = Door(PATH, "/obligations/{}/draft")


class Outcome(Protocol):
    """What came of a form; see batch_sending.Sent."""

    @property
    def forms(self) -> Mapping[int, ReportForm]: ...
    @property
    def done(self) -> Sequence[int]: ...
    @property
    def errors(self) -> Errors: ...
    @property
    def status(self) -> int: ...


@dataclass(frozen=True, slots=True)
class BatchItem:
    """`faults` by the id of the field on this page; `told` says what became of the item before."""

    row: ObligationRow
    form: ReportForm
    demand: Review | None
    last: ProgressUpdate | None
    faults: Mapping[str, str] = field(default_factory=dict)
    conflict: str = ""
    opened: bool = False
    told: str = ""

    @property
    def prefix(self) -> str:
        return prefix(self.row.id)


def prefix(obligation_id: int) -> str:
    """Stands before the names of an item's fields."""
    return f"item-{obligation_id}-"


def fresh_forms(rows: Sequence[ObligationRow], said: SaidBefore) -> dict[int, ReportForm]:
    """How the forms begin where nothing has been typed."""
    return {
        row.id: begun_form(
            row.revision, risk=row.risk, answers=said.answers.get(row.id) if row.id in said.demands else None
        )
        for row in rows
    }


def batch_items(
    request: Request,
    session: Session,
    viewer: Viewer,
    rows: Sequence[ObligationRow],
    *,
    typed: Mapping[int, ReportForm] | None = None,
    errors: Errors | None = None,
    opened: int | None = None,
    told: str = "",
) -> list[BatchItem]:
    """What was typed goes before drafts, drafts before what a form begins with."""
    said = said_before(session, rows)
    forms = fresh_forms(rows, said)
    store = get_evidence_store(request)
    drafts = drafts_of(session, viewer.account_id, [row.id for row in rows])
    errors = errors or {}
    items = []
    for row in rows:
        error = errors.get(row.id)
        draft = drafts.get(row.id)
        form = drafted_form(draft, row.revision, store) if draft is not None else forms[row.id]
        if typed is not None and row.id in typed:
            form = replace(typed[row.id], saved_at=draft.saved_at if draft is not None else None)
        if isinstance(error, Overtaken):
            form = replace(form, revision=row.revision)
        begun = opened == row.id or error is not None or form.saved_at is not None
        faults = error.fields if isinstance(error, Invalid) else {}
        items.append(
            BatchItem(
                row=row,
                form=form,
                demand=said.demands.get(row.id),
                last=said.last.get(row.id),
                faults={prefix(row.id) + name: sentence for name, sentence in faults.items()},
                conflict=error.message if isinstance(error, Overtaken) else "",
                opened=begun,
                told=told if opened == row.id else "",
            )
        )
    if items and not any(item.opened for item in items):
        items[0] = replace(items[0], opened=True)
    return items


def show_batch(
    request: Request,
    session: Session,
    viewer: Viewer,
    today: date,
    place: Place,
    items: Sequence[BatchItem],
    *,
    status: int = 200,
    next_page: str = "",
    nothing: bool = False,
) -> Response:
    """`nothing`: all was to be sent and nothing was filled in."""
    own = (session, viewer.region_id, access.reporting_page(viewer))
    question = place.question
    return page(
        request,
        "obligations/batch.html",
        status=status,
        question=question,
        place=place,
        choices=list_choices(*own),
        counts=department_counts(*own, today, question.wanted if question.filtered and not question.faults else None),
        items=items,
        done=list(rows_of_department(*own, place.done).values()),
        next_page=next_page,
        nothing=nothing,
        upload=upload_limits(request),
        answer=False,
        door=OWN_DOOR,
    )


def show_one(request: Request, session: Session, viewer: Viewer, today: date, sent: Outcome, *, door: Door) -> Response:
    """For htmx: what takes the place of the one item that was sent."""
    (key,) = sent.forms
    (row,) = rows_of_department(session, viewer.region_id, access.reporting_page(viewer), [key]).values()
    if sent.done:
        return page(request, "obligations/_batch_done.html", row=row, today=today, door=door)
    typed = sent.forms if sent.errors else None
    (item,) = batch_items(request, session, viewer, [row], typed=typed, errors=sent.errors, opened=key)
    return page(
        request,
        "obligations/_batch_item.html",
        status=sent.status if sent.errors else 200,
        item=item,
        viewer=viewer,
        today=today,
        upload=upload_limits(request),
        answer=True,
        door=door,
    )


def upload_limits(request: Request) -> dict[str, object]:
    return {
        "accepted": ",".join(sorted(EXTENSIONS)),
        "most": MAX_FILES,
        "max_mb": request.app.state.settings.upload_max_mb,
    }

"""The secretariat's review queue: filtered, paged by key, decided one by one or several at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, department_for_reading, obligations_for_review, plan_for_reading, secretariat_only
from app.changes.review_several import Several, review_several
from app.errors import Invalid, NotFound
from app.i18n import gettext as _
from app.models.review import ReviewDecision
from app.queries.review_queue import PAGE, QueuePart, QueueRow, queue_length, queue_parts, queue_rows, review_queue
from app.queries.reviews import Happened
from app.rendering import page
from app.routers.dependencies import DbSession, Form, Now, SignedInViewer, Today, see_other
from app.routers.review_form import ReviewForm, read_decision, read_review_form, usual_reasons
from app.routers.review_question import QueueQuestion, read_items, read_queue_question

router = APIRouter()

# What the address says, and what the person reads.
Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Choices:
    plans: Sequence[Choice]
    departments: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of the last decision on several: how many, and what had happened to the others first."""

    decision: ReviewDecision
    count: int
    changed: Sequence[tuple[QueueRow, Happened | None]] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page shows besides the queue. `ticked`: items as their boxes name them."""

    status: int = 200
    form: ReviewForm = field(default_factory=ReviewForm)
    ticked: Sequence[str] = ()
    all_ticked: bool = False
    faults: Mapping[str, str] | None = None
    done: Done | None = None


@router.get("/review")
def queue(request: Request, session: DbSession, viewer: SignedInViewer) -> Response:
    secretariat_only(viewer)
    params = request.query_params
    answer = Answer(all_ticked=params.get("all") == "yes", done=_done(params))
    return _queue_page(request, session, viewer, answer)


def _done(params: Mapping[str, str]) -> Done | None:
    """`accepted=3` or `returned=3`: what the page before has done. Anything else says nothing."""
    for decision in (ReviewDecision.ACCEPTED, ReviewDecision.RETURNED):
        text = params.get(decision.value, "")
        if text.isascii() and text.isdecimal() and 1 <= int(text[:4]) <= PAGE:
            return Done(decision, int(text))
    return None


@router.post("/review/several")
def decide_several(
    *, request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, now: Now, today: Today
) -> Response:
    secretariat_only(viewer)
    form = read_review_form(typed)
    ticked = typed.lists.get("item", [])
    try:
        seen = read_items(ticked, most=PAGE)
        decision = read_decision(typed, form)
        several = review_several(
            session,
            obligations_for_review(session, viewer, seen),
            decision,
            reason=form.full_reason,
            seen=seen,
            by=viewer.account_id,
            now=now,
            today=today,
        )
    except Invalid as error:
        session.rollback()
        answer = Answer(422, form, ticked, faults=error.fields)
        return _queue_page(request, session, viewer, answer)
    if several.changed:
        # What could be decided is decided and stays so; the reason is kept for what is looked at again.
        answer = Answer(409, form, done=_told(session, decision, several))
        return _queue_page(request, session, viewer, answer)
    question = read_queue_question(request.query_params)
    return see_other(question.here("/review", **{decision.value: str(len(several.decided))}))


def _told(session: Session, decision: ReviewDecision, several: Several) -> Done:
    rows = queue_rows(session, list(several.changed))
    return Done(decision, len(several.decided), [(rows[key], event) for key, event in several.changed.items()])


def _queue_page(request: Request, session: Session, viewer: Viewer, answer: Answer) -> Response:
    """422 for a faulty address, too: then there is no list."""
    parts = queue_parts(session, viewer.region_id)
    asked = read_queue_question(request.query_params)
    faults = dict(asked.faults)
    choices = Choices(
        _plans(session, viewer, parts, asked, faults), _departments(session, viewer, parts, asked, faults)
    )
    question = replace(asked, faults=faults)
    found = review_queue(session, viewer.region_id, question.wanted, after=question.after)
    return page(
        request,
        "review/queue.html",
        status=422 if faults else answer.status,
        question=question,
        choices=choices,
        found=found,
        length=queue_length(session, viewer.region_id, question.wanted),
        waiting=sum(part.count for part in parts),
        next_page=f"{found.after[0].isoformat()}_{found.after[1]}" if found.after else "",
        usual=usual_reasons(),
        form=answer.form,
        ticked=answer.ticked,
        all_ticked=answer.all_ticked,
        faults=answer.faults or {},
        # The same sentences by the ids of their fields; the boxes to tick are the list itself.
        marked={"list" if name == "item" else f"{name}-several": told for name, told in (answer.faults or {}).items()},
        done=answer.done,
    )


def _plans(
    session: Session, viewer: Viewer, parts: Sequence[QueuePart], asked: QueueQuestion, faults: dict[str, str]
) -> list[Choice]:
    """Plans of which something waits, with how much; and the one that was asked for."""
    counts: Counter[Choice] = Counter()
    for part in parts:
        counts[part.plan_code, part.plan_title] += part.count
    code = asked.typed["plan"]
    if code and code not in {known for known, _title in counts}:
        try:
            counts[code, plan_for_reading(session, viewer, code).title] = 0
        except NotFound:
            faults["plan"] = _("没有这个规划，请在列表中选择。")
    return _labelled(counts)


def _departments(
    session: Session, viewer: Viewer, parts: Sequence[QueuePart], asked: QueueQuestion, faults: dict[str, str]
) -> list[Choice]:
    """As the plans, in the order of the register."""
    counts: Counter[Choice] = Counter()
    for part in parts:
        counts[str(part.department_id), part.department] += part.count
    key = asked.wanted.department_id
    if key is not None and str(key) not in {known for known, _name in counts}:
        try:
            counts[str(key), department_for_reading(session, viewer, key).name] = 0
        except NotFound:
            faults["department"] = _("没有这个单位，请在列表中选择。")
    return _labelled(counts)


def _labelled(counts: Counter[Choice]) -> list[Choice]:
    return [
        (value, _("%(name)s（%(count)s项）") % {"name": name, "count": count})
        for (value, name), count in counts.items()
    ]

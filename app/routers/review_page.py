"""The page on which one obligation is reviewed or reopened, for the doors that show it."""

from dataclasses import dataclass
from datetime import date

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.workflow import State
from app.errors import DubanError, Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Obligation
from app.queries.obligation_contents import obligation_contents
from app.queries.reviews import queue_length, reviews_of
from app.rendering import page


@dataclass(frozen=True, slots=True)
class ReviewForm:
    """As typed. `quick` is one of the usual reasons, put before the typed one."""

    quick: str = ""
    reason: str = ""
    reopen_reason: str = ""


def usual_reasons() -> list[str]:
    return [
        _("佐证材料不全，请补充"),
        _("佐证材料与填报内容不符，请核对"),
        _("进展描述过于笼统，请写明数量、时间和成效"),
        _("未达到本阶段的预期要求，请继续推进"),
        _("填报内容与任务不符，请核对后重新填报"),
    ]


def show_review(
    request: Request,
    session: Session,
    obligation: Obligation,
    today: date,
    *,
    form: ReviewForm | None = None,
    error: DubanError | None = None,
) -> Response:
    """With an error: 422 for faults and 409 when somebody was faster, with what was typed.

    The form always carries the present revision: the page shows the present report above it.
    """
    contents = obligation_contents(session, obligation, today)
    return page(
        request,
        "review/review.html",
        status=200 if error is None else 409 if isinstance(error, Overtaken) else 422,
        contents=contents,
        row=contents.row,
        report=contents.reports[0] if contents.reports else None,
        earlier=contents.reports[1:],
        reviews=reviews_of(session, obligation.id or 0),
        waiting=queue_length(session, obligation.region_id),
        usual=usual_reasons(),
        form=form or ReviewForm(),
        faults=error.fields if isinstance(error, Invalid) else {},
        conflict=error.message if isinstance(error, Overtaken) else "",
        under_review=obligation.state is State.SUBMITTED,
        accepted=obligation.state is State.ACCEPTED,
    )

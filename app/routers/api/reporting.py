"""A program reports for a department: the same verb as the form, guarded by the revision that the program saw."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from app import access
from app.access import Viewer
from app.changes.submit_update import (
    COMPLETE,
    PROVES_LIMIT,
    TEXT_LIMIT,
    Report,
    repeats_returned,
    submit_update,
    was_sent_before,
)
from app.documents.evidence_store import EvidenceStore, StoredFile
from app.documents.upload_receipt import redeem
from app.domain.workflow import WAITING_FOR_DEPARTMENT
from app.domain.written import as_written
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Evidence, Obligation, ProgressUpdate
from app.models.progress_update import UpdateKind
from app.queries.obligation_pages import report_by_key, reports_on
from app.routers.api.asking import Id, Now, Today, Writing
from app.routers.api.caller import ReportingViewer
from app.routers.api.problem import ProblemCode, Refusal
from app.routers.api.route import ApiRoute
from app.routers.api.shapes import PREFIX
from app.routers.api.updates import UpdateShape, update_shape
from app.routers.bounded_form import MAX_FILES
from app.routers.dependencies import Store

router = APIRouter(route_class=ApiRoute, tags=["updates"])

# The revision, or the obligation's ETag, which begins with it; several are an alternative each (RFC 9110, 13.1.1).
IF_MATCH = r'^(W/)?"[0-9]{1,9}(-[0-9a-f]{32})?"(, *(W/)?"[0-9]{1,9}(-[0-9a-f]{32})?"){0,9}$'
_REVISION = re.compile(r'"(\d+)')
KEY = r"^[!-~]{1,200}$"


class ReportBody(BaseModel):
    """What the department says. Texts are kept as written, without surrounding blanks."""

    model_config = ConfigDict(extra="forbid")

    kind: UpdateKind = Field(description="interim 阶段进展; completion 申请办结 goes to review.")
    text: str = Field(min_length=1, max_length=TEXT_LIMIT)
    difficulties: str = Field("", max_length=TEXT_LIMIT)
    next_step: str = Field("", max_length=TEXT_LIMIT)
    percent: int | None = Field(
        None, ge=0, le=COMPLETE, strict=True, description="Left out: 100 for completion, otherwise as it was."
    )
    risk: bool = Field(default=False, strict=True, description="The date is in danger.")
    proves: str = Field("", max_length=PROVES_LIMIT, description="What the files prove.")
    evidence: list[Annotated[str, Field(min_length=1, max_length=4000)]] = Field(
        default_factory=list, max_length=MAX_FILES, description="Receipts of uploads."
    )


@router.post("/obligations/{obligation_id}/updates", summary="Report on an obligation", status_code=HTTPStatus.CREATED)
def report(
    response: Response,
    session: Writing,
    viewer: ReportingViewer,
    store: Store,
    now: Now,
    today: Today,
    obligation_id: Id,
    body: ReportBody,
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            pattern=IF_MATCH,
            description='The obligation\'s ETag, or its revision in quotation marks: "7".',
        ),
    ] = None,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            pattern=KEY,
            description="Your name for this report: sent again, it is answered again and not written.",
        ),
    ] = None,
) -> UpdateShape:
    """For the liaison of the department that owes it, with a token of scope `report`.

    412 when the obligation has changed since that revision, 409 when it waits for no report, 428 without If-Match.
    """
    said = _Said(body, _files(body, store, viewer), _request_key(viewer, idempotency_key), _seen(if_match))
    update_id = _send(session, viewer, obligation_id, said, now=now, today=today)
    row = reports_on(session, obligation_id, update_id=update_id, limit=1)[0]
    response.headers["Location"] = f"{PREFIX}/obligations/{obligation_id}/updates/{update_id}"
    return update_shape(row)


@dataclass(frozen=True, slots=True)
class _Said:
    """`seen`: revisions under any of which the report may be written; None when the program names none."""

    body: ReportBody
    files: Sequence[StoredFile]
    key: str | None
    seen: frozenset[int] | None

    def report(self, revision: int, percent_so_far: int) -> Report:
        body = self.body
        usual = COMPLETE if body.kind is UpdateKind.COMPLETION else percent_so_far
        return Report(
            revision=revision,
            kind=body.kind,
            text=_plain(body.text),
            difficulties=_plain(body.difficulties),
            next_step=_plain(body.next_step),
            percent=usual if body.percent is None else body.percent,
            risk=body.risk,
            proves=_plain(body.proves),
            files=self.files,
        )


def _plain(text: str) -> str:
    """As a form's text is kept; NUL is refused by PostgreSQL."""
    return as_written(text.replace("\r\n", "\n").replace("\x00", ""))


def _request_key(viewer: Viewer, given: str | None) -> str | None:
    """Names of one account mean nothing to another."""
    return hashlib.sha256(f"{viewer.account_id}:{given}".encode()).hexdigest() if given else None


def _seen(if_match: str | None) -> frozenset[int] | None:
    return frozenset(int(number) for number in _REVISION.findall(if_match)) if if_match else None


def _files(body: ReportBody, store: EvidenceStore, viewer: Viewer) -> Sequence[StoredFile]:
    """The same content twice is one evidence. Raises Invalid for a receipt that was not given to this account."""
    found: dict[str, StoredFile] = {}
    for number, receipt in enumerate(body.evidence):
        file = redeem(store, receipt, viewer.account_id)
        if file is None:
            raise Invalid({f"evidence.{number}": _("这不是本账号上传文件所得的凭据，或文件已不在。")})
        found.setdefault(file.sha256, file)
    return list(found.values())


def _send(session: Session, viewer: Viewer, obligation_id: int, said: _Said, *, now: datetime, today: date) -> int:
    """The id of the report, new or known. When somebody comes in between, what he left is looked at once more."""
    for last_try in (False, True):
        obligation = access.obligation_for_reporting(session, viewer, obligation_id)
        known = _known(session, obligation, said, viewer)
        if known is not None:
            return known
        _check_revision(obligation, said)
        report = said.report(obligation.revision, obligation.percent)
        if repeats_returned(session, obligation, report):
            raise Invalid({"text": _("内容与退回前完全相同，也没有新的佐证材料。请按秘书处意见修改后再提交。")})
        try:
            written = submit_update(
                session,
                obligation,
                report,
                by=viewer.account_id,
                now=now,
                today=today,
                request_key=said.key,
                draft_was_sent=False,
            )
        except (Overtaken, IntegrityError):
            session.rollback()
            if last_try:
                raise
        else:
            return written.id or 0
    raise AssertionError


def _known(session: Session, obligation: Obligation, said: _Said, viewer: Viewer) -> int | None:
    """The report if it was written already: by its name, or as the very thing that came after the revision seen."""
    if said.key is not None and (before := report_by_key(session, said.key)) is not None:
        if before.obligation_id == obligation.id and _says(session, before, said):
            return before.id
        raise Refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            ProblemCode.KEY_REUSED,
            _("请求头 Idempotency-Key 的值已用于另一份填报，请换一个值。"),
        )
    if said.seen and obligation.revision - 1 in said.seen and obligation.revision not in said.seen:
        report = said.report(obligation.revision - 1, obligation.percent)
        if was_sent_before(session, obligation, report, by=viewer.account_id):
            return obligation.last_update_id
    return None


def _says(session: Session, written: ProgressUpdate, said: _Said) -> bool:
    report = said.report(0, written.percent)
    files = session.exec(select(Evidence.sha256).where(Evidence.update_id == written.id)).all()
    words = ("kind", "text", "difficulties", "next_step", "percent", "risk")
    return set(files) == {file.sha256 for file in said.files} and all(
        getattr(written, name) == getattr(report, name) for name in words
    )


def _check_revision(obligation: Obligation, said: _Said) -> None:
    """Raises Refusal: 428, 412, 409, in this order."""
    if said.seen is None:
        raise Refusal(
            HTTPStatus.PRECONDITION_REQUIRED,
            ProblemCode.REVISION_NEEDED,
            _("请在请求头 If-Match 中写明所依据的版本，即该事项的 ETag 或 revision。"),
        )
    if obligation.revision not in said.seen:
        raise Refusal(
            HTTPStatus.PRECONDITION_FAILED,
            ProblemCode.STALE_REVISION,
            _("此事项已有变化，现为第%(revision)s版，本次填报未写入。请重新读取后再提交。")
            % {"revision": obligation.revision},
        )
    if obligation.state not in WAITING_FOR_DEPARTMENT:
        raise Refusal(HTTPStatus.CONFLICT, ProblemCode.NOT_OPEN, _("此事项已提交审核、已办结或已撤销，不能再填报。"))

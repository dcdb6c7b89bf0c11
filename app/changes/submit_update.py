"""A department reports on its obligation: progress on the way, or completion for review."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel import Session, select

from app.changes.drop_draft import drop_draft
from app.changes.record_event import record_event
from app.changes.recorded_moment import hold_lists
from app.documents.evidence_store import StoredFile
from app.domain.workflow import WAITING_FOR_DEPARTMENT, EventKind, State
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Evidence, Obligation, ObligationEvent, ProgressUpdate
from app.models.progress_update import UpdateKind

TEXT_LIMIT = 10_000
TEXTS = ("text", "difficulties", "next_step")
PROVES_LIMIT = 500  # the column's length
COMPLETE = 100


@dataclass(frozen=True, slots=True)
class Report:
    """What the liaison says; `revision` is that of the obligation as it was shown."""

    revision: int
    kind: UpdateKind
    text: str
    difficulties: str = ""
    next_step: str = ""
    percent: int = 0
    risk: bool = False
    proves: str = ""
    files: Sequence[StoredFile] = field(default_factory=tuple)


def check_lengths(texts: Mapping[str, str]) -> dict[str, str]:
    """Field -> sentence, for each text that is too long to be kept."""
    faults: dict[str, str] = {}
    for name in TEXTS:
        count = len(texts.get(name, ""))
        if count > TEXT_LIMIT:
            faults[name] = _("不得超过%(limit)s字，现有%(count)s字。") % {"limit": TEXT_LIMIT, "count": count}
    if len(texts.get("proves", "")) > PROVES_LIMIT:
        faults["proves"] = _("材料说明不得超过500字。")
    return faults


def check_report(report: Report) -> dict[str, str]:
    """Field -> sentence, for everything that is wrong with it."""
    faults: dict[str, str] = {}
    if not report.text:
        faults["text"] = _("请填写进展情况。")
    faults |= check_lengths({name: getattr(report, name) for name in (*TEXTS, "proves")})
    if not 0 <= report.percent <= COMPLETE:
        faults["percent"] = _("完成比例应为0至100的整数。")
    elif report.kind is UpdateKind.COMPLETION and report.percent != COMPLETE:
        faults["percent"] = _("申请办结时完成比例应为100。")
    return faults


def repeats_returned(session: Session, obligation: Obligation, report: Report) -> bool:
    """Completion asked for in the very words that the secretariat has sent back, and without a new file."""
    if obligation.state is not State.RETURNED or report.kind is not UpdateKind.COMPLETION or report.files:
        return False
    if obligation.last_update_id is None:
        return False
    last = session.get_one(ProgressUpdate, obligation.last_update_id)
    return last.kind is report.kind and all(getattr(last, name) == getattr(report, name) for name in TEXTS)


def submit_update(
    session: Session,
    obligation: Obligation,
    report: Report,
    *,
    by: int,
    now: datetime,
    today: date,
    request_key: str | None = None,
    draft_was_sent: bool = True,
) -> ProgressUpdate:
    """Writes the report and its evidence; for completion the obligation goes to review.

    `request_key`: see ProgressUpdate. A program's report leaves alone what its author is typing in a browser.
    Raises Invalid with the faults of the form, Overtaken when somebody changed the obligation meanwhile.
    """
    faults = check_report(report)
    if faults:
        raise Invalid(faults)
    if obligation.revision != report.revision:
        raise Overtaken(_("此事项在您填写期间已被他人更新，尚未提交。请核对最新情况后再次提交，已填内容均已保留。"))
    if obligation.state not in WAITING_FOR_DEPARTMENT:
        raise Overtaken(_("此事项已提交审核或已办结，不能再填报。已填内容均已保留。"))
    hold_lists(session, obligation.region_id)
    said = ProgressUpdate(
        region_id=obligation.region_id,
        obligation_id=obligation.id or 0,
        department_id=obligation.department_id,
        author_id=by,
        kind=report.kind,
        text=report.text,
        difficulties=report.difficulties,
        next_step=report.next_step,
        percent=report.percent,
        risk=report.risk,
        on=today,
        recorded_at=now,
        request_key=request_key,
    )
    session.add(said)
    session.flush()
    session.add_all(
        Evidence(
            region_id=obligation.region_id,
            obligation_id=obligation.id or 0,
            update_id=said.id or 0,
            file_name=file.file_name,
            media_type=file.media_type,
            size=file.size,
            sha256=file.sha256,
            proves=report.proves,
            uploaded_by=by,
            uploaded_at=now,
        )
        for file in report.files
    )
    record_event(
        session,
        obligation,
        EventKind.SUBMITTED if report.kind is UpdateKind.COMPLETION else EventKind.REPORTED,
        on=today,
        now=now,
        by=by,
        update_id=said.id,
        risk=report.risk,
        also={"last_update_id": said.id, "percent": report.percent},
    )
    if draft_was_sent:
        drop_draft(session, obligation.id or 0, by)
    return said


def was_sent_before(session: Session, obligation: Obligation, report: Report, *, by: int) -> bool:
    """Whether what overtook this report is this very report: a double click, or a reload of the page it led to."""
    if obligation.revision != report.revision + 1 or obligation.last_update_id is None:
        return False
    last = session.get_one(ProgressUpdate, obligation.last_update_id)
    made_by = session.exec(
        select(ObligationEvent.update_id).where(
            ObligationEvent.obligation_id == obligation.id, ObligationEvent.seq == obligation.revision
        )
    ).one()
    files = session.exec(select(Evidence.sha256).where(Evidence.update_id == last.id)).all()
    said = ("kind", "text", "difficulties", "next_step", "percent", "risk")
    return (
        made_by == last.id
        and last.author_id == by
        and set(files) == {file.sha256 for file in report.files}
        and all(getattr(last, name) == getattr(report, name) for name in said)
    )

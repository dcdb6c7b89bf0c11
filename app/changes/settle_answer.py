"""What came by mail is taken as a draft, dropped, or brought back; a draft is sent by its author like any other."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from app.changes.keep_draft import keep_draft
from app.changes.recorded_moment import hold_lists
from app.clock import local_day
from app.documents.evidence_store import EvidenceStore
from app.documents.upload_receipt import issue, redeem
from app.domain.joined_draft import joined_draft
from app.domain.workflow import WAITING_FOR_DEPARTMENT
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.i18n import officially
from app.models import InboundMail, MailedAnswer, Obligation, Region
from app.models.mailed_answer import AnswerState
from app.queries.update_drafts import draft_of
from app.words import day

TYPED = ("kind", "text", "difficulties", "next_step", "percent", "proves", "risk", "window")


def take_answer(
    session: Session, answer: MailedAnswer, obligation: Obligation, *, store: EvidenceStore, by: int, now: datetime
) -> None:
    """It becomes the draft of `by`; behind what he had written already, so that nothing is lost.

    Raises Invalid where nothing can be reported, or both together are too long; Overtaken when somebody has settled it.
    """
    if obligation.state not in WAITING_FOR_DEPARTMENT:
        raise Invalid({"obligation": _("此事项已提交审核或已办结、撤销，不能再填报。")})
    hold_lists(session, answer.region_id)
    _settle(session, answer, AnswerState.WAITING, AnswerState.TAKEN, by=by, now=now, obligation_id=obligation.id)
    inbound = session.get_one(InboundMail, answer.inbound_id)
    # Made out to who sent them: from here on they are the draft's.
    files = [redeem(store, token, inbound.account_id or 0) for token in answer.typed.get("kept", ())]
    receipts = [issue(store, file, by).token for file in files if file is not None]
    typed = {**{name: answer.typed[name] for name in TYPED}, "kept": receipts, "window": ""}
    draft = draft_of(session, by, obligation.id or 0)
    if draft is not None:
        region = session.get_one(Region, answer.region_id)
        with officially():
            heading = _("【%(name)s%(day)s的邮件答复】") % {
                "name": inbound.from_name or inbound.from_address,
                "day": day(local_day(answer.created_at, region.time_zone), weekday=False),
            }
        typed = joined_draft(draft.typed, typed, heading=heading, files=receipts)
    try:
        keep_draft(
            session,
            obligation,
            typed,
            revision=draft.revision if draft is not None else obligation.revision,
            by=by,
            now=now,
        )
    except Invalid as error:
        sentence = _("与已有草稿合在一起超过字数限制，请先提交或缩短该草稿。") if draft else error.message
        raise Invalid({"obligation": sentence}) from error


def drop_answer(session: Session, answer: MailedAnswer, *, by: int, now: datetime) -> None:
    """Raises Overtaken when somebody has settled it."""
    _settle(session, answer, AnswerState.WAITING, AnswerState.DROPPED, by=by, now=now)


def restore_answer(session: Session, answer: MailedAnswer) -> None:
    """What was dropped waits again. Raises Overtaken when it is not dropped any more."""
    _settle(session, answer, AnswerState.DROPPED, AnswerState.WAITING, by=None, now=None)


def _settle(
    session: Session,
    answer: MailedAnswer,
    before: AnswerState,
    after: AnswerState,
    *,
    by: int | None,
    now: datetime | None,
    obligation_id: int | None = None,
) -> None:
    """One row, one winner."""
    values = {"state": after, "settled_by": by, "settled_at": now}
    if obligation_id is not None:
        values["obligation_id"] = obligation_id
    changed = session.exec(
        update(MailedAnswer)
        .where(col(MailedAnswer.id) == answer.id, col(MailedAnswer.state) == before)
        .values(**values)
        .execution_options(synchronize_session=False)
    ).rowcount
    if changed != 1:
        raise Overtaken(_("这条邮件答复刚被本单位其他人处理，请核对下面的最新情况。"))

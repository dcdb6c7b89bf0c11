"""Keeps what a liaison has typed and not sent yet, so that nothing that ends a page takes it away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, exists, select

from app.changes.drop_draft import drop_draft
from app.changes.recorded_moment import hold_lists
from app.changes.submit_update import TEXTS, check_lengths
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Obligation, ObligationEvent, UpdateDraft
from app.models.progress_update import UpdateKind
from app.queries.update_drafts import draft_of

_WORD = 40  # the longest of what is chosen or short: kind, percentage
_FILES = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """`saved_at` is None when nothing was typed and so nothing is kept.

    `changed`: somebody else changed the obligation after the form was opened. `covered_at`: when another window
    had saved the draft that this one replaced.
    """

    saved_at: datetime | None
    changed: bool = False
    covered_at: datetime | None = None


def keep_draft(
    session: Session,
    obligation: Obligation,
    typed: Mapping[str, Any],
    *,
    revision: int,
    by: int,
    now: datetime,
    opened: str = "",
) -> Kept:
    """`typed` holds the form's texts, `risk`, the receipts `kept`, and `window`, which names the page they stand on.

    `revision` is that of the obligation when the form was opened, `opened` the window of the draft it began with.
    The last one wins. Raises Invalid for what is too long; Overtaken when the author has sent a report since then:
    what is saved automatically may arrive behind the report, and must not bring back what was sent.
    """
    faults = check_lengths(typed)
    if len(typed["percent"]) > _WORD:
        faults["percent"] = _("完成比例应为0至100的整数。")
    if faults:
        raise Invalid(faults)
    obligation_id = obligation.id or 0
    hold_lists(session, obligation.region_id)
    # Held until the commit: neither a report nor another draft comes between looking and writing.
    present = session.exec(
        select(Obligation.revision).where(Obligation.id == obligation_id).with_for_update(key_share=True)
    ).one()
    if present != revision and _reported_since(session, obligation_id, revision, by):
        raise Overtaken(_("此事项已在另一窗口提交，这里的内容未存为草稿，仍可在本页复制。"))
    if _empty(typed):
        drop_draft(session, obligation_id, by)
        return Kept(None, changed=present != revision)
    draft = draft_of(session, by, obligation_id)
    covered_at = None
    if draft is None:
        draft = UpdateDraft(
            region_id=obligation.region_id,
            obligation_id=obligation_id,
            account_id=by,
            typed={},
            revision=revision,
            saved_at=now,
        )
    elif draft.typed.get("window") not in {typed["window"], opened}:
        covered_at = draft.saved_at
    draft.typed = {**typed, "kind": typed["kind"][:_WORD], "kept": list(typed["kept"])[:_FILES]}
    draft.revision = revision
    draft.saved_at = now
    session.add(draft)
    session.flush()
    return Kept(now, changed=present != revision, covered_at=covered_at)


def _reported_since(session: Session, obligation_id: int, revision: int, by: int) -> bool:
    return session.exec(
        select(
            exists().where(
                col(ObligationEvent.obligation_id) == obligation_id,
                col(ObligationEvent.seq) > revision,
                col(ObligationEvent.actor_id) == by,
                col(ObligationEvent.update_id).is_not(None),
            )
        )
    ).one()


def _empty(typed: Mapping[str, Any]) -> bool:
    words = any(typed[name] for name in (*TEXTS, "percent", "proves", "kept"))
    return not words and typed["kind"] != UpdateKind.COMPLETION

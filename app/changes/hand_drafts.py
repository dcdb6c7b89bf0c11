"""Drafts of who leaves go to who takes over; where both wrote on one item, both texts stand in one draft."""

from datetime import datetime

from sqlmodel import Session, select

from app.clock import local_day
from app.documents.evidence_store import EvidenceStore
from app.documents.upload_receipt import issue, redeem
from app.domain.joined_draft import joined_draft
from app.i18n import gettext as _
from app.i18n import officially
from app.models import Account, Region, UpdateDraft
from app.queries.update_drafts import drafts_of
from app.words import day


def hand_drafts(
    session: Session, region: Region, old: Account, new: Account, *, store: EvidenceStore, now: datetime
) -> int:
    """How many. Files that were chosen already go along: their receipts are made out to the new account."""
    drafts = session.exec(select(UpdateDraft).where(UpdateDraft.account_id == old.id)).all()
    own = drafts_of(session, new.id or 0, [draft.obligation_id for draft in drafts])
    for draft in drafts:
        files = _receipts(store, draft, new)
        mine = own.get(draft.obligation_id)
        if mine is None:
            draft.account_id = new.id or 0
            draft.typed = {**draft.typed, "kept": files, "window": ""}
            session.add(draft)
            continue
        with officially():
            heading = _("【%(name)s%(day)s保存的草稿，交接时并入】") % {
                "name": old.name,
                "day": day(local_day(draft.saved_at, region.time_zone), weekday=False),
            }
        mine.typed = joined_draft(mine.typed, draft.typed, heading=heading, files=files)
        mine.revision = min(mine.revision, draft.revision)
        mine.saved_at = now
        session.add(mine)
        session.delete(draft)
    session.flush()
    return len(drafts)


def _receipts(store: EvidenceStore, draft: UpdateDraft, new: Account) -> list[str]:
    found = [redeem(store, token, draft.account_id) for token in draft.typed.get("kept", ())]
    return [issue(store, file, new.id or 0).token for file in found if file is not None]

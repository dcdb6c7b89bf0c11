"""What an account has typed and not sent yet."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from app.models import UpdateDraft


def draft_of(session: Session, account_id: int, obligation_id: int) -> UpdateDraft | None:
    return drafts_of(session, account_id, [obligation_id]).get(obligation_id)


def drafts_of(session: Session, account_id: int, obligation_ids: Sequence[int]) -> dict[int, UpdateDraft]:
    """By obligation."""
    if not obligation_ids:
        return {}
    found = session.exec(
        select(UpdateDraft).where(
            UpdateDraft.account_id == account_id, col(UpdateDraft.obligation_id).in_(obligation_ids)
        )
    )
    return {draft.obligation_id: draft for draft in found}


def drafted(session: Session, account_id: int, obligation_ids: Sequence[int]) -> frozenset[int]:
    """Those on which the account has begun to write."""
    if not obligation_ids:
        return frozenset()
    return frozenset(
        session.exec(
            select(UpdateDraft.obligation_id).where(
                UpdateDraft.account_id == account_id, col(UpdateDraft.obligation_id).in_(obligation_ids)
            )
        )
    )

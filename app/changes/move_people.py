"""What goes along when a department is succeeded: accounts, their drafts, seats in groups, the secretariat's name."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.changes.move_obligations import Moved, Moving
from app.domain.succession import main_heir
from app.models import Account, AccountSession, GroupMember, MailedAnswer, Obligation, Region, Succession, UpdateDraft
from app.models.account import IN_DEPARTMENT, AccountRole
from app.models.mailed_answer import AnswerState


def move_accounts(moving: Moving, rows: Sequence[Succession]) -> list[list[Any]]:
    """[account, department before, department since; None: closed]. Who was not decided about follows the main duties.

    Their sessions end: what they may see and do is another department's from now on.
    """
    session, step = moving.session, moving.step
    if not step.ends:
        return []
    chosen = {key: row.successor_id for row in rows for key in (row.choices or {}).get("accounts", ())}
    closing = {key for row in rows for key in (row.choices or {}).get("close", ())}
    done: list[list[Any]] = []
    for account in accounts_of(session, step.predecessor):
        key = account.id or 0
        heir = None if key in closing else main_heir(moving.steps, chosen.get(key, step.rest or 0))
        done.append([key, step.predecessor, heir])
        if heir is None:
            account.active = False
        else:
            account.department_id = heir
        session.add(account)
    # What came by mail and is not attributed yet belongs to no duty that could take it along.
    session.exec(
        update(MailedAnswer)
        .where(
            col(MailedAnswer.department_id) == step.predecessor,
            col(MailedAnswer.obligation_id).is_(None),
            col(MailedAnswer.state) == AnswerState.WAITING,
        )
        .values(department_id=main_heir(moving.steps, step.rest or 0) or step.predecessor)
    )
    session.flush()
    end_sessions_of(session, [key for key, _before, _since in done])
    return done


def accounts_of(session: Session, department_id: int) -> Sequence[Account]:
    """The liaisons and heads in use."""
    return session.exec(
        select(Account)
        .where(
            Account.department_id == department_id,
            col(Account.role).in_(IN_DEPARTMENT),
            col(Account.active).is_(True),
        )
        .order_by(col(Account.id))
        .execution_options(populate_existing=True)
    ).all()


def end_sessions_of(session: Session, accounts: Collection[int]) -> None:
    session.exec(delete(AccountSession).where(col(AccountSession.account_id).in_(accounts)))


def move_seats(moving: Moving) -> list[list[Any]]:
    """[group, place, heir, whether the heir sat there already].

    What was split keeps its seats: by its name the tasks of published plans find their heirs, and for others the office
    must say which one is meant.
    """
    session, step = moving.session, moving.step
    if not step.ends or len(step.heirs) > 1:
        return []
    heir = main_heir(moving.steps, step.predecessor)
    done: list[list[Any]] = []
    for seat in session.exec(
        select(GroupMember).where(GroupMember.department_id == step.predecessor).order_by(col(GroupMember.group_id))
    ).all():
        sits = session.exec(
            select(GroupMember.id).where(GroupMember.group_id == seat.group_id, GroupMember.department_id == heir)
        ).first()
        done.append([seat.group_id, seat.position, heir, sits is not None])
        if sits is None:
            seat.department_id = heir
            session.add(seat)
        else:
            session.delete(seat)
    session.flush()
    return done


def rename_secretariat(moving: Moving) -> bool:
    """Where the department is the region's secretariat, its heir is from now on."""
    step = moving.step
    region = moving.session.get_one(Region, moving.region_id)
    if not step.ends or region.secretariat != moving.names[step.predecessor]:
        return False
    region.secretariat = moving.names[main_heir(moving.steps, step.predecessor)]
    moving.session.add(region)
    return True


def move_drafts(session: Session, moved: Moved) -> list[list[int]]:
    """[draft, obligation and account before, obligation and account since].

    A draft goes with its obligation: its author keeps it who went the same way, else a liaison of the new holder gets
    it who has none there. Where nobody can take it, it waits with its author.
    """
    kept = {one["cancelled"]: one["kept"] for one in moved.merged}
    keys = [*(key for key, _holder, _seq in moved.moved), *kept]
    return [
        handed
        for start in range(0, len(keys), 500)
        for draft in session.exec(
            select(UpdateDraft)
            .where(col(UpdateDraft.obligation_id).in_(keys[start : start + 500]))
            .order_by(col(UpdateDraft.id))
        ).all()
        if (handed := hand_draft(session, draft, kept.get(draft.obligation_id, draft.obligation_id))) is not None
    ]


def hand_draft(session: Session, draft: UpdateDraft, obligation_id: int) -> list[int] | None:
    """To this obligation, and to somebody who may send it; None where it stays as it is."""
    department = session.exec(select(Obligation.department_id).where(Obligation.id == obligation_id)).one()
    able = session.exec(
        select(Account.id)
        .where(
            Account.department_id == department,
            Account.role == AccountRole.LIAISON,
            col(Account.active).is_(True),
            col(Account.id).not_in(
                select(UpdateDraft.account_id).where(
                    UpdateDraft.obligation_id == obligation_id, UpdateDraft.id != draft.id
                )
            ),
        )
        .order_by(col(Account.id))
    ).all()
    author = draft.account_id if draft.account_id in able else next(iter(able), None)
    before = [draft.obligation_id, draft.account_id]
    if author is None or [obligation_id, author] == before:
        return None
    draft.obligation_id, draft.account_id = obligation_id, author
    session.add(draft)
    session.flush()
    return [draft.id or 0, *before, obligation_id, author]

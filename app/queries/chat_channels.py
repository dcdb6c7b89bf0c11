"""Second channels, and what their short messages say."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.domain.lights import DUE_SOON_DAYS
from app.domain.reminders import Heading
from app.domain.workflow import WAITING_FOR_DEPARTMENT, State
from app.models import Account, ChatChannel, Department, Digest, Obligation, OutboxMail, OverdueRow
from app.models.account import AccountRole
from app.models.outbox_mail import MailState

_PLACE = {which.value: place for place, which in enumerate(Heading)}


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """`department` None: the secretariat's. The state and moment of its last message; None when there was none."""

    id: int
    name: str
    service: str
    sealed_url: str
    active: bool
    department: str | None
    created_at: datetime
    mail_id: int | None
    state: MailState | None
    at: datetime | None
    error: str | None


def channels(session: Session, region_id: int) -> Sequence[ChannelRow]:
    """Active ones first, then in the order in which they were added."""
    newest = (
        select_columns(col(OutboxMail.channel_id).label("channel_id"), func.max(OutboxMail.id).label("mail_id"))
        .join(ChatChannel, col(ChatChannel.id) == OutboxMail.channel_id)
        .where(col(ChatChannel.region_id) == region_id)
        .group_by(col(OutboxMail.channel_id))
        .subquery()
    )
    statement = (
        select_columns(
            col(ChatChannel.id),
            col(ChatChannel.name),
            col(ChatChannel.service),
            col(ChatChannel.sealed_url),
            col(ChatChannel.active),
            col(Department.name),
            col(ChatChannel.created_at),
            col(OutboxMail.id),
            col(OutboxMail.state),
            func.coalesce(OutboxMail.sent_at, OutboxMail.created_at),
            col(OutboxMail.error),
        )
        .outerjoin(Department, col(Department.id) == ChatChannel.department_id)
        .outerjoin(newest, newest.c.channel_id == ChatChannel.id)
        .outerjoin(OutboxMail, col(OutboxMail.id) == newest.c.mail_id)
        .where(col(ChatChannel.region_id) == region_id)
        .order_by(col(ChatChannel.active).desc(), col(ChatChannel.id))
    )
    return [ChannelRow(*row) for row in session.execute(statement)]


def active_channels(session: Session, region_id: int) -> Sequence[tuple[ChatChannel, str | None]]:
    """With the names of their departments."""
    rows = session.exec(
        select(ChatChannel, Department.name)
        .outerjoin(Department, col(Department.id) == ChatChannel.department_id)
        .where(ChatChannel.region_id == region_id, col(ChatChannel.active).is_(True))
        .order_by(col(ChatChannel.id))
    ).all()
    return [(channel, name) for channel, name in rows]


def told_in_run(session: Session, run_id: int, departments: Collection[int]) -> Mapping[int, Counter[Heading]]:
    """What the people of each department were told, each obligation once under its weightiest heading."""
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for department_id, items in session.execute(
        select_columns(col(Account.department_id), col(Digest.items))
        .join(Account, col(Account.id) == Digest.account_id)
        .where(col(Digest.run_id) == run_id, col(Account.department_id).in_(departments))
    ):
        known = found[department_id]
        for item in items:
            key, heading = int(item["obligation"]), str(item["heading"])
            if key not in known or _PLACE[heading] < _PLACE[known[key]]:
                known[key] = heading
    return {key: Counter(Heading(heading) for heading in known.values()) for key, known in found.items()}


def without_mail(session: Session, region_id: int, departments: Collection[int]) -> frozenset[int]:
    """Those of them in which no mail reaches a liaison."""
    reached = session.exec(
        select(Account.department_id)
        .where(
            Account.region_id == region_id,
            Account.role == AccountRole.LIAISON,
            col(Account.active).is_(True),
            func.coalesce(Account.email, "") != "",
            col(Account.department_id).in_(departments),
        )
        .distinct()
    ).all()
    return frozenset(departments) - frozenset(key for key in reached if key is not None)


def standing(
    session: Session, region_id: int, day: date, departments: Collection[int] | None = None
) -> Mapping[int, Counter[Heading]]:
    """What departments owe on a day: overdue, returned, due soon; None: all departments that owe any of it."""
    due, state = col(Obligation.due), col(Obligation.state)
    overdue = due < day
    returned = (state == State.RETURNED) & (due.is_(None) | (due >= day))
    soon = (state == State.OPEN) & due.between(day, day + timedelta(days=DUE_SOON_DAYS))
    statement = (
        select_columns(
            col(Obligation.department_id),
            func.count().filter(overdue),
            func.count().filter(returned),
            func.count().filter(soon),
        )
        .where(
            col(Obligation.region_id) == region_id,
            state.in_(WAITING_FOR_DEPARTMENT),
            overdue | returned | soon,
        )
        .group_by(col(Obligation.department_id))
    )
    if departments is not None:
        statement = statement.where(col(Obligation.department_id).in_(departments))
    kinds = (Heading.OVERDUE, Heading.RETURNED, Heading.DUE_SOON)
    return {
        row[0]: Counter({kind: count for kind, count in zip(kinds, row[1:], strict=True) if count})
        for row in session.execute(statement)
    }


def listed(session: Session, list_id: int, departments: Collection[int]) -> Mapping[int, int]:
    """How many rows of a frozen list are each department's today."""
    rows = session.execute(
        select_columns(col(Obligation.department_id), func.count())
        .select_from(OverdueRow)
        .join(Obligation, col(Obligation.id) == OverdueRow.obligation_id)
        .where(col(OverdueRow.list_id) == list_id, col(Obligation.department_id).in_(departments))
        .group_by(col(Obligation.department_id))
    )
    return {row[0]: row[1] for row in rows}

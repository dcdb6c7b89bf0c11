"""What became of a run's mails, person by person: sent, accepted, refused, bounced, opened, reported."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, exists, func, or_
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.domain.delivery import OF_ANY_MAIL, Delivery, standing
from app.models import Account, Department, Digest, DigestRun, OutboxMail, ProgressUpdate, ReportLink
from app.models.account import AccountRole
from app.models.outbox_mail import MailFault, MailState
from app.queries.mails import stands

PAGE = 50


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One person of a run. The mail is the newest that went out to say it, or the newest where none has.

    `copies`: how often it was sent again, without what was taken back. `copy_id` to `copy_held_at`: its newest copy.
    `key` is the digest's, to page on with. `listed`: items in the mail. `reported`: on how many of them its receiver
    has reported since the mail went out, `reported_at` the last time.
    """

    key: int
    mail_id: int
    to_name: str
    role: AccountRole
    department: str | None
    to_address: str
    subject: str
    state: MailState
    attempts: int
    in_doubt: bool
    next_try_at: datetime
    sent_at: datetime | None
    answer: str
    error: str
    fault: MailFault | None
    bounced_at: datetime | None
    bounce: str
    held_at: datetime | None
    listed: int
    copies: int
    copy_id: int | None
    copy_state: MailState | None
    copy_fault: MailFault | None
    copy_held_at: datetime | None
    opened_at: datetime | None
    reported: int
    reported_at: datetime | None

    @property
    def standing(self) -> Delivery:
        return standing(
            self.state.value,
            held=self.held_at is not None,
            bounced=self.bounced_at is not None,
            dropped=self.fault is MailFault.DROPPED,
        )

    @property
    def copy_standing(self) -> Delivery | None:
        """Of the newest copy, where the row tells of another mail."""
        if self.copy_state is None or self.copy_id == self.mail_id:
            return None
        return standing(
            self.copy_state.value,
            held=self.copy_held_at is not None,
            bounced=False,
            dropped=self.copy_fault is MailFault.DROPPED,
        )


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """`after`: the key of the last row, to ask for the next page with; None on the last page."""

    rows: Sequence[DeliveryRow]
    after: int | None


def delivery_page(
    session: Session, run: DigestRun, *, show: Delivery | None = None, after: int = 0, limit: int = PAGE
) -> DeliveryPage:
    """In the order in which they were written."""
    rows = [DeliveryRow(*row) for row in session.execute(_rows(session, run, show, after).limit(limit + 1))]
    return DeliveryPage(rows[:limit], rows[limit - 1].key if len(rows) > limit else None)


def delivery_rows(session: Session, run: DigestRun, *, show: Delivery | None = None) -> Iterator[DeliveryRow]:
    """All of them, some at a time."""
    for row in session.execute(_rows(session, run, show, 0).execution_options(yield_per=500)):
        yield DeliveryRow(*row)


def delivery_counts(session: Session, run: DigestRun, roles: Collection[AccountRole]) -> Mapping[Delivery | None, int]:
    """How many rows each question finds; None is all of them."""
    asked = [one for one in Delivery if one is not Delivery.UNADDRESSED]
    counted = [func.coalesce(func.sum(case((_clause(session, one), 1), else_=0)), 0) for one in asked]
    total, *counts = session.execute(
        select_columns(func.count(), *counted)
        .select_from(Digest)
        .join(OutboxMail, col(OutboxMail.id) == _mail_of_digest())
        .join(Account, col(Account.id) == Digest.account_id)
        .where(col(Digest.run_id) == run.id)
    ).one()
    unaddressed = session.execute(
        select_columns(func.count()).select_from(Account).where(*_without_address(run, roles))
    ).scalar_one()
    found: dict[Delivery | None, int] = {None: total, Delivery.UNADDRESSED: unaddressed}
    return found | dict(zip(asked, counts, strict=True))


@dataclass(frozen=True, slots=True)
class UnaddressedRow:
    """An account that such a run writes to and that has no address. `key` is its id, to page on with."""

    key: int
    name: str
    role: AccountRole
    department: str | None


def unaddressed_page(
    session: Session, run: DigestRun, roles: Collection[AccountRole], *, after: int = 0, limit: int = PAGE
) -> tuple[Sequence[UnaddressedRow], int | None]:
    """The rows and the key of the last, None on the last page."""
    found = session.execute(_unaddressed(run, roles).where(col(Account.id) > after).limit(limit + 1))
    rows = [UnaddressedRow(*row) for row in found]
    return rows[:limit], rows[limit - 1].key if len(rows) > limit else None


def unaddressed_rows(session: Session, run: DigestRun, roles: Collection[AccountRole]) -> Iterator[UnaddressedRow]:
    for row in session.execute(_unaddressed(run, roles).execution_options(yield_per=500)):
        yield UnaddressedRow(*row)


def _unaddressed(run: DigestRun, roles: Collection[AccountRole]) -> Any:
    return (
        select_columns(col(Account.id), col(Account.name), col(Account.role), col(Department.name))
        .outerjoin(Department, col(Department.id) == Account.department_id)
        .where(*_without_address(run, roles))
        .order_by(col(Account.id))
    )


def _without_address(run: DigestRun, roles: Collection[AccountRole]) -> tuple[ColumnElement[bool], ...]:
    """As things stand now, of the accounts that were there when the run was made."""
    return (
        col(Account.region_id) == run.region_id,
        col(Account.active).is_(True),
        col(Account.role).in_(roles),
        or_(col(Account.email).is_(None), col(Account.email) == ""),
        col(Account.created_at) <= run.made_at,
    )


def _rows(session: Session, run: DigestRun, show: Delivery | None, after: int) -> Any:
    """A statement of DeliveryRow's columns."""
    reports = _reports(session)
    copy = aliased(OutboxMail)
    statement = (
        select_columns(
            col(Digest.id),
            col(OutboxMail.id),
            col(OutboxMail.to_name),
            col(Account.role),
            col(Department.name),
            col(OutboxMail.to_address),
            col(OutboxMail.subject),
            col(OutboxMail.state),
            col(OutboxMail.attempts),
            col(OutboxMail.in_doubt),
            col(OutboxMail.next_try_at),
            col(OutboxMail.sent_at),
            col(OutboxMail.answer),
            col(OutboxMail.error),
            col(OutboxMail.fault),
            col(OutboxMail.bounced_at),
            col(OutboxMail.bounce),
            col(OutboxMail.held_at),
            func.json_array_length(Digest.items),
            _copies(),
            col(copy.id),
            col(copy.state),
            col(copy.fault),
            col(copy.held_at),
            select_columns(func.max(ReportLink.opened_at)).where(_of_digest()).correlate(Digest).scalar_subquery(),
            reports.with_only_columns(func.count(func.distinct(ProgressUpdate.obligation_id))).scalar_subquery(),
            reports.with_only_columns(func.max(ProgressUpdate.recorded_at)).scalar_subquery(),
        )
        .select_from(Digest)
        .join(OutboxMail, col(OutboxMail.id) == _mail_of_digest())
        .join(Account, col(Account.id) == Digest.account_id)
        .outerjoin(copy, col(copy.id) == _newest_copy())
        .outerjoin(Department, col(Department.id) == func.coalesce(OutboxMail.department_id, Account.department_id))
        .where(col(Digest.run_id) == run.id, col(Digest.id) > after)
        .order_by(col(Digest.id))
    )
    return statement if show is None else statement.where(_clause(session, show))


def _clause(session: Session, show: Delivery) -> ColumnElement[bool]:
    if show in OF_ANY_MAIL:
        return stands(show)
    sent = col(OutboxMail.sent_at).is_not(None)
    match show:
        case Delivery.AGAIN:
            return _copies() > 0
        case Delivery.OPENED:
            return exists().where(_of_digest(), col(ReportLink.opened_at).is_not(None)).correlate(Digest)
        case Delivery.REPORTED:
            return _reports(session).exists()
        case Delivery.SILENT:
            asked = and_(col(Account.role) == AccountRole.LIAISON, func.json_array_length(Digest.items) > 0)
            return and_(sent, col(OutboxMail.bounced_at).is_(None), asked, ~_reports(session).exists())
    raise ValueError(show)


def _of_digest() -> ColumnElement[bool]:
    return col(ReportLink.digest_id) == Digest.id


def _copies() -> ColumnElement[int]:
    """How often a digest's mail was sent again; what was taken back is none."""
    copy = aliased(OutboxMail)
    return (
        select_columns(func.count())
        .select_from(copy)
        .where(col(copy.copy_of) == Digest.mail_id, col(copy.fault).is_distinct_from(MailFault.DROPPED))
        .correlate(Digest)
        .scalar_subquery()
    )


def _newest_copy() -> ColumnElement[int | None]:
    copy = aliased(OutboxMail)
    newest = select_columns(func.max(copy.id)).where(col(copy.copy_of) == Digest.mail_id)
    return newest.correlate(Digest).scalar_subquery()


def _mail_of_digest() -> ColumnElement[int | None]:
    """The newest that went out to say it: a copy, which is always newer, or the digest's own mail.

    Where none went out, the newest copy or the only mail.
    """
    one = aliased(OutboxMail)
    said = or_(col(one.id) == Digest.mail_id, col(one.copy_of) == Digest.mail_id)
    sent = select_columns(func.max(one.id)).where(said, col(one.state) == MailState.SENT)
    return func.coalesce(sent.correlate(Digest).scalar_subquery(), _newest_copy(), Digest.mail_id)


def _reports(session: Session) -> Select[Any]:
    """Reports of a digest's receiver on its items since the first of its mails went out, by whatever door."""
    first = aliased(OutboxMail)
    began = (
        select_columns(func.min(first.sent_at))
        .where(or_(col(first.id) == Digest.mail_id, col(first.copy_of) == Digest.mail_id))
        .correlate(Digest)
        .scalar_subquery()
    )
    if session.get_bind().dialect.name == "postgresql":
        item = func.json_array_elements(Digest.items).table_valued("value").alias("item")
        obligation: ColumnElement[Any] = cast(item.c.value.op("->>")("obligation"), BigInteger)
    else:
        item = func.json_each(Digest.items).table_valued("value").alias("item")
        obligation = func.json_extract(item.c.value, "$.obligation")
    return (
        select_columns(col(ProgressUpdate.id))
        .select_from(item)
        .join(ProgressUpdate, col(ProgressUpdate.obligation_id) == obligation)
        .where(col(ProgressUpdate.author_id) == Digest.account_id, col(ProgressUpdate.recorded_at) > began)
        .correlate(Digest)
    )

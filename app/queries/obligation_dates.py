"""How the due date of one obligation came about, and what was said of it to whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Text, cast
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain.reasons_of_dates import DueEvent, DueStep, Reckoning, due_steps, reckoned
from app.domain.reminders import Heading
from app.domain.workflow import EventKind
from app.drafts.department_register import Certainty, SuccessionKind
from app.models import (
    Account,
    Department,
    Digest,
    DigestRun,
    Obligation,
    ObligationEvent,
    OutboxMail,
    PlanEdition,
    Succession,
)
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailState
from app.queries.extensions import ExtensionRow
from app.queries.obligation_contents import ObligationContents
from app.queries.obligations import EventRow

SENT_SHOWN = 10


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """What an edition of the plan prints for the milestone; `reckoned`: how a day was made of it."""

    edition: int
    published_at: datetime
    printed: str
    due: date | None
    line: int | None

    @property
    def reckoned(self) -> Reckoning | None:
        return reckoned(self.printed, self.due)


@dataclass(frozen=True, slots=True)
class SuccessionRow:
    """`old`'s duties went to `new` on the day `on`."""

    old: str
    new: str
    kind: SuccessionKind
    on: date
    document: str
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class DueLine:
    """One step on the way to the present date, with what it was decided by."""

    step: DueStep
    event: EventRow
    printed: PrintedDate | None = None
    extension: ExtensionRow | None = None
    succession: SuccessionRow | None = None


@dataclass(frozen=True, slots=True)
class DueStory:
    """`inherited`: successions before the plan was published, by which the clause's department became this one."""

    lines: Sequence[DueLine]
    inherited: Sequence[SuccessionRow]


def due_story(session: Session, contents: ObligationContents) -> DueStory:
    row = contents.row
    events = {event.seq: event for event in contents.trail}
    steps = due_steps(DueEvent(event.seq, event.kind, event.due, event.department) for event in contents.trail)
    printed = _first_printed(contents)
    editions: Sequence[PrintedDate] = []
    if any(step.event.kind is EventKind.DUE_MOVED for step in steps):
        editions = _printed_dates(session, row.id, row.task_number, row.phase)
    successions = _successions(session, row.region_id)
    # One request is open at a time, so that the first grant belongs to the first event, and so on.
    granted = iter(sorted((one for one in contents.extensions if one.granted_due), key=lambda one: one.id))
    lines = []
    for step in steps:
        event = events[step.event.seq]
        known = [edition for edition in editions if edition.published_at <= event.recorded_at]
        lines.append(
            DueLine(
                step,
                event,
                printed=(known[-1] if known else printed)
                if step.event.kind in {EventKind.OPENED, EventKind.DUE_MOVED}
                else None,
                extension=next(granted, None) if step.event.kind is EventKind.EXTENDED else None,
                succession=_handed_on(successions, step),
            )
        )
    return DueStory(lines, _inherited(successions, contents))


def _first_printed(contents: ObligationContents) -> PrintedDate:
    """Where no edition moved the date, the milestone still says what the first one printed."""
    milestone, opened = contents.milestone, contents.trail[0]
    return PrintedDate(1, opened.recorded_at, milestone.printed, milestone.due, milestone.line)


def _printed_dates(session: Session, obligation_id: int, task_number: str, phase: str) -> list[PrintedDate]:
    """From the editions as they were published, oldest first. A draft is large: asked for only where a date moved."""
    found = []
    for number, published_at, draft in session.execute(
        select_columns(col(PlanEdition.number), col(PlanEdition.published_at), col(PlanEdition.draft))
        .join(Obligation, col(Obligation.plan_id) == PlanEdition.plan_id)
        .where(col(Obligation.id) == obligation_id)
        .order_by(col(PlanEdition.number))
    ):
        given = _milestone_of(draft, task_number, phase)
        if given is not None:
            due = date.fromisoformat(given["due"]) if given.get("due") else None
            found.append(PrintedDate(number, published_at, given.get("printed") or "", due, given.get("line")))
    return found


def _milestone_of(draft: Mapping[str, Any], task_number: str, phase: str) -> Mapping[str, Any] | None:
    for task in draft["tasks"]:
        if task["number"] == task_number:
            return next((one for one in task.get("milestones", []) if one["phase"] == phase), None)
    return None


def _successions(session: Session, region_id: int) -> list[SuccessionRow]:
    """All of a region: they are few."""
    old, new = aliased(Department), aliased(Department)
    columns: list[Any] = [  # in the order of SuccessionRow
        old.name,
        new.name,
        Succession.kind,
        Succession.on,
        Succession.document,
        Succession.certainty,
    ]
    statement = (
        select_columns(*columns)
        .join(old, col(old.id) == Succession.predecessor_id)
        .join(new, col(new.id) == Succession.successor_id)
        .where(col(Succession.region_id) == region_id, col(Succession.undone_at).is_(None))
        .order_by(col(Succession.on), col(Succession.id))
    )
    return [SuccessionRow(*row) for row in session.execute(statement)]


def _handed_on(successions: Sequence[SuccessionRow], step: DueStep) -> SuccessionRow | None:
    handed = (step.from_department, step.event.department)
    return next((one for one in successions if (one.old, one.new) == handed), None)


def _inherited(successions: Sequence[SuccessionRow], contents: ObligationContents) -> list[SuccessionRow]:
    """The way from a name in the clause to the department to which the duty was given at once."""
    first = contents.trail[0].department
    named = {part.name for part in contents.clause}
    found: list[SuccessionRow] = []
    for one in successions:
        on_the_way = one.old in named or one.old in {before.new for before in found}
        if on_the_way and one.on <= contents.trail[0].on:
            found.append(one)
    return found if any(one.new == first for one in found) and first not in named else []


@dataclass(frozen=True, slots=True)
class SentReminder:
    """The obligation in one mail of a run; `state` is the mail's, None where none was written."""

    kind: RunKind
    run_date: date
    to_name: str
    heading: Heading
    due: date | None
    state: MailState | None
    sent_at: datetime | None


def sent_reminders(session: Session, obligation_id: int, *, limit: int = SENT_SHOWN) -> list[SentReminder]:
    """The newest mails that spoke of it to the people of the departments that have held it, newest first."""
    holders = select(ObligationEvent.department_id).where(ObligationEvent.obligation_id == obligation_id)
    statement = (
        select_columns(
            col(DigestRun.kind),
            col(DigestRun.run_date),
            col(Account.name),
            col(Digest.items),
            col(OutboxMail.state),
            col(OutboxMail.sent_at),
        )
        .join(DigestRun, col(DigestRun.id) == Digest.run_id)
        .join(Account, col(Account.id) == Digest.account_id)
        .outerjoin(OutboxMail, col(OutboxMail.id) == Digest.mail_id)
        .where(
            col(Account.department_id).in_(holders),
            # The text of the items as `json.dumps` writes it: only the mails that name it are read.
            cast(Digest.items, Text).like(f'%"obligation": {obligation_id},%'),
        )
        .order_by(col(DigestRun.run_date).desc(), col(Digest.id).desc())
        .limit(limit)
    )
    found = []
    for kind, run_date, to_name, items, state, sent_at in session.execute(statement):
        item = next(one for one in items if one["obligation"] == obligation_id)
        due = date.fromisoformat(item["due"]) if item["due"] else None
        found.append(SentReminder(kind, run_date, to_name, Heading(item["heading"]), due, state, sent_at))
    return found

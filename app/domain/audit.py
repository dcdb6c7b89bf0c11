"""The audit trail: what an entry holds and how entries are chained.

An act is one transaction of one person or program. `trail_changes.py` says how its entry tells of the rows it changed.
"""

import hashlib
import json
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Channel(StrEnum):
    """Through which door it came."""

    WEB = "web"
    API = "api"
    COMMAND = "command"
    WORKER = "worker"


class ActResult(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class AuditAction(StrEnum):
    """What was done, in the words of the office and not of the tables."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    SESSION_ENDED = "session_ended"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 (the name of an act)
    LINK_MADE = "link_made"
    SECOND_FACTOR = "second_factor"
    TOKEN = "token"  # noqa: S105 (the name of an act)
    ACCESS = "access"
    ACCOUNT = "account"
    HANDOVER = "handover"
    DEPARTMENT = "department"
    SUCCESSION = "succession"
    CALENDAR = "calendar"
    PLAN_PUBLISHED = "plan_published"
    PLAN_RELEASED = "plan_released"
    NOTE_DECIDED = "note_decided"
    REPORT = "report"
    REVIEW = "review"
    EXTENSION = "extension"
    LIST_FROZEN = "list_frozen"
    RUN = "run"
    MAIL = "mail"
    EXPORT = "export"
    SETTINGS = "settings"
    MAINTENANCE = "maintenance"
    TRAIL_SHORTENED = "trail_shortened"


@dataclass(frozen=True, slots=True)
class Act:
    """Who does what, known before it is done. `region_id`: None for the whole installation, which is chain 0."""

    at: datetime
    action: AuditAction
    channel: Channel
    region_id: int | None = None
    actor_id: int | None = None
    actor: str = ""
    role: str = ""
    address: str = ""
    outcome: ActResult = ActResult.DONE
    subject_table: str = ""
    subject_id: int | None = None
    subject: str = ""
    reason: str = ""

    @property
    def chain(self) -> int:
        return self.region_id or 0


# Every column of an entry but its key and the hash itself, in the order in which they are hashed.
HASHED = (
    "chain",
    "seq",
    "at",
    "actor_id",
    "actor",
    "role",
    "channel",
    "address",
    "action",
    "outcome",
    "subject_table",
    "subject_id",
    "subject",
    "reason",
    "changes",
    "removed_up_to",
    "previous_sha256",
)


def entry_sha256(entry: Mapping[str, Any]) -> str:
    """Over everything that the entry says and the hash of the one before it."""
    said = [_plain(entry[name]) for name in HASHED]
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value


def months_before(moment: datetime, months: int) -> datetime:
    """The same day and hour so many months earlier, or that month's last day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    last = monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))

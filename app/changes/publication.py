"""What the steps of one publication share."""

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel import Session

from app.models import Area, Phase, Plan
from app.queries.directory import Directory, Holder


@dataclass(slots=True)
class Publication:
    """What publishing did; `changed` is False when this very draft was in force already."""

    plan_id: int
    edition: int
    changed: bool
    opened: int = 0
    cancelled: int = 0
    moved: int = 0


@dataclass(slots=True)
class Work:
    """`recorded_at`: when what is opened counts as known, see `recorded_moment`."""

    session: Session
    plan: Plan
    directory: Directory
    now: datetime
    recorded_at: datetime
    today: date
    by: int | None
    edition: int
    result: Publication
    phases: dict[str, Phase] = field(default_factory=dict)
    areas: dict[str, Area] = field(default_factory=dict)

    def holder(self, name: str) -> Holder:
        found = self.directory.resolve(name)
        assert found is not None, "names were checked before the first write"
        return found

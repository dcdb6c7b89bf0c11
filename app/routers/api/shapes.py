"""What several answers have in common. Field names are stable within v1; new fields may be added."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

PREFIX = "/api/v1"


class Shape(BaseModel):
    """Made of rows or of their columns; never a row itself, so that no column gets out by being there."""

    model_config = ConfigDict(from_attributes=True)


Moment = Annotated[datetime, Field(description="UTC, RFC 3339.")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class DepartmentRef(Shape):
    id: int
    name: str


class GroupRef(Shape):
    """A name that stands for several departments, e.g. 各街道."""

    id: int
    name: str
    members: list[DepartmentRef] = Field(description="As of today.")


class PlanRef(Shape):
    code: str
    title: str


class TaskRef(Shape):
    number: str
    title: str


def group_ref(group_id: int, name: str, members: Mapping[int, Sequence[tuple[int, str]]]) -> GroupRef:
    return GroupRef(
        id=group_id, name=name, members=[DepartmentRef(id=key, name=own) for key, own in members.get(group_id, [])]
    )

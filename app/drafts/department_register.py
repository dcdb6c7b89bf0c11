"""`DepartmentRegister`: a region with its departments, groups and successions, outside the tables."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from app.drafts.plan_draft import Draft, Name


class DepartmentKind(StrEnum):
    PARTY = "party"
    GOVERNMENT = "government"
    MASS_ORGANISATION = "mass_organisation"
    SUBDISTRICT = "subdistrict"
    VERTICAL = "vertical"
    PUBLIC_INSTITUTION = "public_institution"
    COORDINATING_BODY = "coordinating_body"
    LOWER_GOVERNMENT = "lower_government"


class Certainty(StrEnum):
    """How sure a statement about departments is, and so whether the secretariat must confirm it."""

    PRINTED = "printed"
    PROBABLE = "probable"
    ASSUMED = "assumed"


class SuccessionKind(StrEnum):
    RENAME = "rename"
    MERGE = "merge"
    SPLIT = "split"
    TRANSFER = "transfer"


class RegionDraft(Draft):
    code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$")]
    name: Name
    time_zone: str = "Asia/Shanghai"
    secretariat: Name | None = None


class DepartmentDraft(Draft):
    """`aliases` are all other spellings that the plans use; `line` notes live in `note`."""

    name: Name
    kind: DepartmentKind
    aliases: list[Name] = Field(default_factory=list)
    note: str = ""


class GroupDraft(Draft):
    """A name that stands for several departments, e.g. 各街道; `members` are canonical names."""

    name: Name
    aliases: list[Name] = Field(default_factory=list)
    members: list[Name]
    certainty: Certainty
    note: str = ""


class SuccessionDraft(Draft):
    """`predecessor` ends on `on` and its open obligations go to `successor`.

    `tasks`, as "plan number": those that go this way, where a department is split or goes on and gives duties away.
    """

    predecessor: Name
    successor: Name
    kind: SuccessionKind
    on: date
    certainty: Certainty
    document: str = ""
    note: str = ""
    tasks: list[str] | None = None


class DepartmentRegister(Draft):
    region: RegionDraft
    departments: list[DepartmentDraft]
    groups: list[GroupDraft] = Field(default_factory=list)
    successions: list[SuccessionDraft] = Field(default_factory=list)

"""`PlanDraft`: the one shape of a plan outside the tables.

Seed files, importers, the JSON export and the API all speak it; `changes/publish_plan.py` is the
only way from it into the tables. Lines are 1-based lines of the source document.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _one_line(value: str) -> str:
    """Names and titles come from scans and copies: stray blanks would make two names of one."""
    cleaned = " ".join(value.split())
    if not cleaned:
        msg = "must not be empty"
        raise ValueError(msg)
    return cleaned


Name = Annotated[str, AfterValidator(_one_line)]


class PlanStatus(StrEnum):
    DRAFT = "draft"
    IN_FORCE = "in_force"
    CLOSED = "closed"


class TaskKind(StrEnum):
    ACTION = "action"
    INNOVATION = "innovation"
    SAFEGUARD = "safeguard"
    DUTY = "duty"


class AssignmentMode(StrEnum):
    LEAD_SUPPORT = "lead_support"
    SHARED = "shared"
    SOLE = "sole"
    UNASSIGNED = "unassigned"


class Comparator(StrEnum):
    AT_LEAST = ">="
    MORE_THAN = ">"
    AT_MOST = "<="
    LESS_THAN = "<"
    EQUAL = "="
    RELATIVE_DROP = "relative_drop"
    IMPROVE = "improve"
    HOLD = "hold"


class IndicatorAttribute(StrEnum):
    EXPECTED = "预期性"
    BINDING = "约束性"


class CheckpointKind(StrEnum):
    EVALUATION = "evaluation"
    REPORT = "report"
    MONITORING = "monitoring"


class Draft(BaseModel):
    """Unknown keys are faults: a mistyped field name must not vanish silently."""

    model_config = ConfigDict(extra="forbid", use_enum_values=False)


class PhaseDraft(Draft):
    name: Name
    due: date | None = None
    printed: str = ""
    line: int | None = None


class CheckpointDraft(PhaseDraft):
    """A date on which the plan itself is judged: evaluation, yearly report, yearly monitoring."""

    kind: CheckpointKind


class AreaDraft(Draft):
    number: Name
    title: Name
    line: int | None = None


class PrintedNames(Draft):
    """The spellings of the document, in its order."""

    lead: list[Name] = Field(default_factory=list)
    support: list[Name] = Field(default_factory=list)


class MilestoneDraft(Draft):
    """One task in one phase. Without `due` nothing can be late; `review` is then a yearly MM-DD."""

    phase: Name
    due: date | None = None
    printed: str = ""
    expected: str = ""
    review: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")] | None = None
    line: int | None = None


class TaskDraft(Draft):
    number: Name
    kind: TaskKind
    area: str | None = None
    title: Name
    mode: AssignmentMode
    lead: list[Name] = Field(default_factory=list)
    support: list[Name] = Field(default_factory=list)
    as_printed: PrintedNames = Field(default_factory=PrintedNames)
    measures: list[Name] = Field(default_factory=list)
    milestones: list[MilestoneDraft] = Field(default_factory=list)
    line: int | None = None


class FormulaDraft(Draft):
    """numerator / denominator * factor; for `relative_drop` (base - now) / base * factor."""

    numerator: str
    denominator: str | None = None
    factor: int = 100
    printed_factor: int | None = None
    line: int | None = None


class TargetDraft(Draft):
    """`value` is in the indicator's unit; for `relative_drop` it is a percentage of `base_year`."""

    year: int
    comparator: Comparator
    value: float | None = None
    base_year: int | None = None
    scope: str = ""
    printed: str
    line: int | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.comparator is Comparator.RELATIVE_DROP and (self.base_year is None or self.value is None):
            msg = "a relative_drop needs value and base_year"
            raise ValueError(msg)
        if self.comparator in {Comparator.IMPROVE, Comparator.HOLD} and self.value is not None:
            msg = "improve and hold carry no value"
            raise ValueError(msg)
        return self


class IndicatorDraft(Draft):
    number: Name
    area: str | None = None
    name: Name
    unit: str = ""
    attribute: IndicatorAttribute | None = None
    lead: list[Name] = Field(default_factory=list)
    as_printed: list[Name] = Field(default_factory=list)
    formula: FormulaDraft | None = None
    note: str = ""
    targets: list[TargetDraft]
    line: int | None = None


class SourceNoteDraft(Draft):
    """Two readings of the source, or a doubt about one; the secretariat decides.

    `about` is "plan", "task:NUMBER", "indicator:NUMBER", "department:NAME" or "group:NAME".
    """

    about: Annotated[str, Field(pattern=r"^(plan|(task|indicator|department|group|area):.+)$")]
    lines: list[int] = Field(min_length=1)
    readings: list[Name] = Field(min_length=1)


class WarningDraft(Draft):
    line: int | None = None
    message: str


class PlanDraft(Draft):
    code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$")]
    title: Name
    document_number: str | None = None
    issuer: str | None = None
    issued_on: date | None = None
    period: tuple[int, int]
    region: Name
    status: PlanStatus
    phases: list[PhaseDraft] = Field(default_factory=list)
    checkpoints: list[CheckpointDraft] = Field(default_factory=list)
    areas: list[AreaDraft] = Field(default_factory=list)
    tasks: list[TaskDraft] = Field(default_factory=list)
    indicators: list[IndicatorDraft] = Field(default_factory=list)
    source_notes: list[SourceNoteDraft] = Field(default_factory=list)
    warnings: list[WarningDraft] = Field(default_factory=list)
    unresolved: list[str] = Field(default_factory=list)

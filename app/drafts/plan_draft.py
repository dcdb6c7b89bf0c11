"""`PlanDraft`: the one shape of a plan outside the tables.

Seed files, importers, the JSON export and the API all speak it; `changes/publish_plan.py` is the
only way from it into the tables. Lines are 1-based lines of the source document.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.i18n import gettext as _


def _one_line(value: str) -> str:
    """Names and titles come from scans and copies: stray blanks would make two names of one."""
    cleaned = " ".join(value.split())
    if not cleaned:
        msg = _("不能为空")
        raise ValueError(msg)
    return cleaned


Name = Annotated[str, AfterValidator(_one_line)]
# As long as the columns are that hold them; a test compares. SQLite would take more, PostgreSQL would fail.
Number = Annotated[Name, Field(max_length=20)]
Short = Annotated[Name, Field(max_length=100)]
Title = Annotated[Name, Field(max_length=200)]
Year = Annotated[int, Field(ge=1900, le=2199)]
Line = Annotated[int, Field(ge=1, le=10_000_000)]


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
    name: Short
    due: date | None = None
    printed: str = Field("", max_length=200)
    line: Line | None = None


class CheckpointDraft(PhaseDraft):
    """A date on which the plan itself is judged: evaluation, yearly report, yearly monitoring."""

    kind: CheckpointKind


class AreaDraft(Draft):
    number: Number
    title: Title
    line: Line | None = None


class PrintedNames(Draft):
    """The spellings of the document, in its order."""

    lead: list[Short] = Field(default_factory=list)
    support: list[Short] = Field(default_factory=list)


class MilestoneDraft(Draft):
    """One task in one phase. Without `due` nothing can be late; `review` is then a yearly MM-DD."""

    phase: Name
    due: date | None = None
    printed: str = Field("", max_length=200)
    expected: str = Field("", max_length=1000)
    review: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")] | None = None
    line: Line | None = None


class TaskDraft(Draft):
    number: Number
    kind: TaskKind
    area: str | None = None
    title: Annotated[Name, Field(max_length=300)]
    mode: AssignmentMode
    lead: list[Name] = Field(default_factory=list)
    support: list[Name] = Field(default_factory=list)
    as_printed: PrintedNames = Field(default_factory=PrintedNames)
    measures: list[Annotated[Name, Field(max_length=500)]] = Field(default_factory=list)
    milestones: list[MilestoneDraft] = Field(default_factory=list)
    line: Line | None = None


class FormulaDraft(Draft):
    """numerator / denominator * factor; for `relative_drop` (base - now) / base * factor."""

    numerator: str = Field(max_length=500)
    denominator: str | None = Field(None, max_length=500)
    factor: int = Field(100, ge=1, le=1_000_000_000)
    printed_factor: int | None = None
    line: Line | None = None


class TargetDraft(Draft):
    """`value` is in the indicator's unit; for `relative_drop` it is a percentage of `base_year`."""

    year: Year
    comparator: Comparator
    value: float | None = Field(None, allow_inf_nan=False)
    base_year: Year | None = None
    scope: str = Field("", max_length=50)
    printed: str = Field(max_length=100)
    line: Line | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.comparator is Comparator.RELATIVE_DROP and (self.base_year is None or self.value is None):
            msg = _("relative_drop须写明value和base_year")
            raise ValueError(msg)
        if self.comparator in {Comparator.IMPROVE, Comparator.HOLD} and self.value is not None:
            msg = _("improve和hold不带value")
            raise ValueError(msg)
        return self


class IndicatorDraft(Draft):
    number: Number
    area: str | None = None
    name: Title
    unit: str = Field("", max_length=50)
    attribute: IndicatorAttribute | None = None
    lead: list[Name] = Field(default_factory=list)
    as_printed: list[Short] = Field(default_factory=list)
    formula: FormulaDraft | None = None
    note: str = Field("", max_length=1000)
    targets: list[TargetDraft]
    line: Line | None = None


class SourceNoteDraft(Draft):
    """Two readings of the source, or a doubt about one; the secretariat decides.

    `about` is "plan", "task:NUMBER", "indicator:NUMBER", "department:NAME" or "group:NAME".
    """

    about: Annotated[str, Field(pattern=r"^(plan|(task|indicator|department|group|area):.+)$", max_length=200)]
    lines: list[Line] = Field(min_length=1)
    readings: list[Name] = Field(min_length=1)


class WarningDraft(Draft):
    line: int | None = None
    message: str


class PlanDraft(Draft):
    code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$")]
    title: Title
    document_number: str | None = Field(None, max_length=100)
    issuer: str | None = Field(None, max_length=200)
    issued_on: date | None = None
    period: tuple[Year, Year]
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

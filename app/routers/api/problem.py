"""What goes wrong, as `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"


class ProblemCode(StrEnum):
    """For programs; stable within v1."""

    BAD_REQUEST = "bad_request"
    TOKEN_NEEDED = "token_needed"  # noqa: S105 (the name of a problem)
    TOKEN_INVALID = "token_invalid"  # noqa: S105 (the name of a problem)
    SCOPE_MISSING = "scope_missing"
    PASSWORD_DUE = "password_due"  # noqa: S105 (the name of a problem)
    SECOND_FACTOR_DUE = "second_factor_due"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_ACCEPTABLE = "not_acceptable"
    NOT_OPEN = "not_open"
    STALE_REVISION = "stale_revision"
    TOO_LARGE = "too_large"
    MEDIA_TYPE_UNSUPPORTED = "media_type_unsupported"
    INVALID = "invalid"
    KEY_REUSED = "key_reused"
    REVISION_NEEDED = "revision_needed"
    TOO_MANY_WRONG_TOKENS = "too_many_wrong_tokens"
    FAILED = "failed"


class Place(StrEnum):
    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    BODY = "body"


class FieldFault(BaseModel):
    """One thing that is wrong with what was sent."""

    place: Place = Field(description="Where it stands.")
    field: str = Field(description="Name of the parameter or field; dots lead into nested values.", max_length=300)
    message: str = Field(description="A sentence for people, in the language of the installation.")


class Problem(BaseModel):
    """RFC 9457. `code` is for programs, `detail` for people."""

    type: str = Field("about:blank", description="Always about:blank: `code` says more.")
    title: str = Field(description="The phrase of the status.")
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="A sentence for people, in the language of the installation.")
    code: ProblemCode
    errors: list[FieldFault] = Field(default_factory=list, description="For 422: what is wrong, field by field.")


class Refusal(Exception):
    """Ends a request with this problem."""

    def __init__(
        self,
        status: HTTPStatus,
        code: ProblemCode,
        detail: str,
        *,
        errors: Sequence[FieldFault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers = errors, headers


def problem_answer(refusal: Refusal) -> JSONResponse:
    problem = Problem(
        title=refusal.status.phrase,
        status=refusal.status.value,
        detail=refusal.detail,
        code=refusal.code,
        errors=list(refusal.errors),
    )
    return JSONResponse(
        problem.model_dump(mode="json"),
        status_code=refusal.status.value,
        headers={"Cache-Control": "no-store", **(refusal.headers or {})},
        media_type=MEDIA_TYPE,
    )

"""The OpenAPI description, made true: every status that an operation can answer, with its headers and its shape."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.routers.api.examples import EXAMPLES
from app.routers.api.problem import MEDIA_TYPE, Problem

_ABOUT = """\
What Duban 督办 knows, for the programs of an office. docs/api.md tells how to begin.

Every request needs a personal token in the header `Authorization: Bearer duban_…`; it may do what its account may at
that moment. Lists come in pages: follow `next`. Days are ISO dates in the region's time zone, moments are UTC. Whatever
has a code word (`state`) has the word of the screen beside it (`state_word`). Unknown parameters are refused.
Within v1 fields, parameters, enumeration values and operations may be added; nothing is renamed, removed or narrowed.
"""
_TAGS = {
    "token": "The token and its account.",
    "plans": "Plans 规划, their phases and areas.",
    "tasks": "Tasks 任务 with measures, milestones and the responsibility clause.",
    "indicators": "Indicators 指标 with targets and observations.",
    "obligations": "Obligations 承办事项: one department's duty to report one milestone.",
    "updates": "Reports 进展 on obligations, and how to send one.",
    "evidence": "Evidence 佐证材料.",
    "overdue": "What is overdue, and the frozen weekly lists 逾期清单.",
    "departments": "Departments 单位 and their successions.",
}
_TEXT = {"type": "string"}
_ETAG = {"description": "Weak, or strong for a file; for If-None-Match.", "required": True, "schema": _TEXT}
_LINK = {"description": 'The next page: <…>; rel="next" (RFC 8288). Not on the last one.', "schema": _TEXT}
_LOCATION = {"description": "Where the report can be read.", "required": True, "schema": _TEXT}
_ASKS = {"description": "RFC 6750.", "schema": _TEXT}
_RETRY = {"description": "Seconds.", "required": True, "schema": {"type": "integer", "minimum": 1}}

# Status -> (what it says, its headers); for every operation, for those that write, and for a report.
_ALWAYS: dict[HTTPStatus, tuple[str, dict[str, Any]]] = {
    HTTPStatus.UNAUTHORIZED: ("No token, or none that is alive", {"WWW-Authenticate": {**_ASKS, "required": True}}),
    HTTPStatus.FORBIDDEN: (
        "The token's scope is too small, or its account has to set a password or a second factor first",
        {"WWW-Authenticate": _ASKS},
    ),
    HTTPStatus.NOT_FOUND: ("It does not exist, or is not for this account: the two look alike", {}),
    HTTPStatus.NOT_ACCEPTABLE: ("Accept takes nothing of what there is", {}),
    HTTPStatus.UNPROCESSABLE_ENTITY: ("What was sent is wrong, field by field", {}),
    HTTPStatus.TOO_MANY_REQUESTS: ("Too many wrong tokens came from this network", {"Retry-After": _RETRY}),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("A fault of ours; nothing was changed", {}),
}
_WRITING: dict[HTTPStatus, tuple[str, dict[str, Any]]] = {
    HTTPStatus.BAD_REQUEST: ("The body cannot be read", {}),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("The body is too large", {}),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (
        "The body is of another type",
        {"Accept-Post": {"description": "The right one.", "required": True, "schema": _TEXT}},
    ),
}
_REPORTING: dict[HTTPStatus, tuple[str, dict[str, Any]]] = {
    HTTPStatus.CONFLICT: ("The obligation waits for no report: it is in review, accepted or cancelled", {}),
    HTTPStatus.PRECONDITION_FAILED: ("It has changed since the revision of If-Match; nothing was written", {}),
    HTTPStatus.PRECONDITION_REQUIRED: ("If-Match is missing", {}),
}


def describe(api: FastAPI) -> None:
    """The application says this of itself from now on; made when it is first asked for."""

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            made = get_openapi(
                title=api.title,
                version=api.version,
                summary="The JSON API of a ledger of government action plans",
                description=_ABOUT,
                routes=api.routes,
                servers=api.servers,
                tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
            )
            _complete(made)
            api.openapi_schema = made
        return api.openapi_schema

    api.openapi = openapi  # type: ignore[method-assign]


def _complete(made: dict[str, Any]) -> None:
    components = made["components"]
    schemas = components["schemas"]
    for replaced in ("HTTPValidationError", "ValidationError"):
        schemas.pop(replaced, None)
    own = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schemas.update(own.pop("$defs"))
    schemas["Problem"] = own
    for name, example in EXAMPLES.items():
        schemas[name]["examples"] = [example]  # here, because FastAPI drops every null on its way
    components["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal token; made on the page /account/tokens.",
        }
    }
    made["security"] = [{"token": []}]
    for operations in made["paths"].values():
        for method, operation in operations.items():
            _complete_operation(method, operation)


def _complete_operation(method: str, operation: dict[str, Any]) -> None:
    parameters = operation.get("parameters", [])
    for parameter in parameters:
        parameter["schema"] = _without_null(parameter["schema"])
        if parameter["name"] == "If-Match":
            parameter["required"] = True  # its absence has a status of its own
    responses = operation["responses"]
    for status, (text, headers) in _ALWAYS.items():
        responses[str(status.value)] = _problem(text, headers)
    if method == "get":
        listing = any(parameter["name"] == "cursor" for parameter in parameters)
        responses["200"]["headers"] = {"ETag": _ETAG} | ({"Link": _LINK} if listing else {})
        responses["304"] = {"description": "You have it already (If-None-Match)", "headers": {"ETag": _ETAG}}
        return
    extra = _WRITING | (_REPORTING if any(one["name"] == "If-Match" for one in parameters) else {})
    for status, (text, headers) in extra.items():
        responses[str(status.value)] = _problem(text, headers)
    if extra.keys() & _REPORTING.keys():
        responses["201"]["headers"] = {"Location": _LOCATION}


def _problem(text: str, headers: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "description": text,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    return made | ({"headers": headers} if headers else {})


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is left out is not null: an address cannot say null."""
    choices: list[dict[str, Any]] = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    if len(choices) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return choices[0] if "$ref" in choices[0] else choices[0] | rest

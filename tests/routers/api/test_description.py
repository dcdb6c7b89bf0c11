"""The OpenAPI description: public, complete, and its examples are what it says."""

from typing import Any

import jsonschema_rs  # what Schemathesis checks with
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

# What each operation can answer besides its success; GET adds 304.
ALWAYS = {"401", "403", "404", "406", "422", "429", "500"}
WRITING = ALWAYS | {"400", "413", "415"}
REPORTING = WRITING | {"409", "412", "428"}


@pytest.fixture
def described(app: FastAPI) -> dict[str, Any]:
    answer = TestClient(app).get("/api/v1/openapi.json")
    assert answer.status_code == 200
    made: dict[str, Any] = answer.json()
    return made


def test_it_needs_no_token_and_says_how_to_use_one(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    assert described["servers"] == [{"url": "/api/v1"}]
    assert described["security"] == [{"token": []}]
    scheme = described["components"]["securitySchemes"]["token"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


def test_every_operation_says_all_that_it_can_answer(described: dict[str, Any]) -> None:
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            others = ALWAYS | {"304"} if method == "get" else REPORTING if path.endswith("/updates") else WRITING
            success = "200" if method == "get" else "201"
            assert operation["responses"].keys() == others | {success}, path
            assert operation["summary"]
            assert operation["tags"]
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert answer["content"].keys() == {"application/problem+json"}
            if method == "get":
                assert "ETag" in operation["responses"]["200"]["headers"]
            assert "WWW-Authenticate" in operation["responses"]["401"]["headers"]
            assert "Retry-After" in operation["responses"]["429"]["headers"]


def test_every_parameter_has_its_limits(described: dict[str, Any]) -> None:
    for path, operations in described["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                schema = parameter["schema"]
                limited = {"enum", "pattern", "maximum", "maxLength", "$ref", "format"} & schema.keys()
                assert limited or schema["type"] == "boolean", (path, parameter["name"])
                assert "anyOf" not in schema
            names = {parameter["name"] for parameter in operation.get("parameters", [])}
            assert ("cursor" in names) == ("Link" in operation["responses"].get("200", {}).get("headers", {}))


def test_every_name_of_a_shape_is_known_and_used(described: dict[str, Any]) -> None:
    text = str(described)
    for name in described["components"]["schemas"]:
        assert f"#/components/schemas/{name}'" in text, name
    assert "ValidationError" not in text


def test_the_examples_are_what_they_are_examples_of(described: dict[str, Any]) -> None:
    found = 0
    for name, schema in described["components"]["schemas"].items():
        for one in schema.get("examples", []):
            found += 1
            jsonschema_rs.validate({**described, "$ref": f"#/components/schemas/{name}"}, one)
    assert found >= 7


def test_the_rest_of_the_house_is_not_in_it(described: dict[str, Any], app: FastAPI) -> None:
    assert not any(path.startswith(("/manage", "/sign", "/account", "/static")) for path in described["paths"])
    assert TestClient(app).get("/openapi.json").status_code in {303, 404}

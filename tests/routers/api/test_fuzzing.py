"""The description is true, and nothing that anybody sends brings the API down: Schemathesis with all of its checks.

Twice in full, each on one of the databases; without a token every operation has to say 401. `make api-fuzz` does the same
with many more examples, of other seeds.
"""

import os

import pytest
from fastapi import FastAPI

from app.db import Database
from app.models.api_token import TokenScope
from tests.routers.api.conftest import issue_token
from tests.routers.api.fuzzing import PHASES, REPORTING, fuzz, live_in

EXAMPLES = int(os.environ.get("API_FUZZ_EXAMPLES", "1"))
SEED = int(os.environ.get("API_FUZZ_SEED", "1"))


@pytest.mark.parametrize(
    ("database", "login", "phases"),
    [("sqlite", "秘书处", PHASES[:3]), ("postgres", "甲局联络员", PHASES), ("sqlite", None, ("coverage",))],
    indirect=["database"],
)
def test_nothing_is_found(app: FastAPI, database: Database, login: str | None, phases: tuple[str, ...]) -> None:
    own = live_in(database)
    token = issue_token(database, login, TokenScope.REPORT) if login else None
    outcome = fuzz(app, token, own, phases=PHASES if EXAMPLES > 1 else phases, examples=EXAMPLES, seed=SEED)
    assert outcome.findings == []
    assert outcome.requests > 500
    answered = {status for _label, status in outcome.statuses}
    assert answered <= {401, 404, 405, 429} if token is None else {200, 404, 405, 422} <= answered
    assert outcome.statuses[REPORTING, 201] > 0 or login != "甲局联络员"

"""Schemathesis against the application itself: what the description promises, and whatever anybody may send."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import schemathesis
from fastapi import FastAPI
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

from app.db import Database
from app.models.review import ReviewDecision
from tests.history import History

REPORTING = "POST /obligations/{obligation_id}/updates"
PHASES = ("examples", "coverage", "fuzzing", "stateful")
USUAL = ["2xx", "304", "401", "403", "404"]
# What these operations refuse beside the usual, and no schema can say.
REFUSED = {
    # The revision is made up, the obligation may be in review, completion demands 100 %, a text may be nothing but
    # blanks, a receipt is signed.
    REPORTING: ["409", "412", "422"],
    # Random bytes are no document that may be brought.
    "POST /uploads": ["400", "413", "422"],
    # A day to come, or one before there were lists.
    "GET /overdue": ["422"],
}


_LIKELY = {
    "path.obligation_id": {"dictionary": "own", "probability": 0.9},
    "header.If-Match": {"dictionary": "revisions", "probability": 0.9},
}


@dataclass
class Outcome:
    """`findings` in words; `statuses`: how often each operation answered what."""

    findings: list[str] = field(default_factory=list)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        return sum(self.statuses.values())


def fuzz(
    app: FastAPI, token: str | None, own: Sequence[int], *, phases: Sequence[str], examples: int, seed: int
) -> Outcome:
    """All checks of Schemathesis. Without a token every operation has to say 401, whatever it is sent.

    `own`: obligations on which the token's account may report; most reports are sent there, on whatever revision, so
    that some go through.
    """
    # Tokens that are made up are braked at last.
    usual = USUAL if token else [*USUAL, "429"]
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "request-timeout": 60,  # a busy machine is no finding
            "generation": {"max-examples": examples, "deterministic": True, "database": "none", "no-shrink": True},
            "phases": {name: {"enabled": name in phases} for name in PHASES},
            "checks": {
                "positive_data_acceptance": {"expected-statuses": usual},
                # The absence of If-Match has a status of its own (RFC 6585, 3).
                "missing_required_header": {"expected-statuses": [*usual, "422", "428"]},
            },
            "dictionaries": {
                "own": {"values": list(own)},
                "revisions": {
                    "values": [", ".join(f'"{number}"' for number in range(first, first + 10)) for first in (1, 9)]
                },
            },
            "operations": [
                {
                    "include-name": name,
                    "checks": {"positive_data_acceptance": {"expected-statuses": [*usual, *statuses]}},
                    **({"parameters": _LIKELY} if name == REPORTING else {}),
                }
                for name, statuses in REFUSED.items()
            ],
            **({"headers": {"Authorization": f"Bearer {token}"}} if token else {}),
        }
    )
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, config=config)
    outcome = Outcome()
    for event in from_schema(schema).execute():
        match event:
            case ScenarioFinished():
                _note(event.recorder, outcome)
            case NonFatalError():
                outcome.findings.append(f"{event.label}: {event.info.format()}")
            case FatalError():
                raise event.exception
    return outcome


def _note(recorder: Any, outcome: Outcome) -> None:
    for key, interaction in recorder.interactions.items():
        if interaction.response is not None:
            outcome.statuses[recorder.cases[key].value.operation.label, interaction.response.status_code] += 1
    for key, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure, code = check.failure_info.failure, check.failure_info.code_sample
                label = recorder.cases[key].value.operation.label
                outcome.findings.append(f"{label}: {check.name}: {failure.title}\n{failure.message}\n{code}")


def live_in(database: Database) -> list[int]:
    """Something in every state, so that there is something to read; the obligations of 甲局."""
    history = History(database)
    first, second = history.key("甲局"), history.key("甲局", phase="第二阶段")
    history.accept(history.key("乙局", "2.1"), date(2024, 1, 5))
    history.extend(history.key("东街道"), date(2024, 1, 8), date(2024, 11, 1))
    history.freeze(date(2024, 11, 11))
    history.freeze(date(2024, 11, 18), by="秘书处")
    history.submit(first, date(2024, 11, 19), complete=False)
    history.submit(first, date(2024, 11, 20))
    history.review(first, ReviewDecision.RETURNED, date(2024, 11, 21))
    history.submit(second, date(2024, 11, 21))
    history.succeed("旧局", "丙局", date(2024, 6, 1))
    history.ask(history.key("丙局", "2.1"), date(2024, 11, 22), date(2025, 3, 31))
    return [first, second]

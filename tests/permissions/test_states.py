"""docs/permissions.md, “By state”: what may be done with an obligation in each of its states."""

import copy
from datetime import date

import pytest
from sqlmodel import col, func, select

from app.changes.publish_plan import publish_plan
from app.domain.workflow import State
from app.drafts.plan_draft import PlanDraft
from app.models import Extension, Obligation, ObligationEvent
from app.models.extension import ExtensionState
from app.models.review import ReviewDecision
from tests.conftest import NOW, PLAN
from tests.history import History
from tests.permissions.conftest import Stage
from tests.permissions.table import rows, section
from tests.permissions.world import browser_of

_HEADING, *ACTS = rows(section("By state"))
DAY = date(2024, 11, 20)
REPORT = {"text": "已办三场", "percent": "60"}
FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "report progress": ("/obligations/{key}/updates", {**REPORT, "kind": "interim"}),
    "report completion": ("/obligations/{key}/updates", {"text": "全部完成", "kind": "completion"}),
    "save a draft": ("/obligations/{key}/draft", REPORT),
    "ask for a later date": ("/obligations/{key}/extensions", {"reason": "招标延后", "proposed_due": "2025-03-31"}),
    "accept": ("/review/{key}", {"decision": "accepted"}),
    "return": ("/review/{key}", {"decision": "returned", "reason": "请补充材料"}),
    "reopen": ("/review/{key}/reopen", {"reopen_reason": "抽查发现未开展"}),
    "grant a later date": ("/extensions/{asked}", {"decision": "grant"}),
    "refuse a later date": ("/extensions/{asked}", {"decision": "refuse", "reason": "不同意"}),
}


def bring(history: History, key: int, state: State) -> None:
    if state in {State.SUBMITTED, State.RETURNED, State.ACCEPTED}:
        history.submit(key, DAY)
    if state in {State.RETURNED, State.ACCEPTED}:
        history.review(key, ReviewDecision(state.value), DAY)
    if state is State.CANCELLED:
        edition = copy.deepcopy(PLAN)
        edition["tasks"][0]["support"] = ["各街道"]  # type: ignore[index]
        edition["tasks"][0]["as_printed"]["support"] = ["各街道办事处"]  # type: ignore[index]
        with history.database.writing() as session:
            publish_plan(session, PlanDraft.model_validate(edition), now=NOW)


def traces(history: History, key: int) -> tuple[int, int]:
    """How many events the obligation has, and how many of its requests wait or were ever made."""
    with history.database.reading() as session:
        events = session.exec(select(func.count()).where(ObligationEvent.obligation_id == key)).one()
        undecided = select(func.count()).where(
            Extension.obligation_id == key, col(Extension.state) == ExtensionState.REQUESTED
        )
        return events, session.exec(undecided).one()


@pytest.mark.parametrize("act", ACTS, ids=[act[0] for act in ACTS])
def test_each_act_in_each_state(stage: Stage, act: list[str]) -> None:
    name, by, *cells = act
    path, typed = FORMS[name]
    came = []
    for state in State:
        stage.again()
        history = History(stage.app.state.database)
        key = history.key("乙局", phase="第二阶段")
        asked = history.ask(key, DAY, date(2025, 6, 30)) if "{asked}" in path else 0
        bring(history, key, state)
        with history.database.reading() as session:
            row = session.get_one(Obligation, key)
            assert row.state is state
        before = traces(history, key)
        with browser_of(stage.app, "秘书处" if by == "secretariat" else "乙局联络员") as browser:
            answer = browser.send("POST", path.format(key=key, asked=asked), {"revision": str(row.revision), **typed})
        assert answer.status_code in {303, 409, 422}, (name, state, answer.status_code)
        done = answer.status_code == 303
        if name != "save a draft":
            assert (traces(history, key) != before) == done, (name, state)
        came.append("done" if done else "refused")
    assert came == cells

import html
import re
from collections.abc import Callable

import pytest
from sqlmodel import Session

from app.models import Milestone, Obligation
from app.models.review import ReviewDecision
from tests.conftest import Person
from tests.queries.reporting import decide, report
from tests.routers.figures import rows_behind

SignIn = Callable[[str], Person]
LIST = "/plans/test-plan/obligations"


@pytest.mark.parametrize("page", ["/plans/test-plan/obligations", "/plans/test-plan/milestones"])
@pytest.mark.parametrize(
    "query",
    [
        "area=9",
        "area=行动",
        "phase=0",
        "phase=x",
        f"phase={10**30}",
        "department=99999999",
        "department=-1",
        "area=%00",
    ],
)
def test_what_the_plan_does_not_have_is_not_found(sign_in: SignIn, page: str, query: str) -> None:
    assert sign_in("领导").get(f"{page}?{query}").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=2024-12-31",
        "after=2024-02-30.1",
        f"after=2024-12-31.{10**30}",
        "after=2024-12-31.١",
    ],
)
def test_a_faulty_parameter_is_answered_with_a_clear_page(sign_in: SignIn, query: str) -> None:
    answer = sign_in("领导").get(f"{LIST}?{query}")
    assert answer.status_code == 422
    assert "内容有误" in answer.text


@pytest.mark.parametrize("page", ["obligations", "milestones"])
def test_an_unknown_light_is_told_at_its_field_and_the_rest_stays(sign_in: SignIn, page: str) -> None:
    answer = sign_in("领导").get(f"/plans/test-plan/{page}?light=purple&area=2")
    assert answer.status_code == 422
    assert 'id="light-fault"' in answer.text
    assert '<option value="2" selected>' in answer.text


def test_what_is_not_done_is_one_filter_and_combines_with_the_others(
    sign_in: SignIn, session: Session, obligation_of: Callable[..., Obligation]
) -> None:
    row = session.get_one(Obligation, obligation_of("甲局").id)
    report(session, row, complete=True)
    decide(session, row, ReviewDecision.ACCEPTED)
    session.commit()
    leader = sign_in("领导")
    assert rows_behind(leader, f"{LIST}?light=unfinished") == 11
    assert rows_behind(leader, f"{LIST}?light=unfinished&department={row.department_id}") == 1
    assert rows_behind(leader, "/plans/test-plan/milestones?light=unfinished") == 3
    assert rows_behind(leader, "/plans/test-plan/milestones?light=unfinished&task=1.1") == 1


def test_a_cell_of_the_phases_opens_exactly_its_rows(sign_in: SignIn, obligation_of: Callable[..., Obligation]) -> None:
    leader = sign_in("领导")
    page = leader.get("/plans/test-plan/phases").text
    cells = re.findall(r'class="cell-link phase-cell" href="([^"]+)".*?class="done-of">(\d+)/(\d+)', page, re.DOTALL)
    assert [(int(done), int(every)) for _href, done, every in cells] == [(0, 4), (0, 4), (0, 2), (0, 2)]
    for href, _done, every in cells:
        assert rows_behind(leader, html.unescape(href)) == int(every)


@pytest.mark.parametrize("page", ["obligations", "milestones"])
def test_an_unknown_task_is_not_found(sign_in: SignIn, page: str) -> None:
    assert sign_in("领导").get(f"/plans/test-plan/{page}?task=9.9").status_code == 404


def test_empty_filters_show_everything(sign_in: SignIn) -> None:
    leader = sign_in("领导")
    assert rows_behind(leader, f"{LIST}?area=&phase=&department=&light=&after=") == 12
    assert rows_behind(leader, "/plans/test-plan/milestones?area=&phase=&light=") == 4


def test_filters_narrow_the_lists(sign_in: SignIn, session: Session, obligation_of: Callable[..., Obligation]) -> None:
    leader = sign_in("领导")
    row = obligation_of("乙局")
    milestone = session.get_one(Milestone, row.milestone_id)
    assert rows_behind(leader, f"{LIST}?area=1") == 8
    assert rows_behind(leader, f"{LIST}?area=2") == 4
    assert rows_behind(leader, f"{LIST}?area=safeguard") == 0
    assert rows_behind(leader, f"{LIST}?phase={milestone.phase_id}") == 6
    assert rows_behind(leader, f"{LIST}?department={row.department_id}") == 4
    assert rows_behind(leader, f"{LIST}?department={row.department_id}&area=1&light=overdue") == 1
    assert rows_behind(leader, f"{LIST}?light=cancelled") == 0
    assert rows_behind(leader, f"/plans/test-plan/milestones?phase={milestone.phase_id}&light=overdue") == 2


def test_what_was_accepted_moves_from_overdue_to_done(
    sign_in: SignIn, session: Session, obligation_of: Callable[..., Obligation]
) -> None:
    row = session.get_one(Obligation, obligation_of("甲局").id)
    report(session, row, complete=True)
    session.commit()
    leader = sign_in("领导")
    assert rows_behind(leader, "/plans/test-plan/milestones?light=in_review") == 1
    decide(session, row, ReviewDecision.ACCEPTED)
    session.commit()
    assert rows_behind(leader, "/plans/test-plan/milestones?light=done") == 1
    assert rows_behind(leader, "/plans/test-plan/milestones?light=overdue") == 1
    page = leader.get("/plans/test-plan/milestones?light=done").text
    assert "甲局" in page
    assert "已办结" in page


@pytest.mark.parametrize(
    ("login", "readable"), [("领导", 12), ("乙局联络员", 12), ("甲局负责人", 8), ("丙局联络员", 4)]
)
def test_only_those_who_may_read_a_row_get_its_link(sign_in: SignIn, login: str, readable: int) -> None:
    person = sign_in(login)
    page = person.get(LIST).text
    assert page.count('class="cell-link" href="/obligations/') == readable


def test_chosen_filters_stay_chosen(sign_in: SignIn) -> None:
    page = sign_in("领导").get(f"{LIST}?area=2&light=overdue").text
    assert '<option value="2" selected>' in page
    assert '<option value="overdue" selected>' in page

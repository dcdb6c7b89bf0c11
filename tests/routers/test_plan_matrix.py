import io
import re
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook
from sqlmodel import Session, select

from app.changes.publish_plan import publish_plan
from app.drafts.plan_draft import PlanDraft
from app.models import DepartmentGroup, Obligation, Phase
from app.models.review import ReviewDecision
from tests.conftest import NOW, PLAN, PUBLISHED, Person
from tests.queries.reporting import decide, report

SignIn = Callable[[str], Person]
MATRIX = "/plans/test-plan/responsibilities"
_MARK = re.compile(r'<td class="(lead|support|shared)"><a href="([^"]+)"')


def marks(page: str) -> list[tuple[str, str]]:
    return _MARK.findall(page)


def columns(page: str) -> list[str]:
    return re.findall(r'<th scope="col" class="unit"><a href="[^"]+">([^<]+)</a>', page)


def test_each_task_has_a_mark_for_each_department(sign_in: SignIn) -> None:
    page = sign_in("领导").get(MATRIX).text
    assert columns(page) == ["甲局", "乙局", "丙局", "东街道", "西街道"]
    assert [role for role, _href in marks(page)] == ["lead", *["support"] * 3, "shared", "shared"]
    assert page.count('<span class="visually-hidden">牵头</span>') == 1
    assert "3项任务，5个单位，6项分工。" in page
    assert "待明确责任单位" in page


def test_sums_stand_at_the_end_of_rows_and_columns(sign_in: SignIn) -> None:
    page = sign_in("领导").get(MATRIX).text
    rows = [re.findall(r'<td class="sum">(\d*)</td>', row) for row in page.split("<tbody>", 1)[1].split("<tr>")]
    assert [row for row in rows if row][:3] == [["1", "3", ""], ["", "", "2"], ["", "", ""]]
    foot = page.split("<tfoot>", 1)[1]
    assert re.findall(r"<td>(\d*)</td>", foot) == ["1", *[""] * 4, "", "1", "", "1", "1", "", "1", "1", "", ""]


def test_a_mark_opens_the_obligation_to_look_at_first(
    sign_in: SignIn, session: Session, obligation_of: Callable[..., Obligation]
) -> None:
    first, second = obligation_of("甲局"), obligation_of("甲局", phase="第二阶段")
    leader = sign_in("领导")
    assert marks(leader.get(MATRIX).text)[0] == ("lead", f"/obligations/{first.id}")
    row = session.get_one(Obligation, first.id)
    report(session, row, complete=True)
    decide(session, row, ReviewDecision.ACCEPTED)
    session.commit()
    assert marks(leader.get(MATRIX).text)[0] == ("lead", f"/obligations/{second.id}")


@pytest.mark.parametrize(("login", "own"), [("领导", 6), ("甲局联络员", 4), ("乙局联络员", 6), ("丙局联络员", 2)])
def test_marks_of_others_lead_to_the_task(sign_in: SignIn, login: str, own: int) -> None:
    person = sign_in(login)
    found = [href for _role, href in marks(person.get(MATRIX).text)]
    assert sum(href.startswith("/obligations/") for href in found) == own
    assert all(person.get(href).status_code == 200 for href in found)


def test_filters_narrow_rows_and_columns(
    sign_in: SignIn, session: Session, obligation_of: Callable[..., Obligation]
) -> None:
    leader = sign_in("领导")
    department = obligation_of("乙局").department_id
    group = session.exec(select(DepartmentGroup.id).where(DepartmentGroup.name == "各街道")).one()
    session.rollback()
    assert "1项任务，2个单位，2项分工。" in leader.get(f"{MATRIX}?area=2").text
    assert "1项任务，0个单位" in leader.get(f"{MATRIX}?area=safeguard").text
    assert columns(leader.get(f"{MATRIX}?role=lead").text) == ["甲局"]
    assert columns(leader.get(f"{MATRIX}?group={group}").text) == ["东街道", "西街道"]
    single = leader.get(f"{MATRIX}?department={department}").text
    assert columns(single) == ["乙局"]
    assert single.count('class="role-word"') == 2
    assert "请放宽筛选条件" in leader.get(f"{MATRIX}?department={department}&group={group}").text


def test_lights_are_shown_with_their_words(sign_in: SignIn) -> None:
    leader = sign_in("领导")
    assert "<small>" not in leader.get(MATRIX).text.split("<tbody>")[1].replace('<small class="muted">', "")
    assert leader.get(f"{MATRIX}?lights=1").text.count("<small>逾期</small>") == 6


@pytest.mark.parametrize("page", ["", ".xlsx"])
@pytest.mark.parametrize(
    ("query", "status"),
    [("role=x", 422), ("area=9", 404), ("group=0", 404), ("department=x", 404), (f"group={10**30}", 404)],
)
def test_faulty_parameters(sign_in: SignIn, page: str, query: str, status: int) -> None:
    answer = sign_in("领导").get(f"{MATRIX}{page}?{query}")
    assert answer.status_code == status
    if not page and status == 422:
        assert 'id="role-fault"' in answer.text


def test_a_closed_plan_shows_what_its_clauses_say(sign_in: SignIn, session: Session) -> None:
    closed = PlanDraft.model_validate({**PLAN, "code": "old-plan", "title": "往期计划", "status": "closed"})
    publish_plan(session, closed, now=PUBLISHED)
    session.commit()
    page = sign_in("领导").get("/plans/old-plan/responsibilities?lights=1").text
    assert len(marks(page)) == 6
    assert all(href.startswith("/plans/old-plan/tasks/") for _role, href in marks(page))
    assert "<small>逾期" not in page


def test_who_is_named_twice_has_the_heavier_role(sign_in: SignIn, session: Session) -> None:
    task = {
        **PLAN["tasks"][0],  # type: ignore[index]
        "lead": ["东街道"],
        "support": ["各街道"],
        "as_printed": {"lead": [], "support": []},
    }
    for status in ("in_force", "closed"):
        twice = {
            **PLAN,
            "code": f"plan-{status.replace('_', '-')}",
            "title": status,
            "tasks": [task],
            "source_notes": [],
        }
        publish_plan(session, PlanDraft.model_validate({**twice, "status": status}), now=NOW)
    session.commit()
    for code in ("plan-in-force", "plan-closed"):
        page = sign_in("领导").get(f"/plans/{code}/responsibilities").text
        assert [role for role, _href in marks(page)] == ["lead", "support"], code


def test_the_spreadsheet_holds_the_same_and_no_formula(sign_in: SignIn, session: Session) -> None:
    task = {**PLAN["tasks"][0], "title": "=cmd|' /C calc'!A0"}  # type: ignore[index]
    sly = {**PLAN, "code": "sly-plan", "title": "=1+1", "tasks": [task], "source_notes": []}
    publish_plan(session, PlanDraft.model_validate(sly), now=NOW)
    session.commit()
    answer = sign_in("领导").get("/plans/sly-plan/responsibilities.xlsx?lights=1")
    assert answer.status_code == 200
    assert "=1+1责任矩阵" in unquote(answer.headers["content-disposition"])
    page = load_workbook(io.BytesIO(answer.content)).active
    assert page is not None
    cells = [cell for row in page.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert next(cell for cell in cells if "calc" in str(cell.value)).quotePrefix
    texts = [str(cell.value) for cell in cells]
    for words in ("甲局", "西街道", "●\n逾期", "○\n逾期", "牵头项数"):
        assert words in texts, words
    assert (page.page_setup.paperSize, page.page_setup.orientation) == (8, "landscape")  # type: ignore[attr-defined]


def test_the_timeline_links_every_milestone(sign_in: SignIn, obligation_of: Callable[..., Obligation]) -> None:
    page = sign_in("领导").get("/plans/test-plan/timeline").text
    assert page.count('<a class="mark light-') == 4
    assert "lights.svg#overdue" in page
    assert "1.1，第一阶段，2023年12月31日" in page
    assert "今天" in page
    assert 'href="/plans/test-plan/phases"' in page


def test_the_timeline_says_what_it_counts_where_dates_fall_together(sign_in: SignIn, session: Session) -> None:
    second = session.exec(select(Phase).where(Phase.name == "第二阶段")).one()
    second.due = session.exec(select(Phase.due).where(Phase.name == "第一阶段")).one()
    session.commit()
    page = sign_in("领导").get("/plans/test-plan/timeline").text
    assert "第一阶段等2个期限</text>" in page
    assert page.index('class="today"') < page.index('class="phase-name"'), "words stand upon today's line"

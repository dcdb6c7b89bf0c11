import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, text
from sqlmodel import Session, col, select
from starlette.testclient import TestClient

from app.changes.review_update import review_update
from app.changes.submit_update import Report, submit_update
from app.db import Database
from app.domain.workflow import State
from app.models import Account, Milestone, Obligation, ObligationEvent, Phase, Task
from app.models.progress_update import UpdateKind
from app.models.review import ReviewDecision
from tests.conftest import NOW, TODAY, Person

SignIn = Callable[[str], Person]
ObligationOf = Callable[..., Obligation]


def account(session: Session, login: str) -> int:
    return session.exec(select(Account.id).where(Account.login == login)).one() or 0


def submit(session: Session, key: int, login: str, said: str = "三场活动已办", **more: object) -> None:
    row = session.get_one(Obligation, key)
    kind = UpdateKind.COMPLETION
    report = Report(revision=row.revision, kind=kind, text=said, percent=100, **more)  # type: ignore[arg-type]
    submit_update(session, row, report, by=account(session, login), now=NOW, today=TODAY)


def decide(session: Session, key: int, decision: ReviewDecision, reason: str = "") -> None:
    row = session.get_one(Obligation, key)
    by = account(session, "秘书处")
    review_update(session, row, decision, reason=reason, revision=row.revision, by=by, now=NOW, today=TODAY)


@pytest.fixture
def many(database: Database, obligation_of: ObligationOf) -> int:
    """甲局 has 120 obligations more, a day apart from one another, each reported once. Returns their number."""
    count = 120
    with database.writing() as session:
        model = session.get_one(Obligation, obligation_of("甲局").id)
        task = session.get_one(Task, model.task_id)
        for number in range(count):
            due = TODAY + timedelta(days=400 + number)
            phase = Phase(plan_id=task.plan_id, name=f"加{number}", due=due, position=10 + number)
            session.add(phase)
            session.flush()
            milestone = Milestone(plan_id=task.plan_id, task_id=task.id, phase_id=phase.id or 0, due=due)
            session.add(milestone)
            session.flush()
            row = Obligation(
                **model.model_dump(exclude={"id", "milestone_id", "due", "first_due"}),
                milestone_id=milestone.id or 0,
                due=due,
                first_due=due,
            )
            session.add(row)
            session.flush()
            session.add(
                ObligationEvent(
                    region_id=row.region_id,
                    obligation_id=row.id or 0,
                    seq=1,
                    kind="opened",
                    on=TODAY,
                    recorded_at=NOW,
                    state=State.OPEN,
                    due=due,
                    department_id=row.department_id,
                    role=row.role,
                )
            )
    return count


def statements(database: Database, action: Callable[[], object]) -> int:
    """How many statements the action sends to the database."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    action()
    event.remove(database.engine, "before_cursor_execute", note)
    return len(seen)


def counts(page: str) -> dict[str, int]:
    """Section -> how many rows it is said to have, without those that have none."""
    found = re.findall(r'id="tile-(\w+)"[^>]*><b>(\d+)</b>', page)
    return {section: int(count) for section, count in found if count != "0"}


def listed(page: str) -> list[int]:
    return [int(key) for key in re.findall(r'<tr id="obligation-(\d+)"', page)]


# The list


def test_nobody_sees_the_list_without_signing_in(client: TestClient) -> None:
    answer = client.get("/obligations?section=done")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/obligations%3Fsection%3Ddone"


@pytest.mark.parametrize("login", ["秘书处", "领导", "专家", "邻区秘书处"])
def test_who_has_no_department_has_no_list(sign_in: SignIn, login: str) -> None:
    assert sign_in(login).get("/obligations").status_code == 404


@pytest.mark.parametrize("login", ["甲局联络员", "甲局负责人"])
def test_liaison_and_head_see_their_departments_obligations_most_urgent_first(
    sign_in: SignIn, obligation_of: ObligationOf, login: str
) -> None:
    page = sign_in(login).get("/obligations").text
    late, soon = obligation_of("甲局"), obligation_of("甲局", phase="第二阶段")
    assert page.index(f'id="obligation-{late.id}"') < page.index(f'id="obligation-{soon.id}"')
    assert f'id="obligation-{obligation_of("乙局").id}"' not in page
    assert "逾期330天" in page
    assert "剩36天" in page
    assert page.count("<h1") == 1


def test_the_counts_say_what_the_lights_say(sign_in: SignIn, database: Database, obligation_of: ObligationOf) -> None:
    liaison = sign_in("甲局联络员")
    page = liaison.get("/obligations").text
    assert counts(page) == {"todo": 2, "overdue": 1, "later": 1}
    with database.writing() as session:  # 36 days are far enough, but the department sees a risk
        row = session.get_one(Obligation, obligation_of("甲局", phase="第二阶段").id)
        said = Report(revision=row.revision, kind=UpdateKind.INTERIM, text="有困难", risk=True)
        submit_update(session, row, said, by=account(session, "甲局联络员"), now=NOW, today=TODAY)
        submit(session, obligation_of("甲局").id or 0, "甲局联络员")
    page = liaison.get("/obligations").text
    assert counts(page) == {"todo": 1, "due_soon": 1, "review": 1}
    assert page.split('id="list"')[1].count("light-due_soon") == 1


def test_each_section_shows_its_states_and_an_empty_one_says_what_to_do(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    liaison = sign_in("甲局联络员")
    key = obligation_of("甲局").id or 0
    mark = f'id="obligation-{key}"'
    for section in ("review", "done", "cancelled"):
        page = liaison.get(f"/obligations?section={section}").text
        assert mark not in page
        assert "查看待办事项" in page
    with database.writing() as session:
        submit(session, key, "甲局联络员")
    assert mark in liaison.get("/obligations?section=review").text
    with database.writing() as session:
        decide(session, key, ReviewDecision.ACCEPTED)
    assert mark in liaison.get("/obligations?section=done").text
    assert mark not in liaison.get("/obligations").text


def test_each_count_opens_exactly_the_rows_that_it_counts(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    key = obligation_of("乙局").id or 0
    with database.writing() as session:
        submit(session, key, "乙局联络员")
        decide(session, key, ReviewDecision.RETURNED, "缺少签到表")
        submit(session, obligation_of("乙局", "2.1").id or 0, "乙局联络员")
        row = session.get_one(Obligation, obligation_of("乙局", phase="第二阶段").id)
        said = Report(revision=row.revision, kind=UpdateKind.INTERIM, text="有困难", risk=True)
        submit_update(session, row, said, by=account(session, "乙局联络员"), now=NOW, today=TODAY)
    liaison = sign_in("乙局联络员")
    for filters in ("", "role=support&", "q=1.1&", "year=2024&role=support&plan=test-plan&"):
        page = liaison.get(f"/obligations?{filters}").text
        assert counts(page), filters
        for section, link in re.findall(r'id="tile-(\w+)" href="([^"]+)"', page):
            found = listed(liaison.get(link.replace("&amp;", "&")).text)
            assert len(found) == counts(page).get(section, 0), (filters, section)


def test_what_to_do_next_stands_first_with_what_the_secretariat_demands(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    key = obligation_of("甲局").id or 0
    with database.writing() as session:
        submit(session, key, "甲局联络员")
        decide(session, key, ReviewDecision.RETURNED, "缺少签到表")
    page = sign_in("甲局联络员").get("/obligations").text
    assert page.index("接下来先办这一件") < page.index("缺少签到表") < page.index("<table")
    assert f'class="button" href="/obligations/{key}#report-form"' in page
    head = sign_in("甲局负责人").get("/obligations").text
    assert "缺少签到表" in head
    assert "#report-form" not in head
    assert "批量填报" not in head


def test_without_anything_due_there_is_nothing_to_do_next(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    with database.writing() as session:
        submit(session, obligation_of("甲局").id or 0, "甲局联络员")
    assert "接下来先办这一件" not in sign_in("甲局联络员").get("/obligations").text


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("plan=test-plan", {"1.1 第一阶段", "1.1 第二阶段", "2.1 第一阶段", "2.1 第二阶段"}),
        (
            "plan=&role=&phase=&year=&q=&sort=&section=",
            {"1.1 第一阶段", "1.1 第二阶段", "2.1 第一阶段", "2.1 第二阶段"},
        ),
        ("role=support", {"1.1 第一阶段", "1.1 第二阶段"}),
        ("role=shared&year=2023", {"2.1 第一阶段"}),
        ("q=上门", {"2.1 第一阶段", "2.1 第二阶段"}),
        ("q=1.1 开展", {"1.1 第一阶段", "1.1 第二阶段"}),
        ("q=%25", set()),
        ("q=_", set()),
        ("year=2024&section=later", {"1.1 第二阶段", "2.1 第二阶段"}),
        ("year=2024&section=overdue", set()),
    ],
)
def test_filters_combine(sign_in: SignIn, obligation_of: ObligationOf, filters: str, found: set[str]) -> None:
    names = {
        obligation_of("乙局", task, phase).id: f"{task} {phase}"
        for task in ("1.1", "2.1")
        for phase in ("第一阶段", "第二阶段")
    }
    page = sign_in("乙局联络员").get(f"/obligations?{filters}").text
    assert {names[key] for key in listed(page)} == found
    if not found:
        assert "没有符合条件的事项。" in page
        assert "清除筛选" in page


def test_a_phase_is_found_by_its_name_within_its_plan(sign_in: SignIn, obligation_of: ObligationOf) -> None:
    liaison = sign_in("甲局联络员")
    page = liaison.get("/obligations").text
    phase = re.findall(r'<optgroup label="测试行动计划">\s*<option value="(\d+)" >第一阶段', page)[0]
    assert listed(liaison.get(f"/obligations?phase={phase}").text) == [obligation_of("甲局").id]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("section=everything", "section"),
        ("section=due", "section"),
        ("plan=no-such-plan", "plan"),
        ("role=boss", "role"),
        ("phase=987654321987654321987654321", "phase"),
        ("phase=x", "phase"),
        ("year=1", "year"),
        ("year=２０２４", "year"),
        ("sort=size", "sort"),
        ("q=" + "长" * 101, "q"),
    ],
)
def test_a_wrong_filter_is_told_at_its_field_and_the_right_ones_stay(sign_in: SignIn, query: str, field: str) -> None:
    right = "year=2024" if field != "year" else "role=lead"
    answer = sign_in("甲局联络员").get(f"/obligations?{query}&{right}")
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in answer.text
    assert f'<option value="{right.partition("=")[2]}" selected>' in answer.text
    assert "清除全部条件" in answer.text
    assert listed(answer.text) == []


@pytest.mark.parametrize(
    "query",
    [
        "after=yesterday",
        "after=2024-02-30_1",
        "after=2024-12-31_",
        "after=2024-12-31_99999999999999999999",
        "after=２０２４-12-31_1",
        "after=1_1_2024-12-31_1",
        "after=2024-12-31_1&sort=plan",
    ],
)
def test_a_broken_place_in_the_list_is_told_clearly(sign_in: SignIn, query: str) -> None:
    answer = sign_in("甲局联络员").get(f"/obligations?{query}")
    assert answer.status_code == 422
    assert "翻页位置不正确" in answer.text


@pytest.mark.parametrize("filters", ["", "sort=plan", "q=1.1&role=lead&sort=plan"])
def test_the_list_pages_by_key_with_its_filters_and_leaves_nothing_out(
    sign_in: SignIn, many: int, database: Database, filters: str
) -> None:
    liaison = sign_in("甲局联络员")
    address: str | None = f"/obligations?{filters}"
    seen: list[int] = []
    pages = 0
    while address:
        page = liaison.get(address).text
        seen += listed(page)
        links = re.findall(r'href="(/obligations\?[^"]*after=[^"]*)"', page)
        address = links[0].replace("&amp;", "&") if links else None
        pages += 1
    assert pages == 3
    assert len(seen) == len(set(seen)) == many + 2
    with database.reading() as session:
        order = session.exec(
            select(Obligation.id).where(col(Obligation.id).in_(seen)).order_by(col(Obligation.due), col(Obligation.id))
        ).all()
    assert seen == list(order)


def test_plan_by_plan_the_tasks_come_in_their_printed_order(sign_in: SignIn, obligation_of: ObligationOf) -> None:
    page = sign_in("乙局联络员").get("/obligations?sort=plan").text
    places = [("1.1", "第一阶段"), ("1.1", "第二阶段"), ("2.1", "第一阶段"), ("2.1", "第二阶段")]
    assert listed(page) == [obligation_of("乙局", task, phase).id for task, phase in places]


def test_behind_the_last_row_the_list_leads_back(sign_in: SignIn) -> None:
    page = sign_in("甲局联络员").get("/obligations?after=9999-12-31_999999999999999999").text
    assert "没有更多事项了" in page


def test_the_number_of_queries_does_not_grow_with_the_rows(
    sign_in: SignIn, database: Database, request: pytest.FixtureRequest
) -> None:
    liaison = sign_in("甲局联络员")
    few = statements(database, lambda: liaison.get("/obligations"))
    request.getfixturevalue("many")
    assert statements(database, lambda: liaison.get("/obligations")) == few


# The page of one obligation


def test_nobody_sees_an_obligation_without_signing_in(client: TestClient, obligation_of: ObligationOf) -> None:
    key = obligation_of("甲局").id
    assert client.get(f"/obligations/{key}").headers["location"] == f"/sign-in?next=/obligations/{key}"


@pytest.mark.parametrize("login", ["甲局联络员", "甲局负责人", "乙局联络员", "东街道联络员", "秘书处", "领导", "专家"])
def test_who_takes_part_or_reads_the_region_sees_it(sign_in: SignIn, obligation_of: ObligationOf, login: str) -> None:
    page = sign_in(login).get(f"/obligations/{obligation_of('甲局').id}")
    assert page.status_code == 200
    assert page.text.count("<h1") == 1
    assert ('id="report-form"' in page.text) is (login == "甲局联络员")
    assert ('id="extension-form"' in page.text) is (login == "甲局联络员")


@pytest.mark.parametrize("login", ["丙局联络员", "邻区秘书处"])
def test_who_takes_no_part_does_not_even_learn_that_it_exists(
    sign_in: SignIn, obligation_of: ObligationOf, login: str
) -> None:
    person = sign_in(login)
    missing = person.get("/obligations/987654321")
    found = person.get(f"/obligations/{obligation_of('甲局').id}")
    assert found.status_code == missing.status_code == 404
    # The token differs on every page, and the address is what was asked for.
    assert re.sub(r'value="[^"]*"', "", found.text) == re.sub(r'value="[^"]*"', "", missing.text)


@pytest.mark.parametrize("key", ["0", "-1", "abc", "9223372036854775808", "9" * 400, "1.5", "%00"])
def test_an_impossible_number_is_answered_and_not_an_accident(sign_in: SignIn, key: str) -> None:
    assert sign_in("甲局联络员").get(f"/obligations/{key}").status_code in {404, 422}


def test_the_page_says_where_the_duty_comes_from(sign_in: SignIn, obligation_of: ObligationOf) -> None:
    page = sign_in("东街道联络员").get(f"/obligations/{obligation_of('东街道').id}").text
    for words in (
        "1.1 开展宣传活动",
        "第一阶段",
        "2023年12月底前",
        "原文第10行",
        "每年举办3场宣传活动",
        "（原文“区甲局”）",
        "（原文“各街道办事处”）",
        "东街道作为“各街道”之一承担",
        "2023年12月31日 周日",
        "立项",
    ):
        assert words in page, words


def test_a_returned_obligation_shows_the_reason_first_and_brings_back_the_text(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    key = obligation_of("甲局").id or 0
    with database.writing() as session:
        submit(session, key, "甲局联络员", "已办两场", difficulties="场地不足")
        decide(session, key, ReviewDecision.RETURNED, "应为三场")
    page = sign_in("甲局联络员").get(f"/obligations/{key}").text
    assert page.index("秘书处退回意见") < page.index("应为三场") < page.index("节点要求")
    assert "已办两场</textarea>" in page
    assert "场地不足</textarea>" in page


def test_others_reports_are_read_with_their_lights(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    with database.writing() as session:
        submit(session, obligation_of("乙局").id or 0, "乙局联络员", "乙局的话")
    page = sign_in("甲局联络员").get(f"/obligations/{obligation_of('甲局').id}").text
    assert "乙局的话" in page
    assert "甲局尚未办结，正等待2个配合单位报送，其中2个已逾期" in page
    assert "1个单位的办结申请正等待秘书处审核，最久0天" in page
    page = sign_in("西街道联络员").get(f"/obligations/{obligation_of('西街道').id}").text
    assert "乙局的话" in page


def test_the_secretariat_is_led_to_the_review_of_what_was_submitted(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    key = obligation_of("甲局").id or 0
    secretariat = sign_in("秘书处")
    assert f'href="/review/{key}"' not in secretariat.get(f"/obligations/{key}").text
    with database.writing() as session:
        submit(session, key, "甲局联络员")
    assert f'href="/review/{key}"' in secretariat.get(f"/obligations/{key}").text
    assert f'href="/review/{key}"' not in sign_in("领导").get(f"/obligations/{key}").text
    assert 'id="report-form"' not in sign_in("甲局联络员").get(f"/obligations/{key}").text


def test_what_was_typed_is_never_markup(sign_in: SignIn, database: Database, obligation_of: ObligationOf) -> None:
    key = obligation_of("甲局").id or 0
    with database.writing() as session:
        submit(session, key, "甲局联络员", "<script>alert(1)</script>\u202e反向 😀" + "长" * 9_000)
    page = sign_in("乙局联络员").get(f"/obligations/{key}").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_pages_queries_do_not_grow_with_reports_and_departments(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    liaison = sign_in("甲局联络员")
    key = obligation_of("甲局").id or 0
    few = statements(database, lambda: liaison.get(f"/obligations/{key}"))
    with database.writing() as session:
        for department in ("乙局", "东街道", "西街道"):
            submit(session, obligation_of(department).id or 0, f"{department}联络员")
        for _turn in range(5):
            submit(session, key, "甲局联络员")
            decide(session, key, ReviewDecision.RETURNED, "再补充")
    assert statements(database, lambda: liaison.get(f"/obligations/{key}")) == few


def test_a_cancelled_obligation_says_why(sign_in: SignIn, database: Database, obligation_of: ObligationOf) -> None:
    key = obligation_of("甲局").id
    with database.writing() as session:
        session.execute(text("UPDATE obligation SET state = 'cancelled', revision = 2 WHERE id = :id"), {"id": key})
        opened = session.exec(select(ObligationEvent).where(ObligationEvent.obligation_id == key)).one()
        session.add(
            ObligationEvent(
                **opened.model_dump(exclude={"id", "seq", "kind", "state", "reason"}),
                seq=2,
                kind="cancelled",
                state=State.CANCELLED,
                reason="第2版规划不再列此项责任。",
            )
        )
    page = sign_in("甲局联络员").get(f"/obligations/{key}").text
    assert "撤销原因" in page
    assert "第2版规划不再列此项责任。" in page
    assert 'id="report-form"' not in page

import re
from collections.abc import Callable
from datetime import date

import pytest
from sqlmodel import Session, col, select
from starlette.testclient import TestClient

from app.db import Database
from app.models import Department, Milestone, Obligation
from app.models.review import ReviewDecision
from tests.conftest import Person
from tests.history import History, counted

SignIn = Callable[[str], Person]


@pytest.fixture
def sheet_of(obligation_of: Callable[..., Obligation]) -> Callable[[str], str]:
    return lambda department: f"/departments/{obligation_of(department, '1.1').department_id}/sheet"


def sections(page: str) -> dict[str, str]:
    """Heading -> what stands under it, without the marks."""
    parts = re.split(r'<(?:caption|h2) class="sheet-', page)[1:]
    bare = [re.sub(r"<[^>]+>", " ", part.split(">", 1)[1]) for part in parts]
    return {words.split()[0]: " ".join(words.split()[1:]) for words in bare}


def test_nobody_reads_it_without_signing_in(client: TestClient, sheet_of: Callable[[str], str]) -> None:
    assert client.get(sheet_of("甲局")).headers["location"].startswith("/sign-in?next=/departments/")


@pytest.mark.parametrize(
    ("login", "status"),
    [
        ("甲局联络员", 200),
        ("甲局负责人", 200),
        ("秘书处", 200),
        ("领导", 200),
        ("专家", 200),
        ("乙局联络员", 404),
        ("邻区秘书处", 404),
    ],
)
def test_the_department_itself_and_those_who_read_the_region_see_it(
    sign_in: SignIn, sheet_of: Callable[[str], str], login: str, status: int
) -> None:
    assert sign_in(login).get(sheet_of("甲局")).status_code == status


def test_the_present_month_is_shown_and_signed(sign_in: SignIn, sheet_of: Callable[[str], str]) -> None:
    page = sign_in("甲局联络员").get(sheet_of("甲局")).text
    for words in ("甲局 2024年11月督办单", "打印日期2024年11月25日", "单位负责人（签字）", "测试区"):
        assert words in page, words
    assert "month=2024-10" in page
    assert "month=2024-12" in page


def test_every_row_stands_in_one_section(
    sign_in: SignIn, session: Session, history: History, sheet_of: Callable[[str], str]
) -> None:
    secretary = sign_in("秘书处")
    page = sections(secretary.get(sheet_of("甲局")).text)
    assert "逾期330天" in page["逾期未办"]
    assert "1.1 开展宣传活动" in page["下月到期，尚未提交"]
    assert "本月到期" not in page
    late = session.get_one(Obligation, history.key("甲局"))
    late.due = date(2025, 6, 30)
    session.add(late)
    session.commit()
    history.submit(history.key("甲局", phase="第二阶段"), date(2024, 11, 20))
    page = sections(secretary.get(sheet_of("甲局") + "?month=2024-12").text)
    assert "逾期未办" not in page
    assert "待审 按期提交" in page["本月到期"]
    history.review(history.key("甲局", phase="第二阶段"), ReviewDecision.RETURNED, date(2024, 11, 21))
    page = sections(secretary.get(sheet_of("甲局")).text)
    assert "已退回" in page["退回待改"]
    assert "下月到期，尚未提交" not in page


def test_it_says_who_waits_for_whom(sign_in: SignIn, sheet_of: Callable[[str], str]) -> None:
    leads = sections(sign_in("秘书处").get(sheet_of("甲局")).text)
    assert "等乙局、东街道、西街道填报" in leads["本单位在等"]
    supports = sections(sign_in("秘书处").get(sheet_of("乙局")).text)
    assert "甲局在等本单位填报" in supports["其他单位在等本单位"]


def test_standing_duties_come_in_the_month_of_their_yearly_review(
    sign_in: SignIn, session: Session, history: History, sheet_of: Callable[[str], str]
) -> None:
    row = session.get_one(Obligation, history.key("甲局"))
    milestone = session.get_one(Milestone, row.milestone_id)
    milestone.due, milestone.review, row.due = None, "03-31", None
    session.add_all([milestone, row])
    session.commit()
    secretary = sign_in("秘书处")
    assert "长期事项，本月检视" not in sections(secretary.get(sheet_of("甲局")).text)
    march = sections(secretary.get(sheet_of("甲局") + "?month=2025-03").text)
    assert "3月31日检视" in march["长期事项，本月检视"]
    assert "本月以前到期" in march


def test_reports_are_not_printed(sign_in: SignIn, history: History, sheet_of: Callable[[str], str]) -> None:
    history.submit(history.key("甲局"), date(2024, 11, 1), said="只给秘书处看的话", complete=False)
    assert "只给秘书处看的话" not in sign_in("领导").get(sheet_of("甲局")).text


@pytest.mark.parametrize("month", ["2024-13", "x", "1999-12", "2100-01", "9" * 500, "<script>", "2024-11-25", "🎉"])
def test_what_is_no_month_gets_a_sentence(sign_in: SignIn, sheet_of: Callable[[str], str], month: str) -> None:
    answer = sign_in("甲局联络员").get(sheet_of("甲局"), params={"month": month})
    assert answer.status_code == 422
    assert "不是可查的月份" in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize("month", ["2000-01", "2099-12", "2024年12月", "2024/12"])
def test_every_month_of_the_century_can_be_asked_for(
    sign_in: SignIn, sheet_of: Callable[[str], str], month: str
) -> None:
    assert sign_in("甲局联络员").get(sheet_of("甲局"), params={"month": month}).status_code == 200


def test_a_department_without_duties_gets_an_empty_sheet(sign_in: SignIn, session: Session) -> None:
    secretary = sign_in("秘书处")
    key = session.exec(select(Department.id).where(Department.name == "旧局").order_by(col(Department.id))).first()
    answer = secretary.get(f"/departments/{key}/sheet")
    assert answer.status_code == 200
    assert "本月没有需要办理的事项" in answer.text


def test_the_number_of_statements_is_constant(
    sign_in: SignIn, database: Database, sheet_of: Callable[[str], str]
) -> None:
    secretary = sign_in("秘书处")
    lead, supporter = sheet_of("甲局"), sheet_of("乙局")
    with counted(database) as one:
        secretary.get(f"{lead}?month=2000-01")
    with counted(database) as other:
        secretary.get(supporter)
    assert len(one) == len(other) <= 6

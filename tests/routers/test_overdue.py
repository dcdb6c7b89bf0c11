import io
import re
from collections.abc import Callable
from datetime import date

import pytest
from docx import Document
from openpyxl import load_workbook
from starlette.testclient import TestClient

from app.changes.record_event import record_event
from app.db import Database
from app.domain.workflow import EventKind
from app.models import Obligation, OverdueList
from app.models.review import ReviewDecision
from app.queries.overdue_lists import changes_since_last
from app.queries.overdue_series import series
from tests.conftest import TODAY, Person
from tests.history import History, at, counted
from tests.tampering import tamper

SignIn = Callable[[str], Person]
MONDAY = date(2024, 11, 18)


@pytest.fixture
def history(database: Database) -> History:
    """Six obligations of the first phase are overdue; 甲局's was accepted on Wednesday, 东街道's has a later date."""
    told = History(database)
    told.accept(told.key("甲局"), date(2024, 11, 20))
    told.extend(told.key("东街道"), date(2024, 11, 21), date(2024, 11, 22))
    return told


def department_id(history: History, name: str) -> int:
    with history.database.reading() as session:
        from sqlalchemy import text

        found: int = session.execute(
            text(
                "SELECT d.id FROM department d JOIN region r ON r.id = d.region_id WHERE d.name = :n AND r.code = 'test'"
            ),
            {"n": name},
        ).scalar_one()
        return found


def tasks(page: str) -> list[str]:
    """The rows of the list by the departments' names or, in groups, by their links."""
    return re.findall(r'<a href="/obligations/(\d+)">', page)


def changes_shown(page: str) -> dict[str, str]:
    """The counts beside the list before, by their words."""
    found = re.findall(r'class="count"[^>]*><b>(\d+)</b> (\w+)<', page)
    return {what: count for count, what in found}


# The list of a day


def test_today_shows_what_is_overdue_now(sign_in: SignIn, history: History) -> None:
    page = sign_in("秘书处").get("/overdue").text
    assert "共5项逾期，涉及4个单位" in page
    assert str(history.key("甲局")) not in tasks(page)
    assert "逾期330天" in page
    assert "逾期3天" in page
    assert "原期限2023年12月31日，延期1次" in page


def test_counts_by_department_add_up_to_the_total(sign_in: SignIn, history: History) -> None:
    page = sign_in("秘书处").get("/overdue").text
    tally = page[page.index('class="tally"') :]
    counts = [int(count) for count in re.findall(r'<td class="number">(\d+)</td>', tally)]
    assert sum(counts[:-1]) == counts[-1] == 5


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("plan=test-plan", 5),
        ("min_days=4", 4),
        ("min_days=330", 4),
        ("min_days=331", 0),
        ("sort=department&group=plan", 5),
        ("as_of=2024-11-25", 5),
        ("as_of=2024-11-18", 6),
        ("as_of=2024年11月20日", 5),
        ("as_of=2024/11/18", 6),
        ("as_of=20241118", 6),
        ("as_of=2024-11-22", 4),
        ("as_of=2023-12-31", 0),
        ("as_of=2000-01-01", 0),
    ],
)
def test_the_address_says_what_is_shown(sign_in: SignIn, history: History, query: str, count: int) -> None:
    secretary = sign_in("秘书处")
    answer = secretary.get(f"/overdue?{query}")
    assert answer.status_code == 200
    assert len(tasks(answer.text)) == count
    book = load_workbook(io.BytesIO(secretary.get(f"/overdue.xlsx?{query}").content))
    assert book.worksheets[0].max_row - 4 == count


def test_a_department_can_be_chosen(sign_in: SignIn, history: History) -> None:
    key = department_id(history, "乙局")
    page = sign_in("秘书处").get(f"/overdue?department={key}").text
    assert "共2项逾期，涉及1个单位" in page
    assert f'<option value="{key}" selected>乙局</option>' in page
    assert f'href="/overdue.xlsx?department={key}"' in page


def test_groups_carry_their_own_counts(sign_in: SignIn, history: History) -> None:
    page = sign_in("秘书处").get("/overdue?group=department").text
    groups = re.findall(r'scope="rowgroup"[^>]*>(\S+) <span class="muted">(\d+)项', page)
    assert groups == [("乙局", "2"), ("丙局", "1"), ("东街道", "1"), ("西街道", "1")]
    page = sign_in("秘书处").get("/overdue?group=plan").text
    assert re.findall(r'scope="rowgroup"[^>]*>(\S+) <span class="muted">(\d+)项', page) == [("测试行动计划", "5")]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("as_of", "2024-11-26", "不能查看将来日期"),
        ("as_of", "9999-12-31", "不能查看将来日期"),
        ("as_of", "2024-02-30", "不是日期"),
        ("as_of", "上周", "不是日期"),
        ("as_of", "1999-12-31", "2000年以后"),
        ("as_of", "0001-01-01", "2000年以后"),
        ("as_of", "9" * 5000, "不是日期"),
        ("plan", "no-such-plan", "没有这个规划"),
        ("plan", "'; drop table plan", "没有这个规划"),
        ("department", "0", "没有这个单位"),
        ("department", "9" * 40, "没有这个单位"),
        ("department", "x", "没有这个单位"),
        ("min_days", "0", "应为1至36500的整数"),
        ("min_days", "-1", "应为1至36500的整数"),
        ("min_days", "1.5", "应为1至36500的整数"),
        ("min_days", "36501", "应为1至36500的整数"),
        ("min_days", "²", "应为1至36500的整数"),
        ("sort", "color", "没有这种排序方式"),
        ("group", "color", "没有这种分组方式"),
    ],
)
def test_a_faulty_question_comes_back_with_a_message_at_its_field(
    sign_in: SignIn, name: str, value: str, sentence: str
) -> None:
    secretary = sign_in("秘书处")
    answer = secretary.get("/overdue", params={name: value})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'id="{name}-fault"' in answer.text
    assert re.search(rf'aria-describedby="([a-z_]+-hint )?{name}-fault"', answer.text)
    assert secretary.get("/overdue.xlsx", params={name: value}).status_code == 422


@pytest.mark.parametrize("place", ["x", "1_2", "2024-01-01_1_2", "2024-13-01_1", "2024-01-01_" + "9" * 30, "_", "__"])
def test_a_place_that_is_none_is_refused(sign_in: SignIn, place: str) -> None:
    answer = sign_in("秘书处").get("/overdue", params={"after": place})
    assert answer.status_code == 422
    assert "翻页位置不正确" in answer.text


def test_a_place_in_the_list_is_understood(sign_in: SignIn, history: History) -> None:
    last = history.key("东街道")
    page = sign_in("秘书处").get(f"/overdue?after=2023-12-31_{10**17}").text
    assert tasks(page) == [str(last)]
    assert "回到第一页" in page


def test_a_day_with_a_frozen_list_is_shown_as_it_was_known_then(sign_in: SignIn, history: History) -> None:
    history.freeze(MONDAY, hour=9)
    secretary = sign_in("秘书处")
    assert "按〔2024〕第1期冻结时的记录" in secretary.get(f"/overdue?as_of={MONDAY}").text
    assert "按当日结束时系统内的记录" in secretary.get("/overdue?as_of=2024-11-19").text
    assert "按目前的记录" in secretary.get("/overdue").text


def test_what_happened_after_the_freezing_does_not_show_on_that_day(sign_in: SignIn, history: History) -> None:
    key = history.key("乙局")
    history.freeze(date(2024, 11, 22), hour=9)
    history.accept(key, date(2024, 11, 22), hour=15)
    page = sign_in("秘书处").get("/overdue?as_of=2024-11-22").text
    assert str(key) in tasks(page)
    assert str(key) not in tasks(sign_in("秘书处").get("/overdue").text)


# Frozen lists


def test_the_secretariat_freezes_todays_list_once(sign_in: SignIn, history: History) -> None:
    secretary = sign_in("秘书处")
    assert "冻结今日清单" in secretary.get("/overdue/lists").text
    answer = secretary.post("/overdue/lists")
    assert answer.status_code == 303
    assert re.fullmatch(r"/overdue/lists/\d+\?notice=frozen", answer.headers["location"])
    page = secretary.get(answer.headers["location"]).text
    assert "逾期清单〔2024〕第1期" in page
    assert "逾期清单已冻结。" in page
    assert "共5项逾期，涉及4个单位" in page
    assert "秘书处" in page
    again = secretary.post("/overdue/lists")
    assert again.status_code == 409
    assert "已经冻结" in again.text
    assert "冻结今日清单" not in again.text


def test_a_frozen_list_shows_its_seal_and_what_changed(sign_in: SignIn, history: History) -> None:
    first = history.freeze(MONDAY)
    second = history.freeze(TODAY, hour=9)
    page = sign_in("领导").get(f"/overdue/lists/{second}").text
    frozen, rows = history.frozen(second)
    assert frozen.sha256 in page
    assert frozen.previous_sha256 == history.frozen(first)[0].sha256
    assert frozen.previous_sha256 in page
    assert "校验一致" in page
    assert changes_shown(page) == {"新增": "0", "消除": "1", "延期": "0", "仍逾期": "5"}
    assert page.count('class="nowrap">连续2期') == len(rows) == 5
    assert "首期清单" in sign_in("领导").get(f"/overdue/lists/{first}").text


def test_a_list_that_was_tampered_with_is_shown_as_such(sign_in: SignIn, history: History) -> None:
    key = history.freeze(MONDAY)
    with history.database.writing() as session:
        tamper(session, "UPDATE overdue_row SET department = '丙局' WHERE list_id = :key AND position = 1", key=key)
    page = sign_in("领导").get(f"/overdue/lists/{key}").text
    assert "校验不一致" in page
    assert "✓" not in page


def test_a_list_that_was_made_up_says_so(sign_in: SignIn, history: History) -> None:
    key = history.freeze(TODAY, hour=9, as_of=MONDAY)
    page = sign_in("秘书处").get(f"/overdue/lists/{key}").text
    assert "补制" in page
    assert "系统自动" in page
    assert "补制" in sign_in("秘书处").get("/overdue/lists").text
    circular = Document(io.BytesIO(sign_in("秘书处").get(f"/overdue/lists/{key}.docx").content))
    said = [line.text for line in circular.paragraphs]
    assert "〔2024〕第1期（补制）" in said
    assert "补制：本期为事后补制，按2024年11月18日结束时的记录。" in said


def test_all_lists_are_shown_newest_first_and_paged(sign_in: SignIn, history: History) -> None:
    for day in (date(2024, 11, 4), date(2024, 11, 11), MONDAY):
        history.freeze(day)
    secretary = sign_in("秘书处")
    page = secretary.get("/overdue/lists").text
    assert page.index("第3期") < page.index("第2期") < page.index("第1期")
    page = secretary.get("/overdue/lists?before=2024-11-11").text
    assert "第1期" in page
    assert "第2期" not in page
    assert secretary.get("/overdue/lists?before=x").status_code == 422


def test_an_empty_list_is_a_list(sign_in: SignIn, history: History) -> None:
    key = history.freeze(date(2023, 12, 25))
    person = sign_in("领导")
    assert "各单位没有逾期事项" in person.get(f"/overdue/lists/{key}").text
    assert person.get(f"/overdue/lists/{key}.xlsx").status_code == 200
    assert person.get(f"/overdue/lists/{key}.docx").status_code == 200


def test_the_files_of_a_frozen_list_hold_its_rows(sign_in: SignIn, history: History) -> None:
    key = history.freeze(MONDAY)
    history.accept(history.key("乙局"), TODAY, hour=8)
    person = sign_in("专家")
    answer = person.get(f"/overdue/lists/{key}.xlsx")
    assert "overdue-2024-1.xlsx" in answer.headers["content-disposition"]
    assert "filename*=UTF-8''%E6%B5%8B" in answer.headers["content-disposition"]
    book = load_workbook(io.BytesIO(answer.content))
    assert [cell.value for cell in book.worksheets[0]["B"][4:]] == [row.department for row in history.frozen(key)[1]]
    circular = Document(io.BytesIO(person.get(f"/overdue/lists/{key}.docx").content))
    text = "\n".join(paragraph.text for paragraph in circular.paragraphs)
    assert "〔2024〕第1期" in text
    assert "5个单位的6项承办事项逾期未办结" in text
    assert "秘书处（残联）" in text


def test_the_counts_lead_to_the_rows_behind_them(sign_in: SignIn, history: History) -> None:
    """Since Monday: 甲局's was accepted, 东街道's extended, one of 乙局's submitted and one's date moved; 西街道's stays."""
    history.accept(history.key("丙局", "2.1"), date(2024, 11, 1))
    waiting = history.key("乙局")
    moved = history.key("乙局", "2.1")
    history.freeze(MONDAY)
    history.submit(waiting, date(2024, 11, 19))
    move_due(history, moved, date(2024, 12, 31))
    history.extend(history.key("东街道"), date(2024, 11, 22), date(2025, 1, 31), hour=15)
    history.review(history.key("丙局", "2.1"), ReviewDecision.REOPENED, date(2024, 11, 22))
    key = history.freeze(TODAY, hour=9)
    person = sign_in("领导")
    page = person.get(f"/overdue/lists/{key}").text
    assert changes_shown(page) == {"新增": "1", "消除": "3", "延期": "1", "仍逾期": "1"}
    for exit_and_count in ("办结 1", "待审核 1", "期限调整 1"):
        assert f"<li>{exit_and_count}</li>" in page
    for show, behind in (
        ("fresh", [history.key("丙局", "2.1")]),
        ("still", [history.key("西街道")]),
        ("cleared", [history.key("甲局"), waiting, moved]),
        ("extended", [history.key("东街道")]),
    ):
        assert f'href="/overdue/lists/{key}?show={show}#rows"' in page
        shown = person.get(f"/overdue/lists/{key}?show={show}").text
        assert sorted(tasks(shown)) == sorted(str(one) for one in behind), show
    assert person.get(f"/overdue/lists/{key}?show=nothing").status_code == 422
    assert person.get(f"/overdue/lists/{key}.docx").status_code == 200


def move_due(history: History, key: int, due: date) -> None:
    """As a new edition of the plan moves it."""
    with history.database.writing() as session:
        row = session.get_one(Obligation, key)
        record_event(session, row, EventKind.DUE_MOVED, on=MONDAY, now=at(date(2024, 11, 20)), by=None, due=due)


def test_the_series_says_of_each_list_what_changed(sign_in: SignIn, history: History) -> None:
    first = history.freeze(date(2024, 11, 11))
    second = history.freeze(MONDAY)
    third = history.freeze(TODAY, hour=9)
    page = sign_in("领导").get("/overdue/lists").text
    lines = {}
    for line in page.split("<tr>")[2:]:
        [key] = re.findall(r'"nowrap"><a href="/overdue/lists/(\d+)"', line)
        cells = re.findall(r'class="number">(.*?)</td>', line, re.DOTALL)
        lines[int(key)] = [re.sub(r"<[^>]*>", " ", cell).split()[-1] for cell in cells]
    # On Monday nothing had changed; since then 甲局's was accepted, and 东街道's later date has passed again.
    assert lines == {
        first: ["6", "首期", "—", "—", "—"],
        second: ["6", "0", "0", "0", "6"],
        third: ["5", "0", "1", "0", "5"],
    }


def test_the_series_counts_as_the_page_of_each_list(history: History) -> None:
    keys = [history.freeze(date(2024, 11, 11)), history.freeze(MONDAY)]
    history.extend(history.key("西街道"), date(2024, 11, 21), date(2025, 1, 31))
    history.extend(history.key("乙局"), date(2024, 11, 21), date(2025, 1, 31))
    history.submit(history.key("乙局"), date(2024, 11, 22))
    move_due(history, history.key("丙局", "2.1"), date(2025, 1, 31))
    keys.append(history.freeze(TODAY, hour=9))
    with history.database.reading() as session:
        lists = [session.get_one(OverdueList, key) for key in keys]
        counted_at_once = series(session, lists)
        assert set(counted_at_once) == set(keys[1:])
        for frozen in lists[1:]:
            changes = changes_since_last(session, frozen)
            counts = [len(part) for part in (changes.fresh, changes.cleared, changes.extended, changes.still)]
            moved = counted_at_once[frozen.id or 0]
            assert [moved.fresh, moved.cleared, moved.extended, moved.still] == counts
        assert counted_at_once[keys[2]].extended == 1, "what was submitted after its extension waits for review"


# Who may


@pytest.mark.parametrize("login", ["甲局联络员", "甲局负责人"])
def test_the_list_of_the_region_is_not_for_departments(sign_in: SignIn, history: History, login: str) -> None:
    key = history.freeze(MONDAY)
    person = sign_in(login)
    for path in ("/overdue", "/overdue.xlsx", "/overdue/lists", *(f"/overdue/lists/{key}{end}" for end in ENDS)):
        assert person.get(path).status_code == 404, path
    assert person.post("/overdue/lists").status_code == 404


ENDS = ("", ".xlsx", ".docx")


@pytest.mark.parametrize("login", ["领导", "专家"])
def test_a_leader_reads_and_does_not_freeze(sign_in: SignIn, history: History, login: str) -> None:
    key = history.freeze(MONDAY)
    person = sign_in(login)
    for path in ("/overdue", "/overdue.xlsx", "/overdue/lists", *(f"/overdue/lists/{key}{end}" for end in ENDS)):
        assert person.get(path).status_code == 200, path
    assert "冻结今日清单" not in person.get("/overdue/lists").text
    assert person.post("/overdue/lists").status_code == 404


def test_another_region_sees_nothing_of_ours(sign_in: SignIn, history: History) -> None:
    key = history.freeze(MONDAY)
    neighbour = sign_in("邻区秘书处")
    assert "没有符合条件的逾期事项" in neighbour.get("/overdue").text
    assert "还没有冻结的清单" in neighbour.get("/overdue/lists").text
    for end in ENDS:
        assert neighbour.get(f"/overdue/lists/{key}{end}").status_code == 404
    assert neighbour.get(f"/overdue?department={department_id(history, '甲局')}").status_code == 422


def test_nobody_reads_without_signing_in(client: TestClient) -> None:
    assert client.get("/overdue?sort=plan").headers["location"] == "/sign-in?next=/overdue%3Fsort%3Dplan"
    assert client.post("/overdue/lists").status_code == 401


@pytest.mark.parametrize(
    ("path", "status"), [("999999", 404), ("x", 422), ("x.docx", 422), ("9" * 30, 422), ("0", 422)]
)
def test_a_list_that_is_not_there_is_not_found(sign_in: SignIn, path: str, status: int) -> None:
    assert sign_in("领导").get(f"/overdue/lists/{path}").status_code == status


# Queries


@pytest.mark.parametrize(
    "path", ["/overdue", "/overdue?as_of=2024-11-22&group=plan", "/overdue/lists", "/overdue/lists/{}"]
)
def test_the_number_of_queries_does_not_grow(sign_in: SignIn, history: History, path: str) -> None:
    person = sign_in("领导")
    for name in ("乙局", "西街道"):
        history.accept(history.key(name), date(2024, 11, 1))
    history.freeze(date(2024, 11, 4))
    few = history.freeze(date(2024, 11, 11))

    def count(key: int) -> int:
        with counted(history.database) as sent:
            assert person.get(path.format(key)).status_code == 200
        return len(sent)

    before = count(few)
    for name in ("乙局", "西街道"):
        history.review(history.key(name), ReviewDecision.REOPENED, date(2024, 11, 12))
    assert count(history.freeze(MONDAY)) == before

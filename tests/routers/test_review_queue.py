"""The queue as a whole: filters, rows that unfold, and several decided at once."""

import re
import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import select

from app.domain.workflow import State
from app.models import Evidence, Obligation, ProgressUpdate, Review
from app.models.review import ReviewDecision
from app.queries.verify import Checked, history_findings
from tests.conftest import NOW, TODAY, Person
from tests.history import History, counted

SignIn = Callable[[str], Person]
SUBMITTED = date(2024, 11, 20)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def keys(history: History) -> dict[str, int]:
    """Three reports wait: 甲局's and 乙局's of the first phase came late, 丙局's of the second in time, with a file."""
    found = {"甲局": history.key("甲局"), "乙局": history.key("乙局"), "丙局": history.key("丙局", "2.1", "第二阶段")}
    for days, key in enumerate(found.values()):
        history.submit(key, SUBMITTED + timedelta(days=days), said=f"第{days}份报告")
    attach(history, found["丙局"])
    return found


def attach(history: History, key: int) -> None:
    with history.database.writing() as session:
        update = session.exec(select(ProgressUpdate).where(ProgressUpdate.obligation_id == key)).one()
        session.add(
            Evidence(
                region_id=update.region_id,
                obligation_id=key,
                update_id=update.id or 0,
                file_name="签到表.pdf",
                media_type="application/pdf",
                size=9,
                sha256="0" * 64,
                uploaded_by=update.author_id,
                uploaded_at=NOW,
            )
        )


def row(history: History, key: int) -> Obligation:
    with history.database.reading() as session:
        return session.get_one(Obligation, key)


def reviews(history: History) -> list[Review]:
    with history.database.reading() as session:
        return list(session.exec(select(Review)).all())


def ticket(history: History, key: int) -> str:
    return f"{key}_{row(history, key).revision}"


def department_id(history: History, name: str, region: str = "test") -> int:
    with history.database.reading() as session:
        found: int = session.execute(
            text("SELECT d.id FROM department d JOIN region r ON r.id = d.region_id WHERE d.name = :n AND r.code = :r"),
            {"n": name, "r": region},
        ).scalar_one()
        return found


def shown(page: str) -> list[int]:
    return [int(key) for key in re.findall(r'<tbody id="item-(\d+)"', page)]


# What a row says, and which rows there are


def test_a_row_says_what_one_needs_to_know(sign_in: SignIn, history: History, keys: dict[str, int]) -> None:
    page = sign_in("秘书处").get("/review").text
    line = page[page.index(f'id="item-{keys["丙局"]}"') :].split("</tbody>")[0]
    for told in ("2.1 提供上门服务", "测试行动计划", "第二阶段", "丙局", "按职责分工", "2024年11月22日"):
        assert told in line
    for told in ("已等候3天", "按期提交", "100%", "第2份报告", "1份"):
        assert told in line


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["甲局", "乙局", "丙局"]),
        ("late=yes", ["甲局", "乙局"]),
        ("late=no", ["丙局"]),
        ("evidence=yes", ["丙局"]),
        ("evidence=no", ["甲局", "乙局"]),
        ("plan=test-plan&late=yes&evidence=no", ["甲局", "乙局"]),
        ("late=no&evidence=no", []),
    ],
)
def test_the_address_says_what_is_shown(sign_in: SignIn, keys: dict[str, int], query: str, names: list[str]) -> None:
    answer = sign_in("秘书处").get(f"/review?{query}")
    assert answer.status_code == 200
    assert shown(answer.text) == [keys[name] for name in names]
    if not names:
        assert "没有符合条件的待审核事项" in answer.text
        assert "查看全部3项" in answer.text


def test_a_department_is_chosen_from_those_that_wait(sign_in: SignIn, history: History, keys: dict[str, int]) -> None:
    chosen, other = department_id(history, "乙局"), department_id(history, "残联")
    secretary = sign_in("秘书处")
    page = secretary.get(f"/review?department={chosen}").text
    assert shown(page) == [keys["乙局"]]
    assert f'<option value="{chosen}" selected>乙局（1项）</option>' in page
    assert f'href="/review/{keys["乙局"]}?department={chosen}"' in page
    assert f'value="{other}"' not in page
    empty = secretary.get(f"/review?department={other}")
    assert (empty.status_code, "残联（0项）" in empty.text) == (200, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("plan", "no-such-plan"),
        ("plan", "'; drop table plan"),
        ("department", "0"),
        ("department", "x"),
        ("department", "²"),
        ("department", "9" * 40),
        ("late", "maybe"),
        ("evidence", "<script>"),
    ],
)
def test_a_faulty_question_is_told_at_its_field_and_the_rest_stays(
    sign_in: SignIn, keys: dict[str, int], name: str, value: str
) -> None:
    right = {"plan": "test-plan", "late": "yes"} | {name: value}
    answer = sign_in("秘书处").get("/review", params=right)
    assert answer.status_code == 422
    assert f'id="{name}-fault"' in answer.text
    assert "请在列表中选择" in answer.text
    assert shown(answer.text) == []
    if name != "late":
        assert '<option value="yes" selected>逾期提交</option>' in answer.text


def test_another_regions_department_is_no_choice(sign_in: SignIn, history: History, keys: dict[str, int]) -> None:
    key = department_id(history, "甲局", "next")
    assert sign_in("秘书处").get(f"/review?department={key}").status_code == 422


def test_the_filter_stays_from_one_report_to_the_next(sign_in: SignIn, history: History, keys: dict[str, int]) -> None:
    secretary = sign_in("秘书处")
    assert 'href="/review?late=yes"' in secretary.get(f"/review/{keys['甲局']}?late=yes").text
    for name, following in (
        ("甲局", f"/review/{keys['乙局']}?late=yes&notice=accepted-next"),
        ("乙局", "/review?late=yes&notice=accepted"),
    ):
        typed = {"decision": "accepted", "revision": row(history, keys[name]).revision}
        answer = secretary.post(f"/review/{keys[name]}?late=yes", typed)
        assert answer.headers["location"] == following


# A row that is unfolded and decided in its place


def test_a_row_unfolds_for_htmx_alone(sign_in: SignIn, keys: dict[str, int]) -> None:
    secretary = sign_in("秘书处")
    key = keys["丙局"]
    part = secretary.get(f"/review/{key}/row?late=no", headers=HTMX).text
    assert part.lstrip().startswith(f'<tbody id="item-{key}"')
    for told in ("第2份报告", "签到表.pdf", "2024年12月底前", f'action="/review/{key}?late=no"', f'id="reason-{key}"'):
        assert told in part
    folded = secretary.get(f"/review/{key}/row?folded=yes", headers=HTMX).text
    assert (f'id="item-{key}"' in folded, "签到表.pdf" in folded) == (True, False)
    plain = secretary.get(f"/review/{key}/row?late=no")
    assert (plain.status_code, plain.headers["location"]) == (303, f"/review/{key}?late=no")


@pytest.mark.parametrize("login", ["甲局联络员", "领导", "邻区秘书处"])
def test_a_row_is_the_secretariats(sign_in: SignIn, keys: dict[str, int], login: str) -> None:
    person = sign_in(login)
    assert person.get(f"/review/{keys['甲局']}/row", headers=HTMX).status_code == 404
    assert person.post(f"/review/{keys['甲局']}", {"decision": "accepted"}, headers=HTMX).status_code == 404


def test_a_decision_in_the_queue_takes_the_place_of_the_row(
    sign_in: SignIn, history: History, keys: dict[str, int]
) -> None:
    key = keys["甲局"]
    typed = {"decision": "returned", "revision": row(history, key).revision, "quick": "未附佐证材料，请上传"}
    answer = sign_in("秘书处").post(f"/review/{key}", typed, headers=HTMX)
    assert answer.status_code == 200
    assert f'<tbody id="item-{key}" class="item-decided"' in answer.text
    assert "已退回。还有2项待审核。" in answer.text
    assert '<p id="queue-count" hx-swap-oob="true">共有2项' in answer.text
    assert (row(history, key).state, reviews(history)[0].reason) == (State.RETURNED, "未附佐证材料，请上传")


def test_a_fault_in_the_queue_keeps_the_row_open_and_what_was_typed(
    sign_in: SignIn, history: History, keys: dict[str, int]
) -> None:
    key = keys["甲局"]
    secretary = sign_in("秘书处")
    revision = row(history, key).revision
    answer = secretary.post(f"/review/{key}", {"decision": "returned", "revision": revision}, headers=HTMX)
    assert answer.status_code == 422
    assert f'href="#reason-{key}"' in answer.text
    assert f'id="reason-{key}-fault"' in answer.text
    typed = {"decision": "accepted", "revision": revision, "quick": "请补充下一步安排", "reason": "缺照片"}
    answer = secretary.post(f"/review/{key}", typed, headers=HTMX)
    assert (answer.status_code, f'id="quick-{key}-fault"' in answer.text) == (422, True)
    assert 'value="请补充下一步安排" checked>' in answer.text
    assert ">缺照片</textarea>" in answer.text
    assert reviews(history) == []


def test_a_conflict_in_the_queue_is_told_in_the_row(sign_in: SignIn, history: History, keys: dict[str, int]) -> None:
    key = keys["甲局"]
    secretary = sign_in("秘书处")
    typed = {"decision": "returned", "revision": row(history, key).revision, "reason": "缺照片"}
    history.review(key, ReviewDecision.ACCEPTED, TODAY, hour=8)
    answer = secretary.post(f"/review/{key}", typed, headers=HTMX)
    assert answer.status_code == 409
    for told in ("已被他人处理", "此事项目前不在审核中", "缺照片"):
        assert told in answer.text
    assert 'name="item"' not in answer.text
    assert row(history, key).state is State.ACCEPTED


def test_the_same_click_twice_decides_once_and_is_no_conflict(
    sign_in: SignIn, history: History, keys: dict[str, int]
) -> None:
    secretary = sign_in("秘书处")
    typed = {"decision": "returned", "revision": row(history, keys["甲局"]).revision, "reason": "缺照片"}
    answers = [secretary.post(f"/review/{keys['甲局']}", typed) for _click in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(reviews(history)) == 1


# Several at once


def test_several_are_accepted_with_one_click(sign_in: SignIn, history: History, keys: dict[str, int]) -> None:
    secretary = sign_in("秘书处")
    typed = {"item": [ticket(history, keys[name]) for name in ("甲局", "丙局")], "decision": "accepted"}
    answer = secretary.post("/review/several?evidence=", typed)
    assert (answer.status_code, answer.headers["location"]) == (303, "/review?accepted=2")
    page = secretary.get(answer.headers["location"]).text
    assert "2项已审核通过，办结。" in page
    assert shown(page) == [keys["乙局"]]
    assert [row(history, key).state for key in keys.values()] == [State.ACCEPTED, State.SUBMITTED, State.ACCEPTED]
    with history.database.reading() as session:
        assert list(history_findings(session, Checked())) == []


def test_several_are_returned_with_one_reason(sign_in: SignIn, history: History, keys: dict[str, int]) -> None:
    secretary = sign_in("秘书处")
    typed = {
        "item": [ticket(history, key) for key in keys.values()],
        "decision": "returned",
        "quick": ["数据缺少来源，请注明出处", "佐证材料不全，请补充"],
        "reason": "月底前补齐",
    }
    answer = secretary.post("/review/several?late=&plan=test-plan", typed)
    assert answer.headers["location"] == "/review?plan=test-plan&returned=3"
    # In the order of the list of reasons, the typed one last.
    assert {review.reason for review in reviews(history)} == {
        "佐证材料不全，请补充；数据缺少来源，请注明出处；月底前补齐"
    }
    assert (
        "佐证材料不全，请补充；数据缺少来源，请注明出处；月底前补齐"
        in sign_in("丙局联络员").get(f"/obligations/{keys['丙局']}").text
    )


def test_what_changed_meanwhile_is_listed_and_the_rest_is_done(
    sign_in: SignIn, history: History, keys: dict[str, int]
) -> None:
    secretary = sign_in("秘书处")
    items = [ticket(history, key) for key in keys.values()]
    history.review(keys["乙局"], ReviewDecision.ACCEPTED, TODAY, hour=8)
    history.review(keys["丙局"], ReviewDecision.RETURNED, TODAY, hour=8)
    history.submit(keys["丙局"], TODAY, hour=9, said="已补照片。")
    answer = secretary.post("/review/several", {"item": items, "decision": "returned", "reason": "缺照片"})
    assert answer.status_code == 409
    told = answer.text[answer.text.index('id="fault-summary"') :].split("</div>")[0]
    assert "1项已退回承办单位。" in told
    assert "2项在您勾选以后已有变化" in told
    assert re.search(r"乙局 1\.1 开展宣传活动</a>.*?审核通过，办结.*?目前状态：已办结", told, re.DOTALL)
    assert re.search(r"丙局 2\.1 提供上门服务</a>.*?退回.*?目前状态：待审核", told, re.DOTALL)
    assert ">缺照片</textarea>" in answer.text
    # What was submitted anew is shown anew, and nobody has ticked it.
    assert shown(answer.text) == [keys["丙局"]]
    assert "已补照片。" in answer.text
    assert re.search(rf'value="{ticket(history, keys["丙局"])}"\s+aria-label', answer.text)
    assert row(history, keys["甲局"]).state is State.RETURNED
    assert row(history, keys["乙局"]).state is State.ACCEPTED


def test_clicking_twice_decides_nothing_twice_and_says_the_same(
    sign_in: SignIn, history: History, keys: dict[str, int]
) -> None:
    secretary = sign_in("秘书处")
    typed = {"item": [ticket(history, key) for key in keys.values()], "decision": "accepted"}
    answers = [secretary.post("/review/several", typed) for _click in range(2)]
    assert [answer.headers["location"] for answer in answers] == ["/review?accepted=3"] * 2
    assert len(reviews(history)) == 3


def test_two_who_decide_the_same_ones_at_once_decide_each_once(
    sign_in: SignIn, history: History, keys: dict[str, int]
) -> None:
    people = [sign_in("秘书处"), sign_in("秘书处")]
    items = [ticket(history, key) for key in keys.values()]
    forms = [
        {"item": items, "decision": "accepted"},
        {"item": items[::-1], "decision": "returned", "reason": "缺照片"},
    ]
    statuses: list[int] = []
    barrier = threading.Barrier(2)

    def decide(person: Person, form: dict[str, object]) -> None:
        barrier.wait()
        statuses.append(person.post("/review/several", form).status_code)

    threads = [threading.Thread(target=decide, args=pair) for pair in zip(people, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) in ([303, 409], [409, 409])
    assert len(reviews(history)) == 3
    with history.database.reading() as session:
        assert list(history_findings(session, Checked())) == []


@pytest.mark.parametrize(
    ("typed", "place", "sentence"),
    [
        ({"decision": "accepted"}, "list", "请先勾选"),
        ({"decision": "returned", "item": "x"}, "list", "重新勾选"),
        ({"decision": "accepted", "item": "1_²"}, "list", "重新勾选"),
        ({"decision": "accepted", "item": [f"{key}_1" for key in range(51)]}, "list", "一次最多办理50项"),
    ],
)
def test_a_choice_that_is_none_is_refused(
    sign_in: SignIn, history: History, keys: dict[str, int], typed: dict[str, object], place: str, sentence: str
) -> None:
    answer = sign_in("秘书处").post("/review/several", {"reason": "缺照片", **typed})
    assert answer.status_code == 422
    assert f'<a href="#{place}">' in answer.text
    assert sentence in answer.text
    assert ">缺照片</textarea>" in answer.text
    assert reviews(history) == []


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"decision": "returned"}, "reason", "请写明理由"),
        ({"decision": "returned", "reason": "长" * 2001}, "reason", "不得超过2000字"),
        ({"decision": "accepted", "quick": "请补充下一步安排"}, "quick", "不能同时审核通过"),
        ({"reason": "好"}, "reason", "请选择"),
    ],
)
def test_a_fault_keeps_what_was_ticked_and_typed(
    sign_in: SignIn, history: History, keys: dict[str, int], typed: dict[str, str], field: str, sentence: str
) -> None:
    items = [ticket(history, keys["甲局"]), ticket(history, keys["丙局"])]
    answer = sign_in("秘书处").post("/review/several", {"item": items, **typed})
    assert answer.status_code == 422
    assert f'href="#{field}-several"' in answer.text
    assert f'id="{field}-several-fault"' in answer.text
    assert sentence in answer.text
    for item in items:
        assert f'value="{item}" checked' in answer.text
    assert answer.text.count('name="item"') - answer.text.count('checked aria-label="选择') == 1
    assert typed.get("reason", "") in answer.text
    assert reviews(history) == []


def test_one_that_is_not_ours_makes_the_whole_request_look_missing(
    sign_in: SignIn, history: History, keys: dict[str, int]
) -> None:
    item = ticket(history, keys["甲局"])
    assert sign_in("邻区秘书处").post("/review/several", {"item": item, "decision": "accepted"}).status_code == 404
    typed = {"item": [item, "999999_1"], "decision": "accepted"}
    assert sign_in("秘书处").post("/review/several", typed).status_code == 404
    for login in ("甲局联络员", "领导", "专家"):
        assert sign_in(login).post("/review/several", {"item": item, "decision": "accepted"}).status_code == 404
    assert reviews(history) == []


@pytest.mark.parametrize("revision", ["0", "999", "9" * 18])
def test_a_forged_revision_is_no_way_round(
    sign_in: SignIn, history: History, keys: dict[str, int], revision: str
) -> None:
    typed = {"item": f"{keys['甲局']}_{revision}", "decision": "accepted"}
    answer = sign_in("秘书处").post("/review/several", typed)
    assert (answer.status_code, "所选事项均未办理" in answer.text) == (409, True)
    assert row(history, keys["甲局"]).state is State.SUBMITTED


def test_all_of_a_page_are_ticked_without_scripts(sign_in: SignIn, keys: dict[str, int]) -> None:
    secretary = sign_in("秘书处")
    assert '<noscript><a href="/review?late=yes&amp;all=yes">' in secretary.get("/review?late=yes").text
    assert secretary.get("/review?late=yes&all=yes").text.count('checked aria-label="选择') == 2


@pytest.mark.parametrize("query", ["accepted=x", "accepted=0", "accepted=51", "returned=-1", "accepted=" + "9" * 50])
def test_a_count_that_nobody_made_is_not_shown(sign_in: SignIn, keys: dict[str, int], query: str) -> None:
    answer = sign_in("秘书处").get(f"/review?{query}")
    assert (answer.status_code, 'id="notice"' in answer.text) == (200, False)


def test_the_number_of_queries_does_not_grow(sign_in: SignIn, history: History, keys: dict[str, int]) -> None:
    secretary = sign_in("秘书处")
    department = department_id(history, "甲局")
    paths = ["/review", f"/review?plan=test-plan&department={department}&late=yes&evidence=no"]

    def count() -> list[int]:
        counts = []
        for path in [*paths, f"/review/{keys['甲局']}/row"]:
            with counted(history.database) as sent:
                secretary.get(path, headers=HTMX)
            counts.append(len(sent))
        return counts

    before = count()
    for name in ("东街道", "西街道"):
        history.submit(history.key(name), TODAY, hour=8)
    history.review(keys["甲局"], ReviewDecision.RETURNED, TODAY, hour=8)
    history.submit(keys["甲局"], TODAY, hour=9)
    assert count() == before

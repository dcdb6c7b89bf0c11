"""Many obligations on one page: each report is stored or refused by itself, and nothing typed is lost."""

import re
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from app.db import Database
from app.domain.workflow import State
from app.models import Evidence, Obligation, UpdateDraft
from app.models.review import ReviewDecision
from tests.conftest import Person
from tests.documents import samples
from tests.history import counted
from tests.routers.test_obligations import decide, many, submit  # noqa: F401 (a fixture)
from tests.routers.test_reports import reports

SignIn = Callable[[str], Person]
ObligationOf = Callable[..., Obligation]
BATCH = "/obligations/batch"
HTMX = {"HX-Request": "true"}


def typed(row: Obligation, **fields: str) -> dict[str, str]:
    """One item as the page sends it."""
    values = {"revision": str(row.revision), "kind": "interim", "text": "", **fields}
    return {f"item-{row.id}-{name}": value for name, value in values.items()}


def items(page: str) -> list[int]:
    return [int(key) for key in re.findall(r'<section class="sheet batch-item" id="item-(\d+)"', page)]


def item(page: str, row: Obligation) -> str:
    return page.split(f'id="item-{row.id}"')[1].split("</section>", maxsplit=1)[0]


def drafted(database: Database) -> dict[int, str]:
    with database.reading() as session:
        return {draft.obligation_id: draft.typed["text"] for draft in session.exec(select(UpdateDraft))}


@pytest.fixture
def both(obligation_of: ObligationOf) -> list[Obligation]:
    """乙局's two that are overdue."""
    return [obligation_of("乙局"), obligation_of("乙局", "2.1")]


def send(person: Person, rows: list[Obligation], *forms: dict[str, str], **pressed: str):  # type: ignore[no-untyped-def]
    data: dict[str, object] = {"item": [str(row.id) for row in rows], "section": "due", **pressed}
    for one in forms:
        data |= one
    return person.post(BATCH, data)


# The page


def test_nobody_sees_it_without_signing_in(client: TestClient) -> None:
    assert client.get(BATCH).headers["location"] == "/sign-in?next=/obligations/batch"


@pytest.mark.parametrize("login", ["甲局负责人", "秘书处", "领导", "专家", "邻区秘书处"])
def test_who_does_not_report_has_no_such_page(sign_in: SignIn, login: str) -> None:
    person = sign_in(login)
    assert person.get(BATCH).status_code == 404
    assert person.post(BATCH, {"all": "yes"}).status_code == 404


def test_it_begins_with_what_is_due_and_opens_all_on_demand(
    sign_in: SignIn, both: list[Obligation], obligation_of: ObligationOf
) -> None:
    liaison = sign_in("乙局联络员")
    page = liaison.get(BATCH).text
    assert items(page) == [row.id for row in both]
    assert page.count("<details open>") == 1
    assert len(items(liaison.get(f"{BATCH}?section=todo").text)) == 4
    later = liaison.get(f"{BATCH}?section=later&role=support").text
    assert items(later) == [obligation_of("乙局", phase="第二阶段").id]
    assert "没有符合条件的待办事项。" in liaison.get(f"{BATCH}?q=没有这个").text


def test_without_anything_due_it_leads_on(sign_in: SignIn, database: Database, obligation_of: ObligationOf) -> None:
    with database.writing() as session:
        submit(session, obligation_of("甲局").id or 0, "甲局联络员")
    page = sign_in("甲局联络员").get(BATCH).text
    assert "眼下没有要填报的事项。" in page
    assert "section=todo" in page


@pytest.mark.parametrize(
    "query", ["section=done", "plan=no", "phase=x", "role=x", "year=x", "sort=x", "q=" + "长" * 101]
)
def test_a_wrong_choice_is_told(sign_in: SignIn, query: str) -> None:
    answer = sign_in("甲局联络员").get(f"{BATCH}?{query}")
    assert answer.status_code == 422
    assert f'id="{query.split("=", maxsplit=1)[0]}-fault"' in answer.text


@pytest.mark.parametrize(
    "query", ["done=x", "at=x", "done=" + ".".join("1" * 61), "after=x", "at=1.2", "done=" + "9" * 30]
)
def test_an_address_that_no_link_of_ours_has_is_told(sign_in: SignIn, query: str) -> None:
    assert sign_in("甲局联络员").get(f"{BATCH}?{query}").status_code == 422


def test_others_obligations_in_the_address_are_not_shown(
    sign_in: SignIn, obligation_of: ObligationOf, both: list[Obligation]
) -> None:
    page = sign_in("乙局联络员").get(f"{BATCH}?done={obligation_of('甲局').id}&at={obligation_of('甲局').id}").text
    assert "本次已提交" not in page
    assert items(page) == [row.id for row in both]


def test_it_pages_by_twenty_and_leaves_nothing_out(sign_in: SignIn, many: int) -> None:  # noqa: F811
    liaison = sign_in("甲局联络员")
    link: str | None = f"{BATCH}?section=todo"
    seen: list[int] = []
    while link:
        page = liaison.get(link).text
        assert len(items(page)) <= 20
        seen += items(page)
        found = re.findall(r'href="(/obligations/batch\?[^"]*after=[^"]*)"', page)
        link = found[0].replace("&amp;", "&") if found else None
    assert len(seen) == len(set(seen)) == many + 2


def test_its_queries_do_not_grow_with_the_rows(
    sign_in: SignIn, database: Database, request: pytest.FixtureRequest
) -> None:
    liaison = sign_in("甲局联络员")
    with counted(database) as few:
        liaison.get(f"{BATCH}?section=todo")
    request.getfixturevalue("many")
    with counted(database) as more:
        liaison.get(f"{BATCH}?section=todo")
    assert len(more) == len(few)


def test_what_was_returned_shows_the_demand_and_the_words_that_were_sent(
    sign_in: SignIn, database: Database, both: list[Obligation]
) -> None:
    with database.writing() as session:
        submit(session, both[0].id or 0, "乙局联络员", "已办两场")
        decide(session, both[0].id or 0, ReviewDecision.RETURNED, "应为三场")
    page = item(sign_in("乙局联络员").get(BATCH).text, both[0])
    assert "应为三场" in page
    assert "已办两场</textarea>" in page


# One


def test_one_is_sent_and_the_page_goes_on_with_the_next(
    sign_in: SignIn, database: Database, both: list[Obligation]
) -> None:
    liaison = sign_in("乙局联络员")
    answer = send(liaison, both, typed(both[0], text="已办"), typed(both[1], text="写了一半"), only=str(both[0].id))
    assert answer.status_code == 303
    assert answer.headers["location"].endswith(f"#item-{both[1].id}")
    assert [said.text for said in reports(database)] == ["已办"]
    assert drafted(database) == {both[1].id: "写了一半"}
    page = liaison.get(answer.headers["location"]).text
    assert "本次已提交1件" in page
    assert items(page) == [both[1].id]
    assert "上一件已提交" in item(page, both[1])
    assert "写了一半</textarea>" in page


def test_by_htmx_the_one_becomes_a_line(sign_in: SignIn, database: Database, both: list[Obligation]) -> None:
    liaison = sign_in("乙局联络员")
    data = {"item": str(both[0].id), "only": str(both[0].id), **typed(both[0], text="已办")}
    for _twice in range(2):
        answer = liaison.post(BATCH, data, headers=HTMX)
        assert answer.status_code == 200
        assert "已提交" in answer.text
        assert "<html" not in answer.text
    assert len(reports(database)) == 1
    faulty = liaison.post(
        BATCH,
        {"item": str(both[1].id), "only": str(both[1].id), **typed(both[1], text="", percent="150")},
        headers=HTMX,
    )
    assert faulty.status_code == 422
    assert f'id="item-{both[1].id}-text-fault"' in faulty.text
    assert f'href="#item-{both[1].id}-percent"' in faulty.text
    assert 'value="150"' in faulty.text


def test_files_of_one_are_attached_and_of_the_others_kept(
    sign_in: SignIn, database: Database, both: list[Obligation]
) -> None:
    liaison = sign_in("乙局联络员")
    data = {
        "item": [str(row.id) for row in both],
        "only": str(both[0].id),
        **typed(both[0], text="已办"),
        **typed(both[1], text="未完"),
    }
    files = [
        (f"item-{both[0].id}-files", ("签到表.xlsx", samples.excel(), "x/y")),
        *[(f"item-{number}-files", ("", b"", "application/octet-stream")) for number in range(12)],
        (f"item-{both[1].id}-files", ("照片.png", samples.png(), "x/y")),
    ]
    answer = liaison.post(BATCH, data, files=files)
    assert answer.status_code == 303
    with database.reading() as session:
        assert session.exec(select(Evidence.file_name)).all() == ["签到表.xlsx"]
    assert "已上传：<bdi>照片.png</bdi>" in liaison.get(answer.headers["location"]).text


def test_more_files_than_ten_at_once_are_told_at_their_items(
    sign_in: SignIn, database: Database, both: list[Obligation]
) -> None:
    data = {
        "item": [str(row.id) for row in both],
        "all": "yes",
        **typed(both[0], text="已办"),
        **typed(both[1], text="好"),
    }
    files = [(f"item-{both[0].id}-files", (f"{n}.pdf", samples.PDF + bytes([n]), "application/pdf")) for n in range(11)]
    answer = sign_in("乙局联络员").post(BATCH, data, files=files)
    assert answer.status_code == 422
    assert "一次最多上传10个文件，现有11个" in item(answer.text, both[0])
    assert [said.text for said in reports(database)] == ["好"]


# All


def test_all_that_are_filled_in_are_sent_and_no_others(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf, both: list[Obligation]
) -> None:
    liaison = sign_in("乙局联络员")
    untouched = obligation_of("乙局", phase="第二阶段")
    forms = [typed(both[0], text="甲", kind="completion"), typed(both[1], text="乙"), typed(untouched)]
    answers = [send(liaison, [*both, untouched], *forms, all="yes") for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303], "a double click sends nothing twice"
    assert [said.text for said in reports(database)] == ["甲", "乙"]
    assert obligation_of("乙局").state is State.SUBMITTED
    page = liaison.get(answers[0].headers["location"]).text
    assert "已填写的事项全部提交。" in page
    assert "本次已提交2件" in page
    assert drafted(database) == {}


def test_what_is_right_is_stored_and_the_rest_stays_with_its_sentences(
    sign_in: SignIn, database: Database, both: list[Obligation]
) -> None:
    liaison = sign_in("乙局联络员")
    answer = send(liaison, both, typed(both[0], text="好的"), typed(both[1], text="写了很多", percent="150"), all="yes")
    assert answer.status_code == 422
    assert [said.text for said in reports(database)] == ["好的"]
    assert "有1件未能提交" in answer.text
    assert "本次已提交1件" in answer.text
    assert items(answer.text) == [both[1].id]
    wrong = item(answer.text, both[1])
    assert "完成比例应为0至100的整数。" in wrong
    assert "写了很多</textarea>" in wrong
    assert drafted(database) == {both[1].id: "写了很多"}


def test_a_conflict_is_told_at_its_item_and_goes_through_the_second_time(
    sign_in: SignIn, database: Database, both: list[Obligation]
) -> None:
    liaison, colleague = sign_in("乙局联络员"), sign_in("乙局联络员")
    send(colleague, both, typed(both[0], text="同事先报"), only=str(both[0].id))
    answer = send(liaison, both, typed(both[0], text="我也报"), all="yes")
    assert answer.status_code == 409
    page = item(answer.text, both[0])
    assert "已被他人更新" in page
    assert "我也报</textarea>" in page
    again = re.findall(rf'name="item-{both[0].id}-revision" value="(\d+)"', page)[0]
    assert send(liaison, both, typed(both[0], text="我也报", revision=again), all="yes").status_code == 303
    assert [said.text for said in reports(database)] == ["同事先报", "我也报"]


def test_words_that_came_back_from_review_are_not_sent_again_untouched(
    sign_in: SignIn, database: Database, both: list[Obligation], obligation_of: ObligationOf
) -> None:
    with database.writing() as session:
        submit(session, both[0].id or 0, "乙局联络员", "已办两场")
        decide(session, both[0].id or 0, ReviewDecision.RETURNED, "应为三场")
    row = obligation_of("乙局")
    answer = send(sign_in("乙局联络员"), [row], typed(row, text="已办两场", kind="completion"), all="yes")
    assert answer.status_code == 422
    assert "还没有填写任何事项" in answer.text
    assert len(reports(database)) == 1


# Kept, copied, given up


def test_saving_keeps_everything_and_drops_what_was_cleared(
    sign_in: SignIn, database: Database, both: list[Obligation]
) -> None:
    liaison = sign_in("乙局联络员")
    answer = send(liaison, both, typed(both[0], text="一"), typed(both[1], text="二"), save="yes")
    assert answer.status_code == 303
    assert "notice=drafts-kept" in answer.headers["location"]
    assert drafted(database) == {both[0].id: "一", both[1].id: "二"}
    page = liaison.get(BATCH).text
    assert page.count("有草稿") == 2
    window = re.findall(rf'name="item-{both[0].id}-opened" value="(\w*)"', page)
    send(liaison, both, typed(both[0], opened=window[0] or "x"), typed(both[1], text="二"), save="yes")
    assert drafted(database) == {both[1].id: "二"}


def test_what_is_too_long_to_keep_stays_on_the_page(
    sign_in: SignIn, database: Database, both: list[Obligation]
) -> None:
    long = "长" * 10_001
    answer = send(
        sign_in("乙局联络员"), both, typed(both[0], text="好"), typed(both[1], text=long), only=str(both[0].id)
    )
    assert answer.status_code == 422
    assert long in answer.text
    assert [said.text for said in reports(database)] == ["好"]


def test_the_last_words_are_copied_and_a_draft_given_up_beside_others(
    sign_in: SignIn, database: Database, both: list[Obligation], obligation_of: ObligationOf
) -> None:
    liaison = sign_in("乙局联络员")
    send(liaison, both, typed(both[0], text="上次的话"), only=str(both[0].id))
    row = obligation_of("乙局")
    answer = send(liaison, [row, both[1]], typed(row), typed(both[1], text="别的"), copy=str(row.id))
    assert unquote(answer.headers["location"]).endswith(f"at={row.id}#item-{row.id}")
    assert drafted(database) == {row.id: "上次的话", both[1].id: "别的"}
    send(liaison, [row, both[1]], typed(row, text="上次的话"), typed(both[1], text="别的"), discard=str(row.id))
    assert drafted(database) == {both[1].id: "别的"}


def test_the_draft_of_one_item_is_saved_while_typing(
    sign_in: SignIn, database: Database, both: list[Obligation]
) -> None:
    liaison = sign_in("乙局联络员")
    answer = liaison.post(f"/obligations/{both[0].id}/draft", typed(both[0], text="边写边存"), headers=HTMX)
    assert "草稿已保存" in answer.text
    assert drafted(database) == {both[0].id: "边写边存"}


# Not ours


def test_nothing_is_stored_when_one_of_them_is_not_ours(
    sign_in: SignIn, database: Database, both: list[Obligation], obligation_of: ObligationOf
) -> None:
    foreign = obligation_of("甲局")
    liaison = sign_in("乙局联络员")
    assert (
        send(liaison, [both[0], foreign], typed(both[0], text="x"), typed(foreign, text="y"), all="yes").status_code
        == 404
    )
    assert send(liaison, both, typed(both[0], text="x"), only=str(foreign.id)).status_code == 404
    assert (reports(database), drafted(database)) == ([], {})


@pytest.mark.parametrize("ids", [["x"], ["1.2"], [str(n) for n in range(1, 30)], ["9" * 30], ["-1"]])
def test_broken_lists_of_items_are_told(sign_in: SignIn, ids: list[str]) -> None:
    answer = sign_in("乙局联络员").post(BATCH, {"item": ids, "all": "yes"})
    assert answer.status_code in {404, 422}
    assert "<h1" in answer.text

import re
from collections.abc import Callable

import pytest
from sqlmodel import Session, select
from starlette.testclient import TestClient

from app.changes.publish_plan import publish_plan
from app.db import Database
from app.drafts.plan_draft import PlanDraft
from app.models import NoteDecision, SourceNote
from tests.conftest import NOW, PLAN, Person
from tests.history import counted

SignIn = Callable[[str], Person]
LIST = "/plans/test-plan/notes"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def note(session: Session) -> int:
    key = session.exec(select(SourceNote.id)).one() or 0
    session.rollback()
    return key


@pytest.fixture
def many(session: Session) -> None:
    """Sixty notes: thirty on the plan, twenty on task 1.1, ten on the indicator."""
    notes = [
        *({"about": "plan", "lines": [n], "readings": [f"全文甲{n}", f"全文乙{n}"]} for n in range(1, 31)),
        *({"about": "task:1.1", "lines": [n], "readings": [f"任务甲{n}", f"任务乙{n}"]} for n in range(31, 51)),
        *({"about": "indicator:1", "lines": [n], "readings": [f"指标甲{n}", "100%_"]} for n in range(51, 61)),
    ]
    publish_plan(session, PlanDraft.model_validate({**PLAN, "source_notes": notes}), now=NOW)
    session.commit()


def decision_of(database: Database, note: int) -> str:
    with database.reading() as session:
        return session.get_one(SourceNote, note).decision


def shown(page: str) -> list[int]:
    return [int(key) for key in re.findall(r'<li class="note" id="note-(\d+)"', page)]


def test_nobody_reads_or_decides_without_signing_in(client: TestClient, note: int) -> None:
    assert client.get(f"{LIST}/{note}").status_code == 303
    assert client.post(f"{LIST}/{note}", data={"reading": "0", "text": "x"}).status_code == 401


@pytest.mark.parametrize("login", ["领导", "专家", "甲局联络员", "甲局负责人"])
def test_others_read_and_cannot_decide(sign_in: SignIn, database: Database, note: int, login: str) -> None:
    person = sign_in(login)
    page = person.get(f"{LIST}/{note}")
    assert page.status_code == 200
    assert "甲说" in page.text
    assert 'name="reading"' not in page.text
    assert person.post(f"{LIST}/{note}", {"reading": "0", "text": "理由", "seen": "0"}).status_code == 404
    assert person.post(f"{LIST}/{note}/take-back", {"seen": "0"}).status_code == 404
    assert decision_of(database, note) == ""


def test_another_region_finds_nothing(sign_in: SignIn, note: int) -> None:
    stranger = sign_in("邻区秘书处")
    assert stranger.get(f"{LIST}/{note}").status_code == 404
    assert stranger.post(f"{LIST}/{note}", {"reading": "0", "text": "理由", "seen": "0"}).status_code == 404


@pytest.mark.parametrize("path", [f"{LIST}/99999", f"{LIST}/0", f"{LIST}/x", f"{LIST}/{10**30}"])
def test_a_note_that_there_is_not(sign_in: SignIn, path: str) -> None:
    assert sign_in("秘书处").get(path).status_code in {404, 422}


def test_deciding_leads_to_the_next_note_and_shows_everywhere(sign_in: SignIn, note: int) -> None:
    secretariat = sign_in("秘书处")
    answer = secretariat.post(f"{LIST}/{note}?state=open", {"reading": "1", "text": "附件在后", "seen": "0"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{LIST}?state=open&decided={note}#list"
    page = secretariat.get(answer.headers["location"]).text
    assert "没有其他待核定之处了" in page
    assert "没有待核定之处，全部存疑均已核定" in page
    for path in (LIST, "/plans/test-plan/tasks/2.1", f"{LIST}/{note}"):
        page = sign_in("领导").get(path).text
        for words in ("以此为准", "附件在后", "秘书处于2024年11月25日"):
            assert words in page, (path, words)
    assert "1处，其中0处待核定" in secretariat.get("/plans/test-plan").text


def test_remarks_are_noted_without_a_reason(sign_in: SignIn, database: Database, note: int) -> None:
    secretariat = sign_in("秘书处")
    page = secretariat.get(f"{LIST}/{note}").text
    assert "如何核定" in page
    assert 'value="noted"' in page
    assert secretariat.post(f"{LIST}/{note}", {"reading": "noted", "text": "", "seen": "0"}).status_code == 303
    assert decision_of(database, note) == "所列均属说明，知悉即可"
    assert "所列均属说明，知悉即可" in sign_in("领导").get("/plans/test-plan/tasks/2.1").text


def test_the_page_of_a_note_leads_back_to_the_list_as_it_was_filtered(sign_in: SignIn, note: int) -> None:
    secretariat = sign_in("秘书处")
    row = f"{LIST}/{note}?state=open&amp;noun=task"
    assert f'<a href="{row}">' in secretariat.get(f"{LIST}?state=open&noun=task").text
    page = secretariat.get(f"{LIST}/{note}?state=open&noun=task").text
    assert f'action="{row}"' in page
    assert f'href="{LIST}?state=open&amp;noun=task#note-{note}"' in page
    answer = secretariat.post(f"{LIST}/{note}?state=open&noun=task", {"reading": "noted", "text": "", "seen": "0"})
    assert answer.headers["location"] == f"{LIST}?state=open&noun=task&decided={note}#list"


def test_htmx_gets_the_row_and_the_count(sign_in: SignIn, note: int) -> None:
    answer = sign_in("秘书处").post(f"{LIST}/{note}", {"reading": "own", "text": "两说并行", "seen": "0"}, headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert shown(answer.text) == [note]
    assert "data-focus" in answer.text
    assert "0处待核定" in answer.text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"reading": "", "text": "理由"}, "请选择一种读法"),
        ({"reading": "7", "text": "理由"}, "请选择一种读法"),
        ({"reading": "x", "text": "理由"}, "请选择一种读法"),
        ({"reading": "0", "text": ""}, "请写明采用这种读法的理由"),
        ({"reading": "own", "text": "  "}, "请写明核定意见"),
        ({"reading": "own", "text": "长" * 10_000}, "不得超过2000字"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_is_missing_is_said_and_what_was_typed_stays(
    *, sign_in: SignIn, database: Database, note: int, form: dict[str, str], sentence: str, headers: dict[str, str]
) -> None:
    answer = sign_in("秘书处").post(f"{LIST}/{note}", {**form, "seen": "0"}, headers=headers)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert form["text"].strip() in answer.text
    assert decision_of(database, note) == ""


def test_a_stale_form_is_answered_with_both_texts(sign_in: SignIn, database: Database, note: int) -> None:
    secretariat = sign_in("秘书处")
    secretariat.post(f"{LIST}/{note}", {"reading": "0", "text": "先到的理由", "seen": "0"})
    answer = secretariat.post(f"{LIST}/{note}", {"reading": "1", "text": "后到的理由", "seen": "0"})
    assert answer.status_code == 409
    for words in ("已由他人先行核定", "先到的理由", "后到的理由"):
        assert words in answer.text, words
    assert decision_of(database, note) == "甲说\n先到的理由"
    seen = re.search(r'name="seen" value="(\d+)"', answer.text)
    assert seen is not None
    again = secretariat.post(f"{LIST}/{note}", {"reading": "1", "text": "后到的理由", "seen": seen[1]})
    assert again.status_code == 303
    assert decision_of(database, note) == "乙说\n后到的理由"


def test_a_decision_is_taken_back_once(sign_in: SignIn, database: Database, session: Session, note: int) -> None:
    secretariat = sign_in("秘书处")
    secretariat.post(f"{LIST}/{note}", {"reading": "0", "text": "理由", "seen": "0"})
    seen = session.exec(select(NoteDecision.id)).one()
    session.rollback()
    answer = secretariat.post(f"{LIST}/{note}/take-back", {"seen": str(seen)})
    assert answer.status_code == 303
    page = secretariat.get(answer.headers["location"]).text
    assert "恢复待核定" in page
    assert "核定记录（2条）" in page
    assert decision_of(database, note) == ""
    assert secretariat.post(f"{LIST}/{note}/take-back", {"seen": str(seen)}).status_code == 409


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "😀\u202e反", "a\x00b"])
def test_hostile_text_is_text(sign_in: SignIn, note: int, text: str) -> None:
    secretariat = sign_in("秘书处")
    assert secretariat.post(f"{LIST}/{note}", {"reading": "own", "text": text, "seen": "0"}).status_code == 303
    page = secretariat.get(LIST).text
    assert "<script>alert" not in page


@pytest.mark.usefixtures("many")
def test_filters_combine_and_pages_go_on_where_the_last_one_ended(sign_in: SignIn) -> None:
    leader = sign_in("领导")
    first = leader.get(LIST).text
    assert "共60处。" in first
    assert len(shown(first)) == 25
    following = re.search(r'rel="next" href="[^"]*(after=\d+)"', first)
    assert following is not None
    second = shown(leader.get(f"{LIST}?{following[1]}").text)
    assert len(second) == 25
    assert not set(second) & set(shown(first))
    assert "共20处。" in leader.get(f"{LIST}?noun=task").text
    assert "共20处。" in leader.get(f"{LIST}?about=task:1.1").text
    assert "共1处。" in leader.get(f"{LIST}?noun=task&q=甲33").text
    assert "共10处。" in leader.get(f"{LIST}?q=100%25_").text
    assert "没有符合条件的存疑之处" in leader.get(f"{LIST}?q=没有这句").text
    assert "没有符合条件的存疑之处" in leader.get(f"{LIST}?state=decided").text


@pytest.mark.usefixtures("many")
def test_deciding_keeps_filter_and_place(sign_in: SignIn) -> None:
    secretariat = sign_in("秘书处")
    rows = shown(secretariat.get(f"{LIST}?state=open&noun=plan").text)
    location = secretariat.post(
        f"{LIST}/{rows[0]}?state=open&noun=plan", {"reading": "0", "text": "理由", "seen": "0"}
    ).headers["location"]
    assert location == f"{LIST}?state=open&noun=plan&decided={rows[0]}#note-{rows[1]}"
    page = secretariat.get(location).text
    assert shown(page)[0] == rows[1]
    assert "上一处已核定，下面是下一处" in page
    last = secretariat.post(f"{LIST}/{rows[-1]}?noun=plan", {"reading": "0", "text": "理由", "seen": "0"}).headers[
        "location"
    ]
    following = int(last.rpartition("-")[2])
    assert following in shown(secretariat.get(last).text)


@pytest.mark.parametrize(
    ("query", "field"),
    [("state=x", "state"), ("noun=x", "noun"), (f"q={'长' * 101}", "q"), ("noun=%F0%9F%98%80", "noun")],
)
def test_a_faulty_filter_is_told_at_its_field(sign_in: SignIn, query: str, field: str) -> None:
    answer = sign_in("领导").get(f"{LIST}?{query}")
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in answer.text


@pytest.mark.parametrize(("query", "status"), [("after=x", 422), (f"after={10**30}", 422), ("about=task:9", 404)])
def test_faulty_places(sign_in: SignIn, query: str, status: int) -> None:
    assert sign_in("领导").get(f"{LIST}?{query}").status_code == status


def test_the_number_of_queries_does_not_grow(
    sign_in: SignIn, database: Database, request: pytest.FixtureRequest
) -> None:
    leader = sign_in("领导")
    with counted(database) as few:
        leader.get(LIST)
    request.getfixturevalue("many")
    with counted(database) as lots:
        leader.get(LIST)
    assert len(lots) == len(few) <= 12

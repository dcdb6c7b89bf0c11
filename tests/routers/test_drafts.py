"""What is typed is kept until it is sent or given up, and comes back wherever the form is opened."""

import threading
from collections.abc import Callable
from html import unescape

import pytest
from fastapi import FastAPI
from sqlmodel import select

from app.db import Database
from app.models import Obligation, ProgressUpdate, UpdateDraft
from tests.conftest import Person
from tests.documents import samples
from tests.routers.test_reports import attached, form, kept, revision

SignIn = Callable[[str], Person]
ObligationOf = Callable[..., Obligation]
HTMX = {"HX-Request": "true"}


def address(row: Obligation) -> str:
    return f"/obligations/{row.id}/draft"


def drafts(database: Database) -> list[UpdateDraft]:
    with database.reading() as session:
        return list(session.exec(select(UpdateDraft).order_by(UpdateDraft.id)).all())


def hidden(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="')[1].split('"', maxsplit=1)[0]


def test_a_draft_comes_back_with_everything_but_the_files(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    answer = liaison.post(address(row), form(row, kind="completion", percent="八成"))
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/obligations/{row.id}#report-form"
    page = sign_in("甲局联络员").get(f"/obligations/{row.id}").text
    for words in ("已办两场活动</textarea>", "场地不足</textarea>", "下月办第三场</textarea>", 'value="八成"'):
        assert words in page
    assert 'value="completion" checked' in page
    assert "草稿，保存于2024年11月25日 10:" in page
    assert "放弃草稿" in page
    assert "有草稿" in sign_in("甲局联络员").get("/obligations").text
    assert "有草稿" not in sign_in("甲局负责人").get("/obligations").text
    assert [draft.revision for draft in drafts(database)] == [row.revision]


def test_by_htmx_only_a_sentence_comes_back(sign_in: SignIn, obligation_of: ObligationOf) -> None:
    row = obligation_of("甲局")
    answer = sign_in("甲局联络员").post(address(row), form(row), headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.strip().startswith("草稿已保存 10:")
    assert "<" not in answer.text


@pytest.mark.parametrize("login", ["甲局负责人", "乙局联络员", "秘书处", "邻区秘书处"])
def test_nobody_else_keeps_or_drops_a_draft(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf, login: str
) -> None:
    row = obligation_of("甲局")
    person = sign_in(login)
    assert person.post(address(row), form(row)).status_code == 404
    assert person.post(f"{address(row)}/discard").status_code == 404
    assert drafts(database) == []


def test_a_draft_needs_a_session_and_a_token(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf, app: FastAPI
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    assert liaison.post(address(row), form(row, csrf="")).status_code == 403
    liaison.http.cookies.clear()
    assert liaison.post(address(row), form(row)).status_code == 401
    assert drafts(database) == []


def test_a_report_that_is_sent_takes_its_draft_with_it(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    liaison.post(address(row), form(row))
    liaison.post(f"/obligations/{row.id}/updates", form(row))
    assert drafts(database) == []


def test_what_is_saved_behind_the_report_does_not_come_to_life_again(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    liaison.post(f"/obligations/{row.id}/updates", form(row))
    late = liaison.post(address(row), form(row, text="已办两"), headers=HTMX)
    assert late.status_code == 409
    assert "未存为草稿" in late.text
    assert drafts(database) == []
    page = liaison.post(address(row), form(row, text="已办两"))
    assert page.status_code == 409
    assert "已办两</textarea>" in page.text


def test_drafts_and_the_report_at_the_same_moment_leave_the_report_alone(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    people = [sign_in("甲局联络员") for _ in range(4)]
    barrier = threading.Barrier(len(people))
    answers = []

    def save(person: Person, number: int) -> None:
        barrier.wait()
        typed = form(row, text=f"第{number}版")
        answers.extend(person.post(address(row), typed, headers=HTMX).status_code for _again in range(3))

    def report(person: Person) -> None:
        barrier.wait()
        answers.append(person.post(f"/obligations/{row.id}/updates", form(row)).status_code)

    threads = [threading.Thread(target=save, args=(person, n)) for n, person in enumerate(people[1:])]
    threads.append(threading.Thread(target=report, args=(people[0],)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {200, 303, 409}
    assert drafts(database) == []
    with database.reading() as session:
        assert len(session.exec(select(ProgressUpdate)).all()) == 1


def test_a_draft_outlives_what_somebody_else_reports(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    liaison.post(address(row), form(row))
    with database.writing() as session:  # as when the date was moved
        changed = session.get_one(Obligation, row.id)
        changed.revision += 1
        session.add(changed)
    told = liaison.post(address(row), form(row, text="又写了一句"), headers=HTMX)
    assert told.status_code == 200
    assert "此事项在您起草后有更新" in told.text
    page = liaison.get(f"/obligations/{row.id}").text
    assert "又写了一句</textarea>" in page
    assert "草稿起草后，此事项有过更新" in page
    assert revision(page) == str(row.revision + 1)


def test_of_two_windows_the_last_one_wins_and_says_so(sign_in: SignIn, obligation_of: ObligationOf) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    first, second = (hidden(liaison.get(f"/obligations/{row.id}").text, "window") for _ in range(2))
    assert first != second
    answers = [
        liaison.post(address(row), form(row, text=text, window=window), headers=HTMX).text
        for text, window in (("一", first), ("一二", first), ("别的", second), ("别的话", second), ("一二三", first))
    ]
    assert ["另一窗口" in answer for answer in answers] == [False, False, True, False, True]
    page = liaison.get(f"/obligations/{row.id}").text
    assert "一二三</textarea>" in page
    opened, window = hidden(page, "opened"), hidden(page, "window")
    assert opened == first
    again = liaison.post(address(row), form(row, text="接着写", window=window, opened=opened), headers=HTMX)
    assert "另一窗口" not in again.text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("text", "长" * 10_001, "不得超过10000字，现有10001字。"),
        ("next_step", "长" * 10_001, "不得超过10000字"),
        ("proves", "长" * 501, "不得超过500字"),
        ("percent", "9" * 41, "0至100的整数"),
    ],
)
def test_a_draft_too_long_is_refused_in_a_sentence_and_the_one_before_stays(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf, field: str, value: str, sentence: str
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    liaison.post(address(row), form(row, text="早先的"))
    answer = liaison.post(address(row), form(row, **{field: value}), headers=HTMX)
    assert answer.status_code == 422
    assert "草稿未保存" in answer.text
    assert sentence in answer.text
    page = liaison.post(address(row), form(row, **{field: value}))
    assert page.status_code == 422
    assert value in page.text
    assert f'id="{field}-fault"' in page.text
    assert drafts(database)[0].typed["text"] == "早先的"


def test_ten_thousand_odd_letters_survive(sign_in: SignIn, obligation_of: ObligationOf) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    odd = ("😀\u202e<script>" + "长" * 10_000)[:10_000]
    assert liaison.post(address(row), form(row, text=odd + "\x00"), headers=HTMX).status_code == 200
    page = liaison.get(f"/obligations/{row.id}").text
    assert odd + "</textarea>" in unescape(page.replace("&lt;", "<"))
    assert "<script>" + "长" not in page


@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 30])
def test_a_broken_revision_is_no_accident(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf, value: str
) -> None:
    row = obligation_of("甲局")
    assert sign_in("甲局联络员").post(address(row), form(row, revision=value), headers=HTMX).status_code == 200
    assert len(drafts(database)) == 1


def test_an_empty_form_is_no_draft(sign_in: SignIn, database: Database, obligation_of: ObligationOf) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    empty = {"revision": str(row.revision), "kind": "interim"}
    liaison.post(address(row), form(row))
    assert liaison.post(address(row), empty, headers=HTMX).text.strip() == ""
    assert drafts(database) == []


def test_a_draft_is_given_up(sign_in: SignIn, database: Database, obligation_of: ObligationOf) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    liaison.post(address(row), form(row))
    answer = liaison.post(f"{address(row)}/discard")
    assert answer.headers["location"] == f"/obligations/{row.id}?notice=draft-dropped#report-form"
    assert drafts(database) == []
    assert "草稿已放弃。" in liaison.get(answer.headers["location"]).text


def test_files_that_lie_in_the_store_stay_with_the_draft(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    liaison.post(address(row), form(row), files=attached(("签到表.xlsx", samples.excel())))
    page = liaison.get(f"/obligations/{row.id}").text
    assert "已上传：<bdi>签到表.xlsx</bdi>" in page
    assert len(kept(page)) == 1


def test_a_report_with_faults_is_kept_as_a_draft(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    assert liaison.post(f"/obligations/{row.id}/updates", form(row, percent="150")).status_code == 422
    assert "已办两场活动</textarea>" in liaison.get(f"/obligations/{row.id}").text


def test_the_words_of_the_last_report_fill_what_is_empty(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    liaison.post(f"/obligations/{row.id}/updates", form(row))
    row = obligation_of("甲局")
    assert "沿用上次填报的文字" in liaison.get(f"/obligations/{row.id}").text
    typed = {"revision": str(row.revision), "kind": "interim", "difficulties": "经费不足", "copy": "last"}
    assert liaison.post(address(row), typed).status_code == 303
    page = liaison.get(f"/obligations/{row.id}").text
    for words in ("已办两场活动</textarea>", "经费不足</textarea>", "下月办第三场</textarea>"):
        assert words in page
    with database.reading() as session:
        assert len(session.exec(select(ProgressUpdate)).all()) == 1

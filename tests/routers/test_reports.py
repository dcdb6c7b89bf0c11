import re
import threading
from collections.abc import Callable
from datetime import date
from html import unescape

import pytest
from fastapi import FastAPI
from sqlmodel import col, func, select

from app.db import Database
from app.domain.workflow import EventKind, State
from app.models import Account, Evidence, Obligation, ObligationEvent, ProgressUpdate
from app.models.progress_update import UpdateKind
from app.models.review import ReviewDecision
from app.queries.verify import Checked, history_findings
from app.routers import bounded_form
from app.settings import Settings
from tests.conftest import TODAY, Person
from tests.documents import samples
from tests.history import History

SignIn = Callable[[str], Person]
ObligationOf = Callable[..., Obligation]
MEGABYTE = 1024 * 1024

TYPED = {
    "kind": "interim",
    "text": "已办两场活动",
    "difficulties": "场地不足",
    "next_step": "下月办第三场",
    "percent": "60",
    "proves": "签到表证明人数",
    "risk": "yes",
}


def form(row: Obligation, **changes: str) -> dict[str, object]:
    return {"revision": str(row.revision), **TYPED, **changes}


def attached(*files: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes, str]]]:
    """As a browser sends them; what it says about their type is not believed."""
    return [("files", (name, content, "application/octet-stream")) for name, content in files]


def address(row: Obligation) -> str:
    return f"/obligations/{row.id}/updates"


def reports(database: Database) -> list[ProgressUpdate]:
    with database.reading() as session:
        return list(session.exec(select(ProgressUpdate).order_by(col(ProgressUpdate.id))).all())


def evidence(database: Database) -> list[Evidence]:
    with database.reading() as session:
        return list(session.exec(select(Evidence).order_by(col(Evidence.id))).all())


def kept(page: str) -> list[str]:
    """The receipts of files that the form carries."""
    return [unescape(token) for token in re.findall(r'name="kept" value="([^"]+)"', page)]


def revision(page: str) -> str:
    return re.findall(r'name="revision" value="(\d+)"', page)[0]


def still_typed(page: str) -> bool:
    return all(
        words in page
        for words in (
            "已办两场活动</textarea>",
            "场地不足</textarea>",
            "下月办第三场</textarea>",
            'value="签到表证明人数"',
        )
    )


# The right one


def test_a_liaison_reports_progress_with_evidence(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    answer = sign_in("甲局联络员").post(
        address(row), form(row), files=attached(("签到表.xlsx", samples.excel()), ("照片.png", samples.png()))
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/obligations/{row.id}?notice=reported"
    (said,) = reports(database)
    assert (said.kind, said.text, said.difficulties, said.next_step, said.percent, said.risk, said.on) == (
        UpdateKind.INTERIM,
        "已办两场活动",
        "场地不足",
        "下月办第三场",
        60,
        True,
        TODAY,
    )
    assert [(file.file_name, file.update_id, file.proves) for file in evidence(database)] == [
        ("签到表.xlsx", said.id, "签到表证明人数"),
        ("照片.png", said.id, "签到表证明人数"),
    ]
    after = obligation_of("甲局")
    assert (after.state, after.percent, after.risk) == (State.OPEN, 60, True)


def test_completion_goes_to_review_and_takes_100_when_no_percentage_is_typed(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    answer = liaison.post(address(row), form(row, kind="completion", percent=""))
    assert answer.headers["location"] == f"/obligations/{row.id}?notice=submitted"
    assert "已提交秘书处审核。" in liaison.get(answer.headers["location"]).text
    assert reports(database)[0].percent == 100
    assert obligation_of("甲局").state is State.SUBMITTED


@pytest.mark.parametrize(
    ("typed", "percent"), [("", 30), ("45", 45), ("45%", 45), ("４５％", 45), ("0", 0), ("100", 100)]
)
def test_a_percentage_is_read_as_people_write_it(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf, typed: str, percent: int
) -> None:
    liaison = sign_in("甲局联络员")
    liaison.post(address(obligation_of("甲局")), form(obligation_of("甲局"), percent="30"))
    row = obligation_of("甲局")
    liaison.post(address(row), form(row, percent=typed, text="第二次"))
    assert reports(database)[-1].percent == percent


# Who may not


@pytest.mark.parametrize("login", ["甲局负责人", "乙局联络员", "丙局联络员", "秘书处", "领导", "专家", "邻区秘书处"])
def test_nobody_else_reports_for_a_department(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf, settings: Settings, login: str
) -> None:
    row = obligation_of("甲局")
    answer = sign_in(login).post(address(row), form(row), files=attached(("a.pdf", samples.PDF)))
    assert answer.status_code == 404
    assert reports(database) == []
    assert not settings.evidence_dir.exists()


def test_a_report_without_signing_in_is_refused(app: FastAPI, obligation_of: ObligationOf, sign_in: SignIn) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    liaison.http.cookies.clear()
    assert liaison.post(address(row), form(row)).status_code == 401


def test_a_report_without_the_forms_token_is_refused(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    assert sign_in("甲局联络员").post(address(row), form(row, csrf="")).status_code == 403
    assert reports(database) == []


# Faults


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"text": "  \n "}, "text", "请填写进展情况。"),
        ({"text": "长" * 10_001}, "text", "不得超过10000字，现有10001字。"),
        ({"difficulties": "长" * 10_001}, "difficulties", "不得超过10000字"),
        ({"next_step": "长" * 10_001}, "next_step", "不得超过10000字"),
        ({"percent": "101"}, "percent", "完成比例应为0至100的整数。"),
        ({"percent": "-1"}, "percent", "完成比例应为0至100的整数。"),
        ({"percent": "一半"}, "percent", "完成比例应为0至100的整数。"),
        ({"percent": "9" * 5000}, "percent", "完成比例应为0至100的整数。"),
        ({"kind": "completion", "percent": "80"}, "percent", "申请办结时完成比例应为100。"),
        ({"kind": "nonsense"}, "kind", "请选择填报类型。"),
        ({"kind": ""}, "kind", "请选择填报类型。"),
        ({"proves": "长" * 501}, "proves", "材料说明不得超过500字。"),
    ],
)
def test_a_fault_comes_back_with_what_was_typed_and_a_message_at_its_field(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf, changes: dict[str, str], field: str, sentence: str
) -> None:
    row = obligation_of("甲局")
    answer = sign_in("甲局联络员").post(address(row), form(row, **changes))
    assert answer.status_code == 422
    page = answer.text
    assert f'id="{field}-fault"' in page
    assert sentence in page.split(f'id="{field}-fault"')[1].split("</p>")[0]
    assert f'<a href="#{field}">' in page
    assert f'id="{field}"' in page
    for name, value in {**TYPED, **changes}.items():
        if name not in {"kind", "risk"}:
            assert value.strip() in unescape(page), name
    assert re.search(r'name="risk" value="yes" checked', page)
    assert reports(database) == []


def test_all_faults_are_told_at_once(sign_in: SignIn, obligation_of: ObligationOf) -> None:
    row = obligation_of("甲局")
    page = (
        sign_in("甲局联络员")
        .post(address(row), form(row, text="", percent="x"), files=attached(("空.pdf", b""), ("程序.exe", samples.EXE)))
        .text
    )
    for sentence in ("请填写进展情况。", "完成比例应为", "“空.pdf”是空文件", "“程序.exe”的类型不可上传"):
        assert sentence in page


@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 30, "1e3"])
def test_a_broken_revision_is_a_conflict_and_not_an_accident(
    sign_in: SignIn, obligation_of: ObligationOf, value: str
) -> None:
    row = obligation_of("甲局")
    answer = sign_in("甲局联络员").post(address(row), form(row, revision=value))
    assert answer.status_code == 409
    assert still_typed(answer.text)


def test_odd_letters_survive(sign_in: SignIn, database: Database, obligation_of: ObligationOf) -> None:
    row = obligation_of("甲局")
    odd = "𠮷😀👨‍👩‍👧\u202eabc\u202c <b>&amp;</b> ' \" %s {{ x }}"
    answer = sign_in("甲局联络员").post(address(row), form(row, text=f"\x00{odd}\r\n第二行\x00"))
    assert answer.status_code == 303
    assert reports(database)[0].text == f"{odd}\n第二行"


# Files


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("空.pdf", b"", "“空.pdf”是空文件"),
        ("大.pdf", samples.PDF.ljust(MEGABYTE + 1), "“大.pdf”超过单个文件1 MB的上限"),
        ("程序.exe", samples.EXE, "“程序.exe”的类型不可上传"),
        ("假.pdf", samples.png(), "“假.pdf”的内容与扩展名不符，实际是PNG文件"),
        ("宏.docx", samples.with_entry(samples.word(), "word/vbaProject.bin", b"x"), "“宏.docx”含有宏"),
    ],
)
def test_a_refused_file_is_told_at_its_field_and_the_text_stays(
    small_uploads: FastAPI,
    sign_in: SignIn,
    database: Database,
    obligation_of: ObligationOf,
    name: str,
    content: bytes,
    sentence: str,
) -> None:
    row = obligation_of("甲局")
    answer = sign_in("甲局联络员").post(address(row), form(row), files=attached((name, content)))
    assert answer.status_code == 422
    assert sentence in unescape(answer.text.split('id="files-fault"')[1].split("</p>")[0])
    assert still_typed(answer.text)
    assert (reports(database), evidence(database)) == ([], [])


@pytest.fixture
def small_uploads(app: FastAPI) -> FastAPI:
    """The application with a limit of 1 MB a file."""
    app.state.settings = app.state.settings.model_copy(update={"upload_max_mb": 1})
    return app


def test_a_file_far_too_large_costs_no_disk_and_keeps_the_text(
    small_uploads: FastAPI, sign_in: SignIn, obligation_of: ObligationOf, settings: Settings
) -> None:
    row = obligation_of("甲局")
    files = attached(("录像.pdf", samples.PDF + bytes(60 * MEGABYTE)))
    answer = sign_in("甲局联络员").post(address(row), form(row), files=files)
    assert answer.status_code == 422
    assert "“录像.pdf”超过单个文件1 MB的上限" in answer.text
    assert still_typed(answer.text)
    assert [path for path in settings.evidence_dir.rglob("*") if path.stat().st_size > MEGABYTE] == []


def test_a_request_beyond_all_measure_is_refused_before_it_is_read(
    small_uploads: FastAPI, sign_in: SignIn, obligation_of: ObligationOf
) -> None:
    liaison = sign_in("甲局联络员")
    answer = liaison.http.post(
        address(obligation_of("甲局")),
        content=b"",
        headers={"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(5 * 1024**3)},
    )
    assert answer.status_code == 413
    assert "提交的内容过大" in answer.text


def test_a_request_that_hides_its_length_is_refused_on_the_way(
    small_uploads: FastAPI, sign_in: SignIn, obligation_of: ObligationOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_form, "_DROPPED", 0)
    monkeypatch.setattr(bounded_form, "_MAX_TEXT", MEGABYTE)
    liaison = sign_in("甲局联络员")
    sent = 0

    def body():  # type: ignore[no-untyped-def]
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n'
        for _turn in range(100):
            sent += 1
            yield bytes(MEGABYTE)

    answer = liaison.http.post(
        address(obligation_of("甲局")), content=body(), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 413


def test_texts_beyond_all_measure_are_refused(sign_in: SignIn, obligation_of: ObligationOf) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    assert liaison.post(address(row), form(row, text="x" * 9 * MEGABYTE)).status_code == 413
    many = attached(("a.pdf", samples.PDF))
    assert liaison.post(address(row), form(row, text="x" * 9 * MEGABYTE), files=many).status_code == 413


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"nonsense", "multipart/form-data; boundary=x"),
        (b"nonsense", "multipart/form-data"),
        (b"--x\r\n\r\nvalue\r\n--x--", "multipart/form-data; boundary=x"),
        (b"{}", "application/json"),
        (b"", ""),
    ],
)
def test_what_is_no_form_is_refused_clearly(
    sign_in: SignIn, obligation_of: ObligationOf, body: bytes, content_type: str
) -> None:
    answer = sign_in("甲局联络员").http.post(
        address(obligation_of("甲局")), content=body, headers={"Content-Type": content_type}
    )
    assert answer.status_code in {400, 403}
    assert "<h1" in answer.text


def test_more_files_than_ten_are_refused_with_their_number(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    files = attached(*[(f"{number}.pdf", samples.PDF + bytes([number])) for number in range(12)])
    answer = sign_in("甲局联络员").post(address(row), form(row), files=files)
    assert answer.status_code == 422
    assert "一次最多上传10个文件，现有12个" in answer.text
    assert still_typed(answer.text)
    assert evidence(database) == []


def test_a_file_that_was_good_is_kept_when_another_field_was_not(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    files = attached(("签到表.xlsx", samples.excel()), ("程序.exe", samples.EXE))
    page = liaison.post(address(row), form(row, text=""), files=files).text
    assert "已上传：<bdi>签到表.xlsx</bdi>" in page
    tokens = kept(page)
    assert len(tokens) == 1
    again = {**form(row), "kept": tokens}
    assert liaison.post(address(row), again, files=attached(("照片.png", samples.png()))).status_code == 303
    assert [file.file_name for file in evidence(database)] == ["签到表.xlsx", "照片.png"]


def test_a_kept_file_that_is_not_ticked_is_left_out(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    liaison.post(address(row), form(row, text=""), files=attached(("签到表.xlsx", samples.excel())))
    liaison.post(address(row), form(row))
    assert evidence(database) == []


def test_the_same_file_chosen_again_is_one_evidence(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    files = attached(("签到表.xlsx", samples.excel()))
    tokens = kept(liaison.post(address(row), form(row, text=""), files=files).text)
    liaison.post(address(row), {**form(row), "kept": tokens}, files=files)
    assert len(evidence(database)) == 1


def test_nobody_claims_a_file_that_somebody_else_brought(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    files = attached(("签到表.xlsx", samples.excel()))
    tokens = kept(sign_in("甲局联络员").post(address(row), form(row, text=""), files=files).text)
    other = obligation_of("乙局")
    answer = sign_in("乙局联络员").post(address(other), {**form(other), "kept": [*tokens, "made.up"]})
    assert answer.status_code == 422
    assert "未能核验" in answer.text
    assert still_typed(answer.text)
    assert kept(answer.text) == []
    assert evidence(database) == []


# Two at once


def test_a_stale_form_is_told_and_goes_through_the_second_time(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    first, second = sign_in("甲局联络员"), sign_in("甲局联络员")
    assert first.post(address(row), form(row, text="同事先报的")).status_code == 303
    answer = second.post(address(row), form(row), files=attached(("签到表.xlsx", samples.excel())))
    assert answer.status_code == 409
    assert "已被他人更新，尚未提交" in answer.text
    assert "同事先报的" in answer.text
    assert still_typed(answer.text)
    again = {**form(row), "revision": revision(answer.text), "kept": kept(answer.text)}
    assert second.post(address(row), again).status_code == 303
    assert [said.text for said in reports(database)] == ["同事先报的", "已办两场活动"]
    assert len(evidence(database)) == 1


def test_a_fault_in_a_stale_form_does_not_hide_the_conflict(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    liaison.post(address(row), form(row, text="先报的"))
    faulty = liaison.post(address(row), form(row, text=""))
    assert faulty.status_code == 422
    assert liaison.post(address(row), form(row, revision=revision(faulty.text))).status_code == 409
    assert len(reports(database)) == 1


def test_what_was_typed_stays_when_it_can_no_longer_be_sent(sign_in: SignIn, obligation_of: ObligationOf) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    liaison.post(address(row), form(row, kind="completion", percent="", text="同事已申请办结"))
    answer = liaison.post(address(row), form(row))
    assert answer.status_code == 409
    assert still_typed(answer.text)
    assert "提交填报</button>" not in answer.text
    stale = liaison.post(address(row), form(row, revision=revision(answer.text)))
    assert stale.status_code == 409
    assert "已提交审核或已办结，不能再填报" in stale.text


@pytest.mark.parametrize("kind", ["interim", "completion"])
def test_the_same_form_sent_twice_is_one_report_and_a_success(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf, kind: str
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    typed = form(row, kind=kind, percent="")
    files = attached(("签到表.xlsx", samples.excel()))
    answers = [liaison.post(address(row), typed, files=files) for _turn in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert (len(reports(database)), len(evidence(database))) == (1, 1)


def test_the_same_words_with_another_file_are_not_the_same_form(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    liaison = sign_in("甲局联络员")
    liaison.post(address(row), form(row))
    assert liaison.post(address(row), form(row), files=attached(("表.xlsx", samples.excel()))).status_code == 409


def test_of_two_who_report_at_the_same_moment_one_wins(
    sign_in: SignIn, database: Database, obligation_of: ObligationOf
) -> None:
    row = obligation_of("甲局")
    people = [sign_in("甲局联络员") for _ in range(4)]
    barrier = threading.Barrier(len(people))
    answers = []

    def send(person: Person, text: str) -> None:
        barrier.wait()
        files = attached(("签到表.xlsx", samples.excel()))
        answers.append(person.post(address(row), form(row, text=text), files=files))

    threads = [threading.Thread(target=send, args=(person, f"第{n}人")) for n, person in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    (said,) = reports(database)
    for answer in answers:
        if answer.status_code == 409:
            typed = re.findall(r"(第\d人)</textarea>", answer.text)[0]
            assert typed != said.text
            assert said.text in answer.text
    with database.reading() as session:
        events = select(ObligationEvent.kind).where(ObligationEvent.obligation_id == row.id)
        kinds = session.exec(events.order_by(col(ObligationEvent.seq))).all()
        assert list(kinds) == [EventKind.OPENED, EventKind.REPORTED]
        assert session.exec(select(func.count()).select_from(Evidence)).one() == 1
        assert list(history_findings(session, Checked())) == []
        assert session.exec(select(Account.login).where(Account.id == said.author_id)).one() == "甲局联络员"


def test_what_was_returned_is_not_sent_again_unchanged(sign_in: Callable[[str], Person], database: Database) -> None:
    history = History(database)
    key = history.key("甲局")
    history.submit(key, date(2024, 11, 19), said="已办三场")
    history.review(key, ReviewDecision.RETURNED, date(2024, 11, 20))
    liaison = sign_in("甲局联络员")
    typed = {"kind": "completion", "text": "已办三场", "percent": "100", "revision": "3"}
    answer = liaison.post(f"/obligations/{key}/updates", typed)
    assert answer.status_code == 422
    assert "内容与退回前完全相同" in answer.text
    assert liaison.post(f"/obligations/{key}/updates", typed | {"text": "已办三场，附签到表"}).status_code == 303

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from app.clock import SystemClock
from app.jobs.beat import beat
from app.models import DigestRun, NoteDecision, OutboxMail, SourceNote
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailState
from tests.conftest import NOW, TODAY, Person
from tests.history import History, at, counted

SignIn = Callable[[str], Person]


def test_the_desk_says_what_waits_and_what_to_do_next(sign_in: SignIn, history: History) -> None:
    history.submit(history.key("甲局"), date(2024, 11, 20))
    history.ask(history.key("乙局"), date(2024, 11, 20), date(2025, 3, 31))
    history.freeze(date(2024, 11, 18))
    page = sign_in("秘书处").get("/desk").text
    assert "1项办结申请待审核" in page
    assert "1项延期申请待审批" in page
    assert "目前逾期5项，本周清单尚未冻结" in page
    assert "上一期：〔2024〕第1期，2024年11月18日 周一，6项" in page
    assert (
        page.index("审核办结申请")
        < page.index("审批延期申请")
        < page.index("冻结并发送本周")
        < page.index("发送提醒摘要")
    )
    assert 'action="/overdue/lists"' in page


def test_when_everything_is_done_the_desk_says_so(sign_in: SignIn, history: History) -> None:
    key = history.freeze(TODAY, hour=9)
    page = sign_in("秘书处").get("/desk").text
    assert "没有待审核的事项" in page
    assert "没有待审批的延期申请" in page
    assert "本周清单〔2024〕第1期已于2024年11月25日 周一冻结，共6项" in page
    assert f'href="/overdue/lists/{key}"' in page
    assert history.frozen(key)[0].sha256[:12] in page
    assert 'action="/overdue/lists"' not in page


def test_the_last_run_of_reminders_is_shown(sign_in: SignIn, history: History) -> None:
    secretary = sign_in("秘书处")
    assert "还没有发送过提醒摘要" in secretary.get("/desk").text
    with history.database.writing() as session:
        region_id = history.region(session).id or 0
        run = DigestRun(region_id=region_id, kind=RunKind.DAILY, run_date=TODAY, made_at=NOW, mails=7)
        session.add(run)
    page = secretary.get("/desk").text
    assert "最近一次：每日提醒，2024年11月25日 周一，7封邮件" in page
    assert 'href="/digests"' in page


def test_the_button_freezes_this_weeks_list(sign_in: SignIn, history: History) -> None:
    secretary = sign_in("秘书处")
    answer = secretary.post("/overdue/lists")
    assert answer.status_code == 303
    assert "本周清单〔2024〕第1期" in secretary.get("/desk").text


@pytest.mark.parametrize("login", ["甲局联络员", "甲局负责人", "领导", "专家"])
def test_the_desk_is_the_secretariats(sign_in: SignIn, login: str) -> None:
    assert sign_in(login).get("/desk").status_code == 404


def test_nobody_sees_the_desk_without_signing_in(client: TestClient) -> None:
    assert client.get("/desk").headers["location"] == "/sign-in?next=/desk"


def test_another_regions_desk_shows_nothing_of_ours(sign_in: SignIn, history: History) -> None:
    history.submit(history.key("甲局"), date(2024, 11, 20))
    history.freeze(TODAY, hour=9)
    page = sign_in("邻区秘书处").get("/desk").text
    assert "没有待审核的事项" in page
    assert "目前逾期0项" in page
    assert "第1期" not in page


def test_the_number_of_queries_does_not_grow(sign_in: SignIn, history: History) -> None:
    secretary = sign_in("秘书处")
    with counted(history.database) as before:
        secretary.get("/desk")
    for department in ("甲局", "乙局", "东街道"):
        history.submit(history.key(department), date(2024, 11, 20))
    history.freeze(TODAY, hour=9)
    with counted(history.database) as after:
        secretary.get("/desk")
    assert len(after) == len(before)


def test_one_click_freezes_mails_and_leads_to_the_circular(sign_in: SignIn, history: History) -> None:
    secretary = sign_in("秘书处")
    answer = secretary.post("/desk/weekly")
    assert answer.status_code == 303
    page = secretary.get(answer.headers["location"]).text
    assert "本周清单已冻结，邮件已进入发送队列" in page
    with history.database.reading() as session:
        [run] = session.exec(select(DigestRun)).all()
        letters = session.exec(select(OutboxMail)).all()
    assert (run.kind, run.run_date, run.mails) == (RunKind.WEEKLY, TODAY, len(letters))
    assert {letter.to_name for letter in letters} >= {"秘书处", "甲局联络员"}
    assert "〔2024〕第1期" in page
    assert f"生成，共{len(letters)}封" in page
    assert f'href="/digests/{run.id}?show=queued">待发送 {len(letters)}</a>' in page
    for ending in (".docx", ".xlsx"):
        paper = secretary.get(answer.headers["location"].split("?")[0] + ending)
        assert paper.content.startswith(b"PK")


def test_a_page_left_open_since_last_week_sends_nothing(sign_in: SignIn, history: History) -> None:
    answer = sign_in("秘书处").post("/desk/weekly", {"run_date": "2024-11-18"})
    assert (answer.status_code, "页面上的日期已经过去" in answer.text) == (409, True)


def test_a_held_list_is_not_sent_by_the_click_but_can_be_released(sign_in: SignIn, history: History) -> None:
    secretary = sign_in("秘书处")
    secretary.post("/digests/holds", {"kind": "weekly", "run_date": TODAY.isoformat(), "reason": "待审核"})
    page = secretary.get("/desk").text
    assert "邮件已暂缓发送。" in page
    assert 'action="/desk/weekly"' not in page
    assert secretary.post("/desk/weekly").status_code == 409


def test_a_second_click_sends_nothing_again_and_says_so(sign_in: SignIn, history: History) -> None:
    secretary = sign_in("秘书处")
    assert secretary.post("/desk/weekly").status_code == 303
    answer = secretary.post("/desk/weekly")
    assert (answer.status_code, "本次未重复发送" in answer.text) == (409, True)
    with history.database.reading() as session:
        assert len(session.exec(select(DigestRun)).all()) == 1


def test_a_list_frozen_by_hand_is_the_one_that_is_mailed(sign_in: SignIn, history: History) -> None:
    key = history.freeze(TODAY, hour=9)
    secretary = sign_in("秘书处")
    assert 'action="/desk/weekly"' in secretary.get("/desk").text
    assert secretary.post("/desk/weekly").headers["location"].startswith(f"/overdue/lists/{key}?")
    assert 'action="/desk/weekly"' not in secretary.get("/desk").text


@pytest.mark.parametrize("login", ["甲局联络员", "领导", "甲局负责人"])
def test_only_the_secretariat_sends_the_week(sign_in: SignIn, login: str) -> None:
    assert sign_in(login).post("/desk/weekly").status_code == 404


# The machinery behind it


def run_of_today(history: History) -> None:
    with history.database.writing() as session:
        region_id = history.region(session).id or 0
        session.add(DigestRun(region_id=region_id, kind=RunKind.DAILY, run_date=TODAY, made_at=NOW, mails=7))


def mail(history: History, number: int, **columns: object) -> None:
    with history.database.writing() as session:
        standing = {
            "region_id": history.region(session).id,
            "key": f"key-{number}",
            "message_id": f"<{number}@example.org>",
            "kind": "daily",
            "to_address": "account@example.org",
            "subject": "主题",
            "text": "",
            "html": "",
            "state": MailState.QUEUED,
            "next_try_at": NOW,
            "created_at": NOW,
        }
        session.add(OutboxMail(**standing | columns))


def at_work(history: History) -> None:
    wall = SystemClock().wall()  # signs of life are compared with the real moment
    beat(history.database, wall, "host:1", wall)


def test_whether_reminders_go_out_stands_at_the_top(sign_in: SignIn, history: History) -> None:
    secretary = sign_in("秘书处")
    page = secretary.get("/desk").text
    assert "没有定时任务在运行，也没有它运行过的记录。" in page
    assert "发送程序正常" not in page
    at_work(history)
    page = secretary.get("/desk").text
    assert re.search(r"<strong>发送程序正常。</strong> 最近一次工作在不到1分钟前。", page)
    assert "下次" not in page  # it is ten o'clock, and half past eight has gone by


def test_a_daily_run_that_was_missed_is_told(sign_in: SignIn, history: History) -> None:
    at_work(history)
    with history.database.writing() as session:
        friday = date(2024, 11, 22)
        made = at(friday, 8, 30)
        region_id = history.region(session).id or 0
        session.add(
            DigestRun(region_id=region_id, kind=RunKind.DAILY, run_date=friday, made_at=made, completed_at=made)
        )
    secretary = sign_in("秘书处")
    for path in ("/desk", "/manage", "/manage/alarms"):
        page = secretary.get(path).text
        assert "2024年11月25日08:30应发出的每日提醒尚未发出。" in page
        assert "定时任务可能没有运行" in page
    run_of_today(history)
    page = secretary.get("/desk").text
    assert "每日提醒尚未发出" not in page
    assert "下次：2024年11月26日 08:30" in page
    assert re.search(r'<a href="/digests/\d+">上次：2024年11月25日 \d\d:\d\d每日提醒7封</a>', page)


@pytest.mark.parametrize("path", ["/desk", "/manage", "/manage/alarms"])
def test_the_strip_takes_the_same_statements_however_much_there_is(
    sign_in: SignIn, history: History, path: str
) -> None:
    secretary = sign_in("秘书处")
    counts = []
    for number in (1, 5):
        for one in range(number):
            mail(history, 10 * number + one, attempts=4, error="450", created_at=NOW - timedelta(hours=1))
            beat(history.database, SystemClock().wall(), f"host:{number}.{one}", NOW)
            with history.database.writing() as session:
                day = date(2024, 11, 10 + number + one)
                region_id = history.region(session).id or 0
                run = DigestRun(region_id=region_id, kind=RunKind.DAILY, run_date=day, made_at=at(day))
                session.add(run)
        with counted(history.database) as sent:
            secretary.get(path)
        counts.append(len(sent))
    assert counts[0] == counts[1]


def test_mails_that_wait_or_failed_are_links(sign_in: SignIn, history: History) -> None:
    run_of_today(history)
    secretary = sign_in("秘书处")
    page = secretary.get("/desk").text
    assert 'href="/mail?state=' not in page
    mail(history, 1)
    mail(history, 2, state=MailState.FAILED, error="550")
    mail(history, 3, state=MailState.SENT)
    page = secretary.get("/desk").text
    assert '<a href="/mail?state=queued">1封</a>' in page
    assert '<a href="/mail?state=failed">1封，查看原因</a>' in page
    assert "仍未发出" not in page
    mail(history, 4, next_try_at=NOW - timedelta(hours=2))
    assert "有1封邮件到了发送时间，一个多小时仍未发出。" in secretary.get("/desk").text
    assert 'href="/mail?state=' not in sign_in("邻区秘书处").get("/desk").text


def test_notes_that_nobody_has_decided_are_counted_by_plan(sign_in: SignIn, history: History) -> None:
    secretary = sign_in("秘书处")
    link = '<a href="/plans/test-plan/notes?state=open">测试行动计划</a> <span class="muted">1处'
    assert link in secretary.get("/desk").text
    by = history.account("秘书处")
    for text, still_open in (("按第一种", False), ("", True)):
        with history.database.writing() as session:
            note = session.exec(select(SourceNote)).one()
            session.add(NoteDecision(note_id=note.id or 0, text=text, decided_by=by, decided_at=NOW))
        assert (link in secretary.get("/desk").text) is still_open

import threading
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import event
from sqlmodel import func, select
from starlette.testclient import TestClient

from app.clock import HeldClock
from app.db import Database
from app.jobs.make_runs import make_due_runs
from app.main import create_app
from app.models import Account, DigestRun, OutboxMail, OverdueList, RunHold
from app.models.account import AccountRole
from app.settings import Settings
from tests.conftest import NOW, SHANGHAI, TODAY, Person

SignIn = Callable[[str], Person]
TUESDAY = date(2024, 11, 26)
DAILY = {"kind": "daily", "run_date": TUESDAY.isoformat()}
WEEKLY = {"kind": "weekly", "run_date": TODAY.isoformat()}


@pytest.fixture
def tuesday(settings: Settings, database: Database) -> SignIn:
    """Signs in on the day after; on Monday the list goes first."""
    app = create_app(settings, HeldClock(TUESDAY, SHANGHAI), database)
    return lambda login: Person(app, login)


def mails(database: Database) -> int:
    with database.reading() as session:
        return session.exec(select(func.count()).select_from(OutboxMail)).one()


@pytest.mark.parametrize("path", ["/digests", "/digests?kind=weekly", "/digests/1"])
def test_only_the_secretariat_sees_it(sign_in: SignIn, client: TestClient, path: str) -> None:
    assert client.get(path).headers["location"].startswith("/sign-in")
    for login in ("甲局联络员", "甲局负责人", "领导", "专家"):
        assert sign_in(login).get(path).status_code == 404


def test_only_the_secretariat_sends(sign_in: SignIn, client: TestClient, database: Database) -> None:
    assert client.post("/digests", data=DAILY).status_code == 401
    for login in ("甲局联络员", "甲局负责人", "领导", "专家"):
        assert sign_in(login).post("/digests", DAILY).status_code == 404
    assert sign_in("秘书处").http.post("/digests", data=DAILY).status_code == 403, "without the form's token"
    assert mails(database) == 0


def test_the_preview_shows_each_mail_with_its_text(tuesday: SignIn, database: Database) -> None:
    html = tuesday("秘书处").get("/digests").text
    assert html.count('class="told"') == 6
    assert "【督办提醒】逾期2项（11月26日）" in html
    assert "account5@example.org" in html
    assert "开展宣传活动（编号1.1，牵头）" in html
    assert "现在发送" in html
    assert mails(database) == 0


def test_the_preview_of_the_list_shows_the_secretariats_mail_too(sign_in: SignIn, database: Database) -> None:
    html = sign_in("秘书处").get("/digests?kind=weekly").text
    assert html.count('class="told"') == 7
    assert "〔2024〕第1期：逾期6项，涉及5个单位" in html
    with database.reading() as session:
        assert session.exec(select(OverdueList)).all() == []


def test_the_preview_names_those_who_get_nothing_and_why(tuesday: SignIn, database: Database) -> None:
    with database.writing() as session:
        silent = session.exec(select(Account).where(Account.login == "乙局联络员")).one()
        silent.email = None
        session.add(silent)
    html = tuesday("秘书处").get("/digests").text
    assert "<bdi>乙局联络员</bdi>：未登记邮箱" in html
    assert "<bdi>领导</bdi>：没有登记分管单位" in html


def test_sending_by_hand_is_on_record_with_who_did_it(tuesday: SignIn, database: Database) -> None:
    secretary = tuesday("秘书处")
    answer = secretary.post("/digests", DAILY)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/digests/")
    assert answer.headers["location"].endswith("notice=digests-sent")
    shown = secretary.get(answer.headers["location"]).text
    assert "已进入发送队列" in shown
    assert shown.count("mail-queued") == 6
    with database.reading() as session:
        run = session.exec(select(DigestRun)).one()
        assert session.get_one(Account, run.started_by).login == "秘书处"
        assert run.mails == mails(database) == 6
    after = secretary.get("/digests").text
    assert "共6封" in after
    assert "秘书处手动发送" in after
    assert "现在发送" not in after


def test_sending_the_list_freezes_it(sign_in: SignIn, database: Database) -> None:
    assert sign_in("秘书处").post("/digests", WEEKLY).status_code == 303
    with database.reading() as session:
        frozen = session.exec(select(OverdueList)).one()
        assert session.get_one(Account, frozen.frozen_by).login == "秘书处"
    assert mails(database) == 7


def test_sending_twice_is_refused_and_sends_nothing(tuesday: SignIn, database: Database) -> None:
    secretary = tuesday("秘书处")
    secretary.post("/digests", DAILY)
    answer = secretary.post("/digests", DAILY)
    assert answer.status_code == 409
    assert "已经发送，本次未重复发送" in answer.text
    assert mails(database) == 6


def test_a_page_left_open_over_night_sends_nothing(tuesday: SignIn, database: Database) -> None:
    answer = tuesday("秘书处").post("/digests", {"kind": "daily", "run_date": "2024-11-22"})
    assert answer.status_code == 409
    assert "页面上的日期已经过去" in answer.text
    assert mails(database) == 0


@pytest.mark.parametrize(
    "typed", [{}, {"kind": "yearly"}, {"kind": "daily"}, {"kind": "daily", "run_date": "0000-99-99"}]
)
def test_a_broken_form_sends_nothing(sign_in: SignIn, database: Database, typed: dict[str, object]) -> None:
    assert sign_in("秘书处").post("/digests", typed).status_code in {409, 422}
    assert mails(database) == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/digests?kind=yearly", 422),
        ("/digests?after=-1", 422),
        ("/digests?after=99999999999999999999", 422),
        ("/digests?after=9223372036854775807", 200),
        ("/digests?after=x", 422),
        ("/digests/0", 422),
        ("/digests/x", 422),
        ("/digests/99999999999999999999", 422),
        ("/digests/404", 404),
    ],
)
def test_bad_addresses_have_a_clear_page(sign_in: SignIn, path: str, status: int) -> None:
    answer = sign_in("秘书处").get(path)
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_another_regions_run_is_not_there(tuesday: SignIn) -> None:
    sent = tuesday("秘书处").post("/digests", DAILY).headers["location"]
    assert tuesday("邻区秘书处").get(sent).status_code == 404
    assert "还没有发送过提醒" in tuesday("邻区秘书处").get("/digests").text


def more_liaisons(database: Database, count: int) -> None:
    with database.writing() as session:
        pattern = session.exec(select(Account).where(Account.login == "乙局联络员")).one()
        for number in range(count):
            session.add(
                Account(
                    region_id=pattern.region_id,
                    department_id=pattern.department_id,
                    login=f"乙局联络员{number}",
                    name=f"乙局联络员{number}",
                    email=f"more{number}@example.org",
                    role=AccountRole.LIAISON,
                    password_hash="x",
                    created_at=NOW,
                )
            )


def test_many_accounts_are_shown_page_by_page(tuesday: SignIn, database: Database) -> None:
    more_liaisons(database, 60)
    secretary = tuesday("秘书处")
    first = secretary.get("/digests").text
    assert first.count('class="told"') == 48, "and two who get nothing"
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = secretary.get(following.replace("&amp;", "&")).text
    assert second.count('class="told"') == 18
    assert "回到第一页" in second
    sent = secretary.post("/digests", DAILY).headers["location"].split("?")[0]
    shown = secretary.get(sent).text
    assert shown.count("mail-queued") == 50
    rest = shown.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    assert secretary.get(rest).text.count("mail-queued") == 16


def test_the_number_of_queries_does_not_grow_with_the_accounts(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    count = 0

    def note(*_arguments: object) -> None:
        nonlocal count
        count += 1

    event.listen(database.engine, "before_cursor_execute", note)
    secretary.get("/digests?kind=weekly")
    before, count = count, 0
    more_liaisons(database, 30)
    count = 0
    secretary.get("/digests?kind=weekly")
    event.remove(database.engine, "before_cursor_execute", note)
    assert count == before


def test_a_year_without_a_notice_is_said_to_be_provisional(settings: Settings, database: Database) -> None:
    later = create_app(settings, HeldClock(date(2031, 1, 6), SHANGHAI), database)
    assert "2031年放假安排尚未收录" in Person(later, "秘书处").get("/digests").text
    now = create_app(settings, HeldClock(TODAY, SHANGHAI), database)
    assert "暂定" not in Person(now, "秘书处").get("/digests").text


FRIDAY = date(2024, 11, 29)
HOLD = {"kind": "daily", "run_date": FRIDAY.isoformat(), "reason": "数据待核对"}


def held_form(secretary: Person, path: str) -> str:
    """Where the button 恢复发送 of that page leads."""
    return secretary.get(path).text.split('action="/digests/holds/')[1].split('"')[0]


def test_a_day_to_come_is_shown_with_what_goes_out_on_it_and_why(sign_in: SignIn) -> None:
    html = sign_in("秘书处").get(f"/digests?day={date(2024, 12, 17)}").text
    assert "【督办提醒】临期1项（12月17日）" in html
    assert "期限前14天" in html
    assert "假定到那天为止没有新的填报" in html
    assert "现在发送" not in html
    assert "没有需要提醒的内容" in html


def test_what_the_list_says_first_is_not_in_the_digest_of_its_day(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    html = secretary.get("/digests").text
    assert 'class="told"' not in html
    assert "清单在先" in html
    answer = secretary.post("/digests", DAILY | {"run_date": TODAY.isoformat()})
    assert answer.status_code == 409
    assert "请先发送清单" in answer.text
    assert mails(database) == 0


def test_accounts_can_be_looked_for(sign_in: SignIn) -> None:
    secretary = sign_in("秘书处")
    assert secretary.get("/digests?kind=weekly&person=乙局").text.count('class="told"') == 1
    assert secretary.get("/digests?kind=weekly&department=above").text.count('class="told"') == 1
    nobody = secretary.get("/digests?kind=weekly&person=%25").text
    assert "符合条件的账号都没有要发送的邮件" in nobody


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("day=2024-11-24", "只能查看今天起31天以内的发送"),
        ("day=2024-12-27", "只能查看今天起31天以内的发送"),
        ("day=Friday", "请填写日期"),
        ("day=9999-12-31", "只能查看今天起31天以内的发送"),
        ("kind=weekly&day=2024-11-29", "这一天不发每周逾期清单"),
        ("department=9999", "没有这个单位"),
        ("person=" + "长" * 101, "不能超过100个字"),
        ("day=" + "%3Cscript%3E" * 20, "请填写日期"),
    ],
)
def test_a_faulty_question_gets_a_sentence_at_its_field(sign_in: SignIn, query: str, sentence: str) -> None:
    answer = sign_in("秘书处").get(f"/digests?{query}")
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "<script>" not in answer.text.replace("<script src", "")


def test_a_free_day_says_when_its_reminders_are_sent(sign_in: SignIn) -> None:
    html = sign_in("秘书处").get("/digests?day=2024-11-30").text
    assert "这一天不是工作日（周末），不发送提醒" in html
    assert "暂缓原因" not in html


def test_a_held_run_says_so_and_is_sent_only_after_its_release(tuesday: SignIn, database: Database) -> None:
    secretary = tuesday("秘书处")
    hold = HOLD | {"run_date": TUESDAY.isoformat()}
    assert secretary.post("/digests/holds", hold).headers["location"] == "/digests?notice=run-held"
    html = secretary.get("/digests").text
    assert "数据待核对" in html
    assert "已暂缓" in html
    assert "现在发送</button>" not in html
    refused = secretary.post("/digests", DAILY)
    assert refused.status_code == 409
    assert "请先恢复发送" in refused.text
    assert mails(database) == 0
    release = f"/digests/holds/{held_form(secretary, '/digests')}"
    assert secretary.post(release, {}).headers["location"] == "/digests?notice=run-released"
    assert secretary.post(release, {}).status_code == 303, "a double click"
    assert secretary.post("/digests", DAILY).status_code == 303
    assert secretary.post("/digests/holds", hold).status_code == 409


def test_a_held_day_to_come_lets_the_next_one_say_it(sign_in: SignIn) -> None:
    secretary = sign_in("秘书处")
    due_soon = "/digests?day=2024-12-18"
    assert 'class="told"' not in secretary.get(due_soon).text, "said the day before"
    secretary.post("/digests/holds", HOLD | {"run_date": "2024-12-17"})
    assert secretary.get(due_soon).text.count('class="told"') == 5
    assert "已暂缓的发送" in secretary.get("/digests").text


@pytest.mark.parametrize(
    ("typed", "status", "sentence"),
    [
        ({"reason": ""}, 422, "请写明暂缓发送的原因"),
        ({"reason": "原" * 501}, 422, "原因不能超过500个字"),
        ({"run_date": "2024-11-30"}, 422, "不是工作日"),
        ({"run_date": "x"}, 422, "请填写日期"),
        ({"run_date": "2025-11-24"}, 422, "只能暂缓今后31天以内"),
        ({"kind": "yearly"}, 422, "请选择每日提醒或每周逾期清单"),
    ],
)
def test_a_faulty_hold_is_refused_at_its_field_and_keeps_what_was_typed(
    sign_in: SignIn, typed: dict[str, str], status: int, sentence: str
) -> None:
    answer = sign_in("秘书处").post("/digests/holds", HOLD | typed)
    assert answer.status_code == status
    assert sentence in answer.text
    if "reason" in typed:
        assert (HOLD | typed)["reason"] in answer.text


def test_only_the_secretariat_of_the_region_holds_and_releases(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    for login in ("甲局联络员", "甲局负责人", "领导", "专家"):
        assert sign_in(login).post("/digests/holds", HOLD).status_code == 404
    secretary.post("/digests/holds", HOLD)
    release = f"/digests/holds/{held_form(secretary, f'/digests?day={FRIDAY}')}"
    for login in ("甲局联络员", "邻区秘书处"):
        assert sign_in(login).post(release, {}).status_code == 404
    with database.reading() as session:
        hold = session.exec(select(RunHold)).one()
    assert (hold.reason, hold.released_at) == ("数据待核对", None)


def test_a_large_run_is_begun_here_and_left_to_the_worker(
    tuesday: SignIn, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.routers.digest_sending.AT_ONCE", 3)
    secretary = tuesday("秘书处")
    assert secretary.post("/digests", DAILY).headers["location"] == "/digests?notice=digests-begun"
    assert mails(database) == 0
    assert "已完成0/8人，其余由后台继续" in secretary.get("/digests").text
    make_due_runs(settings, HeldClock(TUESDAY, SHANGHAI), database, threading.Event())
    assert mails(database) == 6
    assert "共6封" in secretary.get("/digests").text

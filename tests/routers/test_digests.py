from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import event
from sqlmodel import func, select
from starlette.testclient import TestClient

from app.clock import HeldClock
from app.db import Database
from app.main import create_app
from app.models import Account, DigestRun, OutboxMail, OverdueList
from app.models.account import AccountRole
from app.settings import Settings
from tests.conftest import NOW, SHANGHAI, TODAY, Person

SignIn = Callable[[str], Person]
DAILY = {"kind": "daily", "run_date": TODAY.isoformat()}
WEEKLY = {"kind": "weekly", "run_date": TODAY.isoformat()}


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


def test_the_preview_shows_each_mail_with_its_text(sign_in: SignIn, database: Database) -> None:
    html = sign_in("秘书处").get("/digests").text
    assert html.count('class="told"') == 6
    assert "【督办提醒】逾期2项（11月25日）" in html
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


def test_the_preview_names_those_who_get_nothing_and_why(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session:
        silent = session.exec(select(Account).where(Account.login == "乙局联络员")).one()
        silent.email = None
        session.add(silent)
    html = sign_in("秘书处").get("/digests").text
    assert "不发送的账号（1个）" in html
    assert "未登记邮箱" in html


def test_sending_by_hand_is_on_record_with_who_did_it(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    answer = secretary.post("/digests", DAILY)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/digests/")
    assert answer.headers["location"].endswith("notice=digests-sent")
    shown = secretary.get(answer.headers["location"]).text
    assert "已进入发送队列" in shown
    assert shown.count("待发送") == 6
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


def test_sending_twice_is_refused_and_sends_nothing(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    secretary.post("/digests", DAILY)
    answer = secretary.post("/digests", DAILY)
    assert answer.status_code == 409
    assert "已经发送，本次未重复发送" in answer.text
    assert mails(database) == 6


def test_a_page_left_open_over_night_sends_nothing(sign_in: SignIn, database: Database) -> None:
    answer = sign_in("秘书处").post("/digests", {"kind": "daily", "run_date": "2024-11-22"})
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


def test_another_regions_run_is_not_there(sign_in: SignIn) -> None:
    sent = sign_in("秘书处").post("/digests", DAILY).headers["location"]
    assert sign_in("邻区秘书处").get(sent).status_code == 404
    assert "还没有发送过提醒" in sign_in("邻区秘书处").get("/digests").text


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


def test_many_accounts_are_shown_page_by_page(sign_in: SignIn, database: Database) -> None:
    more_liaisons(database, 60)
    secretary = sign_in("秘书处")
    first = secretary.get("/digests").text
    assert first.count('class="told"') == 50
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = secretary.get(following.replace("&amp;", "&")).text
    assert second.count('class="told"') == 16
    assert "回到第一页" in second
    sent = secretary.post("/digests", DAILY).headers["location"].split("?")[0]
    shown = secretary.get(sent).text
    assert shown.count("待发送") == 50
    rest = shown.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    assert secretary.get(rest).text.count("待发送") == 16


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

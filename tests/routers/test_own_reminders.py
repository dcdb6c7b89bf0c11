"""How somebody wants to be reminded."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from sqlmodel import select

from app.db import Database
from app.domain.reminder_rules import Pace
from app.models import Account
from app.settings import Settings
from tests.conftest import Person

SignIn = Callable[[str], Person]
PATH = "/account/reminders"


def account(database: Database, login: str) -> Account:
    with database.reading() as session:
        return session.exec(select(Account).where(Account.login == login)).one()


def test_a_liaison_chooses_and_the_secretariat_reads_it(sign_in: SignIn, database: Database) -> None:
    liaison = sign_in("甲局联络员")
    html = liaison.get(PATH).text
    assert "逾期、被退回和3天内到期的事项仍在当天告知" in html
    answer = liaison.post(PATH, {"pace": "weekly", "attach_calendar": "1", "attach_sheet": "1"})
    assert answer.headers["location"] == f"{PATH}?notice=saved"
    row = account(database, "甲局联络员")
    assert (row.pace, row.attach_calendar, row.attach_sheet, row.one_click) == (Pace.WEEKLY, True, True, False)
    assert "每周 · " in liaison.get("/account").text
    page = sign_in("秘书处").get(f"/manage/accounts/{row.id}").text
    assert "日历文件、填报表" in page
    assert 'name="pace"' not in page


def test_what_is_no_pace_is_said_and_changes_nothing(sign_in: SignIn, database: Database) -> None:
    answer = sign_in("甲局联络员").post(PATH, {"pace": "never", "attach_sheet": "1"})
    assert (answer.status_code, "请选择多久收一次提醒" in answer.text) == (422, True)
    row = account(database, "甲局联络员")
    assert (row.pace, row.attach_sheet) == (Pace.DAILY, False)


@pytest.mark.parametrize(
    ("login", "said"),
    [
        ("甲局负责人", "同一事项每周至多一次"),
        ("秘书处", "另在提醒中告知一次"),
        ("领导", "没有登记您分管的单位"),
        ("专家", None),
    ],
)
def test_the_others_are_told_what_they_get_and_have_nothing_to_choose(
    sign_in: SignIn, database: Database, login: str, said: str | None
) -> None:
    person = sign_in(login)
    answer = person.get(PATH)
    assert answer.status_code == (404 if said is None else 200)
    assert said is None or said in answer.text
    assert ("/account/reminders" in person.get("/account").text) is (said is not None)
    assert person.post(PATH, {"pace": "weekly"}).status_code == 404
    assert account(database, login).pace is Pace.DAILY


def test_beside_a_second_factor_no_link_is_promised(sign_in: SignIn, settings: Settings, app: FastAPI) -> None:
    liaison = sign_in("甲局联络员")
    assert "不附免登录的链接" not in liaison.get(PATH).text
    app.state.settings = settings.model_copy(update={"oidc_only": True})
    assert "不附免登录的链接" in liaison.get(PATH).text

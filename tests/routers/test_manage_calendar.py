"""The working calendar of a region."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from app.db import Database
from app.models import DayException, Region
from tests.conftest import Person
from tests.history import counted

SignIn = Callable[[str], Person]
OFF = {"day": "2024-11-29", "working": "off", "reason": "本区运动会"}


def exceptions(database: Database) -> list[tuple[date, bool, str]]:
    with database.reading() as session:
        return [(row.day, row.working, row.reason) for row in session.exec(select(DayException))]


def test_only_the_secretariat_sees_it(sign_in: SignIn, client: TestClient) -> None:
    path = "/manage/calendar"
    assert client.get(path).headers["location"].startswith("/sign-in")
    for login in ("秘书处", "邻区秘书处"):
        assert sign_in(login).get(path).status_code == 200
    for login in ("甲局联络员", "甲局负责人", "领导", "专家"):
        assert sign_in(login).get(path).status_code == 404
        assert sign_in(login).post("/manage/calendar", OFF).status_code == 404


def test_the_notice_of_a_year_is_shown_with_its_make_up_days(sign_in: SignIn) -> None:
    html = sign_in("秘书处").get("/manage/calendar?year=2024").text
    assert "2024年10月1日 周二至2024年10月7日 周一，共7天" in html
    assert "2024年9月29日 周日、2024年10月12日 周六" in html
    assert "暂定" not in html


def test_a_year_whose_notice_is_not_known_says_so(sign_in: SignIn, database: Database) -> None:
    with database.reading() as session:
        assert session.exec(select(Region.id)).first()
    answer = sign_in("秘书处").get("/manage/calendar?year=2026")
    assert answer.status_code == 200
    assert sign_in("秘书处").get("/manage").status_code == 200


@pytest.mark.parametrize("year", ["1999", "2100", "x", "20 24", "-1", "99999999999999999999", "２０２４"])
def test_a_year_that_is_none_is_refused_at_its_field(sign_in: SignIn, year: str) -> None:
    answer = sign_in("秘书处").get("/manage/calendar", params={"year": year})
    assert (answer.status_code, "之间的年份" in answer.text) == (422, True)
    assert f'value="{year}"' in answer.text


@pytest.mark.parametrize("spelling", ["2024-11-29", "2024/11/29", "2024年11月29日"])
def test_a_day_off_moves_reminders_and_says_so(sign_in: SignIn, database: Database, spelling: str) -> None:
    secretary = sign_in("秘书处")
    before = secretary.get("/manage/calendar").text
    assert "2024年11月29日 周五</li>" in before.replace(" </li>", "</li>")
    assert secretary.post("/manage/calendar", OFF | {"day": spelling}).status_code == 303
    assert exceptions(database) == [(date(2024, 11, 29), False, "本区运动会")]
    html = secretary.get("/manage/calendar").text
    assert "当天的提醒提前到2024年11月28日 周四。" in html
    assert "<li>2024年11月29日 周五</li>" not in html
    assert "本区运动会" in html


def test_a_monday_off_moves_the_weekly_list(sign_in: SignIn) -> None:
    secretary = sign_in("秘书处")
    secretary.post("/manage/calendar", OFF | {"day": "2024-12-02"})
    html = secretary.get("/manage/calendar").text
    assert "这一周的清单由2024年12月2日 周一改到2024年12月3日 周二。" in html


def test_a_working_sunday_counts_and_can_be_taken_back(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    secretary.post("/manage/calendar", {"day": "2024-12-01", "working": "work", "reason": "补班"})
    html = secretary.get("/manage/calendar").text
    assert "<li>2024年12月1日 周日" in html
    with database.reading() as session:
        key = session.exec(select(DayException.id)).one()
    assert sign_in("邻区秘书处").post(f"/manage/calendar/{key}/remove").status_code == 404
    assert secretary.post(f"/manage/calendar/{key}/remove").status_code == 303
    assert secretary.post(f"/manage/calendar/{key}/remove").status_code == 404
    assert exceptions(database) == []


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"day": "2024-02-30"}, "请填写日期"),
        ({"day": ""}, "请填写日期"),
        ({"day": "明天"}, "请填写日期"),
        ({"day": "9999-12-31"}, "请填写2027年以前的日期"),
        ({"day": "2024-11-24", "working": "work"}, "已经过去的日子不能再改"),
        ({"day": "2024-11-30"}, "这一天本来就休息"),
        ({"working": "work"}, "这一天本来就是工作日"),
        ({"working": ""}, "请选择休息还是上班"),
        ({"working": "maybe"}, "请选择休息还是上班"),
        ({"reason": ""}, "请填写原因"),
        ({"reason": "长" * 201}, "原因不能超过200个字"),
        ({"reason": "甲\n乙"}, "原因不能含有换行"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    sign_in: SignIn, database: Database, typed: dict[str, str], sentence: str
) -> None:
    answer = sign_in("秘书处").post("/manage/calendar", OFF | typed)
    assert (answer.status_code, sentence in answer.text) == (422, True)
    if "reason" not in typed:
        assert 'value="本区运动会"' in answer.text
    assert exceptions(database) == []


def test_one_day_is_set_once(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    secretary.post("/manage/calendar", OFF)
    assert "这一天已有本地安排" in secretary.post("/manage/calendar", OFF).text
    assert len(exceptions(database)) == 1


def test_the_past_stays_on_record(sign_in: SignIn, database: Database) -> None:
    with database.writing() as session:
        region = session.exec(select(Region.id).where(Region.code == "test")).one() or 0
        session.add(DayException(region_id=region, day=date(2024, 11, 8), working=False, reason="记录"))
        session.flush()
        key = session.exec(select(DayException.id)).one()
    secretary = sign_in("秘书处")
    assert f"/manage/calendar/{key}/remove" not in secretary.get("/manage/calendar").text
    answer = secretary.post(f"/manage/calendar/{key}/remove")
    assert (answer.status_code, "留作记录" in answer.text) == (422, True)


def test_other_regions_days_are_theirs(sign_in: SignIn) -> None:
    sign_in("秘书处").post("/manage/calendar", OFF)
    html = sign_in("邻区秘书处").get("/manage/calendar").text
    assert "本区运动会" not in html
    assert "没有本地安排" in html


def test_the_number_of_queries_is_constant(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    with counted(database) as few:
        secretary.get("/manage/calendar?year=2024")
    with database.writing() as session:
        region = session.exec(select(Region.id).where(Region.code == "test")).one() or 0
        session.add_all(
            DayException(region_id=region, day=date(2024, 12, day), working=day in {1, 7, 8}, reason="多")
            for day in range(1, 11)
        )
    with counted(database) as many:
        secretary.get("/manage/calendar?year=2024")
    assert len(many) == len(few)

"""Every point of the trend is the list of its day, counted without the query that makes the trend."""

from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from sqlmodel import Session, select

from app.clock import day_end
from app.db import Database
from app.models import Plan, Region
from app.queries.overdue import OverdueFilter, overdue_as_known, overdue_now
from app.queries.overdue_trend import Trend, overdue_trend
from tests.conftest import TODAY
from tests.history import History, counted
from tests.queries.test_overdue import STEPS, Play, Step

ZONE = "Asia/Shanghai"


def trend_of(session: Session, *, today: date = TODAY, plan: Plan | None = None, weeks: int = 26) -> Trend:
    region = session.exec(select(Region).where(Region.code == "test")).one()
    return overdue_trend(session, region.id or 0, today, zone=ZONE, plan=plan, weeks=weeks)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_every_point_is_the_list_of_its_day(database: Database, steps: list[Step]) -> None:
    with Session(database.engine) as session:
        play = Play(session)
        for step in steps:
            play.carry_out(step)
        session.flush()
        today = play.now.date() + timedelta(days=1)
        region_id = play.rows[0].region_id
        for point in trend_of(session, today=today).points[:-1]:
            known = overdue_as_known(session, region_id, point.day, cutoff=day_end(point.day, ZONE))
            assert point.overdue == {item.obligation_id for item in known}, point.day
        assert trend_of(session, today=today).now.overdue == {
            item.obligation_id for item in overdue_now(session, region_id, today)
        }
        session.rollback()


def test_a_frozen_week_stands_on_the_day_of_its_list_and_stays_as_it_was(history: History) -> None:
    frozen = history.freeze(date(2024, 11, 12))
    history.accept(history.key("甲局"), date(2024, 11, 13))
    with history.database.reading() as session:
        points = {point.day: point for point in trend_of(session).points}
    assert points[date(2024, 11, 12)].frozen is not None
    assert points[date(2024, 11, 12)].frozen.id == frozen
    assert points[date(2024, 11, 12)].count == 6
    assert date(2024, 11, 11) not in points
    assert points[date(2024, 11, 18)].frozen is None
    assert points[date(2024, 11, 18)].count == points[TODAY].count == 5


def test_of_two_lists_in_a_week_the_first_stands(history: History) -> None:
    first = history.freeze(date(2024, 11, 12))
    history.freeze(date(2024, 11, 14))
    with history.database.reading() as session:
        lists = [point.frozen.id for point in trend_of(session).points if point.frozen]
    assert lists == [first]


def test_today_is_shown_as_it_stands_even_when_its_list_is_frozen(history: History) -> None:
    frozen = history.freeze(TODAY, 8)
    history.accept(history.key("甲局"), TODAY, 9)
    with history.database.reading() as session:
        trend = trend_of(session)
    assert trend.frozen_today is not None
    assert trend.frozen_today.id == frozen
    assert (trend.now.day, trend.now.frozen, trend.now.count) == (TODAY, None, 5)


def test_what_is_new_and_what_is_gone_since_last_week(history: History) -> None:
    history.accept(history.key("甲局"), date(2024, 11, 12))
    history.freeze(date(2024, 11, 18))
    history.accept(history.key("乙局"), date(2024, 11, 20))
    with history.database.reading() as session:
        trend = trend_of(session)
        assert trend.before is not None
        assert trend.before.day == date(2024, 11, 18)
        assert trend.fresh == set()
        assert trend.cleared == {history.key("乙局")}
        later = trend_of(session, today=date(2025, 1, 2))
    assert later.before is not None
    assert later.before.day == date(2024, 12, 23)
    assert len(later.fresh) == 6


def test_one_plan_is_the_part_of_the_list_that_is_its_own(history: History) -> None:
    history.freeze(date(2024, 11, 18))
    with history.database.reading() as session:
        plan = session.exec(select(Plan).where(Plan.code == "test-plan")).one()
        points = trend_of(session, plan=plan).points
        assert {point.count for point in points} == {6}
        region_id = plan.region_id
        assert len(overdue_now(session, region_id, TODAY, OverdueFilter(plan_code="test-plan"))) == 6


def test_before_the_first_plan_there_is_nothing_to_show(history: History) -> None:
    with history.database.reading() as session:
        points = trend_of(session, today=date(2022, 1, 20)).points
    assert [point.day for point in points] == [date(2022, 1, 10), date(2022, 1, 17), date(2022, 1, 20)]


def test_a_region_without_a_plan_has_today_alone(history: History) -> None:
    with history.database.reading() as session:
        region = session.exec(select(Region).where(Region.code == "next")).one()
        trend = overdue_trend(session, region.id or 0, TODAY, zone=ZONE)
    assert [(point.day, point.count) for point in trend.points] == [(TODAY, 0)]
    assert trend.before is None


def test_half_a_year_takes_four_queries_however_many_lists(history: History) -> None:
    for weeks in (0, 3):
        for back in range(weeks, 0, -1):
            history.freeze(TODAY - timedelta(weeks=back))
        with history.database.reading() as session, counted(history.database) as sent:
            overdue_trend(session, 1, TODAY, zone=ZONE)
        assert len([statement for statement in sent if statement.startswith("SELECT")]) == 4

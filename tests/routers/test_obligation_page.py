"""What the page of one obligation says beside its forms: the way of its date, its phases, who waits for whom."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape

import pytest
from sqlmodel import Session, select

from app.changes.make_digest_run import make_run
from app.changes.publish_plan import publish_plan
from app.db import Database
from app.drafts.plan_draft import PlanDraft
from app.models import DayException, Milestone, Obligation, Phase, Region, Task
from app.models.digest_run import RunKind
from app.models.review import ReviewDecision
from app.settings import Settings
from tests.conftest import MILESTONES, PLAN, TODAY, Person
from tests.documents import samples
from tests.history import History, at, counted

SignIn = Callable[[str], Person]


def part(page: str, name: str) -> str:
    """The text of the section with this id."""
    found = re.search(rf'<section[^>]* id="{name}">(.*?)</section>', page, re.DOTALL)
    assert found, name
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", found[1])))


def shown(person: Person, key: int) -> str:
    answer = person.get(f"/obligations/{key}")
    assert answer.status_code == 200
    return str(answer.text)


def publish(database: Database, task: dict[str, object], day: date) -> None:
    """The plan again, with a first task that differs."""
    draft = {**PLAN, "tasks": [{**PLAN["tasks"][0], **task}, *PLAN["tasks"][1:]]}
    with database.writing() as session:
        publish_plan(session, PlanDraft.model_validate(draft), now=at(day))


def run(database: Database, settings: Settings, day: date) -> None:
    with database.reading() as session:
        here = session.exec(select(Region.id).where(Region.code == "test")).one() or 0
    make_run(database, lambda: None, here, RunKind.DAILY, day, now=at(day), by=None, settings=settings)


# Why this date


def test_the_date_is_led_back_to_the_words_of_the_plan(sign_in: SignIn, history: History) -> None:
    why = part(shown(sign_in("甲局联络员"), history.key("甲局", phase="第二阶段")), "why")
    assert "原文“2024年12月底前”，按当月最后一天计，定为2024年12月31日 周二。" in why
    assert "测试行动计划第4行：“2024年12月底前”" in why
    assert "规划发布 2022年1月4日" in why


def test_an_extension_is_a_step_on_the_way(sign_in: SignIn, history: History) -> None:
    key = history.key("甲局", phase="第二阶段")
    history.extend(key, date(2024, 11, 20), date(2025, 3, 31))
    page = shown(sign_in("乙局联络员"), key)
    why = part(page, "why")
    assert "期限的来历（2步）" in why
    assert "同意延期 2024年11月20日 · 秘书处" in why
    assert "由2024年12月31日改为2025年3月31日 周一，晚90天" in why
    assert "甲局联络员申请，理由： 招标延后" in why
    extensions = part(page, "extensions")
    for words in (
        "原定期限 2024年12月31日 周二",
        "现行期限 2025年3月31日 周一",
        "已延期1次，比原定晚90天",
        "甲局联络员于2024年11月20日申请",
        "秘书处于2024年11月20日 09:00审批",
        "招标延后",
    ):
        assert words in extensions, words


def test_an_edition_that_moves_the_date_is_quoted_beside_the_first(
    sign_in: SignIn, database: Database, history: History
) -> None:
    second = [MILESTONES[0], {"phase": "第二阶段", "due": "2025-06-30", "printed": "2025年6月底前", "line": 7}]
    publish(database, {"milestones": second}, date(2024, 5, 6))
    why = part(shown(sign_in("甲局联络员"), history.key("甲局", phase="第二阶段")), "why")
    assert "原文“2024年12月底前”，按当月最后一天计，定为2024年12月31日 周二。" in why
    assert "后来调整为2025年6月30日 周一。" in why
    assert "期限调整 2024年5月6日" in why
    assert "由2024年12月31日改为2025年6月30日 周一，晚181天" in why
    assert "第2版第7行：“2025年6月底前”" in why
    assert "第2版规划调整。" in why


def test_a_succession_is_a_step_that_leaves_the_date(sign_in: SignIn, history: History) -> None:
    key = history.key("甲局", phase="第二阶段")
    history.succeed("甲局", "旧局", date(2024, 6, 3))
    why = part(shown(sign_in("秘书处"), key), "why")
    assert "职责承继 2024年6月3日" in why
    assert "由甲局转至旧局，期限不变" in why
    assert "原文载明" in why


def test_a_succession_before_the_plan_is_told_too(sign_in: SignIn, database: Database, history: History) -> None:
    history.succeed("旧局", "丙局", date(2023, 3, 1))
    support = ["乙局", "各街道", "旧局"]
    publish(database, {"support": support, "as_printed": {"lead": ["区甲局"], "support": support}}, date(2024, 5, 6))
    why = part(shown(sign_in("丙局联络员"), history.key("丙局", phase="第二阶段")), "why")
    assert "规划发布 2024年5月6日" in why
    assert "责任由旧局转至丙局（2023年3月1日，原文载明）" in why


@pytest.mark.parametrize(
    ("milestone", "sentences"),
    [
        (
            {"due": None, "printed": "长期坚持", "review": "12-31"},
            ["没有办结期限，不会逾期，也不发到期提醒", "每年12月31日检视一次"],
        ),
        ({"due": None, "printed": "适时"}, ["原文“适时”没有写明日期，系统不作推定"]),
    ],
)
def test_where_there_is_no_date_the_page_says_why(
    sign_in: SignIn, database: Database, history: History, milestone: dict[str, object], sentences: list[str]
) -> None:
    key = history.key("甲局", phase="第二阶段")
    with database.writing() as session:
        row = session.get_one(Obligation, key)
        row.sqlmodel_update({"due": None, "first_due": None})
        session.add(session.get_one(Milestone, row.milestone_id).sqlmodel_update(milestone))
        session.add(row)
    page = shown(sign_in("甲局联络员"), key)
    for sentence in sentences:
        assert sentence in part(page, "why")
    assert "提醒日怎么算出来的" not in page
    assert 'id="extension-form"' not in page


# Why these reminder days


def test_reminder_days_are_told_with_what_moved_them(sign_in: SignIn, database: Database, history: History) -> None:
    with database.writing() as session:
        region = session.exec(select(Region.id).where(Region.code == "test")).one() or 0
        session.add(DayException(region_id=region, day=date(2024, 12, 17), working=False, reason="全区停电"))
    why = part(shown(sign_in("甲局联络员"), history.key("甲局", phase="第二阶段")), "why")
    assert "下一次提醒：2024年11月29日 周五 08:30。" in why
    assert "2024年11月29日 周五 下一次 按规则为12月1日；11月30日至12月1日为周末，提前到前一个工作日" in why
    assert "2024年12月16日 周一 按规则为12月17日；12月17日为本地安排放假（全区停电），提前到前一个工作日" in why
    assert "逾期第1天 2025年1月2日 周四 按规则为1月1日；1月1日为元旦放假，顺延到下一个工作日" in why
    assert "单位负责人 逾期超过10个工作日起每周 2025年1月16日 周四" in why
    assert "暂定" not in why


def test_years_without_a_notice_are_provisional(sign_in: SignIn, database: Database, history: History) -> None:
    key = history.key("甲局", phase="第二阶段")
    with database.writing() as session:
        session.add(session.get_one(Obligation, key).sqlmodel_update({"due": date(2041, 12, 31)}))
    why = part(shown(sign_in("甲局联络员"), key), "why")
    assert "2041、2042年的放假安排尚未公布，涉及的日期按周末推算，暂定。" in why


def test_what_was_sent_is_listed_for_those_whom_it_concerns(
    sign_in: SignIn, database: Database, history: History, settings: Settings
) -> None:
    key = history.key("甲局")
    run(database, settings, date(2024, 11, 22))
    sent = "2024年11月22日 周五 甲局联络员 每日提醒 · 逾期 · 待发送"
    for login in ("甲局联络员", "甲局负责人", "秘书处"):
        assert sent in part(shown(sign_in(login), key), "why")
    assert "已发出的提醒" not in shown(sign_in("乙局联络员"), key)
    assert "已发出的提醒" not in shown(sign_in("甲局联络员"), history.key("甲局", phase="第二阶段"))


def test_after_todays_run_the_next_day_is_named(
    sign_in: SignIn, database: Database, history: History, settings: Settings
) -> None:
    liaison, key = sign_in("甲局联络员"), history.key("甲局")
    assert "下一次提醒：2024年11月25日 周一" in part(shown(liaison, key), "why")
    run(database, settings, TODAY)
    assert "下一次提醒：2024年12月2日 周一" in part(shown(liaison, key), "why")


def test_in_review_and_done_nothing_is_reminded_of(sign_in: SignIn, history: History) -> None:
    liaison, key = sign_in("甲局联络员"), history.key("甲局")
    history.submit(key, TODAY, hour=8)
    assert "审核期间不发提醒" in part(shown(liaison, key), "why")
    history.review(key, ReviewDecision.ACCEPTED, TODAY)
    assert "不再提醒" in part(shown(liaison, key), "why")


# Phases, evidence, waiting


def test_the_phases_stand_in_order_with_lights_and_today_between(sign_in: SignIn, history: History) -> None:
    here, before = history.key("甲局", phase="第二阶段"), history.key("甲局")
    page = shown(sign_in("乙局联络员"), here)
    found = re.search(r'<ol class="timeline".*?</ol>', page, re.DOTALL)
    assert found
    line = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0]))
    assert re.search(
        "第一阶段 逾期330天 2023年12月31日 今天 2024年11月25日 第二阶段 本事项 正常 剩36天 2024年12月31日", line
    )
    assert f'<a href="/obligations/{before}">第一阶段</a>' in found[0]
    assert found[0].count('aria-current="step"') == 1


def test_evidence_says_who_brought_it_when_and_what_it_proves(sign_in: SignIn, history: History) -> None:
    key = history.key("甲局")
    liaison = sign_in("甲局联络员")
    sent = liaison.post(
        f"/obligations/{key}/updates",
        {"revision": "1", "kind": "interim", "text": "已办", "proves": "三场<活动>"},
        files={"files": ("签到表.pdf", samples.PDF, "application/pdf")},
    )
    assert sent.status_code == 303
    evidence = part(shown(liaison, key), "evidence")
    for words in ("签到表.pdf", "三场<活动>", "甲局联络员 2024年11月25日 10:00"):
        assert words in evidence
    assert re.search(r"\b[0-9a-f]{12}\b", evidence)


def test_who_waits_for_whom_is_said_from_both_sides(sign_in: SignIn, history: History) -> None:
    for department in ("东街道", "西街道"):
        history.accept(history.key(department), date(2023, 12, 20))
    lead = part(shown(sign_in("甲局联络员"), history.key("甲局")), "others")
    assert "您单位牵头，正等待配合单位报送。" in lead
    assert "甲局尚未办结，正等待1个配合单位报送，其中1个已逾期 乙局 已逾期330天" in lead
    assert "已报送的2个配合单位正等待牵头单位办结： 甲局 已逾期330天" in lead
    supporter = part(shown(sign_in("乙局联络员"), history.key("乙局")), "others")
    assert "甲局牵头，正等待您单位报送。" in supporter
    history.submit(history.key("乙局"), date(2024, 11, 18))
    reviewed = part(shown(sign_in("秘书处"), history.key("甲局")), "others")
    assert "1个单位的办结申请正等待秘书处审核，最久7天 乙局 已等7天" in reviewed


def test_what_is_expected_comes_before_the_form_and_the_records_behind_it(sign_in: SignIn, history: History) -> None:
    page = shown(sign_in("甲局联络员"), history.key("甲局"))
    places = ['id="expected-title"', 'id="clause"', 'id="report-form"', 'id="others"', 'id="why"', 'id="trail"']
    assert sorted(places, key=page.index) == places


def test_the_pages_queries_grow_with_nothing(sign_in: SignIn, database: Database, history: History) -> None:
    key = history.key("甲局", phase="第二阶段")
    liaison = sign_in("甲局联络员")
    with counted(database) as few:
        shown(liaison, key)
    history.extend(key, date(2024, 11, 18), date(2025, 1, 31))
    history.extend(key, date(2024, 11, 19), date(2025, 3, 31))
    history.ask(key, date(2024, 11, 20), date(2025, 5, 31))
    for department in ("乙局", "东街道", "西街道"):
        history.submit(history.key(department, phase="第二阶段"), date(2024, 11, 20))
    with database.writing() as session:
        _more_phases(session, key, 8)
    with counted(database) as many:
        shown(liaison, key)
    assert len(many) == len(few)


def _more_phases(session: Session, key: int, count: int) -> None:
    model = session.get_one(Obligation, key)
    task = session.get_one(Task, model.task_id)
    old = session.get_one(Milestone, model.milestone_id)
    for number in range(count):
        due = TODAY + timedelta(days=400 + number)
        phase = Phase(plan_id=task.plan_id, name=f"加{number}", due=due, position=10 + number)
        session.add(phase)
        session.flush()
        session.add(Milestone(**old.model_dump(exclude={"id", "phase_id", "due"}), phase_id=phase.id or 0, due=due))


def test_what_was_typed_is_never_markup_in_any_panel(sign_in: SignIn, history: History) -> None:
    key = history.key("甲局", phase="第二阶段")
    history.ask(key, TODAY, date(2025, 3, 31), reason="<script>alert(1)</script>\u202e" + "长" * 1_900)
    page = shown(sign_in("秘书处"), key)
    assert "<script>alert(1)" not in page

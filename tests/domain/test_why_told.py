from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.digest import Hearer, gather
from app.domain.heard_dues import heard_dues
from app.domain.reminder_rules import Counting, ReminderRules
from app.domain.reminders import Heading, Hearing, Ladder, Ladders, Matter, Said
from app.domain.why_told import Cause, Why, why
from app.domain.workdays import WorkCalendar
from app.domain.workflow import Role, State
from app.words import why_told

MONDAY = date(2024, 11, 25)
WEEK = WorkCalendar()


def matter(due: date | None, **rest: object) -> Matter:
    values: dict[str, object] = {"state": State.OPEN, "revision": 1} | rest
    return Matter(
        obligation_id=1,
        department_id=10,
        plan_title="计划",
        task_number="1",
        task_title="任务",
        phase="阶段",
        role=Role.LEAD,
        due=due,
        first_due=due,
        **values,  # type: ignore[arg-type]
    )


def reason(
    what: Matter, hearing: Hearing = Hearing.DEPARTMENT, day: date = MONDAY, rules: ReminderRules | None = None
) -> Why:
    hearer = Hearer(1, frozenset({10}), hearing)
    digest = gather(hearer, [what], {}, Ladders(WEEK, day, rules or ReminderRules()))
    (entry,) = digest.entries
    assert entry.why is not None
    return entry.why


@pytest.mark.parametrize(
    ("due", "cause", "said"),
    [
        (MONDAY + timedelta(days=14), Cause.BEFORE, "期限前14天"),
        (MONDAY + timedelta(days=31), Cause.BEFORE, "期限前30天（11月26日不上班，提前提醒）"),
        (MONDAY, Cause.ON_DAY, "到期当日"),
        (date(2024, 11, 24), Cause.AFTER, "逾期1天后"),
        (date(2024, 11, 4), Cause.WEEKLY, "逾期后每周提醒一次"),
    ],
)
def test_the_rule_is_told_in_words(due: date, cause: Cause, said: str) -> None:
    calendar = WorkCalendar(exceptions={date(2024, 11, 26): False})
    ladder = Ladder(calendar, MONDAY)
    found = why(matter(due), Hearing.DEPARTMENT, ladder, None, Heading.DUE_SOON)
    assert (found.cause, why_told(found)) == (cause, said)


def test_working_days_are_called_so() -> None:
    rules = ReminderRules(before=(5,), counting=Counting.WORKING)
    assert why_told(reason(matter(date(2024, 12, 2)), rules=rules)) == "期限前5个工作日"


def test_above_the_department_it_says_for_how_long_and_who_hears() -> None:
    late = matter(MONDAY - timedelta(days=60))
    assert why_told(reason(late, Hearing.COPY)) == "逾期超过10个工作日，抄送单位负责人，每周一次"
    assert why_told(reason(late, Hearing.LEADER)) == "逾期超过30个工作日，呈报分管领导，每周一次"
    crossed = matter(MONDAY - timedelta(days=30))
    assert why_told(reason(crossed, Hearing.SECRETARIAT)) == "逾期超过20个工作日，报秘书处一次"


def test_what_was_returned_or_came_says_so_and_not_a_rule() -> None:
    far = MONDAY + timedelta(days=300)
    assert reason(matter(far, state=State.RETURNED, returned_at=3)).cause is Cause.RETURNED
    assert reason(matter(None, opened_at=1)).cause is Cause.CAME
    # Overdue, said on this Monday already, and sent back since.
    said = Said(MONDAY, date(2024, 11, 1), 1)
    back = matter(date(2024, 11, 1), state=State.RETURNED, returned_at=3, revision=3)
    assert why(back, Hearing.DEPARTMENT, Ladder(WEEK, MONDAY), said, Heading.OVERDUE).cause is Cause.RETURNED


@given(
    late=st.integers(-5, 200),
    day=st.dates(date(2023, 12, 1), date(2025, 3, 1)),
    after=st.integers(0, 60),
    closed=st.sets(st.dates(date(2023, 6, 1), date(2025, 3, 1)), max_size=30),
    hearing=st.sampled_from([Hearing.SECRETARIAT, Hearing.LEADER]),
)
def test_whatever_is_told_above_lies_within_what_the_query_reads(
    late: int, day: date, after: int, closed: set[date], hearing: Hearing
) -> None:
    calendar = WorkCalendar(exceptions=dict.fromkeys(closed, False))
    ladder = Ladder(calendar, day, ReminderRules(secretariat_after=after, leader_after=after))
    due = day - timedelta(days=late)
    dues = heard_dues([ladder], hearing)
    assert dues is not None
    if ladder.reached(due, hearing) is not None:
        assert due <= dues.latest
        assert dues.earliest is None or due >= dues.earliest


def test_who_never_hears_is_not_asked_for() -> None:
    assert heard_dues([Ladder(WEEK, MONDAY, ReminderRules(leader_after=None))], Hearing.LEADER) is None

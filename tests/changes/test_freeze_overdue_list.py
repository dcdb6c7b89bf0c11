import threading
from datetime import UTC, date, datetime

import pytest
from sqlmodel import select

from app.clock import day_end
from app.errors import Invalid, Overtaken
from app.models import OverdueList
from app.models.review import ReviewDecision
from app.queries.overdue import OverdueItem, overdue_as_known
from app.queries.overdue_lists import changes_since_last, is_intact, list_before
from tests.history import History, at
from tests.tampering import tamper

MONDAYS = [date(2024, 11, 4), date(2024, 11, 11), date(2024, 11, 18), date(2024, 11, 25)]


def known(history: History, frozen: OverdueList) -> list[OverdueItem]:
    with history.database.reading() as session:
        return overdue_as_known(session, frozen.region_id, frozen.as_of, cutoff=frozen.cutoff)


def test_a_list_holds_what_is_overdue_at_that_moment_in_the_words_of_that_day(history: History) -> None:
    history.submit(history.key("甲局"), MONDAYS[0], hour=8)
    frozen, rows = history.frozen(history.freeze(MONDAYS[0], by="秘书处"))
    assert frozen.row_count == len(rows) == 5  # six obligations of the first phase, less the one under review
    assert [row.position for row in rows] == [1, 2, 3, 4, 5]
    assert {row.department for row in rows} == {"乙局", "丙局", "东街道", "西街道"}
    first = rows[0]
    assert (first.plan_code, first.task_number, first.phase) == ("test-plan", "1.1", "第一阶段")
    assert (first.due, first.days_late) == (date(2023, 12, 31), (MONDAYS[0] - date(2023, 12, 31)).days)
    assert (frozen.year, frozen.number, frozen.as_of, frozen.late) == (2024, 1, MONDAYS[0], False)
    assert frozen.cutoff == frozen.frozen_at == at(MONDAYS[0], 10)
    assert frozen.frozen_by == history.account("秘书处")


def test_nothing_that_happens_later_changes_a_frozen_list(history: History) -> None:
    lead, second = history.key("甲局"), history.key("乙局", "2.1")
    history.accept(second, MONDAYS[0], hour=8)
    key = history.freeze(MONDAYS[0])
    before = history.frozen(key)
    history.accept(lead, MONDAYS[0], hour=11)  # after the list, on the same day
    history.extend(history.key("乙局"), MONDAYS[1], date(2025, 3, 31))
    history.review(second, ReviewDecision.REOPENED, MONDAYS[1])
    history.succeed("丙局", "旧局", MONDAYS[2])
    history.freeze(MONDAYS[3])
    after = history.frozen(key)
    assert after[0].model_dump() == before[0].model_dump()
    assert [row.model_dump() for row in after[1]] == [row.model_dump() for row in before[1]]
    with history.database.reading() as session:
        frozen = session.get_one(OverdueList, key)
        assert is_intact(frozen, changes_since_last(session, frozen))


def test_the_events_tell_the_same_list_row_by_row_whatever_came_later(history: History) -> None:
    history.submit(history.key("甲局"), MONDAYS[0], hour=8)
    frozen, rows = history.frozen(history.freeze(MONDAYS[0]))
    history.review(history.key("甲局"), ReviewDecision.RETURNED, MONDAYS[0], hour=11)
    history.extend(history.key("乙局"), MONDAYS[1], date(2025, 3, 31))
    history.accept(history.key("丙局", "2.1"), MONDAYS[1])
    history.succeed("东街道", "旧局", MONDAYS[2])
    columns = set(rows[0].model_dump()) - {"id", "list_id", "position"}
    assert [{name: getattr(item, name) for name in columns} for item in known(history, frozen)] == [
        {name: getattr(row, name) for name in columns} for row in rows
    ]


def test_lists_form_a_chain_of_hashes(history: History) -> None:
    keys = [history.freeze(day) for day in MONDAYS]
    lists = [history.frozen(key)[0] for key in keys]
    assert [one.previous_sha256 for one in lists] == ["", *(one.sha256 for one in lists[:-1])]
    assert len({one.sha256 for one in lists}) == len(lists)


def test_a_row_that_is_tampered_with_breaks_the_hash(history: History) -> None:
    key = history.freeze(MONDAYS[0])
    with history.database.writing() as session:
        tamper(
            session, "UPDATE overdue_row SET days_late = days_late - 1 WHERE list_id = :key AND position = 1", key=key
        )
    with history.database.reading() as session:
        frozen = session.get_one(OverdueList, key)
        assert not is_intact(frozen, changes_since_last(session, frozen))


def test_a_list_whose_predecessor_is_gone_is_noticed(history: History) -> None:
    first, second = history.freeze(MONDAYS[0]), history.freeze(MONDAYS[1])
    with history.database.writing() as session:
        tamper(session, "DELETE FROM overdue_row WHERE list_id = :key", key=first)
        tamper(session, "DELETE FROM overdue_list WHERE id = :key", key=first)
    with history.database.reading() as session:
        frozen = session.get_one(OverdueList, second)
        assert list_before(session, frozen) is None
        assert not is_intact(frozen, changes_since_last(session, frozen))


def test_numbers_begin_again_every_year_and_the_chain_does_not(history: History) -> None:
    keys = [history.freeze(day) for day in (date(2023, 12, 25), date(2024, 1, 1), date(2024, 1, 8))]
    lists = [history.frozen(key)[0] for key in keys]
    assert [(one.year, one.number) for one in lists] == [(2023, 1), (2024, 1), (2024, 2)]
    assert lists[0].row_count == 0  # nothing was due yet; an empty list is a list
    assert lists[1].previous_sha256 == lists[0].sha256


def test_a_day_has_one_list(history: History) -> None:
    history.freeze(MONDAYS[0])
    with pytest.raises(Overtaken, match="已经冻结"):
        history.freeze(MONDAYS[0], hour=15)
    with pytest.raises(Overtaken):
        history.freeze(MONDAYS[1], as_of=MONDAYS[0])


def test_a_list_of_a_day_to_come_or_before_the_last_one_is_refused(history: History) -> None:
    with pytest.raises(Invalid, match="将来"):
        history.freeze(MONDAYS[0], as_of=MONDAYS[1])
    history.freeze(MONDAYS[1])
    with pytest.raises(Invalid, match="期号"):
        history.freeze(MONDAYS[2], as_of=MONDAYS[0])


def test_a_list_that_is_made_up_speaks_of_the_end_of_its_day(history: History) -> None:
    history.accept(history.key("甲局"), MONDAYS[0], hour=23)  # still that day
    history.accept(history.key("乙局"), MONDAYS[1], hour=0)  # already the next one
    frozen, rows = history.frozen(history.freeze(MONDAYS[2], as_of=MONDAYS[0]))
    assert frozen.late
    assert frozen.cutoff == day_end(MONDAYS[0], "Asia/Shanghai") == datetime(2024, 11, 4, 16, tzinfo=UTC)
    assert frozen.frozen_at == at(MONDAYS[2], 10)
    held = {(row.department, row.task_number) for row in rows}
    assert ("甲局", "1.1") not in held
    assert ("乙局", "1.1") in held


NEW_YEAR = date(2025, 1, 6)


@pytest.mark.parametrize(
    "days",
    [
        [NEW_YEAR] * 4,
        [date(2024, 12, 23), date(2024, 12, 30)] * 2,
        [date(2024, 12, 30), NEW_YEAR] * 2,  # numbers of two years do not get into each other's way; the chain might
    ],
)
def test_of_those_who_freeze_at_once_nobody_forks_the_chain(history: History, days: list[date]) -> None:
    barrier = threading.Barrier(len(days))
    refused: list[Exception] = []

    def freeze(day: date) -> None:
        barrier.wait()
        try:
            history.freeze(NEW_YEAR, as_of=day)
        except (Overtaken, Invalid) as error:
            refused.append(error)

    threads = [threading.Thread(target=freeze, args=(day,)) for day in days]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with history.database.reading() as session:
        lists = session.exec(select(OverdueList).order_by(OverdueList.as_of)).all()  # type: ignore[arg-type]
        assert len(lists) == len(days) - len(refused)
        assert 1 <= len(lists) <= len(set(days))
        assert [one.previous_sha256 for one in lists] == ["", *(one.sha256 for one in lists[:-1])]
        for one in lists:
            assert is_intact(one, changes_since_last(session, one))


def test_the_difference_to_the_list_before_tells_new_cleared_and_extended_apart(history: History) -> None:
    cleared, extended = history.key("甲局"), history.key("乙局")
    history.accept(fresh := history.key("丙局", "2.1"), MONDAYS[0], hour=8)
    first = history.freeze(MONDAYS[0])
    history.accept(cleared, MONDAYS[0], hour=11)
    history.extend(extended, MONDAYS[0], date(2025, 3, 31), hour=12)
    history.review(fresh, ReviewDecision.REOPENED, MONDAYS[1], hour=8)
    second = history.freeze(MONDAYS[1])
    third = history.freeze(MONDAYS[2])
    with history.database.reading() as session:
        changes = changes_since_last(session, session.get_one(OverdueList, second))
        assert changes.before is not None
        assert changes.before.id == first
        assert [row.obligation_id for row in changes.fresh] == [fresh]
        assert [row.obligation_id for row in changes.cleared] == [cleared]
        assert [row.obligation_id for row in changes.extended] == [extended]
        assert changes.weeks[fresh] == 1
        assert changes.weeks[history.key("东街道")] == 2
        last = changes_since_last(session, session.get_one(OverdueList, third))
        assert not last.fresh
        assert last.weeks[fresh] == 2
        assert last.weeks[history.key("东街道")] == 3
        earliest = changes_since_last(session, session.get_one(OverdueList, first))
        assert earliest.before is None


def test_an_extension_after_the_second_list_does_not_rewrite_the_comparison(history: History) -> None:
    key = history.key("甲局")
    history.freeze(MONDAYS[0])
    history.accept(key, MONDAYS[0], hour=11)
    second = history.freeze(MONDAYS[1])
    history.review(key, ReviewDecision.REOPENED, MONDAYS[2])
    history.extend(key, MONDAYS[2], date(2025, 3, 31))
    with history.database.reading() as session:
        changes = changes_since_last(session, session.get_one(OverdueList, second))
        assert [row.obligation_id for row in changes.cleared] == [key]
        assert not changes.extended

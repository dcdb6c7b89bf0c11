from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from app.domain.completion import Part, deciding, is_complete, milestone_light, waits
from app.domain.lights import Light, shown
from app.domain.workflow import Role, State

LEAD, SUPPORT, SHARED = Role.LEAD, Role.SUPPORT, Role.SHARED
OPEN, SUBMITTED, RETURNED, ACCEPTED, CANCELLED = State
TODAY = date(2024, 11, 25)


def test_a_milestone_is_complete_when_its_lead_is_accepted() -> None:
    assert is_complete([Part("甲局", LEAD, ACCEPTED), Part("乙局", SUPPORT, OPEN)])
    assert not is_complete([Part("甲局", LEAD, SUBMITTED), Part("乙局", SUPPORT, ACCEPTED)])


def test_all_of_several_leads_must_be_accepted() -> None:
    assert not is_complete([Part("甲局", LEAD, ACCEPTED), Part("乙局", LEAD, OPEN)])
    assert is_complete([Part("甲局", LEAD, ACCEPTED), Part("乙局", LEAD, ACCEPTED)])


def test_a_shared_milestone_needs_all_its_departments() -> None:
    assert not is_complete([Part("甲局", SHARED, ACCEPTED), Part("乙局", SHARED, RETURNED)])
    assert is_complete([Part("甲局", SHARED, ACCEPTED), Part("乙局", SHARED, ACCEPTED)])


def test_nobody_to_decide_is_never_complete() -> None:
    assert not is_complete([])
    assert not is_complete([Part("乙局", SUPPORT, ACCEPTED)])
    assert not is_complete([Part("甲局", LEAD, CANCELLED)])
    assert milestone_light([]) is None
    assert milestone_light([(Part("乙局", SUPPORT, ACCEPTED), Light.DONE)]) is None


def test_a_withdrawn_lead_no_longer_holds_up_the_others() -> None:
    assert is_complete([Part("甲局", LEAD, CANCELLED), Part("乙局", LEAD, ACCEPTED)])


def test_the_most_urgent_deciding_department_gives_the_milestone_its_light() -> None:
    def together(*lights: Light) -> Light | None:
        states = {Light.DONE: ACCEPTED, Light.IN_REVIEW: SUBMITTED}
        return milestone_light((Part(str(n), SHARED, states.get(one, OPEN)), one) for n, one in enumerate(lights))

    assert together(Light.DONE, Light.DONE) is Light.DONE
    assert together(Light.DONE, Light.OVERDUE, Light.IN_REVIEW) is Light.OVERDUE
    assert together(Light.DONE, Light.DUE_SOON, Light.ON_TRACK) is Light.DUE_SOON
    assert together(Light.DONE, Light.IN_REVIEW) is Light.IN_REVIEW
    assert together(Light.IN_REVIEW, Light.ON_TRACK) is Light.ON_TRACK
    assert together(Light.NOT_STARTED, Light.NOT_STARTED) is Light.NOT_STARTED
    assert together(Light.NOT_STARTED, Light.DONE) is Light.ON_TRACK


def test_a_late_supporter_does_not_turn_the_milestone_red() -> None:
    parts = [(Part("甲局", LEAD, ACCEPTED), Light.DONE), (Part("乙局", SUPPORT, OPEN), Light.OVERDUE)]
    assert milestone_light(parts) is Light.DONE


def test_an_unfinished_lead_waits_for_the_supporters_that_have_not_reported() -> None:
    parts = [
        Part("区残联", LEAD, OPEN),
        Part("区教委", SUPPORT, OPEN),
        Part("区妇联", SUPPORT, RETURNED),
        Part("区财政局", SUPPORT, SUBMITTED),
        Part("区民政局", SUPPORT, ACCEPTED),
        Part("区司法局", SUPPORT, CANCELLED),
    ]
    assert waits(parts) == [("区残联", "区教委"), ("区残联", "区妇联")]


def test_a_lead_that_has_reported_waits_for_nobody() -> None:
    assert waits([Part("甲局", LEAD, SUBMITTED), Part("乙局", SUPPORT, OPEN)]) == []
    assert waits([Part("甲局", SHARED, OPEN), Part("乙局", SHARED, OPEN)]) == []


PARTS = st.lists(st.tuples(st.sampled_from(list(Role)), st.sampled_from(list(State))), max_size=12).map(
    lambda drawn: [Part(f"{place}局", role, state) for place, (role, state) in enumerate(drawn)]
)


@given(PARTS)
def test_complete_means_that_every_deciding_department_is_accepted(parts: list[Part]) -> None:
    live = [part for part in parts if part.state is not CANCELLED]
    leads = [part for part in live if part.role is LEAD]
    shared = [part for part in live if part.role is SHARED]
    expected = (
        all(part.state is ACCEPTED for part in leads)
        if leads
        else bool(shared) and all(part.state is ACCEPTED for part in shared)
    )
    assert is_complete(parts) == expected


@given(PARTS, PARTS)
def test_supporters_and_withdrawn_duties_never_change_completeness(parts: list[Part], others: list[Part]) -> None:
    silent = [part for part in others if part.role is SUPPORT or part.state is CANCELLED]
    assert is_complete([*parts, *silent]) == is_complete(parts)


@given(PARTS, st.none() | st.dates(date(2023, 1, 1), date(2027, 1, 1)))
def test_the_light_says_done_exactly_when_the_milestone_is_complete(parts: list[Part], due: date | None) -> None:
    lit = [(part, shown(part.state, due, TODAY).light) for part in parts]
    assert (milestone_light(lit) is Light.DONE) == is_complete(parts)
    assert (milestone_light(lit) is None) == (not deciding(parts))


@given(PARTS)
def test_only_unfinished_leads_wait_and_only_for_silent_supporters(parts: list[Part]) -> None:
    by_name = {part.department: part for part in parts}
    for who, whom in waits(parts):
        assert by_name[who].role is not SUPPORT
        assert by_name[who].state in {OPEN, RETURNED}
        assert by_name[whom].role is SUPPORT
        assert by_name[whom].state in {OPEN, RETURNED}
    if is_complete(parts):
        assert waits(parts) == []

"""The light in SQL and the light of the domain are one rule written twice: here they are compared."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest
from sqlmodel import Session, col, select, update

from app.domain.lights import Light, shown
from app.domain.workflow import State
from app.models import Obligation
from app.queries.department_duties import plans_of_department
from app.queries.departments import departments_by_kind
from app.queries.obligation_lights import light_column
from tests.conftest import TODAY
from tests.queries.reporting import all_obligations, spread_states


@pytest.mark.parametrize("state", list(State))
def test_sql_and_domain_see_the_same_light(
    session: Session, obligation_of: Callable[..., Obligation], state: State
) -> None:
    key = obligation_of("甲局").id
    for days, risk, said in product((-400, -1, 0, 1, 30, 31, 365, 366, None), (False, True), (None, 1)):
        due = None if days is None else TODAY + timedelta(days=days)
        session.exec(
            update(Obligation)
            .where(col(Obligation.id) == key)
            .values(state=state, due=due, risk=risk, last_update_id=said)
        )
        seen = session.execute(select(light_column(TODAY)).where(Obligation.id == key)).scalar_one()
        assert Light(seen) is shown(state, due, TODAY, risk=risk, reported=said is not None).light, (days, risk, said)


def test_a_departments_counts_are_those_of_its_rows(session: Session, obligation_of: Callable[..., Obligation]) -> None:
    first = obligation_of("乙局")
    spread_states(session, all_obligations(session, first.plan_id))
    expected: dict[int, Counter[Light]] = {}
    for row in all_obligations(session, first.plan_id):
        light = shown(row.state, row.due, TODAY, risk=row.risk, reported=row.last_update_id is not None).light
        expected.setdefault(row.department_id, Counter())[light] += 1
    for _kind, rows in departments_by_kind(session, first.region_id, TODAY):
        for row in rows:
            own = expected.get(row.id, Counter())
            assert {light: count for light, count in row.lights.items() if count} == own
            assert row.share.total == own.total()
    (plan,) = plans_of_department(session, first.region_id, first.department_id, TODAY)
    assert plan.code == "test-plan"
    assert {light: count for light, count in plan.lights.items() if count} == expected[first.department_id]

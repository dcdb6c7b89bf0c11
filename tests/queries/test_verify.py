import pytest
from sqlmodel import Session, select

from app.changes.freeze_overdue_list import freeze_overdue_list
from app.models import Region
from app.queries.verify import Checked, frozen_list_findings, history_findings
from tests.conftest import NOW, TODAY
from tests.tampering import tamper


def findings(session: Session) -> list[str]:
    checked = Checked()
    return [*history_findings(session, checked), *frozen_list_findings(session, checked)]


@pytest.fixture
def frozen(session: Session) -> Session:
    region = session.exec(select(Region).where(Region.code == "test")).one()
    freeze_overdue_list(session, region, as_of=TODAY, now=NOW, by=None)
    return session


def test_an_untouched_history_has_no_findings(frozen: Session) -> None:
    checked = Checked()
    assert list(history_findings(frozen, checked)) == []
    assert list(frozen_list_findings(frozen, checked)) == []
    assert (checked.obligations, checked.events, checked.lists, checked.rows) == (12, 12, 1, 6)


@pytest.mark.parametrize(
    ("tampering", "finding"),
    [
        ("UPDATE obligation SET due = '2030-01-01' WHERE id = 1", "due is"),
        ("UPDATE obligation SET state = 'accepted' WHERE id = 1", "state is"),
        ("UPDATE obligation SET department_id = 3 WHERE id = 1", "department_id is"),
        ("UPDATE obligation SET revision = 5 WHERE id = 1", "revision 5"),
        ("UPDATE obligation_event SET due = '2030-01-01' WHERE obligation_id = 1", "due is"),
        ("DELETE FROM obligation_event WHERE obligation_id = 1", "no event opens it"),
        ("UPDATE obligation_event SET seq = 2 WHERE obligation_id = 1", "event 1 is missing"),
        ("UPDATE overdue_row SET days_late = 1 WHERE position = 1", "changed after it was frozen"),
        ("UPDATE overdue_row SET department = '乙局' WHERE position = 1", "changed after it was frozen"),
        ("DELETE FROM overdue_row WHERE position = 6", "5 rows, 6 were frozen"),
        ("UPDATE overdue_list SET number = 7", "changed after it was frozen"),
        ("UPDATE overdue_list SET previous_sha256 = 'x'", "not the one it was chained to"),
    ],
)
def test_what_was_changed_behind_its_back_is_found(frozen: Session, tampering: str, finding: str) -> None:
    tamper(frozen, tampering)
    assert any(finding in found for found in findings(frozen))

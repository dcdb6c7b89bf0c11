import pytest
from sqlmodel import Session, select

from app.changes.add_account import NewAccount, add_account
from app.errors import Invalid
from app.models import Department, Region
from app.models.account import AccountRole
from tests.conftest import NOW


def region(session: Session) -> Region:
    return session.exec(select(Region).where(Region.code == "test")).one()


def test_a_department_is_found_by_any_spelling(session: Session) -> None:
    wanted = NewAccount("新联络员", AccountRole.LIAISON, "long enough", department="区甲局", email="a@example.org")
    account = add_account(session, region(session), wanted, now=NOW)
    name = session.exec(select(Department.name).where(Department.id == account.department_id)).one()
    assert (name, account.password_hash.startswith("$argon2")) == ("甲局", True)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (NewAccount("", AccountRole.LEADER, "long enough"), "login"),
        (NewAccount("长" * 65, AccountRole.LEADER, "long enough"), "login"),
        (NewAccount("秘书处", AccountRole.LEADER, "long enough"), "login"),
        (NewAccount("新领导", AccountRole.LEADER, "short"), "password"),
        (NewAccount("新领导", AccountRole.LEADER, "long enough", email="no address"), "email"),
        (NewAccount("新领导", AccountRole.LEADER, "long enough", email="a@b.org\nBcc: c@d.org"), "email"),
        (NewAccount("新人", AccountRole.LIAISON, "long enough"), "department"),
        (NewAccount("新人", AccountRole.LIAISON, "long enough", department="甲居"), "department"),
        (NewAccount("新人", AccountRole.HEAD, "long enough", department="各街道"), "department"),
    ],
)
def test_every_fault_names_its_field(session: Session, wanted: NewAccount, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        add_account(session, region(session), wanted, now=NOW)
    assert list(caught.value.fields) == [field]

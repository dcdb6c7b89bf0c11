"""Who is asking, and which rows are theirs at all."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlmodel import Session

from app.access.roles import MANAGES_REGION, OUTSIDE_WORK, READS_REGION, account_keepers, trail_readers
from app.errors import Forbidden, NotFound
from app.models import Account, Region
from app.models.account import AccountRole


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking. `csrf` is the token that the forms of this session carry.

    `separate_duties`: whether the three administrators are apart in this installation.
    """

    account_id: int
    name: str
    role: AccountRole
    region_id: int
    region_name: str
    time_zone: str
    department_id: int | None
    department_name: str | None
    csrf: str
    separate_duties: bool

    @property
    def is_secretariat(self) -> bool:
        return self.role is AccountRole.SECRETARIAT

    @property
    def is_liaison(self) -> bool:
        return self.role is AccountRole.LIAISON

    @property
    def reads_region(self) -> bool:
        return self.role in READS_REGION

    @property
    def reads_plans(self) -> bool:
        """Plans, departments, calendar: what everybody of the region reads whose work they are."""
        return self.role not in OUTSIDE_WORK

    @property
    def manages_region(self) -> bool:
        return self.role in MANAGES_REGION

    @property
    def keeps_accounts(self) -> bool:
        return self.role in account_keepers(separate=self.separate_duties)

    @property
    def reads_trail(self) -> bool:
        return self.role in trail_readers(separate=self.separate_duties)

    @property
    def has_department(self) -> bool:
        return self.department_id is not None


def viewer_of(
    account: Account, region: Region, department: str | None, *, csrf: str = "", separate_duties: bool
) -> Viewer:
    """As the tables say it at this moment."""
    return Viewer(
        account_id=account.id or 0,
        name=account.name,
        role=account.role,
        region_id=region.id or 0,
        region_name=region.name,
        time_zone=region.time_zone,
        department_id=account.department_id,
        department_name=department,
        csrf=csrf,
        separate_duties=separate_duties,
    )


class OfRegion(Protocol):
    """A row that belongs to a region."""

    region_id: Any


Row = TypeVar("Row", bound=OfRegion)


def row_of_region(session: Session, viewer: Viewer, table: type[Row], key: int, *, allowed: bool) -> Row:
    """Raises NotFound for what does not exist, Forbidden for another region's and for a viewer who may not."""
    row = session.get(table, key)
    if row is None:
        raise NotFound
    if not allowed or row.region_id != viewer.region_id:
        raise Forbidden
    return row

"""LeaderCharge 分管: which leader hears of which department's long overdue obligations."""

from sqlalchemy import Index, text
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import id_column, refers_to

_ALL, _ONE = text("department_id IS NULL"), text("department_id IS NOT NULL")


class LeaderCharge(SQLModel, table=True):
    """Without a department: in charge of all. In charge of a department is in charge of its successors, too."""

    __tablename__ = "leader_charge"
    __table_args__ = (
        Index("uq_leader_charge_all", "account_id", unique=True, sqlite_where=_ALL, postgresql_where=_ALL),
        Index(
            "uq_leader_charge_one",
            "account_id",
            "department_id",
            unique=True,
            sqlite_where=_ONE,
            postgresql_where=_ONE,
        ),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id", index=True))
    account_id: int = Field(sa_column=refers_to("account.id"))
    department_id: int | None = Field(default=None, sa_column=refers_to("department.id", nullable=True, index=True))

"""Area 行动/领域: a chapter that groups tasks."""

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import id_column, refers_to


class Area(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("plan_id", "number"),)

    id: int | None = Field(default=None, sa_column=id_column())
    plan_id: int = Field(sa_column=refers_to("plan.id"))
    number: str = Field(max_length=20)
    title: str = Field(max_length=200)
    line: int | None = None
    position: int = Field(default=0)
    withdrawn: bool = Field(default=False)

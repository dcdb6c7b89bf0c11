"""DepartmentGroup 单位组: a name that stands for its members, e.g. 各街道."""

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field

from app.drafts.department_register import Certainty
from app.models.base import SQLModel
from app.models.columns import id_column, refers_to, text_enum


class DepartmentGroup(SQLModel, table=True):
    __tablename__ = "department_group"
    __table_args__ = (UniqueConstraint("region_id", "name"),)

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    name: str = Field(max_length=100)
    certainty: Certainty = Field(sa_column=Column(text_enum(Certainty), nullable=False))
    note: str = Field(default="", max_length=2000)

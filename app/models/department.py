"""Department 单位 under its canonical name; a renamed department is a new row and a Succession."""

from sqlalchemy import Boolean, Column, UniqueConstraint, false
from sqlmodel import Field

from app.drafts.department_register import DepartmentKind
from app.models.base import SQLModel
from app.models.columns import id_column, refers_to, text_enum


class Department(SQLModel, table=True):
    """`never_used`: made by a succession that was taken back; only what happened meanwhile still refers to it."""

    __table_args__ = (UniqueConstraint("region_id", "name"),)

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    name: str = Field(max_length=100)
    kind: DepartmentKind = Field(sa_column=Column(text_enum(DepartmentKind), nullable=False))
    note: str = Field(default="", max_length=2000)
    position: int = Field(default=0)
    never_used: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))

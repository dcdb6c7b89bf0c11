"""Region 行政区: a tenant."""

from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import id_column


class Region(SQLModel, table=True):
    id: int | None = Field(default=None, sa_column=id_column())
    code: str = Field(unique=True, max_length=64)
    name: str = Field(max_length=100)
    time_zone: str = Field(default="Asia/Shanghai", max_length=64)
    secretariat: str | None = Field(default=None, max_length=100)

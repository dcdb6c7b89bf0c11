"""ChatChannel 消息通道: a second way to a department (企业微信, 钉钉, 飞书)."""

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class ChatChannel(SQLModel, table=True):
    """`sealed_url`: the address of Apprise with its secret, sealed. Without a department it is the secretariat's."""

    __tablename__ = "chat_channel"

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id", index=True))
    department_id: int | None = Field(default=None, sa_column=refers_to("department.id", nullable=True, index=True))
    name: str = Field(max_length=100)
    service: str = Field(max_length=32)
    sealed_url: str = Field(sa_column=Column(Text, nullable=False))
    active: bool = Field(default=True)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    created_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))

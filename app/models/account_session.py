"""A signed-in browser. The table holds only the hash of its token."""

from datetime import datetime

from sqlalchemy import Boolean, Column, Integer, String, false
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class AccountSession(SQLModel, table=True):
    """`csrf` is the token that every form of this session carries.

    `factor_due`: the password was right, the second factor is still asked for; such a session opens no page.
    `wrong_codes`: how many codes were tried in vain.
    `way`: how it was begun: password, totp, link, provider. `agent`: what the browser called itself.
    """

    __tablename__ = "account_session"

    id: int | None = Field(default=None, sa_column=id_column())
    account_id: int = Field(sa_column=refers_to("account.id", index=True))
    token_sha256: str = Field(unique=True, max_length=64)
    csrf: str = Field(max_length=64)
    factor_due: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    wrong_codes: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    way: str = Field(default="password", sa_column=Column(String(16), nullable=False, server_default="password"))
    address: str = Field(default="", sa_column=Column(String(64), nullable=False, server_default=""))
    agent: str = Field(default="", sa_column=Column(String(200), nullable=False, server_default=""))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))

"""Account 账号."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, Column, String, false, true
from sqlmodel import Field

from app.domain.reminder_rules import Pace
from app.models.base import SQLModel
from app.models.columns import BigId, UtcDateTime, id_column, refers_to, text_enum


class AccountRole(StrEnum):
    ADMIN = "admin"
    SECRETARIAT = "secretariat"
    LIAISON = "liaison"
    HEAD = "head"
    LEADER = "leader"
    EXPERT = "expert"
    SECURITY = "security"
    AUDITOR = "auditor"


# These belong to a department, all others to the whole region.
IN_DEPARTMENT = frozenset({AccountRole.LIAISON, AccountRole.HEAD})


class Account(SQLModel, table=True):
    """`login` is what one types, `name` what others see. Liaisons and heads belong to a department.

    `must_change`: the password was made by somebody else and is good for choosing another one only.
    `totp_secret` is encrypted; `totp_step` is the newest 30 s interval whose code was used (RFC 6238, 5.2).
    `provider_subject`: issuer and subject at the office's identity provider.
    `pace`, `attach_calendar`, `attach_sheet`, `one_click`: how its owner wants to be reminded.
    `mail_fault`: why mail to the address came back, since `mail_fault_at`; empty again when the address is changed.
    """

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int | None = Field(default=None, sa_column=refers_to("region.id", nullable=True, index=True))
    department_id: int | None = Field(default=None, sa_column=refers_to("department.id", nullable=True, index=True))
    login: str = Field(unique=True, max_length=64)
    name: str = Field(max_length=100)
    email: str | None = Field(default=None, max_length=254)
    role: AccountRole = Field(sa_column=Column(text_enum(AccountRole), nullable=False))
    password_hash: str = Field(max_length=255)
    active: bool = Field(default=True)
    must_change: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    password_set_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    totp_secret: str | None = Field(default=None, max_length=255)
    totp_step: int | None = Field(default=None, sa_column=Column(BigId, nullable=True))
    provider_subject: str | None = Field(default=None, unique=True, max_length=500)
    pace: Pace = Field(
        default=Pace.DAILY,
        sa_column=Column(text_enum(Pace, closed=False), nullable=False, server_default=Pace.DAILY.value),
    )
    attach_calendar: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    attach_sheet: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    one_click: bool = Field(default=True, sa_column=Column(Boolean, nullable=False, server_default=true()))
    mail_fault: str = Field(default="", sa_column=Column(String(500), nullable=False, server_default=""))
    mail_fault_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))

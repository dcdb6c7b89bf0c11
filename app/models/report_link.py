"""ReportLink: the link in one mail by which its receiver reports without signing in."""

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class ReportLink(SQLModel, table=True):
    """For the items of `digest_id` and nothing else. The token is made anew from the server's key and the mail's key
    whenever the mail is sent, so that it stands nowhere but in the mail; the table has its hash.

    `opened_at`: somebody began to work on the form. That a page was fetched says nothing: scanners fetch pages.
    """

    __tablename__ = "report_link"

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    account_id: int = Field(sa_column=refers_to("account.id", index=True))
    digest_id: int = Field(sa_column=refers_to("digest.id", index=True))
    mail_id: int = Field(sa_column=refers_to("outbox_mail.id", index=True))
    token_sha256: str = Field(unique=True, max_length=64)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    opened_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    reported_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))

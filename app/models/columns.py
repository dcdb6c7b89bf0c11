"""Column types that behave alike on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Enum, ForeignKey, Integer
from sqlalchemy.types import TypeDecorator

# SQLite counts rows up by itself only for INTEGER; PostgreSQL gets eight bytes.
BigId = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """Moments in UTC. SQLite forgets the zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a moment without a zone"
            raise ValueError(msg)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def text_enum(kind: type[StrEnum], *, closed: bool = True) -> Enum:
    """The member's value as text with a CHECK; SQLAlchemy's default would store the member's name.

    Not `closed`: without the CHECK, for tables that no migration should have to make anew for a new member.
    """
    return Enum(
        kind,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=closed,
        length=32,
        name=kind.__name__.lower(),
    )


def id_column() -> Column[int]:
    return Column(BigId, primary_key=True, autoincrement=True)


def refers_to(target: str, *, nullable: bool = False, index: bool = False, **options: Any) -> Column[int]:
    return Column(BigId, ForeignKey(target, **options), nullable=nullable, index=index)

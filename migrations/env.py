"""Runs the migrations on the connection that the caller hands over, or on the configured database."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from app.db import make_engine
from app.migrations import changing_schema
from app.models import metadata
from app.models.columns import UtcDateTime
from app.settings import load_settings


def render_item(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(item, UtcDateTime):
        return "columns.UtcDateTime()"
    return False


def run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _run_on(connection)
        return
    engine = make_engine(load_settings().database)
    with changing_schema(engine) as opened:
        _run_on(opened)
    engine.dispose()


def _run_on(connection: Any) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()

"""Brings a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

ROOT = Path(__file__).resolve().parent.parent


def migration_config() -> Config:
    return Config(ROOT / "alembic.ini")


def migrate(engine: Engine) -> None:
    """Runs what is missing, in one transaction; a database that is up to date is left alone."""
    config = migration_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

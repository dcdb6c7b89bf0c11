"""The world of tests/permissions/world.py: built once on SQLite and copied for each test, built anew on PostgreSQL."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI

from app.clock import HeldClock
from app.db import Database
from app.main import create_app
from app.settings import Settings
from tests.conftest import SHANGHAI, TODAY, cast_on
from tests.permissions.world import World, build_world


@dataclass(frozen=True)
class Template:
    path: Path
    var: Path
    world: World


@pytest.fixture(scope="session")
def world_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("world")
    path = folder / "world.sqlite3"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    settings = Settings(var_dir=folder / "var", today=TODAY)
    world = build_world(database, settings, HeldClock(TODAY, SHANGHAI))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.close()
    return Template(path, settings.var_dir, world)


@dataclass
class Stage:
    """An application over the world; `again` gives it a fresh copy of the database."""

    app: FastAPI
    world: World
    template: Template | None = None

    def again(self) -> None:
        """Only on SQLite: whatever was changed is as it was."""
        assert self.template is not None
        database: Database = self.app.state.database
        database.close()
        path = self.template.path.with_name("copy.sqlite3")
        for left in path.parent.glob("copy.sqlite3*"):
            left.unlink()
        shutil.copy(self.template.path, path)

    def set(self, **changed: object) -> None:
        settings: Settings = self.app.state.settings
        self.app.state.settings = settings.model_copy(update=changed)


@pytest.fixture(scope="session")
def world_app(world_template: Template) -> FastAPI:
    """Its routes are made once for all tests of this folder."""
    path = world_template.path.with_name("copy.sqlite3")
    settings = Settings(var_dir=world_template.var, today=TODAY)
    return create_app(settings, HeldClock(TODAY, SHANGHAI), Database(f"sqlite:///{path}"))


@pytest.fixture
def stage(world_app: FastAPI, world_template: Template) -> Iterator[Stage]:
    """On SQLite, with a copy of its own."""
    made = Stage(world_app, world_template.world, world_template)
    settings = world_app.state.settings
    world_app.state.clock = HeldClock(TODAY, SHANGHAI)
    made.again()
    yield made
    world_app.state.settings = settings
    world_app.state.database.close()


@pytest.fixture
def postgres_stage(world_app: FastAPI, world_template: Template, request: pytest.FixtureRequest) -> Iterator[Stage]:
    before = world_app.state.database
    clock = HeldClock(TODAY, SHANGHAI)
    with cast_on("postgres", request) as database:
        world = build_world(database, world_app.state.settings, clock)
        world_app.state.database, world_app.state.clock = database, clock
        yield Stage(world_app, world)
        world_app.state.database = before

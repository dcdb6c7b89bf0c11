"""The world of the permission tests: two regions with something of everything, all doors of the application."""

from tests.permissions.conftest import stage, world_app, world_template

__all__ = ["stage", "world_app", "world_template"]

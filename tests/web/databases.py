"""Which databases a browser test runs on."""

import pytest

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)

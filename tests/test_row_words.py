"""Whatever the audit trail can tell of has a name on its page."""

import pytest

from app.models import metadata
from app.row_words import column_word, known_tables, table_word, value_word
from app.trail import QUIET
from tests.conftest import SHANGHAI

TOLD = sorted(name for name in metadata.tables if name not in QUIET)


@pytest.mark.parametrize("table", TOLD)
def test_every_table_and_column_has_a_word(table: str) -> None:
    assert table_word(table) != table
    columns = [column.name for column in metadata.tables[table].columns if column.name != "last_used_at"]
    assert [name for name in columns if column_word(table, name) == name] == []


@pytest.mark.parametrize(
    ("table", "column", "value", "shown"),
    [
        ("account", "role", "liaison", "联络员"),
        ("account", "active", False, "否"),
        ("account", "department_id", 1, "甲局"),
        ("account", "department_id", 99, "单位99号"),
        ("obligation", "due", "2024-12-31", "2024年12月31日"),
        ("digest_run", "made_at", "2024-11-25T02:00:00+00:00", "2024年11月25日 10:00"),
        ("department", "note", {"cut": "长文", "length": 900, "sha256": "x"}, "长文……（共900字）"),
        ("account", "role", "emperor", "emperor"),
        ("obligation", "due", "never", "never"),
        ("nothing", "x", [1], "[1]"),
        ("account", "email", None, ""),
    ],
)
def test_values_read_as_the_office_writes_them(table: str, column: str, value: object, shown: str) -> None:
    assert value_word(table, column, value, str(SHANGHAI), {("department", 1): "甲局"}) == shown


def test_no_word_is_for_a_table_that_is_gone() -> None:
    assert known_tables() - metadata.tables.keys() == {"audit_check", "settings"}

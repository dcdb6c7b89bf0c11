"""Whatever is typed somewhere stays text in every spreadsheet that goes out (ASVS 5.0 1.2.10)."""

import csv
import io
import re
from pathlib import Path

from openpyxl import load_workbook
from sqlalchemy import text

import app.documents.writing
from app.db import Database
from app.documents.writing.sheet_cells import FORMULA_STARTS
from tests.permissions.conftest import Stage
from tests.permissions.world import browser_of, doors_of

BAIT = (
    '=HYPERLINK("https://evil.example","详情")',
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "\x01=1+1",
)
# Where people type what spreadsheets show: in the frozen lists and in the trail it stands because somebody did.
TYPED = {
    "department": ["name"],
    "region": ["name"],
    "plan": ["title"],
    "task": ["title"],
    "phase": ["name"],
    "account": ["name"],
    "overdue_row": ["department", "plan_title", "task_title", "phase"],
    "audit_entry": ["actor", "subject", "reason"],
}
KINDS = ("xlsx", "csv")


def lay_bait(database: Database) -> None:
    with database.writing() as session:
        for table in ("overdue_row", "audit_entry"):
            session.execute(text(f"DROP TRIGGER append_only_{table}_update"))
        for table, columns in TYPED.items():
            given = ", ".join(f'"{column}" = :bait' for column in columns)
            for key in session.execute(text(f"SELECT id FROM {table}")).scalars().all():
                said = f"{BAIT[key % len(BAIT)]} {key}"
                session.execute(text(f"UPDATE {table} SET {given} WHERE id = :key"), {"bait": said, "key": key})


def files(stage: Stage) -> list[tuple[str, str, bytes]]:
    """(address, kind, content) of every spreadsheet that anybody gets."""
    found = []
    for door in doors_of(stage.app):
        if door.method == "GET" and re.search(r"\.(xlsx|csv|\{kind\})$", door.path):
            for kind in KINDS if "{kind}" in door.path else [door.path.rpartition(".")[2]]:
                for login in ("秘书处", "审计员"):
                    with browser_of(stage.app, login) as browser:
                        answer = browser.send("GET", door.address({**stage.world.own, "kind": kind}))
                    if answer.status_code == 200:
                        found.append((door.path, kind, answer.content))
    return found


def test_no_spreadsheet_holds_a_formula(stage: Stage) -> None:
    lay_bait(stage.app.state.database)
    seen: set[str] = set()
    for path, kind, content in files(stage):
        cells = xlsx_cells(content) if kind == "xlsx" else csv_cells(content)
        assert [cell for cell in cells if cell[1] == "f"] == [], path
        risky = [(value, marked) for value, _type, marked in cells if value.lstrip("'").startswith(FORMULA_STARTS)]
        assert len(risky) >= 3, f"{path} shows what was typed"
        assert [value for value, marked in risky if not marked] == [], path
        seen.add(f"{path} {kind}")
    assert len(seen) >= 5, seen


def xlsx_cells(content: bytes) -> list[tuple[str, str, bool]]:
    """(text, type, whether it says that it is text)."""
    return [
        (str(cell.value), cell.data_type, bool(cell.quotePrefix))
        for page in load_workbook(io.BytesIO(content)).worksheets
        for row in page.iter_rows()
        for cell in row
        if cell.value is not None and cell.data_type in {"s", "f"}
    ]


def csv_cells(content: bytes) -> list[tuple[str, str, bool]]:
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return [(value, "s", value.startswith("'")) for row in rows for value in row]


def test_cells_are_written_in_one_place() -> None:
    folder = Path(app.documents.writing.__file__).parent
    writes = re.compile(r"\.value = |\b(page|sheet)\.append\(")
    assert [path.name for path in folder.glob("*.py") if writes.search(path.read_text("utf-8"))] == ["sheet_cells.py"]
    everywhere = [path for path in folder.parent.parent.rglob("*.py") if "openpyxl" in path.read_text("utf-8")]
    assert all(path.parent == folder or path.parent.name == "reading" for path in everywhere), everywhere

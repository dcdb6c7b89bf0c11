"""The restore drill: an office in use is backed up, put up elsewhere and proved to be the same."""

import json
import threading
import time
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from app.backup.manifest import read_manifest
from app.clock import HeldClock
from app.db import Database
from app.domain.workflow import NotAllowed
from app.errors import DubanError
from app.main import create_app
from tests.backup.conftest import Office
from tests.conftest import PASSWORD, SHANGHAI, TODAY
from tests.history import History


def only_backup(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


class Writing:
    """Somebody reports without a pause."""

    def __init__(self, history: History) -> None:
        self.history, self.written = history, 0
        self.key = history.key("甲局", phase="第二阶段")
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.go_on)
        self.fault: Exception | None = None

    def go_on(self) -> None:
        try:
            while not self.stop.is_set():
                self.history.submit(self.key, TODAY, said=f"第{self.written}份", complete=False)
                self.written += 1
        except (DubanError, NotAllowed) as error:
            self.fault = error

    def __enter__(self) -> "Writing":
        self.thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop.set()
        self.thread.join()


@pytest.fixture
def drilled(office: Office, elsewhere: Office, history: History, app: object, tmp_path: Path) -> Path:
    """The backup, made while somebody reported and somebody was signed in."""
    signed_in = TestClient(app, follow_redirects=False)  # type: ignore[arg-type]
    assert signed_in.post("/sign-in", data={"login": "秘书处", "password": PASSWORD}).status_code == 303
    (tmp_path / "safe").mkdir()
    with Writing(history) as writing:
        while writing.written < 2 and writing.thread.is_alive():
            time.sleep(0.001)
        code, said = office.backup(tmp_path / "safe")
    assert (code, writing.fault) == (0, None), said
    backup = only_backup(tmp_path / "safe")
    (tmp_path / "cookie").write_text(json.dumps(dict(signed_in.cookies)))
    return backup


def test_a_drill_proves_that_the_restored_office_is_the_same(
    office: Office, elsewhere: Office, drilled: Path, tmp_path: Path
) -> None:
    assert drilled.stat().st_mode & 0o777 == 0o600
    code, said = elsewhere.restore(drilled)
    assert code == 0, said
    with zipfile.ZipFile(drilled) as archive:
        manifest = read_manifest(archive.read("manifest.json"))
    counts = manifest.figures.tables
    assert f"{sum(counts.values())}行" in said
    assert "发现差异0处" in said
    assert f"事项{counts['obligation']}项、事件{counts['obligation_event']}条" in said
    assert elsewhere.verify()[0] == 0
    assert (elsewhere.settings.var_dir / "secret.key").read_bytes() == b"k" * 32
    database = Database(elsewhere.settings.database)
    try:
        restored = create_app(elsewhere.settings, HeldClock(TODAY, SHANGHAI), database)
        old = TestClient(restored, follow_redirects=False, cookies=json.loads((tmp_path / "cookie").read_text()))
        assert old.get("/desk").headers["location"].startswith("/sign-in"), "nobody is in after a restore"
        new = TestClient(restored, follow_redirects=False)
        assert new.post("/sign-in", data={"login": "秘书处", "password": PASSWORD}).status_code == 303
        assert new.get("/overdue/lists").status_code == 200
        assert new.get("/evidence/1").content == b"signed by everybody"
        with database.reading() as session:
            told = session.execute(text("SELECT action, subject, outcome FROM audit_entry ORDER BY id")).all()
        assert ("maintenance", f"从备份恢复：{drilled.name}", "done") in [tuple(row) for row in told]
    finally:
        database.close()
    assert f"备份：{drilled.name}，SHA-256 " in maintained(office), "the office it was made of knows, too"


def maintained(office: Office) -> str:
    database = Database(office.settings.database)
    with database.reading() as session:
        asked = text("SELECT subject FROM audit_entry WHERE action = 'maintenance'")
        (subject,) = session.execute(asked).scalars().all()
    database.close()
    return str(subject)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_who_moves_house_may_keep_the_sign_ins(
    office: Office, elsewhere: Office, drilled: Path, database: Database
) -> None:
    assert elsewhere.restore(drilled, keep=True)[0] == 0
    moved = Database(elsewhere.settings.database)
    with moved.reading() as session:
        assert session.execute(text("SELECT count(*) FROM account_session")).scalar() == 1
    moved.close()

"""The demonstration, built once as `duban run --demo` builds it, is what a newcomer looks at first."""

import email
import re
import subprocess
import sys
from collections.abc import Iterator
from email.policy import default
from pathlib import Path

import pytest
from sqlmodel import Session, select

from app.changes.token_hash import token_sha256
from app.db import Database
from app.documents.evidence_store import EvidenceStore
from app.migrations import migrate
from app.models import OutboxMail, ReportLink
from app.models.outbox_mail import MailState
from app.settings import Settings, child_environment
from app.trail import keep_trail
from seed.demo import build_demo
from seed.demo_story import DEMO_DAY


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Database]]:
    settings = Settings(var_dir=tmp_path_factory.mktemp("demo"), today=DEMO_DAY)
    database = Database(settings.database)
    migrate(database.engine)
    keep_trail(database)
    build_demo(
        database,
        EvidenceStore(settings.evidence_dir, settings.upload_max_mb * 2**20),
        settings=settings,
        say=lambda _line: None,
    )
    yield settings, database
    database.close()


def _letters(folder: Path) -> list[str]:
    """Both parts of every mail as one text."""
    texts = []
    for path in sorted(folder.glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=default)
        texts.append("\n".join(part.get_content() for part in message.walk() if part.get_content_maintype() == "text"))
    return texts


def test_its_mails_are_sent_and_their_links_are_those_of_the_table(built: tuple[Settings, Database]) -> None:
    settings, database = built
    letters = _letters(settings.mail_dir)
    assert len(letters) > 20
    tokens = {token for text in letters for token in re.findall(rf"{settings.site}/r/([^\s\"<]+)", text)}
    with Session(database.engine) as session:
        assert {mail.state for mail in session.exec(select(OutboxMail))} == {MailState.SENT}
        known = set(session.exec(select(ReportLink.token_sha256)))
    assert tokens, "there are links at all"
    assert {token_sha256(token) for token in tokens} <= known, "no mark is left where a link belongs"


def test_it_is_proved_by_its_own_history(built: tuple[Settings, Database]) -> None:
    settings, _database = built
    run = subprocess.run(
        [sys.executable, "-m", "app.cli", "verify"],
        env=child_environment(DUBAN_VAR_DIR=str(settings.var_dir), DUBAN_TODAY=DEMO_DAY.isoformat()),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr

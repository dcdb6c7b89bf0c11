"""Mails per second through a mail server that takes some time for each answer: one connection each, shared, several.

python -m bench.mails [mails]; DUBAN_BENCH_DATABASE for PostgreSQL, otherwise SQLite in a new folder.
"""

import asyncio
import os
import socket
import sys
import tempfile
import threading
import time
from datetime import timedelta
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Talk
from sqlalchemy import text

from app.clock import SystemClock
from app.db import Database
from app.jobs.send_mail import send_waiting
from app.mail.compose import Letter
from app.mail.outbox import queue
from app.mail.send import send_one, transport_for
from app.migrations import migrate
from app.settings import Settings
from app.trail import keep_trail

DELAYS = (0.0, 0.005, 0.05)  # seconds for each answer: the same machine, the same building, a provider
CLOCK = SystemClock()


class Slow:  # its methods are called with what aiosmtpd has
    def __init__(self, delay: float) -> None:
        self.delay = delay

    async def handle_EHLO(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, talk: Talk, _envelope: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        await asyncio.sleep(2 * self.delay)
        talk.host_name = name
        return answers

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _talk: Talk, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        await asyncio.sleep(2 * self.delay)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _talk: Talk, _envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(2 * self.delay)
        return "250 OK"


def fill(database: Database, count: int) -> None:
    html = "<p>" + "逾期事项" * 2000 + "</p>"
    now = CLOCK.now() - timedelta(minutes=1)
    with database.writing() as session:
        session.execute(text("DELETE FROM outbox_mail"))
        for number in range(count):
            key = f"bench.{number}"
            letter = Letter(key, f"<{key}@bench>", None, "联络员", f"l{number}@example.org", "提醒", html, html)
            queue(session, letter, kind="bench", region_id=None, now=now)
        session.execute(text("UPDATE outbox_mail SET account_id = NULL"))


def one_by_one(settings: Settings, database: Database) -> None:
    way = transport_for(settings)
    while send_one(database, way, CLOCK):
        pass


def shared(settings: Settings, database: Database) -> None:
    send_waiting(settings, CLOCK, database, threading.Event(), transport=transport_for(settings))


def several(settings: Settings, database: Database) -> None:
    send_waiting(settings, CLOCK, database, threading.Event())


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DUBAN_VAR_DIR"] = folder
        database = Database(os.environ.get("DUBAN_BENCH_DATABASE", f"sqlite:///{folder}/bench.sqlite3"))
        migrate(database.engine)
        keep_trail(database)
        for delay in DELAYS:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            controller = Controller(Slow(delay), hostname="127.0.0.1", port=port)
            controller.start()
            settings = Settings(smtp_url=f"smtp://127.0.0.1:{port}", var_dir=folder)  # type: ignore[arg-type]
            ways: list[Any] = [one_by_one, shared, several]
            for way in ways:
                fill(database, count)
                began = time.perf_counter()
                way(settings, database)
                print(
                    f"{delay * 1000:3.0f} ms  {way.__name__:10}  {count / (time.perf_counter() - began):6.1f} mails/s"
                )
            controller.stop()


if __name__ == "__main__":
    main()

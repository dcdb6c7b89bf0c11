"""docs/api.md does what it says."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from app.db import Database
from app.models.api_token import TokenScope
from app.routers.api.problem import ProblemCode
from tests.documents import samples
from tests.history import History
from tests.routers.api.conftest import issue_token

GUIDE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")


def example(name: str) -> str:
    return re.split(r"```\w+\n|```", GUIDE.split(f"<!-- {name} -->")[1])[1]


@pytest.fixture
def site(app: FastAPI) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def test_the_examples_run(site: str, database: Database, history: History, tmp_path: Path) -> None:
    token = issue_token(database, "甲局联络员", TokenScope.REPORT)
    namespace: dict[str, Any] = {}
    for name in ("paging", "reporting"):
        exec(example(name), namespace)  # noqa: S102 (the examples of our own guide)
    found = list(namespace["fetch_all"](site, token, "/api/v1/obligations?overdue=true&limit=2"))
    assert len(found) == 4
    file = tmp_path / "签到表.xlsx"
    file.write_bytes(samples.excel())
    key = history.key("甲局")
    sent = [namespace["report"](site, token, key, "2024-11/1.1", "已举办两场。", [str(file)]) for _ in range(2)]
    assert sent[0] == sent[1]
    assert sent[0]["evidence"][0]["file_name"] == "签到表.xlsx"


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_the_requests_by_curl_work(site: str, database: Database, tmp_path: Path) -> None:
    environment = {**os.environ, "DUBAN": site, "TOKEN": issue_token(database, "秘书处"), "NO_PROXY": "127.0.0.1"}
    first = re.split(r"```sh\n|```", GUIDE.split("## First request")[1])[1]
    requests = "\n".join(line for line in first.splitlines() if line.startswith("curl"))
    for script, last in ((requests, '"next"'), (example("conditional"), "304")):
        done = subprocess.run(
            ["/bin/sh", "-eu", "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert last in done.stdout


def test_every_path_and_code_is_in_the_guide(app: FastAPI) -> None:
    from starlette.testclient import TestClient

    described = TestClient(app).get("/api/v1/openapi.json").json()
    served = {f"/api/v1{path}" for path in described["paths"]}
    table = GUIDE.split("## First request")[1].split("## All pages")[0]
    assert set(re.findall(r"`(/api/v1/[^`]*)`", table)) | {"/api/v1/me"} == served
    codes = set(
        re.findall(r"`(\w+)`", "".join(GUIDE.split("## Errors")[1].split("## What stays")[0].split("|---|")[-1:]))
    )
    assert codes >= set(ProblemCode)

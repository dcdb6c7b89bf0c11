"""Server time, bytes and throughput of the pages, over the five plans with the demonstration history.

    .venv/bin/python -m bench.pages FOLDER      (FOLDER/var is made by the first `duban run --demo` there)

Times are those that a client on the same machine sees over a kept connection; noisy machines differ by a factor
of two, so compare the rows of one run.
"""

import asyncio
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import httpx

from seed.demo import PASSWORD
from seed.demo_story import DEMO_DAY

TIMES = 30
LIAISON, SECRETARIAT, LEADER = "区卫生健康委联络员", "西城区秘书处", "西城区领导"
PAGES = (
    (LIAISON, "/obligations"),
    (LIAISON, "/obligations?section=done"),
    (LIAISON, "/obligations/batch"),
    (LIAISON, "/obligations/{obligation}"),
    (LIAISON, "/search?q=家庭医生"),
    (LIAISON, "/calendar?month=2024-12"),
    (SECRETARIAT, "/desk"),
    (SECRETARIAT, "/review"),
    (SECRETARIAT, "/overdue"),
    (SECRETARIAT, "/overdue?as_of=2024-10-14"),
    (SECRETARIAT, "/overdue/lists"),
    (SECRETARIAT, "/extensions"),
    (SECRETARIAT, "/digests"),
    (SECRETARIAT, "/mail"),
    (SECRETARIAT, "/search?q=残疾"),
    (SECRETARIAT, "/departments/silent"),
    (SECRETARIAT, "/manage"),
    (SECRETARIAT, "/manage/accounts"),
    (SECRETARIAT, "/manage/departments"),
    (SECRETARIAT, "/manage/calendar?year=2024"),
    (SECRETARIAT, "/plans/xicheng-2022/notes"),
    (LEADER, "/overview"),
    (LEADER, "/plans"),
    (LEADER, "/plans/xicheng-2022"),
    (LEADER, "/plans/xicheng-2022/phases"),
    (LEADER, "/plans/xicheng-2022/timeline"),
    (LEADER, "/plans/xicheng-2022/responsibilities"),
    (LEADER, "/plans/xicheng-2022/tasks/1.1"),
    (LEADER, "/plans/xicheng-2022/obligations"),
    (LEADER, "/plans/xicheng-2022/indicators"),
    (LEADER, "/plans/healthy-xicheng-2030"),
    (LEADER, "/plans/healthy-xicheng-2030/responsibilities"),
    (LEADER, "/calendar?month=2024-12"),
    (LEADER, "/departments"),
    (LEADER, "/departments/{department}"),
    (LEADER, "/departments/{department}/sheet?month=2024-11"),
)


def start(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"DUBAN_TODAY": DEMO_DAY.isoformat(), "DUBAN_PORT": str(port), "DUBAN_VAR_DIR": str(folder / "var")}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "run", "--demo", "--no-worker"],
        env=os.environ | settings,
        stdout=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(1200):
        try:
            if httpx.get(address + "/health").status_code == httpx.codes.OK:
                return process, address
        except httpx.TransportError:
            time.sleep(0.1)
    process.kill()
    sys.exit("the server did not start")


def sign_in(address: str, login: str) -> httpx.Client:
    client = httpx.Client(base_url=address, timeout=30)
    answer = client.post("/sign-in", data={"login": login, "password": PASSWORD})
    if answer.status_code != httpx.codes.SEE_OTHER:
        sys.exit(f"{login}: {answer.status_code}")
    return client


def fetched(client: httpx.Client, path: str) -> tuple[str, int]:
    """Text and the bytes that came over the wire, compressed."""
    with client.stream("GET", path) as answer:
        answer.read()
        if answer.status_code != httpx.codes.OK:
            sys.exit(f"{path}: {answer.status_code}")
        return answer.text, answer.num_bytes_downloaded


def page_times(client: httpx.Client, path: str) -> tuple[float, int, int]:
    """Median milliseconds, bytes of the page, bytes of the first load: the page with its styles and scripts."""
    taken = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        text, size = fetched(client, path)
        taken.append((time.perf_counter() - began) * 1000)
    assets = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', text))
    return statistics.median(taken[1:]), size, size + sum(fetched(client, asset)[1] for asset in assets)


async def throughput(address: str, cookies: httpx.Cookies, path: str, clients: int, seconds: float = 3) -> float:
    """Answers per second with so many clients that each ask again at once."""
    count = 0
    end = time.perf_counter() + seconds

    async def ask() -> None:
        nonlocal count
        async with httpx.AsyncClient(base_url=address, cookies=cookies, timeout=30) as client:
            while time.perf_counter() < end:
                answer = await client.get(path)
                answer.raise_for_status()
                count += 1

    await asyncio.gather(*(ask() for _ in range(clients)))
    return count / seconds


def main() -> None:
    folder = Path(sys.argv[1])
    process, address = start(folder)
    try:
        people = {login: sign_in(address, login) for login in dict.fromkeys(login for login, _path in PAGES)}
        print(f"{'page':50}{'ms':>8}{'KB':>8}{'first':>8}")
        first_of = {
            noun: re.findall(rf'href="/{noun}s/(\d+)', fetched(people[login], f"/{noun}s")[0])[0]
            for noun, login in (("department", LEADER), ("obligation", LIAISON))
        }
        for login, pattern in PAGES:
            path = pattern.format(**first_of)
            taken, size, first = page_times(people[login], path)
            print(f"{path:50}{taken:8.1f}{size / 1024:8.1f}{first / 1024:8.1f}", flush=True)
        first = people[PAGES[0][0]]
        for clients in (1, 8):
            rate = asyncio.run(throughput(address, first.cookies, "/obligations", clients))
            print(f"/obligations, {clients} clients: {rate:.0f} answers/s")
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()

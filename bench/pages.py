"""Server time, bytes and throughput of the pages, over the five plans with the demonstration history.

    .venv/bin/python -m bench.pages FOLDER      (FOLDER/var is made by the first `duban run --demo` there)

Times are those that a client on the same machine sees over a kept connection; noisy machines differ by a factor
of two, so compare the rows of one run.
"""

import asyncio
import gzip
import os
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
PAGES = (
    ("区卫生健康委联络员", "/obligations"),
    ("区卫生健康委联络员", "/obligations?section=done"),
    ("西城区秘书处", "/desk"),
    ("西城区秘书处", "/review"),
    ("西城区秘书处", "/overdue"),
    ("西城区秘书处", "/overdue?as_of=2024-10-14"),
    ("西城区秘书处", "/overdue/lists"),
    ("西城区秘书处", "/digests"),
    ("西城区秘书处", "/mail"),
    ("西城区领导", "/plans"),
    ("西城区领导", "/plans/xicheng-2022"),
    ("西城区领导", "/plans/xicheng-2022/tasks/1.1"),
    ("西城区领导", "/plans/xicheng-2022/indicators"),
    ("西城区领导", "/plans/xicheng-2022/notes"),
    ("西城区领导", "/plans/healthy-xicheng-2030"),
    ("西城区领导", "/departments"),
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


def page_times(client: httpx.Client, path: str) -> tuple[float, int]:
    """Median milliseconds and compressed bytes."""
    taken = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        answer = client.get(path)
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status_code != httpx.codes.OK:
            sys.exit(f"{path}: {answer.status_code}")
    return statistics.median(taken[1:]), len(gzip.compress(answer.content))


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
        print(f"{'page':44}{'ms':>8}{'KB gz':>8}")
        for login, path in PAGES:
            taken, size = page_times(people[login], path)
            print(f"{path:44}{taken:8.1f}{size / 1024:8.1f}", flush=True)
        first = people[PAGES[0][0]]
        for clients in (1, 8):
            rate = asyncio.run(throughput(address, first.cookies, "/obligations", clients))
            print(f"/obligations, {clients} clients: {rate:.0f} answers/s")
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()

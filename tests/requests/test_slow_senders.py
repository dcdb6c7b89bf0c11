"""Who says half a request and then nothing is let go; who is merely slow is served."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn

from app.connections import ImpatientProtocol
from app.serving import HEAD_BYTES
from tests.permissions.conftest import Stage


class Hasty(ImpatientProtocol):
    PATIENCE = 0.4
    SLOWEST = 10_000
    LOOK = 0.1


@contextmanager
def listening(stage: Stage) -> Iterator[int]:
    config = uvicorn.Config(
        stage.app,
        port=0,
        http=Hasty,
        ws="none",
        log_config=None,
        access_log=False,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture
def port(stage: Stage) -> Iterator[int]:
    with listening(stage) as found:
        yield found


def answer(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """What comes back until the connection ends; at most 5 seconds."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
                time.sleep(pause)
            found = b""
            while more := line.recv(65536):
                found += more
        except (ConnectionResetError, BrokenPipeError):
            return b""
        return found


def test_slow_senders_are_let_go_and_others_are_served(port: int) -> None:
    head = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    began = time.monotonic()
    assert answer(port) == b"", "who says nothing"
    assert answer(port, *[b"GET / HTTP/1.1\r\n", *[b"A: b\r\n"] * 20], pause=0.1) == b"", "a header now and then"
    assert answer(port, head + b"Content-Length: 100\r\n\r\nlogin=", *[b"a"] * 20, pause=0.1) == b"", (
        "a sign now and then"
    )
    assert time.monotonic() - began < 10
    said = answer(port, b"GET /health HTTP/1.1\r\nHost: x\r\n", b"Connection: close\r\n\r\n", pause=0.15)
    assert said.startswith(b"HTTP/1.1 200")
    many = b"login=" + b"a" * 60_000
    length = f"Connection: close\r\nContent-Length: {len(many)}\r\n\r\n".encode()
    pieces = [many[at : at + 6_000] for at in range(0, len(many), 6_000)]
    said = answer(port, head + length, *pieces, pause=0.1)
    assert said.startswith(b"HTTP/1.1 422"), "slow, but as fast as is asked"


def test_a_head_beyond_all_measure_is_refused(port: int) -> None:
    said = answer(port, b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 100 * HEAD_BYTES + b"\r\n\r\n")
    assert said == b"" or said.startswith(b"HTTP/1.1 4")


def test_two_lengths_are_no_request(port: int) -> None:
    """What a proxy and we might read differently is refused (RFC 9112, 6.3)."""
    for headers in (
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n",
        b"Content-Length: -1\r\n",
    ):
        said = answer(port, b"POST /sign-in HTTP/1.1\r\nHost: x\r\n" + headers + b"Connection: close\r\n\r\nhello")
        assert said.split(b" ", 2)[1:2] in ([b"400"], [b"501"]), headers

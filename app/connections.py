"""Connections that take too long to say what they want.

The web server waits for ever for the head of a request and for its body; a few hundred that send a byte now and then
would use up all the connections that there can be (ASVS 5.0 15.2.2). Whatever is slow holds no thread and no database:
handlers begin when everything is there.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_SENDING = (h11.IDLE, h11.SEND_BODY)


class ImpatientProtocol(H11Protocol):
    """Closes what has been sending one request for `PATIENCE` seconds, and slower than `SLOWEST` bytes a second."""

    PATIENCE = 30.0
    SLOWEST = 2_000
    LOOK = 5.0

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._began: float | None = None  # None: the whole request is here, or nothing of one
        self._taken = 0
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._began = self.loop.time()
        self._watch = self.loop.call_later(self.LOOK, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._began is None:
            self._began, self._taken = self.loop.time(), 0
        self._taken += len(data)
        super().data_received(data)
        if self.conn.their_state not in _SENDING:
            self._began = None

    def _look(self) -> None:
        if self._began is not None and self.flow.read_paused:
            self._began += self.LOOK  # we are slow ourselves
        if self._began is not None and self.loop.time() > self._began + self.PATIENCE + self._taken / self.SLOWEST:
            self.transport.close()
            return
        self._watch = self.loop.call_later(self.LOOK, self._look)

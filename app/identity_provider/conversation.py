"""HTTP with the provider: a little time, a little size, no other address than it has named, nothing but JSON."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import httpx

from app.identity_provider.faults import nonsense, silent

SECONDS = 10.0  # for one request and its answer, however slowly it trickles
LARGEST = 512 * 1024


class _TooLong(httpx.TransportError):
    pass


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        room = LARGEST
        async for piece in self._inner:
            room -= len(piece)
            if room < 0:
                raise _TooLong("the answer is too long")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()


class _BoundedTransport(httpx.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        if answer.headers.get("Content-Encoding", "identity") != "identity":  # packed, it could be of any size
            await answer.aclose()
            raise _TooLong("the answer is packed")
        answer.stream = _Bounded(answer.stream)
        return answer


@cache
def _certificates() -> ssl.SSLContext:
    """Read once: it takes tens of milliseconds, in which nobody else would be served."""
    return httpx.create_ssl_context()


def client() -> httpx.AsyncClient:
    """Redirects are not followed: they could lead the secret elsewhere. Packed answers are not asked for: they grow.

    Certificates are checked; SSL_CERT_FILE may name those of an office's own authority.
    """
    transport = _BoundedTransport(verify=_certificates())
    return httpx.AsyncClient(transport=transport, headers={"Accept-Encoding": "identity"}, timeout=SECONDS)


async def ask(name: str, http: httpx.AsyncClient, method: str, url: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """Status and JSON object. Raises ProviderFault."""
    try:
        async with asyncio.timeout(SECONDS):
            answer = await http.request(method, url, **options)
    except _TooLong as error:
        raise nonsense(name, f"{_place(url)}: answer of more than {LARGEST} bytes") from error
    except (httpx.TimeoutException, TimeoutError) as error:
        raise silent(name, f"{_place(url)}: no answer in {SECONDS:.0f} s") from error
    except httpx.TransportError as error:
        raise silent(name, f"{_place(url)}: {type(error).__name__}") from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise nonsense(name, f"{_place(url)}: {type(error).__name__}") from error
    try:
        said = answer.json()
    except (ValueError, RecursionError) as error:
        raise nonsense(name, f"{_place(url)}: status {answer.status_code}, no JSON") from error
    if not isinstance(said, dict):
        raise nonsense(name, f"{_place(url)}: status {answer.status_code}, JSON but no object")
    return answer.status_code, said


def _place(url: str) -> str:
    """Without a query, and never long."""
    return url.partition("?")[0][:120]

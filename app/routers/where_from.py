"""Under which name we were called, and from which address: what a sender says of both is not simply believed."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.settings import Settings

_MISDIRECTED = 421


class TrustedProxies:
    """The address behind the proxies that are trusted; what others write into X-Forwarded-For counts for nothing.

    Whatever a proxy passes on, what is no address of the internet protocol never reaches the brake and the audit trail.
    """

    def __init__(self, app: ASGIApp, trusted: list[str]) -> None:
        self._app = ProxyHeadersMiddleware(_plain_addresses(app), trusted_hosts=trusted)  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["duban_peer"] = scope.get("client")
        await self._app(scope, receive, send)  # type: ignore[arg-type]


def _plain_addresses(app: ASGIApp) -> ASGIApp:
    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if client is not None and not _is_address(client[0]):
            scope["client"] = scope.get("duban_peer")
        await app(scope, receive, send)

    return checked


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class KnownHosts:
    """Where the office's name is set, a request under a stranger's is not ours.

    A browser whose neighbour's name was made to point here (DNS rebinding) sends such ones. Bare addresses and names
    without a dot are nobody's on the internet: proxies and monitors inside the office use them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_known(_host(scope), scope["app"].state.settings):
            await self._app(scope, receive, send)
            return
        refused = PlainTextResponse("421 Misdirected Request: DUBAN_ALLOWED_HOSTS\n", status_code=_MISDIRECTED)
        await refused(scope, receive, send)


def _host(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")


def _is_known(host: str, settings: Settings) -> bool:
    if not settings.host_names:
        return True
    name = host_name(host)
    return name is not None and ("." not in name or _is_address(name) or name in settings.host_names)


def host_name(host: str) -> str | None:
    """Of a `Host` header, in small letters and without its port; None for what is no host."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None

"""The headers that every answer carries, whoever made it: pages, files, the API, static files and accidents.

Outside of all that Starlette wraps around the routes: the page of an error that nobody foresaw is made out there.
ASVS 5.0 3.4.1 (HSTS), 3.4.3 (policy of content), 3.4.4 (nosniff), 3.4.5 (referrer), 3.4.6 (frames), 3.4.8 (opener).
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.settings import Settings

# Pages load our own styles, scripts and pictures and send our own forms. Who signs in at an identity provider is led
# there by a page and not by the answer to a form (routers/provider_sign_in.py): no other origin is needed here.
PAGE = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
# Nothing else is a page: what a browser shows of it all the same may load and do nothing.
DATA = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
FILE = f"{DATA}; sandbox"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "Referrer-Policy": "same-origin",  # pages whose address holds a token say less
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex",  # what was released to everybody says otherwise
}
_DAY = 24 * 60 * 60


class SecurityHeaders:
    """What an answer says itself stands."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        settings: Settings = scope["app"].state.settings
        static = scope["path"].startswith("/static/")

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", _policy(headers))
                if settings.hsts_days:
                    headers["Strict-Transport-Security"] = f"max-age={settings.hsts_days * _DAY}"
                if not static:
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, guarded)


def _policy(headers: MutableHeaders) -> str:
    if "Content-Disposition" in headers:
        return FILE
    return PAGE if headers.get("Content-Type", "").startswith("text/html") else DATA

"""Pages and our own assets go out compressed; files that are compressed already do not.

What a page holds of secrets is not the same twice (see routers/form_token.py), so that its compressed length tells
nothing to somebody who makes a browser ask again and again (the BREACH attack).
"""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_SMALLEST = 1000  # bytes; below it the headers cost more than is saved
_LEVEL = 5  # a page of 100 KB in about 1 ms; 9 takes three times as long for 3 % less
_STORED = ("/evidence/", "/api/v1/evidence/")
_FILES = (".xlsx", ".docx", ".eml")


class CompressedText:
    def __init__(self, app: ASGIApp) -> None:
        self.plain = app
        self.compressed = GZipMiddleware(app, minimum_size=_SMALLEST, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        plain = scope["type"] != "http" or path.startswith(_STORED) or path.endswith(_FILES)
        await (self.plain if plain else self.compressed)(scope, receive, send)

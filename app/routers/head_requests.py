"""HEAD is answered as GET without the body, in one place for all pages."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadRequests:
    """What answers GET answers HEAD; where GET is not allowed, HEAD is not either."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, without_body)

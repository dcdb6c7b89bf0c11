"""Reads a form without ever keeping more of it than a form of ours can hold.

A file is kept up to one byte over the largest size, which is enough for the evidence store to refuse it;
the rest is read and dropped. So a file that is too large costs no disk, and the texts typed beside it survive.
Only a request beyond all measure is refused as a whole.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from app.errors import RequestTooLarge
from app.i18n import gettext as _

MAX_FILES = 10
_COUNTED_FILES = 200  # more are kept as names without content, so that the answer can say how many there were
_MAX_FIELDS = 1000
_MAX_TEXT = 8 * 1024 * 1024  # all typed texts of one form together
_DROPPED = 1024 * 1024 * 1024  # so much above the measure is read and dropped for the sake of the typed text


class _BoundedParser(MultiPartParser):
    room = 0  # bytes that the current file may still have
    named = 0  # files so far; a file field without a choice comes as a file without a name
    text = 0  # bytes of all texts so far
    file_bytes = 0

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        file = self._current_part.file
        self.named += 1 if file is not None and file.filename else 0
        self.room = self.file_bytes + 1 if self.named <= MAX_FILES else 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.file is None:
            self.text += end - start
            if self.text > _MAX_TEXT:
                raise _too_large()
            super().on_part_data(data, start, end)
            return
        kept = min(end - start, self.room)
        self.room -= kept
        if kept:
            super().on_part_data(data, start, start + kept)


def _too_large() -> RequestTooLarge:
    return RequestTooLarge(_("提交的内容过大，未予接收。请返回上一页，减少或压缩所选文件后重新提交。"))


async def _bounded(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    received = 0
    async with aclosing(request.stream()) as stream:
        async for chunk in stream:
            received += len(chunk)
            if received > limit:
                raise _too_large()
            yield chunk


async def read_bounded_form(request: Request, *, file_bytes: int) -> FormData:
    """`file_bytes`: the largest file. Raises RequestTooLarge, or HTTPException: 400 for what is no form, 415 for one
    in other signs than UTF-8.
    """
    content_type, options = parse_options_header(request.headers.get("Content-Type", ""))
    # The sender would choose among all codecs of Python, some of which make what no database and no answer can hold.
    if options.get(b"charset", b"utf-8").lower() not in {b"utf-8", b"utf8"}:
        raise HTTPException(415)
    limit = _MAX_TEXT
    if content_type == b"multipart/form-data":
        limit += MAX_FILES * file_bytes + _DROPPED
    declared = request.headers.get("Content-Length", "0")
    if not declared.isascii() or not declared.isdigit() or int(declared) > limit:
        raise _too_large()
    try:
        async with aclosing(_bounded(request, limit)) as stream:
            if content_type == b"multipart/form-data":
                parser = _BoundedParser(
                    request.headers, stream, max_files=_COUNTED_FILES, max_fields=_MAX_FIELDS, max_part_size=_MAX_TEXT
                )
                parser.file_bytes = file_bytes
                return await parser.parse()
            if content_type == b"application/x-www-form-urlencoded":
                return await FormParser(
                    request.headers, stream, max_fields=_MAX_FIELDS, max_part_size=_MAX_TEXT
                ).parse()
    except (MultiPartException, ClientDisconnect) as error:
        raise HTTPException(400) from error
    return FormData()

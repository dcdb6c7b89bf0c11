"""A file that was made for this request."""

from urllib.parse import quote

from fastapi.responses import Response


def download(content: bytes, media_type: str, *, name: str, plain: str) -> Response:
    """`plain` is the same name in ASCII, for what does not understand the other form."""
    return Response(
        content,
        media_type=media_type,
        headers={"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"},
    )

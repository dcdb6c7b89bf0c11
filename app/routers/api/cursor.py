"""Pages by key: the cursor is the key of the last row shown, and means nothing to anybody else.

Twelve bytes, a number of four (a day, a place in a document) and one of eight (an id): whatever a client makes up in
that form is some key, so that a forged cursor can only ask for another page of what its sender may read anyway.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

CURSOR = r"^[A-Za-z0-9_-]{16}$"
USUAL_LIMIT = 50
MOST = 200
_KEY = struct.Struct(">iq")

Item = TypeVar("Item")
Key = tuple[int, int]


class Page(BaseModel, Generic[Item]):
    """`next` is also in the header Link (RFC 8288)."""

    items: list[Item]
    next: str | None = Field(description="Path and query of the next page; null on the last one.")


@dataclass(frozen=True, slots=True)
class Paging:
    """`after`: the key of the last row of the page before."""

    limit: int
    after: Key | None


def read_paging(
    limit: Annotated[int, Query(ge=1, le=MOST, description="At most so many items.")] = USUAL_LIMIT,
    cursor: Annotated[
        str | None, Query(pattern=CURSOR, description="From `next` of the page before; opaque, do not make one up.")
    ] = None,
) -> Paging:
    return Paging(limit, read_cursor(cursor) if cursor else None)


Pages = Annotated[Paging, Depends(read_paging)]


def read_cursor(cursor: str) -> Key:
    first, second = _KEY.unpack(urlsafe_b64decode(cursor))
    return first, second


def make_cursor(key: Key) -> str:
    return urlsafe_b64encode(_KEY.pack(*key)).decode()


def day_of(number: int) -> date:
    """Of a key that begins with a day."""
    return date.fromordinal(min(max(number, date.min.toordinal()), date.max.toordinal()))


def next_page(request: Request, response: Response, paging: Paging, last: Key | None) -> str | None:
    """The link behind the page, which is also put into the answer's header; `last` is None on the last page."""
    if last is None:
        return None
    asked = request.url.include_query_params(cursor=make_cursor(last), limit=paging.limit)
    link = f"{asked.path}?{asked.query}"
    response.headers["Link"] = f'<{link}>; rel="next"'
    return link

"""What the API's doors are handed: a session, the day, days and ids as they stand in addresses."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Path, Request
from pydantic import BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError
from sqlmodel import Session

from app.clock import local_day
from app.db import Database
from app.drafts.plan_draft import PlanDraft
from app.routers.acts import act_of
from app.routers.api.caller import ApiViewer
from app.routers.dependencies import get_now

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
CODE = PlanDraft.model_json_schema()["properties"]["code"]["pattern"]


def get_reading_session(request: Request) -> Iterator[Session]:
    database: Database = request.app.state.database
    with database.reading() as session:
        yield session


def get_writing_session(request: Request) -> Iterator[Session]:
    """Commits once, after the handler and before the answer."""
    database: Database = request.app.state.database
    with database.writing(act_of(request)) as session:
        yield session


def _today(request: Request, viewer: ApiViewer) -> date:
    return local_day(get_now(request), viewer.time_zone)


def _iso_day(value: Any) -> Any:
    """Not the moments and numbers that the validator would take for days as well."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise PydanticCustomError("iso_day", "not a day")
    return value


Reading: TypeAlias = Annotated[Session, Depends(get_reading_session, scope="function")]
Writing: TypeAlias = Annotated[Session, Depends(get_writing_session, scope="function")]
Now: TypeAlias = Annotated[datetime, Depends(get_now)]
Today: TypeAlias = Annotated[date, Depends(_today)]
IsoDay: TypeAlias = Annotated[date, BeforeValidator(_iso_day)]
# The databases' largest whole number.
Id: TypeAlias = Annotated[int, Path(ge=1, le=2**63 - 1)]
PlanCode: TypeAlias = Annotated[str, Path(pattern=CODE, description="The plan's code.")]
# Without control characters, NUL above all, which PostgreSQL refuses in any text.
AreaNumber: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=r"^[^\x00-\x1f]+$")]

"""The hash of a frozen overdue list: what it covers is what can never change."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

# What a row says, apart from its place.
SAID = (
    "obligation_id",
    "plan_code",
    "plan_title",
    "task_number",
    "task_title",
    "phase",
    "department",
    "role",
    "state",
    "due",
    "first_due",
    "days_late",
    "extensions",
)
_HASHED = ("position", *SAID)


def list_sha256(
    previous: str,
    year: int,
    number: int,
    as_of: date,
    rows: Iterable[Mapping[str, Any]],
    *,
    audit: tuple[int | None, str] = (None, ""),
) -> str:
    """Over the hash of the list before, the list's own number and day, and every row in order.

    `audit`: number and hash of the newest entry of the audit trail before this list. Lists that were frozen before
    there was a trail have none, and keep the hash that they had.
    """
    digest = hashlib.sha256(f"{previous}\n{year}\n{number}\n{as_of.isoformat()}\n".encode())
    if audit != (None, ""):
        digest.update(f"{audit[0]}\n{audit[1]}\n".encode())
    for row in rows:
        line = json.dumps([str(row[key]) for key in _HASHED], ensure_ascii=False, separators=(",", ":"))
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()

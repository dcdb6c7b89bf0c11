"""Whatever changes something says whose act it was, and in which of the office's words."""

import ast
import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

import app.routers
from app.domain.audit import AuditAction
from app.routers.acts import action_of

ROOT = Path(__file__).resolve().parent.parent.parent
READS = {"GET", "HEAD"}
# Changes that belong to nobody's work: the language of a page is a cookie; who is refused says so in its own entry.
MERE_ACCESS = {"/language"}

EXPECTED = {
    "/sign-in": AuditAction.SIGN_IN,
    "/sign-in/second-factor": AuditAction.SIGN_IN,
    "/sign-in/link": AuditAction.PASSWORD_CHANGED,
    "/sign-in/forgotten": AuditAction.LINK_MADE,
    "/account/tokens": AuditAction.TOKEN,
    "/account/sessions/others": AuditAction.SESSION_ENDED,
    "/desk/weekly": AuditAction.RUN,
    "/plans/{code}/public": AuditAction.PLAN_RELEASED,
    "/sign-out": AuditAction.SIGN_OUT,
    "/obligations/batch": AuditAction.REPORT,
    "/obligations/{obligation_id}/updates": AuditAction.REPORT,
    "/obligations/{obligation_id}/extensions": AuditAction.EXTENSION,
    "/extensions/{extension_id}": AuditAction.EXTENSION,
    "/review/{obligation_id}": AuditAction.REVIEW,
    "/overdue/lists": AuditAction.LIST_FROZEN,
    "/digests": AuditAction.RUN,
    "/plans/{code}/notes/{note_id}": AuditAction.NOTE_DECIDED,
    "/manage/accounts/{account_id}": AuditAction.ACCOUNT,
    "/manage/departments/{department_id}": AuditAction.DEPARTMENT,
    "/manage/calendar": AuditAction.CALENDAR,
    "/manage/rules/plans/{code}": AuditAction.SETTINGS,
    "/manage/accounts/{account_id}/charges": AuditAction.ACCOUNT,
    "/manage/plans/publish": AuditAction.PLAN_PUBLISHED,
    "/audit/check": AuditAction.MAINTENANCE,
}


def routes() -> Iterator[APIRoute]:
    for found in pkgutil.walk_packages(app.routers.__path__, "app.routers."):
        router = getattr(importlib.import_module(found.name), "router", None)
        if isinstance(router, APIRouter):
            yield from (route for route in router.routes if isinstance(route, APIRoute) and route.methods)


def changing() -> list[str]:
    return sorted({route.path for route in routes() if (route.methods or set()) - READS})


@pytest.mark.parametrize("path", changing())
def test_every_changing_route_has_a_word_for_what_it_does(path: str) -> None:
    assert (action_of(path) is AuditAction.ACCESS) == (path in MERE_ACCESS)


@pytest.mark.parametrize(("path", "action"), EXPECTED.items())
def test_the_word_is_the_right_one(path: str, action: AuditAction) -> None:
    assert action_of(path) is action


def writing_sessions() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "writing":
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


# Tries that are counted before anything is decided, visits at the identity provider, when a token was last used:
# tables that are nobody's act (`QUIET` of app/trail.py, and columns that it leaves out).
NOBODYS = {
    "app/jobs/beat.py": 2,  # signs of life
    "app/routers/api/caller.py": 1,
    "app/routers/own_account.py": 1,
    "app/routers/password_links.py": 1,
    "app/routers/provider_sign_in.py": 2,
    "app/routers/sign_in.py": 1,
}


def test_every_writing_session_has_an_act() -> None:
    found = list(writing_sessions())
    assert len(found) > 10
    without = Counter(where.partition(":")[0] for where, call in found if not call.args and not call.keywords)
    assert without == NOBODYS


def test_nothing_is_written_in_a_way_that_the_trail_cannot_read() -> None:
    """INSERT statements and raw SQL go past the session: each is known here, with who tells of it."""
    known = {
        "app/changes/take_in_mail.py",  # told by `note`, as far as it is told
        "app/mail/outbox.py",  # told by `note`
        "app/mail/redirect.py",  # told by `note`
        "app/trail.py",  # the trail itself
    }
    quiet = {
        "app/backup",  # fills an empty database
        "app/migrations.py",
        "app/serving.py",  # tries whether it can write, and takes it back
        "app/queries/append_only.py",  # reads what triggers there are
    }
    found = set()
    for path in sorted((ROOT / "app").rglob("*.py")):
        name = str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"insert", "text"}:
                found.add(name)
    assert {name for name in found if not any(name.startswith(one) for one in quiet)} <= known | inert(found)


def inert(names: set[str]) -> set[str]:
    """Conditions of indexes and the like: nothing that is executed."""
    return {name for name in names if name.startswith(("app/models/", "app/queries/"))}

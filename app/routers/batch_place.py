"""Where somebody is who reports on many obligations, and which button was pressed there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from app.errors import Invalid, NotFound
from app.i18n import gettext as _
from app.queries.department_desk import ListChoices
from app.routers.dependencies import Typed
from app.routers.list_question import BATCH_SECTIONS, ListQuestion, read_question

PATH = "/obligations/batch"
BATCH = 20  # obligations on one page
_DONE_SHOWN = 60
_DIGITS = 18  # what the databases can compare with an id


def read_ids(text: str, most: int) -> list[int]:
    """`17.18`: obligations, each once. Raises Invalid for what no page of ours says."""
    parts = text.split(".") if text else []
    if len(parts) > most or not all(part.isascii() and part.isdecimal() and len(part) <= _DIGITS for part in parts):
        raise Invalid({"item": _("页面地址不正确，请从“我的事项”重新打开批量填报。")})
    return list(dict.fromkeys(int(part) for part in parts))


@dataclass(frozen=True, slots=True)
class Place:
    """`done`: what was sent from this page, `at`: the item to go on with, `sent`: the one before was sent just now."""

    question: ListQuestion
    after: str = ""
    done: tuple[int, ...] = ()
    at: int | None = None
    sent: bool = False

    @property
    def done_text(self) -> str:
        return ".".join(map(str, self.done[-_DONE_SHOWN:]))

    def link(self, notice: str | None = None) -> str:
        values = {
            **self.question.typed,
            "after": self.after,
            "done": self.done_text,
            "at": str(self.at or ""),
            "sent": "yes" if self.sent else "",
            "notice": notice or "",
        }
        query = urlencode({name: value for name, value in values.items() if value})
        return PATH + (f"?{query}" if query else "") + (f"#item-{self.at}" if self.at else "")


def read_place(params: Mapping[str, str], choices: ListChoices) -> Place:
    """Raises Invalid for what nobody types; the filters' faults are in the question."""
    question = read_question(params, choices, BATCH_SECTIONS)
    at = read_ids(params.get("at", ""), 1)
    done = tuple(read_ids(params.get("done", ""), _DONE_SHOWN))
    return Place(question, params.get("after", ""), done, at[0] if at else None, bool(params.get("sent")))


def next_item(ids: Sequence[int], done: Sequence[int], sent: int) -> int | None:
    """The one to go on with: the next that is left behind the one that was sent, or the first that is left."""
    left = [key for key in ids if key not in done]
    behind = [key for key in left if ids.index(key) > ids.index(sent)]
    return next(iter(behind or left), None)


@dataclass(frozen=True, slots=True)
class Pressed:
    """One item's button, or the one for all; otherwise what was typed is only kept."""

    only: int | None = None
    copy: int | None = None
    discard: int | None = None
    all: bool = False


def read_pressed(typed: Typed, ids: Sequence[int]) -> Pressed:
    def item(name: str) -> int | None:
        found = read_ids(typed.text(name), 1)
        if found and found[0] not in ids:
            raise NotFound
        return found[0] if found else None

    return Pressed(item("only"), item("copy"), item("discard"), typed.checked("all"))

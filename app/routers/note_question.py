"""What the address of a plan's notes asks for, and the address at which one goes on."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends

from app.errors import Invalid, NotFound
from app.i18n import gettext as _
from app.models import Plan
from app.queries.plan_notes import NOUNS, PAGE, Note, NotesWanted, matching, page_after

LONGEST = 100  # characters of a search
_ID_DIGITS = 18
_STATES = {"": None, "open": True, "decided": False}


@dataclass(frozen=True, slots=True)
class AskedNotes:
    """What the address asks for, as it stands there; empty: all. `decided` has just been decided."""

    state: str = ""
    noun: str = ""
    about: str = ""
    q: str = ""
    after: str = ""
    decided: str = ""

    @property
    def query(self) -> str:
        """The same filters on the first page."""
        return self._text({"after", "decided"})

    @property
    def place(self) -> str:
        """The same page."""
        return self._text({"decided"})

    def _text(self, without: set[str]) -> str:
        return urlencode({name: text for name, text in asdict(self).items() if text and name not in without})


AskedFor = Annotated[AskedNotes, Depends()]


def understood(asked: AskedNotes, notes: Sequence[Note]) -> tuple[NotesWanted, dict[str, str]]:
    """What can be understood, and a sentence for what cannot. Raises NotFound for a thing without notes."""
    faults = {}
    if asked.state not in _STATES:
        faults["state"] = _("没有这种状态，请在列表中选择。")
    if asked.noun and asked.noun not in NOUNS:
        faults["noun"] = _("没有这种对象，请在列表中选择。")
    if len(asked.q) > LONGEST:
        faults["q"] = _("搜索词不得超过%(limit)s字。") % {"limit": LONGEST}
    if asked.about and all(note.subject.about != asked.about for note in notes):
        raise NotFound
    return (
        NotesWanted(
            open=_STATES.get(asked.state),
            noun="" if "noun" in faults else asked.noun,
            about=asked.about,
            words="" if "q" in faults else asked.q.strip(),
        ),
        faults,
    )


def read_id(text: str) -> int | None:
    """An id out of the address. Raises Invalid."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS):
        raise Invalid({"after": _("翻页地址不正确，请返回第一页。")})
    return int(text)


def within(every: Sequence[Note], wanted: NotesWanted) -> list[Note]:
    """The same filter without its state: what was just decided is among them."""
    return matching(every, NotesWanted(None, wanted.noun, wanted.about, wanted.words))


def address_of(
    plan: Plan, every: Sequence[Note], wanted: NotesWanted, asked: AskedNotes, following: Note | None
) -> str:
    """Where the next note stands: on the page from which was decided, or on one that begins with it."""
    if following is None:
        return f"/plans/{plan.code}/notes" + (f"?{asked.query}" if asked.query else "") + "#list"
    shown = matching(every, wanted)
    behind = [note.id for note in page_after(every, shown, read_id(asked.after))][:PAGE]
    query = asked.place
    if following.id not in behind:
        before = [note.id for note in every][: [note.id for note in every].index(following.id)]
        query = "&".join(part for part in (asked.query, f"after={before[-1]}" if before else "") if part)
    return f"/plans/{plan.code}/notes" + (f"?{query}" if query else "") + f"#note-{following.id}"

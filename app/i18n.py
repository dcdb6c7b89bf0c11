"""Screen text. The message ids are the Chinese sentences themselves; other languages are catalogues.

Two languages are known at any moment: the one that is spoken (a page's reader chose it), and the official one, in
which this installation writes mails, documents and records whoever pressed the button.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

SOURCE = "zh"
# Code -> the tag that a page's `lang` carries.
LANGUAGES = {SOURCE: "zh-CN", "en": "en"}
LANGUAGE_NAMES = {SOURCE: "中文", "en": "English"}  # each in itself, for those who read nothing else
LOCALE = Path(__file__).resolve().parent / "locale"

# Context variables and no globals: the thread pool copies them with each request.
_official: ContextVar[str] = ContextVar("official language", default=SOURCE)
_spoken: ContextVar[str | None] = ContextVar("spoken language", default=None)


def spoken() -> str:
    return _spoken.get() or _official.get()


def tag() -> str:
    """The spoken language as HTML names it."""
    return LANGUAGES[spoken()]


@contextmanager
def official_language(language: str) -> Iterator[None]:
    """For the doors (web, worker, command line): they know the settings."""
    before = _official.set(language)
    try:
        yield
    finally:
        _official.reset(before)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


@contextmanager
def officially() -> Iterator[None]:
    """For what outlives the page: mails, documents, reasons in the history. Also a decorator: `@officially()`."""
    with speaking(_official.get()):
        yield


def catalogue_file(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "messages.po"


@cache  # read when the language is first asked for
def _catalogue(language: str) -> NullTranslations:
    if language == SOURCE:
        return NullTranslations()
    with catalogue_file(language).open("rb") as file:
        messages = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled)


def gettext(message: str) -> str:
    return _catalogue(spoken()).gettext(message)


def pgettext(context: str, message: str) -> str:
    """For a Chinese word that is two English ones; `context` is for the translator and is never shown."""
    return str(_catalogue(spoken()).pgettext(context, message))


def ngettext(one: str, many: str, count: int) -> str:
    return _catalogue(spoken()).ngettext(one, many, count)

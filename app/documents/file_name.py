"""The name under which a file is shown and downloaded; it never decides where the file is kept."""

import unicodedata

from app.i18n import gettext as _

NAME_LIMIT = 200
_LONGEST_EXTENSION = 10

# Control and format characters (bidirectional marks make "exe.doc" of "cod.exe" on screen), surrogates,
# line and paragraph separators.
_UNSHOWABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def display_name(given: str) -> str:
    """The last part of whatever path a browser sent, without what cannot be seen, at most 200 characters."""
    last = unicodedata.normalize("NFC", given.replace("\\", "/").rsplit("/", 1)[-1])
    shown = "".join(letter for letter in last if unicodedata.category(letter) not in _UNSHOWABLE)
    shown = shown.strip(" \u3000").rstrip(" .")
    ending = shown[len(shown) - len(extension(shown)) :]
    stem = shown.removesuffix(ending).rstrip() or _("未命名文件")
    return stem[: NAME_LIMIT - len(ending)] + ending


def extension(name: str) -> str:
    """Lower case with its dot: ".docx"; "" without one. ".pdf" alone is an extension without a name."""
    _stem, dot, ending = name.rpartition(".")
    return f".{ending}".lower() if dot and len(ending) <= _LONGEST_EXTENSION else ""

"""`make messages`: brings the English catalogue up to date with code and templates, and says what it lacks.

Entries stay in the order of the code, so that a translator sees a page together. The comment and the header at the top
of the file are kept as they are.
"""

import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from app.i18n import LANGUAGES, SOURCE, catalogue_file

ROOT = Path(__file__).resolve().parent.parent
METHODS = [("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2"), ("**.py", "python")]
# As app/rendering.py makes its environment: blanks must be trimmed alike, or the ids differ.
TEMPLATES = {"extensions": "jinja2.ext.i18n", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
OPTIONS = {pattern: TEMPLATES for pattern, method in METHODS if method == "jinja2"}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
MIXED = "with and without plural forms"
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


def extracted() -> Catalog:
    """Every message of the application; translations empty."""
    catalog = Catalog()
    found = extract_from_dir(ROOT / "app", METHODS, OPTIONS, KEYWORDS)
    for name, _line, message, _comments, context in sorted(found, key=lambda one: (one[0], one[1])):
        before = catalog.get(message, context)
        mixed = before is not None and isinstance(before.id, str) != isinstance(message, str)
        flags = [MIXED] if mixed else []
        catalog.add(message, locations=[(f"app/{name}", 0)], flags=flags, context=context)
    return catalog


def translated(language: str) -> Catalog:
    with catalogue_file(language).open("rb") as file:
        return read_po(file, locale=language)


def texts(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """All forms of a message or of its translation."""
    if text is None:
        return []
    return [text] if isinstance(text, str) else list(text)


def faults(wanted: Catalog, catalog: Catalog) -> list[str]:
    """One line for each message that is missing, empty, uncertain, orphaned, or has other placeholders."""
    found = []
    for message in wanted:
        if not message.id:
            continue
        there = catalog.get(message.id, message.context)
        where = ", ".join(sorted({name for name, _line in message.locations}))
        if there is None:
            found.append(f"not in the catalogue: {message.id!r} ({where})")
        elif not all(texts(there.string)) or not texts(there.string):
            found.append(f"without translation: {message.id!r} ({where})")
        elif there.fuzzy:
            found.append(f"fuzzy: {message.id!r} ({where})")
        elif MIXED in message.flags or isinstance(there.id, str) != isinstance(message.id, str):
            found.append(f"{MIXED}: {message.id!r} ({where})")
        elif not _same_placeholders(there):
            found.append(f"other placeholders: {message.id!r}: {there.string!r}")
    found += [
        f"nobody says it any more: {one.id!r}" for one in catalog if one.id and wanted.get(one.id, one.context) is None
    ]
    found += [f"nobody says it any more: {message!r}" for message in catalog.obsolete]
    return found


def _same_placeholders(message: Message) -> bool:
    wanted = {name for text in texts(message.id) for name in _PLACEHOLDER.findall(text)}
    return all(set(_PLACEHOLDER.findall(text)) == wanted for text in texts(message.string))


def update(language: str) -> list[str]:
    """Rewrites the catalogue; returns what it lacks afterwards."""
    path = catalogue_file(language)
    head, _blank, _entries = path.read_text(encoding="utf-8").partition("\n\n")
    catalog = translated(language)
    wanted = extracted()
    merged = Catalog(locale=language)
    for message in wanted:
        if message.id:
            there = catalog.get(message.id, message.context)
            said = there.string if there else None
            merged.add(message.id, said, locations=message.locations, context=message.context)
    with path.open("wb") as file:
        file.write(f"{head}\n\n".encode())
        write_po(file, merged, width=0, omit_header=True, include_lineno=False)
    return faults(wanted, translated(language))


def main() -> int:
    lacking = {language: update(language) for language in LANGUAGES if language != SOURCE}
    for language, lines in lacking.items():
        print(f"{catalogue_file(language).relative_to(ROOT)}: {len(lines)} to translate or to mend")
        print(*(f"  {line}" for line in lines), sep="\n", end="\n" if lines else "")
    return 1 if any(lacking.values()) else 0


if __name__ == "__main__":
    sys.exit(main())

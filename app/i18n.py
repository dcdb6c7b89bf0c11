"""Screen text. The message ids are the Chinese sentences themselves; other languages are catalogues."""

from babel.support import NullTranslations

_translations = NullTranslations()


def gettext(message: str) -> str:
    return _translations.gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    return _translations.ngettext(one, many, count)

"""Reads the linked figures of a page and counts the rows that each of them opens."""

import html
import re
from urllib.parse import urljoin

from tests.conftest import Person

_FIGURE = re.compile(r'<a class="figure" href="([^"]+)">(?:<span[^>]*>[^<]*</span>)?\s*(\d+)</a>')
_ROWS = re.compile(r'<table class="stack rows">.*?<tbody>(.*?)</tbody>', re.DOTALL)
_NEXT = re.compile(r'rel="next" href="([^"]+)"')
_COUNT = re.compile(r'<p id="count">\s*共(\d+)')


def linked_figures(page: str) -> list[tuple[str, int]]:
    return [(html.unescape(href), int(count)) for href, count in _FIGURE.findall(page)]


def rows_behind(person: Person, path: str) -> int:
    """Over all pages of the list; the count that it states must be the same."""
    rows, stated, at = 0, None, path
    while True:
        answer = person.get(at)
        assert answer.status_code == 200, at
        table = _ROWS.search(answer.text)
        rows += table[1].count("<tr>") if table else 0
        stated = _COUNT.search(answer.text)
        more = _NEXT.search(answer.text)
        if more is None:
            break
        at = urljoin(at, html.unescape(more[1]))
    assert stated is not None
    assert int(stated[1]) == rows
    return rows


def assert_every_figure_opens_its_rows(person: Person, path: str) -> int:
    """Returns the number of figures that were followed."""
    found = linked_figures(person.get(path).text)
    for href, count in found:
        assert rows_behind(person, href) == count, href
    return len(found)

"""Finds every page that somebody can come to by following links."""

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Page

_FILES = (".xlsx", ".docx", ".eml", ".json")


def reachable(page: Page, start: str = "/") -> Iterator[str]:
    """Opens one page after the other and gives its path while it is open; of a page with filters, one state.

    Fails on a link that leads nowhere or to another site.
    """
    to_do, seen = [start], {start}
    while to_do:
        address = to_do.pop(0)
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, f"{address} answered {answer.status}"
        yield urlsplit(address).path
        for link in page.get_by_role("link").evaluate_all("links => links.map(link => link.getAttribute('href'))"):
            parts = urlsplit(urljoin(page.url, link))
            if parts.scheme == "otpauth":  # into the phone's own program
                continue
            assert page.url.startswith(f"{parts.scheme}://{parts.netloc}/"), f"{address} leads away to {link}"
            if parts.path not in seen and not parts.path.endswith(_FILES) and not parts.path.startswith("/evidence/"):
                seen.add(parts.path)
                to_do.append(parts.path + (f"?{parts.query}" if parts.query else ""))

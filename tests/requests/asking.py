"""Requests as no page of ours would make them."""

from typing import Any

import httpx

from tests.permissions.world import Browser


def ask(browser: Browser, method: str, path: str, **options: Any) -> httpx.Response:
    """With the browser's cookies and nothing that it would add by itself."""
    return browser.loop.run_until_complete(browser.http.request(method, path, **options))

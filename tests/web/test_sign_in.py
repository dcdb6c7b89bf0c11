from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


def test_the_sign_in_page_is_accessible(browser: Browser, site: str, violations: Callable[[Page], list[str]]) -> None:
    page = browser.new_page(base_url=site)
    page.goto("/sign-in")
    assert violations(page) == []
    page.get_by_label("账号").fill("谁也不是")
    page.get_by_label("密码").fill("wrong")
    page.get_by_role("button", name="登录").click()
    assert page.get_by_role("alert").is_visible()
    assert page.get_by_label("账号").input_value() == "谁也不是"
    assert page.evaluate("document.activeElement.id") == "fault-summary"
    assert violations(page) == []
    page.close()

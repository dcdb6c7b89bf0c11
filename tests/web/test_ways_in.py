"""Second factor and identity provider in a real browser: by keyboard, with scripts off, through real redirects."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from app.clock import HeldClock
from app.settings import Settings
from tests.conftest import PASSWORD, SHANGHAI, TODAY
from tests.oidc.conftest import CLIENT_ID, CLIENT_SECRET, RETURN, RealProvider, real_provider  # noqa: F401 (a fixture)
from tests.phone import Phone, StillWall
from tests.web.reading import focus_faults

pytestmark = pytest.mark.browser

OpenBrowser = Callable[..., Page]
Violations = Callable[[Page], list[str]]


@pytest.fixture
def clock() -> HeldClock:
    return StillWall(TODAY, SHANGHAI)


def test_a_second_factor_is_set_up_and_used_without_camera_and_mouse(
    open_browser: OpenBrowser, violations: Violations
) -> None:
    page = open_browser("甲局联络员")
    page.goto("/account/second-factor")
    expect(page.get_by_role("img", name="二维码，内容与下面的密钥相同")).to_be_visible()
    phone = Phone(page.locator("#secret").inner_text().replace(" ", ""))
    code = page.get_by_role("textbox", name="动态码")
    expect(code).to_have_accessible_description("6位数字，每30秒换一次。")
    code.focus()
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(code).to_have_accessible_description("6位数字，每30秒换一次。 错误： 请填写验证器显示的6位动态码。")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # from the fault to its field
    expect(code).to_be_focused()
    assert violations(page) + focus_faults(page) == []
    code.focus()
    page.keyboard.type(phone.code())
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_have_text("第二重验证已启用，账号在其他地方的登录已退出。")
    assert violations(page) == []
    page.get_by_role("button", name="退出").click()

    page.get_by_label("账号").fill("甲局联络员")
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("第二重验证")
    assert violations(page) + focus_faults(page) == []
    page.get_by_role("textbox", name="动态码").fill(phone.code(steps=1))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("我的事项")


@pytest.mark.parametrize("scripts", [True, False])
def test_the_provider_is_gone_to_and_come_back_from(
    browser: Browser,
    site: str,
    app: FastAPI,
    settings: Settings,
    real_provider: RealProvider,  # noqa: F811
    violations: Violations,
    scripts: bool,
) -> None:
    """The policy of our pages must not stand in the way, and the cookies must survive the way back."""
    given = {"oidc_issuer": real_provider.issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET}
    app.state.settings = Settings(
        **(settings.model_dump() | given | {"base_url": urlsplit(RETURN)._replace(path="").geturl()})
    )
    app.state.clock = HeldClock(TODAY, SHANGHAI)
    context = browser.new_context(base_url=site, java_script_enabled=scripts)
    # The provider knows the office under a name of its own; the browser finds it here.
    context.route(
        f"{RETURN}**",
        lambda route: route.fulfill(
            status=303, headers={"Location": site + route.request.url.partition("duban.example")[2]}
        ),
    )
    page = context.new_page()
    page.goto("/sign-in?next=/plans")
    page.get_by_role("button", name="用统一身份认证登录").click()
    page.get_by_label("Subject").fill("liaison")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("规划")
    if scripts:
        context.clear_cookies()
        page.goto("/sign-in")
        page.get_by_role("button", name="用统一身份认证登录").click()
        page.get_by_label("Subject").fill("stranger")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("本系统没有您的账号")
        assert violations(page) == []
    context.close()

"""The checks themselves: each finds what it is there for."""

import pytest
from playwright.sync_api import Browser

from tests.web.reading import focus_faults, spacing_faults

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<a href="/">到首页</a><style>a:focus-visible { outline: none }</style>', "A 到首页 shows no focus"),
        ('<a href="/">到首页</a><p style="position: fixed; inset: 0; background: #fff">盖住</p>', "in its place is <p"),
        ('<a href="/" style="position: absolute; left: -99px">到首页</a>', "in its place is <body"),
    ],
)
def test_a_focus_that_cannot_be_seen_is_found(browser: Browser, html: str, fault: str) -> None:
    page = browser.new_page()
    page.set_content("<style>a:focus-visible { outline: 3px solid }</style>" + html)
    (found,) = focus_faults(page)
    page.close()
    assert fault in found


def test_a_focus_that_is_seen_is_none(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content('<a href="/">到首页</a>' + "<p>长</p>" * 200 + "<button style='outline: 2px solid'>提交</button>")
    found = focus_faults(page)
    page.close()
    assert found == ["A 到首页 shows no focus"], "the browser's own outline is thinner than ours"


def test_text_that_is_cut_off_when_it_is_spaced_is_found(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.set_content(
        '<main><p style="font: 16px/16px sans-serif; height: 18px; overflow: hidden">甲乙丙</p>'
        '<span style="font-size: 16px; white-space: nowrap">一二三四五六七八九十一二三四五六七八九十</span></main>'
    )
    found = spacing_faults(page)
    page.close()
    assert len(found) == 2, found

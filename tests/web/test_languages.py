"""The switch of languages in a browser, and every page of every role in English."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Person
from tests.web.test_accessibility import EMPTY, LOGINS, PAGES, WITH_FAULTS, Inspection, lived_in

__all__ = ["lived_in"]  # a fixture: the cast with something in every state

OpenBrowser = Callable[..., Page]
# Letters, and the signs that Chinese alone writes so wide.
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class LanguageWalk(HTMLParser):
    """Collects Chinese text whose nearest `lang` says that it is something else."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[tuple[str, str]] = []
        self.language = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        inherited = self.open[-1][1] if self.open else ""
        language = given.get("lang") or inherited
        if tag == "html":
            self.language = language
        if tag not in VOID:
            self.open.append((tag, language))
        value = given.get("value") or ""
        if tag == "input" and given.get("type") != "hidden" and CHINESE.search(value):
            self._check(value, language)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """`<use … />`: no text inside."""

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        within = {name for name, _language in self.open}
        if not within & {"script", "style"}:
            self._check(data, self.open[-1][1] if self.open else "")

    def _check(self, text: str, language: str) -> None:
        if CHINESE.search(text) and not language.startswith("zh"):
            self.found.append(" ".join(text.split())[:80])


def test_the_walk_finds_what_is_not_marked() -> None:
    page = '<html lang="en"><p>Lead: 甲局</p><p lang="zh-CN">乙局<b>丙局</b></p><p>（3）</p><input value="丁局"><br>'
    assert LanguageWalk(page).found == ["Lead: 甲局", "（3）", "丁局"]


def english(app: FastAPI, login: str) -> Person:
    person = Person(app, login)
    person.http.cookies.set("duban_language", "en")
    return person


def all_pages() -> Iterator[tuple[str, str]]:
    for lists in (PAGES, EMPTY, WITH_FAULTS):
        for role, paths in lists.items():
            yield from ((role, path) for path in paths)


def test_chinese_on_an_english_page_says_that_it_is_chinese(app: FastAPI, lived_in: dict[str, int]) -> None:
    people: dict[str, Person] = {}
    found = []
    for role, path in all_pages():
        reader = people.get(role) or people.setdefault(role, english(app, LOGINS[role]))
        answer = reader.get(path.format(**lived_in))
        walk = LanguageWalk(answer.text)
        if walk.language != "en":
            found.append(f"{path}: the page says that it is {walk.language or 'nothing'}")
        found += [f"{path}: {text}" for text in walk.found]
    assert not found, "\n" + "\n".join(dict.fromkeys(found))


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False])
def test_the_switch_keeps_the_page(open_browser: OpenBrowser, scripts: bool) -> None:
    page = open_browser("秘书处", scripts=scripts)
    page.goto("/overdue?group=department&min_days=3")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overdue list")
    expect(page).to_have_url(re.compile(r"/overdue\?group=department&min_days=3$"))
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("link", name="Plans", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Plans")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("规划")


@pytest.mark.browser
def test_the_switch_follows_what_htmx_wrote_into_the_address(open_browser: OpenBrowser) -> None:
    page = open_browser("秘书处")
    page.goto("/desk")
    page.evaluate("history.pushState({}, '', '/overdue?min_days=7')")
    page.get_by_role("button", name="English").click()
    expect(page).to_have_url(re.compile(r"/overdue\?min_days=7$"))


@pytest.mark.browser
def test_the_page_to_sign_in_can_be_read_in_english(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=False)
    page = context.new_page()
    page.goto("/plans")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_label("Account").fill("领导")
    page.get_by_label("Password").fill("duban-test-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/plans$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Plans")
    context.close()


@pytest.mark.browser
def test_english_pages_are_accessible(
    open_browser: OpenBrowser,
    lived_in: dict[str, int],
    violations: Callable[[Page], list[str]],
) -> None:
    """Words are longer: nothing sticks out at the side. One page of each kind; Chinese ones are all looked at."""
    inspection = Inspection(violations)
    page = open_browser("秘书处")
    page.get_by_role("button", name="English").click()
    paths = ["/desk", "/review", "/overdue?group=department", "/overdue/lists/{list}", "/plans/test-plan"]
    inspection.look_at_all(page, [path.format(**lived_in) for path in paths])
    assert inspection.found == []

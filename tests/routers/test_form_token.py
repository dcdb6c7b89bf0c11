import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.routers.form_token import masked, means
from tests.conftest import Person

TOKEN = "jX0-abcdefghijklmnopqrstuv_12345"


@given(st.text(min_size=1, max_size=80))
def test_what_was_made_of_a_token_means_it_and_nothing_else(other: str) -> None:
    assert means(masked(TOKEN), TOKEN)
    assert means(other, TOKEN) is False
    assert means(masked(TOKEN), TOKEN + "x") is False


@pytest.mark.parametrize("given", ["", "=", "Zm8", "甲", TOKEN, "A" * 1000])
def test_nonsense_is_wrong_and_no_error(given: str) -> None:
    assert means(given, TOKEN) is False


def test_no_two_pages_hold_the_same_letters(sign_in: Callable[[str], Person]) -> None:
    leader = sign_in("领导")
    tokens = [re.findall(r'name="csrf" value="([^"]+)"', leader.get("/plans").text)[0] for _ in range(2)]
    assert tokens[0] != tokens[1]
    assert leader.http.post("/sign-out", data={"csrf": tokens[0]}).status_code == 303


def test_pages_come_compressed_and_files_as_they_are(sign_in: Callable[[str], Person]) -> None:
    secretariat = sign_in("秘书处")
    assert secretariat.get("/plans").headers["Content-Encoding"] == "gzip"
    assert secretariat.get("/static/css/duban.css").headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in secretariat.get("/overdue.xlsx").headers
    assert "Content-Encoding" not in secretariat.http.get("/plans", headers={"Accept-Encoding": "identity"}).headers

import re
from collections.abc import Callable
from html import unescape

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from app.db import Database
from app.models import Account
from tests.conftest import PASSWORD, Person
from tests.history import History


def test_a_known_account_signs_in_and_out(sign_in: Callable[[str], Person]) -> None:
    liaison = sign_in("甲局联络员")
    assert liaison.get("/").headers["location"] == "/obligations"
    assert liaison.post("/sign-out").status_code == 303
    assert liaison.get("/").headers["location"].startswith("/sign-in")


def test_a_wrong_password_is_refused_with_what_was_typed(client: TestClient) -> None:
    answer = client.post("/sign-in", data={"login": "甲局联络员", "password": "wrong"})
    assert answer.status_code == 422
    assert 'value="甲局联络员"' in answer.text
    assert "账号或密码不正确" in answer.text


def test_signing_in_never_leads_to_another_site(client: TestClient) -> None:
    for target in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = client.post("/sign-in", data={"login": "甲局联络员", "password": PASSWORD, "next": target})
        assert answer.headers["location"] == "/"


def test_a_change_without_the_forms_token_is_refused(sign_in: Callable[[str], Person]) -> None:
    liaison = sign_in("甲局联络员")
    assert liaison.http.post("/sign-out", data={"csrf": "wrong"}).status_code == 403
    assert liaison.http.post("/sign-out").status_code == 403


def test_signing_in_is_not_done_for_another_site(client: TestClient) -> None:
    """A foreign page must not sign anybody in under an account of its own."""
    typed = {"login": "甲局联络员", "password": PASSWORD}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert client.post("/sign-in", data=typed, headers=headers).status_code == 403
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}, {}):
        assert client.post("/sign-in", data=typed, headers=headers).status_code == 303


def test_a_closed_account_is_refused_like_a_wrong_password(client: TestClient, database: Database) -> None:
    with database.writing() as session:
        account = session.exec(select(Account).where(Account.login == "甲局联络员")).one()
        account.active = False
        session.add(account)
    answer = client.post("/sign-in", data={"login": "甲局联络员", "password": PASSWORD})
    assert answer.status_code == 422
    assert "账号或密码不正确，或账号已停用。" in answer.text


def _hidden(html: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', html)}


def test_what_was_typed_outlives_the_session(sign_in: Callable[[str], Person], history: History) -> None:
    key = history.key("甲局")
    liaison = sign_in("甲局联络员")
    opened = _hidden(liaison.get(f"/obligations/{key}").text)
    typed = {"kind": "interim", "text": '已办"三场"<b>', "percent": "30", "revision": opened["revision"]}
    liaison.post("/sign-out")

    lost = liaison.http.post(f"/obligations/{key}/updates", data=typed | {"csrf": "old"})
    assert lost.status_code == 401
    kept = _hidden(lost.text)
    assert kept["resume"] == f"/obligations/{key}/updates"
    assert kept["resume-text"] == typed["text"]
    assert "resume-csrf" not in kept

    wrong = liaison.http.post("/sign-in", data=kept | {"login": "甲局联络员", "password": "wrong"})
    assert wrong.status_code == 422
    assert _hidden(wrong.text) == kept

    back = liaison.http.post("/sign-in", data=kept | {"login": "甲局联络员", "password": PASSWORD})
    assert back.status_code == 200
    again = _hidden(back.text)
    assert liaison.http.post(f"/obligations/{key}/updates", data=again).status_code == 303
    assert typed["text"] in unescape(liaison.get(f"/obligations/{key}").text)


def test_what_was_typed_never_goes_to_another_site(client: TestClient) -> None:
    for path in ("https://evil.example/x", "//evil.example/x"):
        typed = {"login": "甲局联络员", "password": PASSWORD, "resume": path, "resume-text": "秘密"}
        assert 'action="/"' in client.post("/sign-in", data=typed).text


def test_a_form_of_an_earlier_session_is_sent_again_on_request(
    sign_in: Callable[[str], Person], history: History
) -> None:
    key = history.key("甲局")
    liaison = sign_in("甲局联络员")
    typed = {"kind": "interim", "text": "已办三场", "percent": "30", "revision": "1", "csrf": "of the session before"}
    from_here = {"Sec-Fetch-Site": "same-origin"}
    answer = liaison.http.post(f"/obligations/{key}/updates", data=typed, headers=from_here)
    assert answer.status_code == 403
    assert liaison.http.post(f"/obligations/{key}/updates", data=_hidden(answer.text)).status_code == 303
    from_there = {"Sec-Fetch-Site": "cross-site"}
    refused = liaison.http.post(f"/obligations/{key}/updates", data=typed, headers=from_there)
    assert refused.status_code == 403
    assert "text" not in _hidden(refused.text)


def test_a_part_of_a_page_says_that_the_session_has_ended(sign_in: Callable[[str], Person], history: History) -> None:
    key = history.key("甲局")
    liaison = sign_in("甲局联络员")
    liaison.post("/sign-out")
    by_htmx = {"HX-Request": "true", "HX-Current-URL": f"http://testserver/obligations/{key}?x=1"}
    read = liaison.http.get(f"/obligations/{key}", headers=by_htmx)
    assert read.headers["HX-Redirect"] == f"/sign-in?next=/obligations/{key}%3Fx%3D1"
    changed = liaison.http.post(f"/obligations/{key}/updates", data={"text": "已办"}, headers=by_htmx)
    assert changed.status_code == 401
    assert changed.headers["HX-Retarget"] == "#above"


def test_what_was_left_empty_is_told_at_its_field(client: TestClient) -> None:
    for login, password, at in (
        ("", "", ["请填写账号。", "请填写密码。"]),
        ("甲局联络员", " ", ["请填写密码。"]),
        ("\u200b", PASSWORD, ["请填写账号。"]),
    ):
        answer = client.post("/sign-in", data={"login": login, "password": password})
        assert answer.status_code == 422
        assert [told for told in ("请填写账号。", "请填写密码。") if f"</span>{told}</p>" in answer.text] == at
    page = client.get("/sign-in").text
    assert "novalidate" in page
    assert " required" not in page


def test_a_part_that_is_not_there_leaves_no_hole(sign_in: Callable[[str], Person]) -> None:
    by_htmx = {"HX-Request": "true"}
    liaison = sign_in("甲局联络员")
    read = liaison.http.get("/obligations/999", headers=by_htmx)
    assert (read.status_code, read.headers["HX-Retarget"]) == (404, "#main")
    changed = liaison.http.post("/obligations/999/updates", data={"text": "已办"}, headers=by_htmx)
    assert (changed.status_code, changed.headers["HX-Retarget"]) == (404, "#above")
    assert 'id="beside"' in changed.text
    assert "<html" not in changed.text


@pytest.mark.parametrize("charset", ["raw_unicode_escape", "unicode_escape", "utf-7", "undefined", "punycode"])
def test_nobody_chooses_the_signs_in_which_a_form_is_read(client: TestClient, charset: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\na\\ud800\r\n--x--\r\n'
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    for path in ("/sign-in", "/sign-in/forgotten", "/sign-in/link", "/language", "/api/v1/uploads"):
        assert client.post(path, content=body, headers={"Content-Type": kind}).status_code in {401, 415}
    assert (
        client.post("/sign-in", content=body, headers={"Content-Type": kind.replace(charset, "UTF-8")}).status_code
        == 422
    )

from collections.abc import Callable

from starlette.testclient import TestClient

from tests.conftest import PASSWORD, Person


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

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from app.db import Database
from app.models import Evidence, Obligation
from app.settings import Settings
from tests.conftest import Person
from tests.documents import samples

SignIn = Callable[[str], Person]


@pytest.fixture
def brought(sign_in: SignIn, database: Database, obligation_of: Callable[..., Obligation]) -> Callable[..., int]:
    """brought(name, content) is the number of an evidence that 甲局 attached."""

    def bring(name: str = "2024年 签到表.xlsx", content: bytes = samples.excel()) -> int:
        row = obligation_of("甲局")
        answer = sign_in("甲局联络员").post(
            f"/obligations/{row.id}/updates",
            {"revision": str(row.revision), "kind": "interim", "text": "已办"},
            files=[("files", (name, content, "text/html"))],
        )
        assert answer.status_code == 303, answer.text
        with database.reading() as session:
            return session.exec(select(Evidence.id).order_by(Evidence.id.desc())).first() or 0  # type: ignore[union-attr]

    return bring


def test_a_file_comes_back_as_it_was_brought(sign_in: SignIn, brought: Callable[..., int]) -> None:
    content = samples.excel()
    key = brought(content=content)
    answer = sign_in("甲局联络员").get(f"/evidence/{key}")
    assert answer.content == content
    assert answer.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-length"] == str(len(content))
    shown = "2024%E5%B9%B4%20%E7%AD%BE%E5%88%B0%E8%A1%A8.xlsx"
    header = f"attachment; filename=\"evidence-{key}.xlsx\"; filename*=UTF-8''{shown}"
    assert answer.headers["content-disposition"] == header


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('a";b=c.txt', "a%2522%3Bb%3Dc.txt"),
        ("../../a.txt", "a.txt"),
        ("a%0d%0aSet-Cookie: x=1.txt", "a%250d%250aSet-Cookie%3A%20x%3D1.txt"),
        ("总\u202e结.txt", "%E6%80%BB%E7%BB%93.txt"),
    ],
)
def test_no_name_breaks_the_header(sign_in: SignIn, brought: Callable[..., int], name: str, shown: str) -> None:
    key = brought(name, "活动".encode())
    header = sign_in("甲局联络员").get(f"/evidence/{key}").headers["content-disposition"]
    assert header == f"attachment; filename=\"evidence-{key}.txt\"; filename*=UTF-8''{shown}"


def test_text_says_its_encoding(sign_in: SignIn, brought: Callable[..., int]) -> None:
    key = brought("说明.txt", "活动".encode("gb18030"))
    assert sign_in("甲局联络员").get(f"/evidence/{key}").headers["content-type"] == "text/plain; charset=gb18030"


def test_evidence_is_not_shown_without_signing_in(client: TestClient, brought: Callable[..., int]) -> None:
    key = brought()
    assert client.get(f"/evidence/{key}").headers["location"] == f"/sign-in?next=/evidence/{key}"


@pytest.mark.parametrize(
    ("login", "status"),
    [
        ("甲局负责人", 200),
        ("乙局联络员", 200),
        ("秘书处", 200),
        ("领导", 200),
        ("专家", 200),
        ("丙局联络员", 404),
        ("邻区秘书处", 404),
    ],
)
def test_evidence_is_read_by_those_who_read_the_obligation(
    sign_in: SignIn, brought: Callable[..., int], login: str, status: int
) -> None:
    assert sign_in(login).get(f"/evidence/{brought()}").status_code == status


@pytest.mark.parametrize("key", ["0", "987654321", "9223372036854775808", "abc"])
def test_an_unknown_number_is_answered_and_not_an_accident(sign_in: SignIn, key: str) -> None:
    assert sign_in("甲局联络员").get(f"/evidence/{key}").status_code in {404, 422}


def test_a_file_that_the_store_lost_is_not_found(
    sign_in: SignIn, brought: Callable[..., int], settings: Settings
) -> None:
    key = brought()
    for path in Path(settings.evidence_dir).glob("??/??/*"):
        path.unlink()
    assert sign_in("甲局联络员").get(f"/evidence/{key}").status_code == 404

import pytest

from app.domain.written import as_written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t",
        "\u3000",
        "\u200b",
        "\u200b\ufeff\u2060 \u00a0",
        "\u202e\u2066\u2069",
        "\u3164\u2800",
        "\ufe0f",
        "\x1f",
    ],
)
def test_what_nobody_can_see_is_not_written(text: str) -> None:
    assert as_written(text) == ""


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  已办结 \n", "已办结"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        (
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        ),
        ("❤️", "❤️"),
        ("急\u202e目录", "急\u202e目录"),
        ("\u200b好", "\u200b好"),
        (".", "."),
    ],
)
def test_what_stands_beside_something_visible_stays(text: str, kept: str) -> None:
    assert as_written(text) == kept

from hypothesis import given
from hypothesis import strategies as st

from app.domain.search import excerpt

TEXT = st.text(st.sampled_from("甲乙丙ABab 1\n"), max_size=300)
WORDS = st.lists(st.text(st.sampled_from("甲乙丙ABab1"), min_size=1, max_size=3), max_size=3)


def shown(text: str, *words: str, width: int = 90) -> str:
    return "".join(f"[{piece.text}]" if piece.found else piece.text for piece in excerpt(text, words, width))


def test_words_are_marked_where_they_stand() -> None:
    assert shown("提供家庭医生签约服务", "医生", "服务") == "提供家庭[医生]签约[服务]"


def test_case_does_not_matter_and_is_kept() -> None:
    assert shown("建设 APP 平台", "app") == "建设 [APP] 平台"


def test_the_longer_of_two_words_is_marked() -> None:
    assert shown("残疾人", "残疾", "残疾人") == "[残疾人]"


def test_what_a_pattern_would_mean_is_taken_as_it_is_typed() -> None:
    assert shown("完成100%（.*）", ".*", "%") == "完成100[%]（[.*]）"


def test_a_long_text_is_cut_around_the_first_word() -> None:
    text = shown("前" * 100 + "词" + "后" * 100, "词", width=40)
    assert text == "…" + "前" * 20 + "[词]" + "后" * 19 + "…"


def test_a_word_near_the_end_leaves_no_empty_room() -> None:
    assert shown("前" * 100 + "词", "词", width=40) == "…" + "前" * 39 + "[词]"


@given(TEXT, WORDS, st.integers(1, 60))
def test_nothing_is_made_up_and_no_more_is_shown_than_asked_for(text: str, words: list[str], width: int) -> None:
    pieces = excerpt(text, words, width)
    line = " ".join(text.split())
    said = "".join(piece.text for piece in pieces)
    assert said.removeprefix("…").removesuffix("…") in line
    assert len(said) <= width + 2
    assert all(piece.text.lower() in [word.lower() for word in words] for piece in pieces if piece.found)

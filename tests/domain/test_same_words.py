import time

import pytest

from app.domain.same_words import bare, nearly_same, said_again


def test_only_letters_count() -> None:
    assert bare("已举办 3 场，\n覆盖１２０人；ABC！🎉") == "已举办场覆盖人abc"
    assert bare("100%……——") == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("正在推进宣传活动，已办3场。", "正在推进宣传活动，已办 5 场"),
        ("Ａbc", "aBC"),
        (
            "已组织街道开展健康讲座并建立台账下一步将继续推进各项工作",
            "已组织街道开展健康讲座并建立台账下一步将继续推进各项任务工作",
        ),
    ],
)
def test_other_figures_or_another_word_are_the_same_words_again(one: str, other: str) -> None:
    assert nearly_same(bare(one), bare(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("已完成", "未完成"),
        ("正在推进宣传活动", "已完成入户筛查并录入系统"),
        ("50%", "100%"),
        ("", ""),
        ("好", "坏"),
        ("甲乙", "乙甲"),
    ],
)
def test_another_matter_is_not(one: str, other: str) -> None:
    assert not nearly_same(bare(one), bare(other))


def test_one_report_never_repeats_itself() -> None:
    assert said_again([]) == 0
    assert said_again(["正在推进"]) == 0


def test_the_run_ends_with_the_first_report_in_other_words() -> None:
    again = "正在推进，已办1场"
    assert said_again([again, "正在推进，已办2场", "正在推进：已办20场。", "招标已完成，合同已签", again]) == 3
    assert said_again(["招标已完成，合同已签", again, again]) == 0


def test_long_texts_are_compared_at_once() -> None:
    long = "推进工作" * 2500
    began = time.perf_counter()
    assert not nearly_same(long, "落实任务" * 2500)
    assert nearly_same(long, long[:-1] + "好")
    assert time.perf_counter() - began < 0.5

"""Of which items an answer speaks."""

import pytest

from app.domain.mailed_items import Item, attributed, numbers_in

LETTER = """\
一、已逾期（2项）

1. 开展宣传活动（编号1.1，牵头）
   期限：2023年12月31日 周日，逾期330天
   http://x/obligations/11

2. 提供上门服务（编号2.1，配合）
   http://x/obligations/12

二、即将到期（1项）

3. 加强培训（编号3.2，牵头）
   http://x/obligations/13
"""
ITEMS = [Item(11, "1.1", 1), Item(12, "2.1", 2), Item(13, "3.2", 3)]


def test_the_reminder_says_which_number_is_which() -> None:
    assert numbers_in(LETTER) == {11: 1, 12: 2, 13: 3}
    assert numbers_in(LETTER.replace("3. ", "1. ")) == {12: 2}, "a number that stands there twice says nothing"


@pytest.mark.parametrize(
    ("own", "by_item", "rest"),
    [
        ("1. 已完成\n2. 正在办", {11: "已完成", 12: "正在办"}, ""),
        ("1、已完成，共3场\n其中：进社区2场\n3：未开始", {11: "已完成，共3场\n其中：进社区2场", 13: "未开始"}, ""),
        ("（1）已完成；\n(2) 已完成", {11: "已完成；", 12: "已完成"}, ""),
        ("第1项：已完成\n第3项 未完成", {11: "已完成", 13: "未完成"}, ""),
        ("1.1 已完成\n3.2：未完成", {11: "已完成", 13: "未完成"}, ""),
        ("各项情况如下：\n1. 已完成", {11: "已完成"}, ""),
        ("全部完成", {}, "全部完成"),
        ("1. 举办3场\n2. 发放资料\n4. 其他", {}, "1. 举办3场\n2. 发放资料\n4. 其他"),
        ("1. 一\n1. 二", {}, "1. 一\n1. 二"),
        ("2024年11月完成3场", {}, "2024年11月完成3场"),
        ("3月底前完成", {}, "3月底前完成"),
        ("", {}, ""),
    ],
)
def test_by_numbers(own: str, by_item: dict[int, str], rest: str) -> None:
    found = attributed(own, "", ITEMS, LETTER)
    assert (found.by_item, found.rest) == (by_item, rest)


@pytest.mark.parametrize("mark", ["> ", ">", "", "| "])
def test_by_the_place_in_the_quoted_reminder(mark: str) -> None:
    lines = []
    for line in LETTER.split("\n"):
        lines.append(f"{mark}{line}")
        if line.endswith("/12"):
            lines += ["已完成", "共服务300户，详见台账。"]
    found = attributed("", "\n".join(lines), ITEMS, LETTER)
    assert (found.by_item, found.rest) == ({12: "已完成\n共服务300户，详见台账。"}, "")


def test_lines_that_a_program_broke_or_joined_are_still_ours() -> None:
    broken = (
        LETTER.replace("开展宣传活动（编号", "开展宣传\n活动（编号")
        .replace("\n\n", "\n")
        .replace("逾期330天\n", "逾期330天 ")
    )
    found = attributed("", broken, ITEMS, LETTER)
    assert (found.by_item, found.rest) == ({}, "")


def test_of_one_item_every_word_speaks() -> None:
    found = attributed("1. 举办3场\n2. 发放资料", "", ITEMS[:1], LETTER)
    assert found.by_item == {11: "1. 举办3场\n2. 发放资料"}

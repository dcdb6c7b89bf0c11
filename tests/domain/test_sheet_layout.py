from app.domain.sheet_layout import (
    COLUMNS_MM,
    DENSITIES,
    FOOT_MM,
    HEAD_MM,
    PAGE_MM,
    Block,
    Line,
    fitted,
    heading_of,
    height_of,
    lines_of,
    pages_of,
    shortened,
    title_em,
    width_em,
)

ROOMY, CLOSE, _PLAIN, TIGHT = DENSITIES


def rows(count: int, name: str = "due", text: str = "1.1 开展宣传活动") -> Block:
    return Block(name, [Line(key, (text, "牵头", "要求", "12-31", "剩36天")) for key in range(count)])


def laid_out(*blocks: Block) -> tuple[str, int]:
    layout = fitted([(density, blocks) for density in DENSITIES])
    return layout.density.name, len(layout.pages)


def test_a_chinese_sign_is_an_em_wide() -> None:
    assert width_em("督办") == 2
    assert width_em("（一）") == 3
    assert width_em("12") < 2


def test_a_text_takes_as_many_lines_as_its_width_asks_for() -> None:
    assert lines_of("", 50, 10) == 1
    assert lines_of("督" * 13, 50, 10) == 1
    assert lines_of("督" * 14, 50, 10) == 2
    assert lines_of("督" * 200, 1, 10) == 200


def test_little_is_printed_roomy_and_much_is_printed_tight() -> None:
    assert laid_out(rows(3)) == ("roomy", 1)
    assert laid_out(rows(32)) == ("close", 1)
    assert laid_out(rows(40)) == ("plain", 1)
    assert laid_out(rows(44)) == ("tight", 1)


def test_what_fits_on_no_page_goes_on_a_second_one() -> None:
    name, pages = laid_out(rows(30, "overdue"), rows(40))
    assert (name, pages) == ("tight", 2)


def test_nothing_is_lost_or_told_twice_between_pages() -> None:
    blocks = [rows(100, "overdue"), rows(3, "due"), rows(77, "coming")]
    pages = pages_of(blocks, TIGHT)
    for block in blocks:
        parts = [part for page in pages for part in page if part.name == block.name]
        assert [line for part in parts for line in part.lines] == list(block.lines)
        assert [part.continued for part in parts] == [False] + [True] * (len(parts) - 1)
    assert all(part.lines for page in pages for part in page)


def test_no_page_is_fuller_than_paper() -> None:
    for page in pages_of([rows(60, text="长" * 60), rows(60)], CLOSE):
        height = sum(heading_of(CLOSE) + sum(height_of(line, CLOSE) for line in block.lines) for block in page)
        assert height <= PAGE_MM - FOOT_MM
    first = pages_of([rows(200)], ROOMY)[0]
    assert sum(height_of(line, ROOMY) for line in first[0].lines) <= PAGE_MM - HEAD_MM - FOOT_MM


def test_a_line_that_is_higher_than_a_page_stands_alone() -> None:
    giant = Block("coming", [Line(1, ("字" * 9000,)), Line(2, ("短",))])
    assert [len(page[0].lines) for page in pages_of([giant], TIGHT)] == [1, 1]


def test_an_empty_sheet_is_one_page() -> None:
    assert laid_out() == ("roomy", 1)


def test_a_shortened_text_says_so() -> None:
    assert shortened("科普资源库建成", 20) == "科普资源库建成"
    assert shortened("科普资源库，三级宣传体系", 7) == "科普资源库…"
    assert shortened("科普", 0) == "…"


def test_a_title_that_was_shortened_for_a_column_stays_on_one_line() -> None:
    for density in DENSITIES:
        title = shortened("①1.1 " + "长" * 80, title_em(density))
        assert lines_of(title, COLUMNS_MM[0], density.point) == 1

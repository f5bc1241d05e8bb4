"""Tables: drawn with characters, as wide as they are shown; row by row where a phone would break their lines."""

from __future__ import annotations

import pytest

from middleware.markdown.tables import WIDEST, width
from middleware.replies.rich_text import RichText, rich


def shown(*rows: str) -> RichText:
    """What becomes of a table of two columns."""
    return rich("\n".join([rows[0], "|---|---|", *rows[1:]]))


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("注意", 4), ("👍🏽", 2), ("👩\u200d💻", 2), ("e\u0301", 1), ("❤\ufe0f", 2), ("", 0)],
)
def test_a_text_is_as_wide_as_it_is_shown(text: str, columns: int) -> None:
    """Wide letters take two places, and marks on letters none."""
    assert width(text) == columns


def test_columns_stand_below_each_other_whatever_the_letters() -> None:
    """All of it is code of fixed width."""
    text = shown("| 名 | n |", "| 注意注意 | 1 |", "| a | 22 |")
    assert text.text == "名       │ n\n─────────┼───\n注意注意 │ 1\na        │ 22"
    assert [(e.type, e.offset) for e in text.entities] == [("pre", 0)]


def test_numbers_stand_to_the_right_where_the_table_says_so() -> None:
    """Below their heads."""
    assert rich("| a | sum |\n|:--|--:|\n| b | 7 |").text == "a │ sum\n──┼────\nb │   7"


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("| `a | b` | c |", "a | b │ c"),
        ("| `a \\| b` | c |", "a | b │ c"),
        ("| a \\| b | c |", "a | b │ c"),
        ("| ` | ` |", "`     │ `"),
        ("| a | b | c |", "a     │ b | c"),
        ("| a |", "a"),
        ("|| b |", "      │ b"),
        ("a | b", "a     │ b"),
        ("| a<br>b | c |", "a     │ c\nb"),
    ],
)
def test_what_parts_cells_and_what_does_not(row: str, line: str) -> None:
    """A bar within code is code; what is one cell too many is not left out."""
    assert (
        shown("| head5 | z |", row).text
        == f"head5 │ z\n──────┼{'─' * (len(max(shown('| head5 | z |', row).text.split(chr(10)), key=len)) - 7)}\n{line}"
    )


def test_a_line_without_a_bar_ends_a_table() -> None:
    """It is a paragraph."""
    assert shown("| a | b |", "| c | d |", "That is all.").text == "a │ b\n──┼──\nc │ d\nThat is all."


def test_links_of_a_table_are_told_below_it() -> None:
    """Nothing can be a link within code."""
    text = shown(
        "| a | b |", "| [x](https://a.example/x) | [y](z/y) |", "| [u](https://a.example/x) | https://v.example |"
    )
    assert text.text.split("\n")[-2:] == ["x: https://a.example/x", "y: z/y"]


def test_a_wide_table_is_shown_row_by_row() -> None:
    """Each cell behind the head of its column, formatted; an empty one is left out."""
    long = "word " * 12
    text = shown("| Name | Use |", f"| one | {long}**b** |", "| two | |", "| three | [x](https://a.example) |")
    assert text.text == f"Name: one\nUse: {long}b\n\nName: two\n\nName: three\nUse: x"
    assert [e.type for e in text.entities] == ["bold", "bold", "bold", "bold", "text_link"]


def test_a_table_as_wide_as_a_phone_is_still_drawn() -> None:
    """One more makes it too wide."""
    fitting = "x" * (WIDEST - 4)
    assert shown("| a | b |", f"| {fitting} | c |").entities[0].type == "pre"
    assert shown("| a | b |", f"| {fitting}x | c |").entities[0].type == "bold"


def test_a_table_in_a_list_is_a_table() -> None:
    """Below the mark of its item."""
    assert rich("- Look:\n\n  | a | b |\n  |---|---|\n  | c | d |\n").text == "• Look:\n\na │ b\n──┼──\nc │ d"


@pytest.mark.parametrize("source", ["| a | b |\n|---|", "a | b\nc | d", "|a" * 40 + "|\n" + "|-" * 40 + "|", "a\n---"])
def test_what_is_no_table_is_text(source: str) -> None:
    """Without the rule below its head, with another one, or with too many columns."""
    assert "┼" not in rich(source).text

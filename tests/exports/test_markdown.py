"""Text from the database never becomes markup."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from exports.markdown import EMPTY, cell, code, emoji, table, visible

PARSER = MarkdownIt("commonmark").enable("table")
# Everything that CommonMark, GitHub or a terminal gives a meaning to, and what is invisible.
SPECIAL = [
    *"`|\\*_~#<>[]()!&:@$-+=.^{}\"' \t\r\n\0\x1b\x7f\x85",
    *"\u00a0\u2028\u2029\u200b\u200c\u200d\u200e\u202e\u2066\ufeff\u00ad\ud800\udfff\U000e0041\ufe0f\u3000",
    *("\n\n", "\n# ", "\n---\n", "```", "`" * 90, "<script>", "-->", "https://evil.example", "www.evil.example"),
    *(
        "a@b.example",
        "@octocat",
        "#123",
        ":smile:",
        "![x](y)",
        "[x]: y",
        "| a |\n|---|",
        "&lt;",
        "👨‍💻",
        "❤️",
        "\\|",
        "\\`",
    ),
]
texts = st.lists(st.one_of(st.sampled_from(SPECIAL), st.characters(), st.text(max_size=20)), max_size=30).map("".join)


def inline(markdown: str, place: str) -> list[Token]:
    """The tokens within the only paragraph, item or cell of a page."""
    tokens = PARSER.parse(markdown)
    [found] = [t for t in tokens if t.type == "inline" and t.children and t.content.startswith(place)]
    return found.children or []


@given(texts)
def test_any_text_is_one_code_span_of_a_list_item(text: str) -> None:
    """Whatever stands before and behind it on the line stays what it is, and no line is added."""
    line = f"- 10:11:12 by {code('7')} in {code(text)}: {code(text, 20)} end"
    assert len(line.splitlines()) == 1
    tokens = PARSER.parse(f"# Before\n\n{line}\n{line}\n\n## After\n")
    assert [t.type for t in tokens if t.nesting == 1] == [
        *("heading_open", "bullet_list_open", *("list_item_open", "paragraph_open") * 2, "heading_open")
    ]
    spans = 3 if code(text) != EMPTY else 1
    for item in [t for t in tokens if t.type == "inline" and t.content.startswith("10:")]:
        kinds = [t.type for t in item.children or []]
        assert kinds == ["text", *["code_inline", "text"] * spans]


@given(texts, texts)
def test_any_text_is_one_cell_of_a_table(first: str, second: str) -> None:
    """A bar makes no column, with or without a backslash before it."""
    page = "\n".join(table(("one", "two", "n"), [(cell(first), emoji(second), 1), (emoji(first), cell(second), 2)]))
    tokens = PARSER.parse(page)
    assert [t.type for t in tokens if t.nesting == 1].count("tr_open") == 3
    cells = [t for t in tokens if t.type == "inline"]
    assert len(cells) == 9
    assert [c.content for c in cells[5::3]] == ["1", "2"]
    for one in cells[3:]:
        assert len(one.children or []) == 1
        assert {t.type for t in one.children or []} <= {"code_inline", "text"}
    assert "|" not in cell(first) + emoji(second)


@given(texts)
def test_nothing_invisible_is_left(text: str) -> None:
    """No control character, no override of direction, no surrogate; joiners only between what they may join."""
    shown = code(text) + cell(text) + emoji(text)
    for place, char in enumerate(shown):
        category = unicodedata.category(char)
        assert category not in ("Cc", "Cs", "Zl", "Zp")
        if category == "Cf":
            assert char in "\u200c\u200d"
            assert not shown[place - 1].isascii()
            assert not shown[place + 1].isascii()
    shown.encode("utf-8")


@given(texts, st.integers(min_value=2, max_value=100))
def test_a_span_is_no_longer_than_its_limit(text: str, limit: int) -> None:
    """The limit is of what is shown; what was cut ends with …, and so does a word that is too long."""
    for span in [t for t in inline(f"x {code(text, limit)}", "x") if t.type == "code_inline"]:
        assert len(span.content) <= limit
        assert max(map(len, span.content.split())) <= 60


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=60))
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    """Letters, digits, punctuation and symbols, with backticks up to three in a row."""
    if "````" in text:
        return
    [_, span] = inline(f"x {code(text)}", "x")
    assert (span.type, span.content) == ("code_inline", text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (None, "–"),
        ("", EMPTY),
        ("\u200b\u202e\n", EMPTY),
        ("two\n\n# lines", "`two # lines`"),
        ("say `this`", "`` say `this` ``"),
        ("`" * 50, "```` ```… ````"),
        ("evil\u202etxt.exe", "`eviltxt.exe`"),
        ("bell\x07", "`bell\ufffd`"),
        ("a\u200db", "`ab`"),
        ("👨‍💻 می‌خواهم", "`👨‍💻 می‌خواهم`"),
        ("word " * 30, "`" + "word " * 15 + "word…`"),
        ("x" * 61, "`" + "x" * 59 + "…`"),
    ],
)
def test_how_a_text_is_shown(text: str | None, shown: str) -> None:
    """As a person would want to read it."""
    assert code(text) == shown


@pytest.mark.parametrize("text", ["👍", "❤️", "👨‍💻", "🤷‍♂", "⚡", "🇩🇪"])
def test_an_emoji_stands_as_it_is(text: str) -> None:
    """Also one of several code points."""
    assert emoji(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [(None, "(no emoji)"), ("<b>", "`<b>`"), ("👍|", "`👍¦`"), ("", EMPTY), ("👍" * 17, "`" + "👍" * 15 + "…`")],
)
def test_what_is_no_emoji_is_shown_as_text(text: str | None, shown: str) -> None:
    """The column may hold anything."""
    assert emoji(text) == shown


def test_a_table_without_rows_is_left_out() -> None:
    """Numbers stand to the right, with their thousands apart."""
    assert table(("a", "n"), []) == []
    assert table(("a", "n"), [("x", 1234)]) == ["| a | n |", "|---|---:|", "| x | 1,234 |"]


def test_white_space_is_left_to_folding() -> None:
    """A line break is no control character to be shown."""
    assert visible("a\tb\n") == "a\tb\n"

"""Markdown that is made to be slow, or to grow: what it costs, and what it says, is in proportion to its length."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from middleware.markdown.growing import settled
from middleware.replies.rich_text import MOST_ENTITIES, rich, split_rich
from tests.cost import bounded, steps

MOST_STEPS = 200
"""For a character; a usual answer takes 5 to 10."""


def repeated(piece: str) -> Callable[[int], str]:
    """As often as it fits into so many characters."""
    return lambda size: piece * (size // len(piece))


def around(opening: str, closing: str) -> Callable[[int], str]:
    """One in another, as often as it fits."""

    def make(size: int) -> str:
        count = size // len(opening + closing)
        return opening * count + closing * count

    return make


def headed(head: str, row: str) -> Callable[[int], str]:
    """A beginning, and then one line again and again."""
    return lambda size: head + row * ((size - len(head)) // len(row))


def rising(size: int) -> str:
    """A list in each item of a list."""
    lines, left, depth = [], size, 0
    while left > 0:
        lines.append("  " * depth + "- a")
        left, depth = left - len(lines[-1]) - 1, depth + 1
    return "\n".join(lines)


HOSTILE: dict[str, Callable[[int], str]] = {
    "brackets": repeated("["),
    "images": repeated("!["),
    "links that nothing ends": repeated("[a](b"),
    "titles that nothing ends": repeated('[a](b "'),
    "brackets in brackets": around("[", "]"),
    "links in links": around("[a", "](b)"),
    "images in images": around("![a", "](b)"),
    "stars": repeated("*"),
    "openings": repeated("**a "),
    "emphasis in emphasis": around("*a ", " b*"),
    "two marks in turn": repeated("*_"),
    "backticks": repeated("`a"),
    "tildes": repeated("~~a "),
    "bars": repeated("||a "),
    "backslashes": repeated("\\"),
    "dollars": repeated("$a_"),
    "lines of dollars": repeated("$$a\n"),
    "brackets of formulas": repeated("\\[ a\n"),
    "parentheses of formulas": repeated("\\("),
    "quotations": repeated(">"),
    "quotations in lists": repeated("> - "),
    "lists in one line": repeated("- "),
    "lists in lists": rising,
    "items": repeated("- a\n"),
    "lines": repeated("a\n"),
    "fences": repeated("```a\n~~~b\n"),
    "definitions": repeated("[a]: b\n"),
    "titles of definitions": repeated('[a]: b "\n'),
    "footnotes": repeated("[^1]: a\n"),
    "one definition": headed("[a]: " + "x" * 99 + "\n\n", "[a]"),
    "rows": headed("|a|b|\n|-|-|\n", "|1|2|\n"),
    "columns": lambda size: "|a" * (size // 4) + "|\n" + "|-" * (size // 4) + "|\n",
    "rows with much left out": headed("|a" * 30 + "|\n" + "|-" * 30 + "|\n", "|b\n"),
    "rows with a wide head": headed("|" + "x" * 99 + "|b|\n|-|-|\n", "|1|2|\n"),
    "tags": repeated("<b>"),
    "tags that end no others": around("<b>", "</i>"),
    "tags in tags": around("<b><i>", "</i></b>"),
    "comments": repeated("<!--"),
    "entities": repeated("&#1"),
    "schemes": repeated("://"),
    "addresses": repeated("http://a** "),
    "blanks": lambda size: " " * size + "a",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_three_times_the_length_costs_three_times_as_much(name: str) -> None:
    """Reading it, and making it readable while it grows."""
    short, long = HOSTILE[name](400), HOSTILE[name](1_200)
    for work in (rich, settled):
        cost, more = steps(partial(work, short)), steps(partial(work, long))
        assert more <= 4 * cost + 500
        assert more <= MOST_STEPS * len(long)


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_makes_a_long_text_of_a_short_one(name: str) -> None:
    """Neither indentation, nor columns, nor what is said again for each row or link."""
    source = HOSTILE[name](2_400)
    assert len(rich(source).text) <= 2 * len(source)


@pytest.mark.parametrize("source", ["[" * 4_000, ">" * 4_000, "*" * 4_000])
def test_a_mark_again_and_again_is_read_at_once(source: str) -> None:
    """As fast as words, or nearly so."""
    assert steps(lambda: rich(source)) <= 40 * len(source)


@pytest.mark.parametrize("depth", [5, 50])
@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", "> - "])
def test_what_is_nested_too_deep_is_text(mark: str, depth: int) -> None:
    """Nothing of it is left out."""
    assert "the end" in rich(mark * depth + "the end").text


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_comes_to_its_end(name: str) -> None:
    """Also what takes no step, as a search does; each part stays within what Telegram takes."""
    source = HOSTILE[name](30_000)
    with bounded():
        parts = split_rich(rich(source))
        settled(source)
    assert all(len(part.entities) <= MOST_ENTITIES for part in parts)

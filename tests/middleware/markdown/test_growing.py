"""An answer while it grows: nothing is shown that would not be there in the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from middleware.markdown.growing import settled
from middleware.replies.rich_text import rich
from tests.answers import ANSWERS, Written

MARKS = frozenset("*_~`#|[]<>$\\{}^")


def shown(markdown: str) -> str:
    """What is seen of an unfinished text."""
    readable = settled(markdown)
    return rich(readable).text if readable.strip() else ""


def marks(text: str) -> list[str]:
    """What may be a mark of Markdown."""
    return [character for character in text if character in MARKS]


def is_within(part: list[str], whole: list[str]) -> bool:
    """True if all of it is in the other, in this order."""
    rest: Iterator[str] = iter(whole)
    return all(mark in rest for mark in part)


@pytest.mark.parametrize("answer", ANSWERS, ids=[answer.name for answer in ANSWERS])
def test_no_beginning_of_an_answer_shows_raw_marks(answer: Written) -> None:
    """At no character of it."""
    whole = marks(rich(answer.markdown).text)
    # Of a long quotation, the first of many sentences that are the same.
    beginnings = (answer.markdown[:length] for length in range(min(len(answer.markdown), 300) + 1))
    assert [beginning for beginning in beginnings if not is_within(marks(shown(beginning)), whole)] == []


@pytest.mark.parametrize("answer", ANSWERS, ids=[answer.name for answer in ANSWERS])
def test_a_whole_answer_is_shown_as_it_is_sent(answer: Written) -> None:
    """Nothing of its end is held back."""
    assert shown(answer.markdown) == rich(answer.markdown).text


@pytest.mark.parametrize(
    ("beginning", "seen"),
    [
        ("some **bold", "some bold"),
        ("some **bold *and", "some bold and"),
        ("some **bold*", "some bold"),
        ("a `b", "a b"),
        ("a ``b`", "a b"),
        ("a **b `c", "a b c"),
        ("go [to the", "go to the"),
        ("go [to](https://a.exa", "go to"),
        ('go [to](https://a.example "T', "go to"),
        ("go [to][there", "go to"),
        ("go [to][there]. And", "go to. And"),
        ("![a pic", "a pic"),
        ("a fact[^1", "a fact"),
        ("one\n\n##", "one"),
        ("one\n\n-", "one"),
        ("one\n\n12.", "one"),
        ("one\n--", "one"),
        ("- [", ""),
        ("- [x]", ""),
        ("- a\n- **b", "• a\n• b"),
        ("> [!NO", ""),
        ("| a | b", "a │ b\n──┼──"),
        ("| a | b |\n|--", "a │ b\n──┼──"),
        ("| a | b |\n|---|---|\n| **c", "a │ b\n──┼──\nc"),
        ("a | b\n--", "a │ b\n──┼──"),
        ("```py", ""),
        ("x\n```py\ny\n``", "x\ny"),
        ("x\n```py\ny\n```\nz **b", "x\ny\nz b"),
        ("see $x^", "see"),
        ("see \\(a", "see"),
        ("so\n\n\\[\na = b\n- c", "so"),
        ("it is <b>bo", "it is bo"),
        ("it is <b>bo</", "it is bo"),
        ("it is $5", "it is $5"),
        ("2 * 3", "2 * 3"),
        ("a_b", "a_b"),
        ("`a[`, $5 and", "a[, $5 and"),
        ("a < b", "a < b"),
        ("2*3", "2*3"),
        ("a &am", "a"),
        ("[g]: https://a.ex", ""),
        ("see [[2]](https://a.ex", "see [2]"),
        ("[![b](https://a.example/b)](htt", "🖼 b"),
        ("[![b", "b"),
        ("| a | b |\n|---|---|\n| `c |", "a │ b\n──┼──\nc"),
        ("| a | b |\n|---|---|\n| `c | d`", "a     │ b\n──────┼──\nc | d"),
        ("see [it][] now", "see it now"),
        ("and **`c", "and c"),
        ("a<br/", "a"),
    ],
)
def test_what_is_half_written_is_shown_as_far_as_it_is_clear(beginning: str, seen: str) -> None:
    """Its words at once, its marks never."""
    assert shown(beginning) == seen


def test_what_is_open_is_formatted_already() -> None:
    """Nothing changes its look when its end arrives."""
    for beginning, kind in (("a **b", "bold"), ("a *b", "italic"), ("a `b", "code"), ("a ~~b", "strikethrough")):
        assert [entity.type for entity in rich(settled(beginning)).entities] == [kind]


@settings(max_examples=40)
@given(
    st.lists(
        st.sampled_from(
            ["a", "1", "5", " ", "\n", "\n\n", "|", "`", "``", "*", "_", "[", "](", "]", "$", "\\", "<", "<b>", ">"]
        )
    )
)
def test_anything_at_all_is_readable_while_it_grows(pieces: list[str]) -> None:
    """Whatever it is made of, each word that is not within a half mark is there."""
    text = rich(settled("so " + "".join(pieces) + "\n\nand so on")).text
    assert "so on" in text

"""What is shown of an unfinished answer: its last part, at a cost that its length does not change."""

from __future__ import annotations

import pytest

from bot.sending import preview
from bot.sending.preview import PAGE, last_part
from middleware.markdown.growing import settled
from middleware.replies.rich_text import rich, split_rich
from middleware.replies.splitting import utf16_length
from storage.payloads import Entity

LINE = "Some **bold** text with `code`, a [link](https://example.com/) and 😀.\n"


@pytest.mark.parametrize("text", ["Once *upon*", LINE * 20, "x" * 5_000, "word " * 1_100])
def test_of_a_short_text_the_last_message_is_shown(text: str) -> None:
    """Just as it will be sent."""
    assert last_part(text) == split_rich(rich(text))[-1]


@pytest.mark.parametrize("text", [LINE * 3_000, "x" * 200_000, "\n" * 200_000, "**" * 100_000, "```\n" * 50_000])
def test_only_what_is_shown_is_read(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the text is, and whatever it is made of."""
    read = []

    def noted(markdown: str) -> str:
        read.append(len(markdown))
        return settled(markdown)

    monkeypatch.setattr(preview, "settled", noted)
    part = last_part(text)
    assert utf16_length(part.text) <= 4_096
    assert max(read) <= 3 * PAGE + preview.LONGEST_FENCE


def test_a_long_text_is_shown_to_its_end() -> None:
    """Formatted as the rest of it."""
    part = last_part(LINE * 3_000 + "The **end**")
    assert part.text.endswith("\nThe end")
    assert part.entities[-1] == Entity("bold", utf16_length(part.text) - 3, 3)


def test_what_is_shown_begins_at_the_same_line_while_it_grows() -> None:
    """Else every step would look like another text."""
    lines = [f"line {n}\n" for n in range(3_000)]
    begins = [last_part("".join(lines[:n])).text.split("\n")[0] for n in range(1_000, 1_200, 10)]
    assert all(begin.startswith("line ") for begin in begins)
    assert len(set(begins)) <= 4


@pytest.mark.parametrize("before", ["", "Look:\n", "```\nfirst\n```\n"])
def test_code_stays_code_where_its_beginning_is_not_read(before: str) -> None:
    """With its language."""
    part = last_part(before + "```python\n" + "x = 1\n" * 5_000)
    assert [(entity.type, entity.language, entity.offset) for entity in part.entities] == [("pre", "python", 0)]


@pytest.mark.parametrize("text", ["**", "```py\n", "- [", "\n" * 9, "|"])
def test_marks_alone_are_not_shown(text: str) -> None:
    """Nothing can be read yet."""
    assert last_part(text).text == ""


def test_what_is_open_is_shown_as_it_will_be() -> None:
    """Formatted, without its marks."""
    assert last_part("So **it").entities == (Entity("bold", 3, 2),)

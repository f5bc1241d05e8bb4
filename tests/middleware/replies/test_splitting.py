"""Texts in parts that Telegram takes."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.replies.splitting import LIMIT, clean, split, utf16_length
from tests.cost import bounded

FAMILY = "👨‍👩‍👧‍👦"
GERMANY = "🇩🇪"
PIECES = (
    "a",
    "word",
    " ",
    "  ",
    "\n",
    "\n\n",
    ". ",
    "。",
    "😀",
    FAMILY,
    GERMANY,
    "é",
    "\u200b",
    "\u00a0",
    "שלום",
    "؟ ",
)
FENCED_PIECES = (*PIECES, "```\n", "\n```\n", "    ```\n", "\n````\n", "`", "    ", "x" * 27)

plain = (
    st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=60)
    .map("".join)
    .filter(lambda text: "```" not in text)
)
code_line = st.text(alphabet="ab {}()\t😀", max_size=40)
prose = st.text(alphabet="ab .😀\n", max_size=120)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Prose and closed code blocks in turn."""
    blocks = []
    for _ in range(draw(st.integers(1, 5))):
        language = draw(st.sampled_from(["", "python", " js "]))
        code = "\n".join(draw(st.lists(code_line, max_size=12)))
        indent = draw(st.sampled_from(["", "  ", "    "]))
        blocks.append(f"{draw(prose)}\n{indent}```{language}\n{code}\n{indent}```\n")
    return "".join(blocks) + draw(prose)


def without_blanks(*parts: str) -> str:
    """The parts joined, without white space."""
    return "".join("".join(parts).split())


@given(plain, st.integers(2, 80))
def test_parts_fit_say_something_and_lose_only_white_space(text: str, limit: int) -> None:
    """No part is too long or blank, together they say what the text says, and the same text is cut the same way."""
    parts = split(text, limit)
    assert all(0 < utf16_length(part) <= limit for part in parts)
    assert all(part.strip() for part in parts)
    assert without_blanks(*parts) == without_blanks(clean(text))
    assert split(text, limit) == parts


@given(plain, st.integers(2, 80))
def test_a_text_within_the_limit_is_left_alone(text: str, limit: int) -> None:
    """What fits is one part, with its blanks as they are."""
    if utf16_length(clean(text)) <= limit:
        assert split(text, limit) == ((clean(text),) if text.replace("\0", "").strip() else ())


@given(documents(), st.integers(64, 200))
def test_code_blocks_stay_code_blocks_in_every_part(text: str, limit: int) -> None:
    """Each part opens and closes its own fences, and no code falls out of them."""
    parts = split(text, limit)
    assert all(0 < utf16_length(part) <= limit for part in parts)
    for part in parts:
        assert sum(line.strip().startswith("```") for line in part.split("\n")) % 2 == 0
    if len(parts) > 1:
        assert code_of(*parts) == code_of(text)


def code_of(*parts: str) -> str:
    """What stands in code blocks, without white space."""
    code = []
    for part in parts:
        is_code = False
        for line in part.split("\n"):
            if line.strip().startswith("```"):
                is_code = not is_code
            elif is_code:
                code.append(line)
    return without_blanks(*code)


@given(st.text(alphabet="😀🤡", min_size=1, max_size=60), st.integers(2, 9))
def test_no_character_is_cut_in_two(text: str, limit: int) -> None:
    """A part ends before a character of two UTF-16 units that it has no room for."""
    parts = split(text, limit)
    assert "".join(parts) == text
    assert all(utf16_length(part) == limit // 2 * 2 for part in parts[:-1])


@pytest.mark.parametrize(
    "cluster", [FAMILY, GERMANY, "e\u0301\u0302", "❤\ufe0f", "👍🏽", "1\ufe0f\u20e3", "🏴\U000e0067\U000e007f"]
)
@pytest.mark.parametrize("limit", range(16, 24))
def test_what_is_shown_as_one_character_stays_together(cluster: str, limit: int) -> None:
    """No cut falls inside of a flag, a family, a skin tone or a letter with its accents."""
    parts = split(cluster * 40, limit)
    assert "".join(parts) == cluster * 40
    assert all(part == cluster * (len(part) // len(cluster)) for part in parts)


def test_a_heap_of_accents_is_cut_anyway() -> None:
    """One character that is longer than a part cannot stop the cutting."""
    text = "e" + "\u0301" * 500
    assert "".join(split(text, 100)) == text


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("One one.\n\nTwo two. Three\nfour", 24, ("One one.", "Two two. Three\nfour")),
        ("One one. Two\n \t\n\n  Three four", 16, ("One one. Two", "Three four")),
        ("One.\nTwo. Three four", 15, ("One.", "Two. Three four")),
        ('He said "One." Two three', 18, ('He said "One."', "Two three")),
        ("你好。你好吗", 5, ("你好。", "你好吗")),
        ("one two three", 9, ("one two", "three")),
        ("one\u00a0two three", 12, ("one\u00a0two", "three")),
        ("abcdefgh", 3, ("abc", "def", "gh")),
        ("abcd     efgh", 5, ("abcd", "efgh")),
        ("     abcdefgh", 5, ("abcde", "fgh")),
        ("abcdefgh      ", 8, ("abcdefgh",)),
    ],
)
def test_cuts_fall_where_a_reader_would_pause(text: str, limit: int, parts: tuple[str, ...]) -> None:
    """At a paragraph rather than a line, a sentence, a word, and within a word only when there is nothing else."""
    assert split(text, limit) == parts


def test_a_cut_code_block_is_closed_and_opened_again_with_its_language() -> None:
    """So that Telegram shows both parts as code of that language."""
    text = "```python\none = 1\nif one:\n    two = 2\n```\nDone"
    assert split(text, 30) == (
        "```python\none = 1\nif one:\n```",
        "```python\n    two = 2\n```\nDone",
    )


def test_a_code_block_that_fits_is_moved_whole() -> None:
    """It is not begun where it would have to be cut, if the next part can hold it."""
    text = "Look at this:\n```\none\n\ntwo\n```\nand that"
    assert split(text, 27) == ("Look at this:", "```\none\n\ntwo\n```\nand that")


def test_a_code_block_that_was_never_closed_is_closed_in_every_part() -> None:
    """As when a model ran out of tokens."""
    assert split("```sh\nls -l /tmp\ncd /tmp", 22) == ("```sh\nls -l /tmp\n```", "```sh\ncd /tmp\n```")


def test_a_long_line_of_code_is_cut_within_the_line() -> None:
    """A line that is longer than a part fills the parts, fences included, up to the limit."""
    parts = split("````\n" + "x" * 50 + "\n````", 30)
    assert parts == ("````\n" + "x" * 20 + "\n````",) * 2 + ("````\n" + "x" * 10 + "\n````",)


def test_a_block_in_a_list_closes_with_its_indentation_and_goes_on_without() -> None:
    """Its fences belong to each other in the first part; the next one does not stand in the list."""
    text = "1. Run\n    ```sh\n    one one one\n    two two two\n    ```\nDone"
    assert split(text, 48) == (
        "1. Run\n    ```sh\n    one one one\n    ```",
        "```sh\n    two two two\n```\nDone",
    )


def test_an_indentation_that_leaves_no_room_for_its_code_is_dropped() -> None:
    """Code comes before its blanks where a part cannot hold both."""
    assert split("```\nxxxxxxxx\n         yy yyyyyyyyyy\n```", 16) == (
        "```\nxxxxxxxx\n```",
        "```\nyy\n```",
        "```\nyyyyyyyy\n```",
        "```\nyy\n```",
    )


def test_each_of_two_blocks_in_a_part_closes_in_its_own_way() -> None:
    """With as many ticks, and as much indentation, as each was opened with."""
    text = "````\n" + "one one one one\n" * 3 + "````\n  ```\n" + "  three\n  four four four four\n" * 2 + "  ```"
    assert split(text, 48) == (
        "````\none one one one\none one one one\n````",
        "````\none one one one\n````\n  ```\n  three\n  ```",
        "```\n  four four four four\n  three\n```",
        "```\n  four four four four\n```",
    )


@given(st.lists(st.sampled_from(FENCED_PIECES), max_size=60).map("".join), st.integers(2, 100))
def test_fences_in_any_disorder_keep_the_limit(text: str, limit: int) -> None:
    """However fences are strewn, parts fit, none is blank, and nothing but ticks and blanks changes."""
    parts = split(text, limit)
    assert all(part.strip() and utf16_length(part) <= limit for part in parts)
    assert without_blanks(*parts).replace("`", "") == without_blanks(text).replace("`", "")


def test_blank_lines_make_no_empty_code_block() -> None:
    """A part that would hold fences and nothing in them is left out."""
    assert split("```\n" + "\n" * 100 + "x\n```", 30) == ("```\nx\n```",)
    assert split("one\n```\n" + "\n" * 100 + "```\ntwo", 30) == ("one", "two")


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\0", "\u3000" * 5000])
def test_a_blank_text_has_no_parts(text: str) -> None:
    """Telegram refuses a message of nothing but blanks, so none is made."""
    assert split(text) == ()


def test_nul_and_lone_surrogates_are_cleaned_before_anything_is_counted() -> None:
    """NUL goes, half a pair becomes a replacement character, as Telegram takes neither."""
    assert split("a\0b\ud83dc") == ("ab\ufffdc",)


def test_a_limit_that_holds_no_emoji_is_refused() -> None:
    """Below two units some characters would fit nowhere."""
    with pytest.raises(ValueError, match="part of 1 UTF-16 units"):
        split("a", 1)


def test_lengths_are_counted_in_utf16() -> None:
    """As Telegram counts them: two for what is outside of the basic plane, half a pair being one."""
    assert [utf16_length(text) for text in ("", "é", "😀", FAMILY, "\ud83d")] == [0, 1, 2, 11, 1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        lambda size: "a" * size,
        lambda size: "😀" * size,
        lambda size: GERMANY * (size // 2),
        lambda size: "e" + "\u0301" * size,
        lambda size: "a" + " " * size + "b",
        lambda size: "\u200b" * size,
        lambda size: "你好。" * (size // 3),
        lambda size: "שלום עולם. " * (size // 11),
        lambda size: "a\n\n" * (size // 3),
        lambda size: "`" * size,
        lambda size: "```\nx\n```\n" * (size // 10),
        lambda size: "```\n" * (size // 4 + 1),
        lambda size: "```py\n" + "x = 1\n" * (size // 6),
        lambda size: "```\n" + "\n" * size + "x",
    ],
)
def test_a_megabyte_comes_to_its_end(make: Callable[[int], str]) -> None:
    """The cost grows with the length and not with its square, whatever the text is made of."""
    text = make(1_000_000)
    with bounded():
        parts = split(text)
    assert max(map(utf16_length, parts)) <= LIMIT

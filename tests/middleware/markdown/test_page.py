"""Markdown as models write it: no mark is left where it has a meaning, no word is lost, none glued to another."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from middleware.replies.rich_text import RichText, rich
from tests.answers import ANSWERS, Written


def formatted(text: RichText) -> list[tuple[str, str]]:
    """What each entity covers, by type."""
    units = text.text.encode("utf-16-le")
    return [(e.type, units[2 * e.offset : 2 * (e.offset + e.length)].decode("utf-16-le")) for e in text.entities]


@pytest.mark.parametrize("answer", ANSWERS, ids=[answer.name for answer in ANSWERS])
def test_an_answer_of_a_model_is_shown_as_it_is_meant(answer: Written) -> None:
    """In text and entities."""
    text = rich(answer.markdown)
    found = formatted(text)
    assert [words for words in answer.has if words not in text.text] == []
    assert [words for words in answer.lacks if words in text.text] == []
    for kind, words in answer.formatted:
        assert any(kind == other and words in (None, covered) for other, covered in found)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("1. Do:\n   ```sh\n   ls -l\n   ```\n   Then rest.\n2. Go", "1. Do:\nls -l\nThen rest.\n2. Go"),
        ("- She said\n  > hello\n- b", "• She said\nhello\n• b"),
        ("- > said\n- ```\n  x\n  ```\n- # T", "•\nsaid\n•\nx\n• T"),
        ("https://a.example/b/__init__.py_c_", "https://a.example/b/__init__.py_c_"),
        ("https://a.example/_b_/*c*/d", "https://a.example/_b_/*c*/d"),
        ("call __init__ or a_b_c", "call __init__ or a_b_c"),
        ("From $1,000 to $2,000, or R$ 12,29, US$5_000.", "From $1,000 to $2,000, or R$ 12,29, US$5_000."),
        ("Use $HOME/$USER and $A_B:$C_D.", "Use $HOME/$USER and $A_B:$C_D."),
        (r"\(Europe\/Berlin\)", "(Europe/Berlin)"),
        (r"a \(\alpha\) and $x_1$, \[y \leq 2\]", "a α and x₁, y ≤ 2"),
        ("so $f'(x) = 2x$ for $3 = $y or $a = $b", "so f'(x) = 2x for $3 = $y or $a = $b"),
        ("[the site](www.site.example/page)", "the site (www.site.example/page)"),
        ("[app.py](src/app.py#L10)", "app.py (src/app.py#L10)"),
        ("[us](tel:+491234)", "us (+491234)"),
        ("[a](/x) [b](/x)", "a (/x) b"),
        ("[](https://a.example/b)", "https://a.example/b"),
        ("Fact[^1].\n\n[^1]: Source.", "Fact¹.\n\n¹ Source."),
        ("So[^note].\n\n[^note]: it is.", "So[note].\n\n[note] it is."),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<details>\n<summary>More</summary>\n\ntext\n</details>", "More\n\ntext"),
        ("x<sup>2</sup> and y<sub>ab c</sub>", "x² and y_(ab c)"),
        ("<b>open and </i> closed", "<b>open and </i> closed"),
        ("<b>a<i>b</b>c</i>", "a<i>bc</i>"),
        ("> [!NOTE]\n> Mind it.", "Note\nMind it."),
        ("> [!tip] Short\n> words", "Tip Short\nwords"),
        ("[!NOTE] outside", "[!NOTE] outside"),
        ("- a\n  - b\n    - c\n\n3. d\n4. [x] e", "• a\n   ◦ b\n      ▪ c\n\n3. d\n4. ✅ e"),
        ("```py title='a.py'\nx\n```", "title='a.py'\nx"),
        ("![plan](https://a.example/p.png)", "🖼 plan"),
        ("[![plan](https://a.example/p.png)](https://b.example)", "🖼 plan"),
        ("one  \ntwo\\\nthree\nfour\r\nfive", "one\ntwo\nthree\nfour\nfive"),
        ("one`` two ``three and `a`s", "one two three and as"),
        ("if a || b then ||hidden words||", "if a || b then hidden words"),
    ],
)
def test_what_models_write_is_shown_without_a_loss(source: str, shown: str) -> None:
    """Lines stay lines, and what is no mark stays as it is."""
    assert rich(source).text == shown


def test_a_notice_is_a_quotation_with_a_title() -> None:
    """Its kind in bold."""
    assert formatted(rich("> [!WARNING]\n> Hot.")) == [("blockquote", "Warning\nHot."), ("bold", "Warning")]


def test_tags_format_as_marks_do_and_cross_none() -> None:
    """One within the other, or else text."""
    assert formatted(rich("<b>a *b* <u>c</u></b> *d <b>e* f</b>")) == [
        ("bold", "a b c"),
        ("italic", "b"),
        ("underline", "c"),
        ("italic", "d <b>e"),
    ]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"the \(n\)th", "the nth"),
        (r"\(x_1 \)more", "x₁ more"),
        (r"more\( x_1\)", "more x₁"),
        (r"it is \( x_1 \).", "it is x₁."),
        (r"a \(x+1 \)`c`", "a x+1 c"),
    ],
)
def test_a_blank_within_a_formula_keeps_words_apart(source: str, text: str) -> None:
    """What is written as one word is one."""
    assert rich(source).text == text


def test_formulas_that_no_text_stands_for_are_shown_as_they_are_written() -> None:
    """As code."""
    text = rich(r"It is $\oddity{x}_1$ then.")
    assert formatted(text) == [("code", r"\oddity{x}_1")]
    assert text.text == r"It is \oddity{x}_1 then."


# Documents whose words are all different, so that each must be found again by itself.
_MARKED = ("{}", "{}", "**{}**", "*{}*", "_{}_", "~~{}~~", "`{}`", "[{}](https://a.example)", "[{}](b/c)", "<b>{}</b>")
_MORE_MARKED = (
    "||{}||",
    "***{}***",
    "**{}",
    "{}*",
    "<u>{}",
    "![{}](https://a.example/i)",
    "$x^2$ {}",
    "[{}][r]",
    "\\({}\\)",
)
_BLOCKS = ("{}", "# {}", "> {}", "- {}", "1. {}", "  - {}", "   {}", "```\n{}\n```", "    {}", "> - {}", "- [ ] {}")
_MORE_BLOCKS = (
    "> [!NOTE]\n> {}",
    "- > {}",
    "[^1]: {}",
    "## {} ##",
    "{}\n---",
    "   ```\n   {}\n   ```",
    "{}<br>",
)
_ROW = f"\n\n| {60 * 'a'} | b |\n|---|---|\n| {{}} |"  # too wide for a table, so its rows are told one by one
_BETWEEN = (
    "\n",
    "\n\n",
    "\n\n\n",
    "  \n",
    "\n---\n",
    "\n\n$$\nx^2\n$$\n",
    "\n\n[r]: https://r.example\n\n",
    "\n\n| a | b |\n|---|---|\n| c | `d|e` |\n",
)


def document(chance: Random) -> str:
    """Markdown of words `w0`, `w1`, …, blanks between them, in blocks of all kinds."""
    count = 0
    parts = []
    for _ in range(chance.randint(1, 6)):
        words = []
        for _ in range(chance.randint(1, 5)):
            size = chance.randint(1, 2)
            mark = chance.choice(_MARKED + _MORE_MARKED)
            words.append(mark.format(" ".join(f"w{count + n}" for n in range(size))))
            count += size
        block = chance.choice((*_BLOCKS, *_MORE_BLOCKS, _ROW))
        held = " | ".join(words[:2]) if block == _ROW else " ".join(words)  # what is beyond the columns is not shown
        parts += [block.format(held), chance.choice(_BETWEEN)]
    return "".join(parts)


_MARKS = (
    "**",
    "*",
    "_",
    "__",
    "`",
    "``",
    "```\n",
    "~~",
    "||",
    "|",
    "[",
    "]",
    "![",
    "](https://a.example/c)",
    ")",
    "<b>",
    "</b>",
)
_MORE_MARKS = (
    "<br>",
    "<u>",
    ">",
    "> ",
    "- ",
    "1. ",
    "# ",
    "    ",
    "\\",
    "\\(",
    "\\)",
    "[^1] ",
    "[^1]: ",
    "---",
    "===",
    "&",
    "：",
    "“",
)
_LAST_MARKS = (
    "| a | b |\n|---|---|\n",
    "```py\n",
    "$5 ",
    "<div>",
    "***",
    "[x] ",
    "> [!NOTE]\n> ",
    "**“",
    "”**",
    "'",
    '"',
)
_BLANKS = (" ", "\n", "\n\n", "  ")


def soup(chance: Random) -> str:
    """Such words with marks before them that need not belong together; of few kinds, so that the same meet often."""
    kinds = chance.sample(_MARKS + _MORE_MARKS + _LAST_MARKS, chance.randint(1, 6))
    parts = []
    for number in range(chance.randint(1, 20)):
        mark, gap = chance.choice(kinds), chance.choice(("", " "))
        parts.append(f"{mark}{gap}w{number}{chance.choice(_BLANKS)}")
    return "".join(parts)


WRITTEN = (document, soup)


def lost_or_glued(source: str) -> list[str]:
    """The words that stand in the source and not, as words, in the text."""
    words = re.findall(r"[^\W_]+", rich(source).text)
    return [word for word in re.findall(r"w\d+", source) if word not in words]


@settings(max_examples=25)
@given(st.sampled_from(WRITTEN), st.randoms())
def test_no_word_is_lost_or_glued_to_another(write: Callable[[Random], str], chance: Random) -> None:
    """Whatever stands beside it."""
    assert lost_or_glued(write(chance)) == []


@pytest.mark.slow
@settings(max_examples=3_000)
@given(st.sampled_from(WRITTEN), st.randoms(use_true_random=True))
def test_no_word_of_3000_documents_is_lost_or_glued(write: Callable[[Random], str], chance: Random) -> None:
    """As above, for long; each is drawn at once and not piece by piece, which would take longer than all else."""
    assert lost_or_glued(write(chance)) == []

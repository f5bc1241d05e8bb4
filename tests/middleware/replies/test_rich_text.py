"""A model's Markdown as text and entities, in parts that Telegram takes."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from middleware.replies.rich_text import MOST_ENTITIES, QUOTES, STYLES, RichText, rich, split_rich
from middleware.replies.splitting import LIMIT, utf16_length
from storage.payloads import Entity
from tests.markdown import twenty_thousand

words = st.text(alphabet="ab 😀é", min_size=1, max_size=30)
inline = st.one_of(
    words,
    words.map("**{}**".format),
    words.map("*{}*".format),
    words.map("~~{}~~".format),
    words.map("`{}`".format),
    words.map("[{}](https://example.org/a?b=c)".format),
    words.map("**bold `{}` [link](https://example.org)**".format),
    st.sampled_from(
        ["||", "<b>", "</b>", "<br>", "$x^2$", "\\(\\alpha\\)", "~", "\\", "&amp;", "<https://a.b>", "![i](x)"]
    ),
)
line = st.lists(inline, min_size=1, max_size=6).map(" ".join)
block = st.one_of(
    line,
    line.map("# {}".format),
    line.map("> {}".format),
    st.lists(line, min_size=1, max_size=4).map(lambda items: "\n".join(f"- {item}" for item in items)),
    st.lists(line, min_size=1, max_size=4).map(lambda items: "\n".join(f"{n}. {item}" for n, item in enumerate(items))),
    st.text(alphabet="ab {}()\t|<😀\n", max_size=80).map("```python\n{}\n```".format),
    st.lists(words, min_size=2, max_size=2).map(lambda c: f"| {c[0]} | {c[1]} |\n|---|---|\n| x || y |"),
    st.sampled_from(["<div>", "<details>\n<summary>x</summary>", "---", "- [ ] todo", "[a]: http://b.c", "    code"]),
)
markdown = st.lists(block, max_size=12).map("\n\n".join)
anything = markdown | st.text(max_size=200)


def covered(text: RichText, entity: Entity) -> str:
    """The stretch that an entity formats."""
    units = text.text.encode("utf-16-le")
    return units[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")


def stretches(*texts: RichText) -> list[tuple[str, str]]:
    """What each entity covers, by type."""
    return [(entity.type, covered(text, entity)) for text in texts for entity in text.entities]


def without_blanks(*texts: str) -> str:
    """The texts joined, without white space."""
    return "".join("".join(texts).split())


def covered_of(kind: str, *texts: RichText) -> str:
    """All that entities of one kind cover, without white space."""
    return without_blanks(*(stretch for type_, stretch in stretches(*texts) if type_ == kind))


def check(text: RichText) -> None:
    """That Telegram takes it and shows it as it is: in range, in order, nested, nothing in code, links to somewhere."""
    end = utf16_length(text.text)
    assert text.text == text.text.rstrip()
    open_: list[Entity] = []
    for entity in text.entities:
        assert entity.length > 0
        assert 0 <= entity.offset < entity.offset + entity.length <= end
        assert covered(text, entity).strip()
        assert entity.type in STYLES | QUOTES | {"text_link", "code", "pre"}
        assert entity.type != "text_link" or (entity.url or "").startswith(("http://", "https://", "tg:", "mailto:"))
        open_ = [other for other in open_ if other.offset + other.length > entity.offset]
        for other in open_:
            assert entity.offset + entity.length <= other.offset + other.length
            assert entity.type != other.type
            assert entity.type not in QUOTES
            assert other.type not in ("code", "pre")
            assert entity.type not in ("code", "pre") or other.type in QUOTES
        open_.append(entity)
    assert [e.offset for e in text.entities] == sorted(e.offset for e in text.entities)


@given(anything)
def test_any_markdown_becomes_what_telegram_takes(source: str) -> None:
    """Whatever a model writes can be sent; never an error, never an entity that is refused or shown otherwise."""
    text = rich(source)
    check(text)
    assert bool(text.text.strip()) == bool(source.replace("\0", "").strip())


@given(anything, st.integers(20, 200))
@example("a\n\n>      a", 20)
def test_parts_fit_and_lose_nothing_but_white_space(source: str, limit: int) -> None:
    """Neither text nor any formatting, whichever places the cuts fall on."""
    text = rich(source)
    parts = split_rich(text, limit)
    for part in parts:
        check(part)
        assert part.text.strip()
        assert utf16_length(part.text) <= limit
        assert len(part.entities) <= MOST_ENTITIES
    assert without_blanks(*(part.text for part in parts)) == without_blanks(text.text)
    for kind in (*STYLES, *QUOTES, "text_link", "code", "pre"):
        assert covered_of(kind, *parts) == covered_of(kind, text)
    assert {(e.url, e.language) for part in parts for e in part.entities} == {
        (e.url, e.language) for e in text.entities
    }


def test_a_quote_that_begins_with_indented_code_holds_all_of_it() -> None:
    """The indentation is the code's, so it is the quote's: no entity contains a quote."""
    told = rich("> \n>      first\n>     second")
    assert told == RichText(" first\nsecond", (Entity("blockquote", 0, 13), Entity("pre", 0, 13)))


def test_markdown_is_shown_as_it_is_meant() -> None:
    """The emphasis, headings, lists and code of a usual answer, without any mark of them in the text."""
    text = rich(
        "# Title\n\nSome **bold**, *slanted* and ~~gone~~ `x = 1`\n\n- one\n- [x] two\n\n> said\n\n```py\nx = 2\n```\n"
    )
    assert text.text == "Title\n\nSome bold, slanted and gone x = 1\n\n• one\n✅ two\n\nsaid\n\nx = 2"
    assert stretches(text) == [
        ("bold", "Title"),
        ("bold", "bold"),
        ("italic", "slanted"),
        ("strikethrough", "gone"),
        ("code", "x = 1"),
        ("blockquote", "said"),
        ("pre", "x = 2"),
    ]
    assert text.entities[-1].language == "py"


@pytest.mark.parametrize("mark", ["", "😀 "])
def test_offsets_are_counted_in_utf16(mark: str) -> None:
    """Entities begin and end where Telegram counts them to, also behind and around emoji."""
    text = rich(f"{mark}**b😀** [l](https://a.b)")
    assert stretches(text) == [("bold", "b😀"), ("text_link", "l")]
    assert text.entities[0].offset == utf16_length(mark)
    assert text.entities[1].to_json() == {
        "type": "text_link",
        "offset": utf16_length(mark) + 4,
        "length": 1,
        "url": "https://a.b",
    }


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a || b || c", "a || b || c"),
        ("<div>a block</div>\n\nand <b>c", "<div>a block</div>\n\nand <b>c"),
        ("one<b r>two", "one<b r>two"),
        ("```\nif a || b < c { <d> }\n```", "if a || b < c { <d> }"),
        ("`a || b <c>`", "a || b <c>"),
        ("<!-- a comment -->", "<!-- a comment -->"),
        ("[a]: http://b.c", "[a]: http://b.c"),
        ("[a]: http://b.c\n\nmore", "[a]: http://b.c\n\nmore"),
        ("``` two words\nx\n```", "words\nx"),
        ("between $5 and $6", "between $5 and $6"),
        ("about ~5 to ~6", "about ~5 to ~6"),
        ("**\u202e**", "**\u202e**"),
        ("[\u200b](https://a.example)", "[\u200b](https://a.example)"),
        ("&#8203;", "&#8203;"),
    ],
)
def test_nothing_that_was_written_is_hidden_or_left_out(source: str, shown: str) -> None:
    """What could be taken for spoilers, HTML or definitions is text to a person."""
    assert rich(source).text == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/docs", " (/docs)"),
        ("javascript:alert(1)", " (javascript:alert(1))"),
        ("http://", " (http://)"),
        ("http://[", " (http://[)"),
        ("ftp://a.b", " (ftp://a.b)"),
        ("http:// ", " (http://)"),
        ("tg:", " (tg:)"),
        ("#below", ""),
        ("", ""),
    ],
)
def test_a_link_that_leads_nowhere_is_text(url: str, shown: str) -> None:
    """An address that Telegram would refuse, or that could run a script, is written behind its words."""
    text = rich(f"see [here](<{url}>) now")
    assert (text.text, text.entities) == (f"see here{shown} now", ())


@pytest.mark.parametrize("url", ["https://a.b/c?d=e||f#g", "http://a.b", "tg://resolve?domain=a", "mailto:a@b.c"])
def test_a_link_that_telegram_opens_is_one(url: str) -> None:
    """Web, mail and Telegram addresses stay links, to the very address that was written."""
    [entity] = rich(f"see [here]({url}) now").entities
    assert (entity.type, entity.url) == ("text_link", url)


def test_emphasis_goes_around_code_and_a_link_keeps_its_address() -> None:
    """Telegram shows nothing within code, and no code within other formatting."""
    text = rich("**use `x` now** and [run `y`](https://a.b) and **`z`**")
    assert stretches(text) == [("bold", "use"), ("code", "x"), ("bold", "now"), ("text_link", "run y"), ("code", "z")]


def test_a_quotation_within_one_is_part_of_it() -> None:
    """Telegram has no quotation within another; code within one stays code."""
    text = rich("> one\n> > two\n> ```\n> three\n> ```")
    assert stretches(text) == [("blockquote", "one\n› two\nthree"), ("pre", "three")]


def test_markdown_that_cannot_be_read_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that was made is not lost by a mistake in the reading of its marks."""

    def fail(markdown: str) -> None:
        raise IndexError("out of range")

    monkeypatch.setattr("middleware.replies.rich_text.render", fail)
    assert rich(" **a** ") == RichText("**a**")


def test_code_that_is_cut_stays_code_with_its_language_and_its_indentation() -> None:
    """Each part has an entity of its own around its share, and no line loses its blanks."""
    text = rich("Look:\n\n```python\nif one:\n    two = 2\n    three = 3\n```\n\nDone")
    parts = split_rich(text, 20)
    assert [part.text for part in parts] == ["Look:", "if one:\n    two = 2", "    three = 3\n\nDone"]
    assert [[(e.type, e.offset, e.length, e.language) for e in part.entities] for part in parts] == [
        [],
        [("pre", 0, 19, "python")],
        [("pre", 0, 13, "python")],
    ]


def test_code_that_fits_is_moved_whole() -> None:
    """It is not begun where it would have to be cut, if the next part can hold it."""
    parts = split_rich(rich("Look at this:\n```\none\n\ntwo\n```\nand that"), 18)
    assert [part.text for part in parts] == ["Look at this:", "one\n\ntwo\nand that"]


def test_a_phrase_is_moved_whole_where_there_is_another_place() -> None:
    """A link of two words is not cut between them."""
    parts = split_rich(rich("read the [long manual](https://a.b) now"), 17)
    assert [part.text for part in parts] == ["read the", "long manual now"]
    assert stretches(*parts) == [("text_link", "long manual")]


def test_a_link_longer_than_a_part_is_a_link_in_both() -> None:
    """Each part of it leads to the same address."""
    parts = split_rich(rich("[one two three four](https://a.b)"), 10)
    assert stretches(*parts) == [("text_link", "one two"), ("text_link", "three four")]
    assert {entity.url for part in parts for entity in part.entities} == {"https://a.b"}


def test_more_than_100_entities_make_more_parts() -> None:
    """Telegram would leave the rest unformatted."""
    parts = split_rich(rich(" ".join(f"[l{n}](https://a.b/{n})" for n in range(250))))
    assert [len(part.entities) for part in parts] == [100, 100, 50]
    assert [entity.url for part in parts for entity in part.entities] == [f"https://a.b/{n}" for n in range(250)]


def test_an_entity_that_goes_on_counts_in_every_part() -> None:
    """What reaches over several parts takes one of the hundred places in each of them."""
    parts = split_rich(rich("> " + " ".join(f"*i{n}*" for n in range(250))))
    assert [len(part.entities) for part in parts] == [100, 100, 53]
    assert [part.entities[0].type for part in parts] == ["expandable_blockquote"] * 3


def test_twenty_thousand_characters_with_300_links_lose_nothing() -> None:
    """Every link, table and code block arrives, in messages that Telegram takes."""
    source = twenty_thousand()
    assert len(source) > 20_000
    parts = split_rich(rich(source))
    for part in parts:
        check(part)
        assert utf16_length(part.text) <= LIMIT
        assert len(part.entities) <= MOST_ENTITIES
    links = [entity.url for part in parts for entity in part.entities if entity.type == "text_link"]
    assert links == [f"https://example.org/{n}" for n in range(300)]
    code = [stretch for type_, stretch in stretches(*parts) if type_ == "pre"]
    assert len(code) == 600
    assert code[-1] == "for i in range(299):\n    print(i)"

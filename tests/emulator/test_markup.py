"""What bots write with marks: HTML, MarkdownV2 and Markdown."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Bot
from telegram.error import BadRequest

from emulator import Chat, Person, Server, World
from tests.emulator.client import Client
from tests.house import TOKEN

ESCAPE = "is reserved and must be escaped with the preceding '\\'"


def entity(kind: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


READ: list[tuple[str, str, str, list[dict[str, Any]]]] = [
    ("HTML", "no marks", "no marks", []),
    ("HTML", "<b>fat</b> and <em>thin</em>", "fat and thin", [entity("bold", 0, 3), entity("italic", 8, 4)]),
    (
        "HTML",
        "<u>a</u><s>b</s><tg-spoiler>c</tg-spoiler>",
        "abc",
        [entity("underline", 0, 1), entity("strikethrough", 1, 1), entity("spoiler", 2, 1)],
    ),
    ("HTML", '<span class="tg-spoiler">psst</span>', "psst", [entity("spoiler", 0, 4)]),
    ("HTML", "🙂<B>🙂</b>", "🙂🙂", [entity("bold", 2, 2)]),
    ("HTML", "1 &lt; 2 &amp&#38; &#x1F642; &nbsp;", "1 < 2 && 🙂 &nbsp;", []),
    (
        "HTML",
        "<a href='https://a.example?x=&quot;'>go</a>",
        "go",
        [entity("text_link", 0, 2, url='https://a.example/?x="')],
    ),
    ("HTML", "<a>a.example</a>", "a.example", [entity("text_link", 0, 9, url="http://a.example/")]),
    ("HTML", "<a href='nowhere'>go</a>", "go", []),
    ("HTML", '<pre><code class="language-py">x</code></pre>', "x", [entity("pre", 0, 1, language="py")]),
    ("HTML", "<pre>x</pre><code>y</code>", "xy", [entity("pre", 0, 1), entity("code", 1, 1)]),
    ("HTML", "<blockquote expandable>long</blockquote>", "long", [entity("expandable_blockquote", 0, 4)]),
    ("HTML", '<tg-emoji emoji-id="5">🙂</tg-emoji>', "🙂", [entity("custom_emoji", 0, 2, custom_emoji_id="5")]),
    ("HTML", "<b>a <code>b</code> c</b>", "a b c", [entity("bold", 0, 2), entity("code", 2, 1), entity("bold", 3, 2)]),
    ("HTML", "<b>a<strong>b</strong></b>", "ab", [entity("bold", 0, 2)]),
    (
        "HTML",
        "<b>a <a href='x.example'>b<i>c</i></a></b>",
        "a bc",
        [
            entity("bold", 0, 2),
            entity("text_link", 2, 2, url="http://x.example/"),
            entity("bold", 2, 2),
            entity("italic", 3, 1),
        ],
    ),
    ("HTML", "<i></i>empty", "empty", []),
    (
        "MarkdownV2",
        "*fat* _thin_ __under__",
        "fat thin under",
        [entity("bold", 0, 3), entity("italic", 4, 4), entity("underline", 9, 5)],
    ),
    ("MarkdownV2", "~gone~ ||hidden||", "gone hidden", [entity("strikethrough", 0, 4), entity("spoiler", 5, 6)]),
    ("MarkdownV2", "*a _b __c___*", "a b c", [entity("bold", 0, 5), entity("italic", 2, 3), entity("underline", 4, 1)]),
    ("MarkdownV2", r"1\.5 \- 2\!", "1.5 - 2!", []),
    (
        "MarkdownV2",
        "`a_b` and ```py\nx = 1```",
        "a_b and x = 1",
        [entity("code", 0, 3), entity("pre", 8, 5, language="py")],
    ),
    ("MarkdownV2", r"[go](https://a.example/\))", "go", [entity("text_link", 0, 2, url="https://a.example/)")]),
    ("MarkdownV2", "![🙂](tg://emoji?id=5)", "🙂", [entity("custom_emoji", 0, 2, custom_emoji_id="5")]),
    ("MarkdownV2", "he said\n>one\n>two\nand left", "he said\none\ntwo\nand left", [entity("blockquote", 8, 8)]),
    ("MarkdownV2", ">one\n>two||", "one\ntwo", [entity("expandable_blockquote", 0, 7)]),
    ("MarkdownV2", ">one\n**>two", "one\ntwo", [entity("blockquote", 0, 4), entity("blockquote", 4, 3)]),
    (
        "markdown",
        "*fat* _thin_ `code`",
        "fat thin code",
        [entity("bold", 0, 3), entity("italic", 4, 4), entity("code", 9, 4)],
    ),
    ("Markdown", r"snake\_case 1.5 - 2!", "snake_case 1.5 - 2!", []),
    (
        "Markdown",
        "```py\nx```[go](a.example)",
        "xgo",
        [entity("pre", 0, 1, language="py"), entity("text_link", 1, 2, url="http://a.example/")],
    ),
    ("Markdown", "*a _b*", "a _b", [entity("bold", 0, 4)]),
]
REFUSED = [
    ("HTML", "<b>fat", 'Can\'t find end tag corresponding to start tag "b"'),
    ("HTML", "a < b", 'Unsupported start tag "" at byte offset 2'),
    ("HTML", "ä<br>", 'Unsupported start tag "br" at byte offset 2'),
    ("HTML", "cut <b", "Unclosed start tag at byte offset 4"),
    ("HTML", "<a href", 'Unclosed start tag "a" at byte offset 0'),
    ("HTML", '<a href="x', "Unclosed start tag at byte offset 0"),
    ("HTML", "<a href=x/>y</a>", "Unexpected end of name token at byte offset 8"),
    ("HTML", "<a =x>y</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
    ("HTML", "<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ("HTML", "over</b>", "Unexpected end tag at byte offset 4"),
    ("HTML", "<b>x</b", "Unclosed end tag at byte offset 4"),
    ("HTML", "<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
    ("HTML", "<tg-emoji emoji-id='x'>y</tg-emoji>", "Invalid custom emoji identifier specified"),
    (
        "HTML",
        "&#xD83D;",
        "Text contains invalid Unicode characters after decoding HTML entities, "
        "check for unmatched surrogate code units",
    ),
    *(("MarkdownV2", f"a {char}", f"Character '{char}' {ESCAPE}") for char in "]()>#+-=|{}.!"),
    ("MarkdownV2", "ä *fat", "Can't find end of Bold entity at byte offset 3"),
    ("MarkdownV2", "```py\nx", "Can't find end of PreCode entity at byte offset 0"),
    ("MarkdownV2", "[go](a.example", "Can't find end of a URL at byte offset 5"),
    ("MarkdownV2", r"[go](a.example\)", "Can't find end of a URL at byte offset 5"),
    ("MarkdownV2", ">*fat\nnot*", "Can't find end of Bold entity at byte offset 1"),
    ("MarkdownV2", "![x]", "Custom emoji entity must contain a tg://emoji URL"),
    ("MarkdownV2", "![x](https://a.example)", "Custom emoji URL must have scheme tg"),
    ("MarkdownV2", "![x](tg://user?id=5)", 'Custom emoji URL must have host "emoji"'),
    ("MarkdownV2", "![x](tg://emoji)", "Custom emoji URL must have an emoji identifier"),
    ("Markdown", "snake_case", "Can't find end of the entity starting at byte offset 5"),
]


@pytest.mark.parametrize(("mode", "marked", "text", "entities"), READ)
async def test_marks_become_entities(
    chat: Chat, client: Client, mode: str, marked: str, text: str, entities: list[dict[str, Any]]
) -> None:
    """And are gone from the text."""
    message = await client.result("sendMessage", chat_id=chat.id, text=marked, parse_mode=mode)
    assert (message["text"], message.get("entities", [])) == (text, entities)


@pytest.mark.parametrize(("mode", "marked", "reason"), REFUSED)
async def test_marks_that_cannot_be_read_are_refused(
    world: World, chat: Chat, client: Client, mode: str, marked: str, reason: str
) -> None:
    """In Telegram's words, and nothing is sent."""
    refused = await client.refusal("sendMessage", chat_id=chat.id, text=marked, parse_mode=mode)
    assert refused == (400, f"Bad Request: can't parse entities: {reason}")
    assert world.sent() == []


async def test_a_mention_by_id_is_of_the_whole_person(ann: Person, chat: Chat, client: Client) -> None:
    """And nothing, of somebody whom nobody knows."""
    marked = f"[you](tg://user?id={ann.id}) and [who](tg://user?id=1)"
    message = await client.result("sendMessage", chat_id=chat.id, text=marked, parse_mode="MarkdownV2")
    assert message["entities"] == [entity("text_mention", 0, 3, user=ann.json())]


async def test_a_parse_mode_wins_over_entities(chat: Chat, client: Client) -> None:
    """As the server does it."""
    params = {"text": "<b>x</b>y", "parse_mode": "HTML", "entities": [entity("italic", 0, 1)]}
    message = await client.result("sendMessage", chat_id=chat.id, **params)
    assert message["entities"] == [entity("bold", 0, 1)]


async def test_marks_alone_are_an_empty_text(chat: Chat, client: Client) -> None:
    """They count for nothing."""
    refused = await client.refusal("sendMessage", chat_id=chat.id, text="<b> </b>", parse_mode="HTML")
    assert refused == (400, "Bad Request: message text is empty")


async def test_python_telegram_bot_sends_and_edits_with_marks(world: World, chat: Chat, server: Server) -> None:
    """A refusal reaches it as BadRequest."""
    async with Bot(TOKEN, base_url=f"{server.url}/bot") as bot:
        message = await bot.send_message(chat.id, "<b>one</b>", parse_mode="HTML")
        assert message.text_html == "<b>one</b>"
        edited = await bot.edit_message_text(r"_two_\!", chat.id, message.id, parse_mode="MarkdownV2")
        assert isinstance(edited, type(message)) and edited.text_markdown_v2 == r"_two_\!"
        with pytest.raises(BadRequest, match="Can't parse entities"):
            await bot.send_message(chat.id, "<b>one", parse_mode="HTML")
    assert [message["text"] for message in world.sent(chat)] == ["two!"]


async def test_a_draft_grows_on_the_page_without_its_marks(ann: Person, chat: Chat, client: Client) -> None:
    """As the message will stand there."""
    await client.result("sendMessageDraft", chat_id=chat.id, draft_id=1, text="<b>so</b> far", parse_mode="HTML")
    view = await client.http.get("/page/view", params={"me": ann.id, "chat": chat.id})
    assert view.json()["draft"] == {"text": "so far", "entities": [entity("bold", 0, 2)]}


async def test_a_draft_ends_with_whatever_the_bot_sends_next(ann: Person, chat: Chat, client: Client) -> None:
    """A place as well as a text."""
    await client.result("sendMessageDraft", chat_id=chat.id, draft_id=1, text="so far")
    await client.result("sendLocation", chat_id=chat.id, latitude=1, longitude=2)
    view = await client.http.get("/page/view", params={"me": ann.id, "chat": chat.id})
    assert view.json()["draft"] is None

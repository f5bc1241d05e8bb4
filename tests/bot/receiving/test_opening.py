"""How a text begins: whom it names, and the command behind that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.receiving.forms import EntityForm, UserForm
from bot.receiving.opening import Mention, Opening, mentions_in, opening_of

numbers = st.integers(-3, 40) | st.none() | st.just(2**62)
entities = st.lists(
    st.builds(EntityForm, type=st.sampled_from(["mention", "text_mention", "bot_command", "url", None]), offset=numbers,
              length=numbers),
    max_size=5,
)  # fmt: skip


def marked(text: str, *parts: str) -> tuple[EntityForm, ...]:
    """Entities of these parts of a text, by what they begin with; one without @ or / is a name."""
    kinds = {"@": "mention", "/": "bot_command"}
    units = [len(text[: text.index(part)].encode("utf-16-le")) // 2 for part in parts]
    return tuple(
        EntityForm(type=kinds.get(part[0], "text_mention"), offset=at, length=len(part.encode("utf-16-le")) // 2)
        for part, at in zip(parts, units, strict=True)
    )


@pytest.mark.parametrize(
    ("text", "parts", "opening"),
    [
        ("/ping", ["/ping"], Opening("", "/ping", "/ping")),
        ("/ping now", ["/ping"], Opening("", "/ping now", "/ping")),
        ("@bot /ping now", ["@bot", "/ping"], Opening("@bot ", "/ping now", "/ping")),
        ("@bot, /ping", ["@bot", "/ping"], Opening("@bot, ", "/ping", "/ping")),
        ("@bot\n/ping", ["@bot", "/ping"], Opening("@bot\n", "/ping", "/ping")),
        ("@ann @bot: /ping", ["@ann", "@bot", "/ping"], Opening("@ann @bot: ", "/ping", "/ping")),
        ("Zoë😀 /ping", ["Zoë😀", "/ping"], Opening("Zoë😀 ", "/ping", "/ping")),
        ("@bot 😀 /ping", ["@bot", "/ping"], Opening("@bot ", "😀 /ping")),
        ("see @bot /ping", ["@bot", "/ping"], Opening("", "see @bot /ping")),
        ("@bot remember that @ann is ill", ["@bot", "@ann"], Opening("@bot ", "remember that @ann is ill")),
        ("@bot", ["@bot"], Opening("@bot", "")),
        ("hello", [], Opening("", "hello")),
    ],
)
def test_mentions_in_front_are_parted_from_what_is_meant(text: str, parts: list[str], opening: Opening) -> None:
    """Several as well, with whatever is written between; a command counts behind nothing else."""
    assert opening_of(text, marked(text, *parts)) == opening


def test_who_is_named_is_told_by_name_or_by_id() -> None:
    """Wherever in the text, however it is written."""
    named = EntityForm(type="text_mention", offset=9, length=3, user=UserForm(id=7))
    found = mentions_in("😀 @Bot hi Zoe", (*marked("😀 @Bot hi Zoe", "@Bot"), named, EntityForm(type="text_mention")))
    assert list(found) == [Mention(username="bot"), Mention(user_id=7)]


@given(st.text(max_size=30) | st.text("@ab /😀\ud83d", max_size=20), entities)
def test_no_entity_can_break_it_or_lose_a_word(text: str, marks: list[EntityForm]) -> None:
    """Offsets and lengths may be anything: the two parts are the text."""
    opening = opening_of(text, marks)
    assert opening.lead + opening.rest == text
    assert opening.rest.startswith(opening.command) or "\ud83d" in text or not text.isascii()
    assert len(list(mentions_in(text, marks))) <= len(marks)

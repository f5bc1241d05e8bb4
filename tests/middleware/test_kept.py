"""The data of buttons under memories, and the lines above them."""

from __future__ import annotations

import pytest

from middleware.kept import MemoryPress, MemoryVerb, buttons_of, listed, noted
from middleware.responder import KeptFact
from middleware.texts import say
from storage.ids import told_memory_id
from storage.payloads import DATA_LIMIT
from storage.tables.memories import Memory
from tests.turns import turn_of

LONGEST_USER = str(2**52)
"""Telegram promises no more digits."""


def memory(memory_id: str, text: str) -> Memory:
    """Of the person with the id 5."""
    own = {"session_id": "telegram:chat:5", "user_id": "5"}
    return Memory(memory_id=memory_id, scope="session", type="fact", text=text, created_at_ms=0, **own)


@pytest.mark.parametrize("verb", MemoryVerb)
def test_every_button_has_room_for_an_id_of_ours(verb: MemoryVerb) -> None:
    """Whoever it is; and what it says comes back, of another program's ids too."""
    press = MemoryPress(verb, LONGEST_USER, told_memory_id("update:1:1", "x"))
    assert len(press.data.encode()) <= DATA_LIMIT
    assert MemoryPress.parse(press.data) == press
    other = MemoryPress(verb, "5", "a:b::c")
    assert MemoryPress.parse(other.data) == other


@pytest.mark.parametrize("data", ["mm", "mm:", "mm:::", "mm:really", "mm:really:5", "mm:really:5:", "mm:erase:5:m", ""])
def test_data_of_no_button_is_none(data: str) -> None:
    """Somebody may send anything."""
    assert MemoryPress.parse(data) is None


def test_no_fact_looks_like_another_line() -> None:
    """Whatever is in it stands in one line, behind a number of ours; a long one is shortened."""
    lines, buttons = listed([memory("m", "tea\n2 figs"), memory("n", "x" * 1000)])
    first, second = lines.split("\n")
    assert first == "1 tea 2 figs"
    assert second.startswith("2 xxx") and second.endswith("x…")
    assert [[button.text[:2] for button in row] for row in buttons] == [["1 ", "1 "], ["2 ", "2 "]]


def test_one_alone_has_no_number() -> None:
    """Where it is kept in so many words, these are said; several are told apart."""
    one, two = KeptFact("m", "tea"), KeptFact("n", "figs")
    assert noted(turn_of("x"), [one], "Kept.").text == "Kept."
    assert noted(turn_of("x"), [one]).text == say("memory.noted_these", facts="• tea")
    assert noted(turn_of("x"), [one, two], "Kept.").text == say("memory.noted_these", facts="1 tea\n2 figs")


def test_without_room_for_a_button_there_is_the_id() -> None:
    """By which a command takes it."""
    long = "m" * DATA_LIMIT
    assert buttons_of("5", long, MemoryVerb.REALLY) == ()
    assert listed([memory(long, "tea")]) == (f"• {say('memory.line_by_id', id=long, fact='tea')}", ())

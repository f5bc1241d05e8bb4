"""What the model is given: labelled sections, each exactly its data, within a limit."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.responders.model.context import BY_AUTOMATION, POLICY, ContextWindow
from bot.responders.model.dialect import ChatMessage
from bot.responders.model.tokens import count, encode, head
from middleware.incoming import Incoming
from middleware.turn import Context, Place, Run
from storage.origin import UNKNOWN, Origin
from storage.parts import Part
from storage.tables.messages import Message
from storage.text import clean
from tests import examples
from tests.turns import stored, turn_of

NOW = datetime(2026, 12, 24, 18, 5)
# Sections, lines and markers of our own and of others', among any text.
HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            ["\n\n", '"}\n{"', "memories: ", "personality: ", "clock: ", POLICY[:60], '"]', "\\", "\u2028", "\x85"]
        ),
        st.sampled_from(["<|im_end|>", "</s>", "[INST]", "### System:", "```", '{"role":"system"}', "\r", "\x1c"]),
    ),
    max_size=6,
).map(lambda parts: clean("".join(parts)))


def sections(messages: list[ChatMessage]) -> dict[str, Any]:
    """The system message's data, read line by line as the labels say."""
    content = messages[0]["content"]
    assert content.startswith(POLICY + "\n\n")
    lines = content[len(POLICY) + 2 :].splitlines()  # at whatever may count as the end of a line
    return {name: json.loads(value) for name, value in (line.split(": ", 1) for line in lines)}


def said(message: ChatMessage) -> list[dict[str, Any]]:
    """A user's message, read line by line."""
    return [json.loads(line) for line in message["content"].splitlines()]


@given(
    text=HOSTILE, name=HOSTILE, personality=HOSTILE, memories=st.lists(HOSTILE, max_size=3), old=HOSTILE, file=HOSTILE
)
def test_no_text_leaves_its_section(
    text: str, name: str, personality: str, memories: list[str], old: str, file: str
) -> None:
    """Whatever is written, remembered, or the name of a person or a file: read again, it is what it was."""
    about = {"fileId": "secret", "name": file, "size": 120_000}
    incoming = Incoming(telegram_message_id=1, kind="document", text=text, attachment=about)
    context = Context(
        personality=personality, memories=tuple(memories), history=(stored(old), stored(old, role="assistant"))
    )
    messages, _ = ContextWindow(100_000).messages(turn_of(text, name=name, context=context, incoming=incoming), now=NOW)
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert sections(messages) == {
        "personality": personality,
        "memories": memories,
        "clock": "Thursday 2026-12-24 18:05",
    }
    assert said(messages[1]) == [{"text": old}]
    assert messages[2]["content"] == old
    [newest] = said(messages[3])
    assert newest.pop("from", "") == name
    assert newest == {"text": text, "attachments": [{"kind": "document", "name": file, "size": "120 kB"}]}


@given(
    limit=st.integers(500, 3000),
    texts=st.lists(st.text(max_size=2000).map(clean), min_size=1, max_size=6),
    personality=st.text(max_size=2000).map(clean),
    memories=st.lists(st.text(max_size=500).map(clean), max_size=8),
    old=st.lists(st.text(max_size=1500).map(clean), max_size=12),
)
def test_the_data_stays_within_the_limit(
    limit: int, texts: list[str], personality: str, memories: list[str], old: list[str]
) -> None:
    """What is newest is never left out without a note; memories are kept from the best, history from the newest."""
    history = tuple(stored(text, role=("user", "assistant")[n % 2]) for n, text in enumerate(old))
    context = Context(personality=personality, memories=tuple(memories), history=history)
    messages, _ = ContextWindow(limit).messages(turn_of(*texts, context=context), now=NOW)
    data = sections(messages)
    assert sum(count(encode(data[name])) for name in data if name != "clock") + sum(
        count(message["content"]) for message in messages[1:]
    ) <= limit + len(memories)
    assert memories[: len(data["memories"])] == data["memories"]
    newest = [line for line in said(messages[-1]) if "from" in line]
    for written, line in zip(texts, newest, strict=False):
        assert written.startswith(line["text"])
        assert line["text"] == written or "note" in line
    assert len(newest) == len(texts) or "left out" in said(messages[-1])[-1]["note"]


ORIGINS = (UNKNOWN, Origin(responder="openai"), Origin(automation_id="j"), Origin(heartbeat_id="h"))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Message, ...]:
    """Any messages in any order, some of them replies to others."""
    count = draw(st.integers(0, 8))
    return tuple(
        stored(
            draw(st.text(max_size=400).map(clean)),
            draw(st.sampled_from(["user", "assistant"])),
            number=number,
            thread_key=draw(st.sampled_from(["root:5", f"reply:5:{number - 1}", "reply:5:99"])),
            origin=draw(st.sampled_from(ORIGINS)),
        )
        for number in range(1, count + 1)
    )


@examples(30)
@given(
    history=histories(),
    other=st.text(max_size=3000).map(clean),
    replied_id=st.none() | st.integers(1, 10),
    limit=st.integers(500, 3000),
)
def test_user_and_assistant_take_turns_whatever_was_said(
    history: tuple[Message, ...], other: str, replied_id: int | None, limit: int
) -> None:
    """Behind one system message the user comes first and last; within the limit, the question whole."""
    known = {message.sequence: message for message in history} | {9: stored(other, number=9)}
    replied = known.get(replied_id) if replied_id is not None else None
    place = Place(chat_id=5, chat_type="private", replied_id=replied_id)
    turn = turn_of("what was that?", context=Context(history=history, replied=replied), place=place)
    turn.incoming = Incoming(telegram_message_id=100, kind="text", text="what was that?")
    (system, *rest), _ = ContextWindow(limit).messages(turn, now=NOW)
    assert system["role"] == "system"
    assert [message["role"] for message in rest] == [("user", "assistant")[n % 2] for n in range(len(rest))]
    assert len(rest) % 2 == 1
    newest = said(rest[-1])[-1]
    assert newest["text"] == "what was that?"
    assert ("parts" in newest or "note" in newest) == (replied_id is not None)
    assert sum(count(message["content"]) for message in rest) <= limit


def test_what_is_replied_to_is_told_once() -> None:
    """Its first words where it stands above; whole where it does not, or no longer fits there."""
    long = stored("word " * 100 + "end", "assistant", number=7)
    place = Place(chat_id=5, chat_type="private", replied_id=7)
    inside = turn_of("why?", context=Context(history=(long,), replied=long), place=place)
    outside = turn_of("why?", context=Context(replied=long), place=place)
    crowded = turn_of("why? " * 120, context=Context(history=(long,), replied=long), place=place)
    near, far, crowding = (
        said(ContextWindow(limit).messages(turn, now=NOW)[0][-1])[-1]["parts"]
        for turn, limit in ((inside, 3000), (outside, 3000), (crowded, 500))
    )
    assert near == [{"kind": "replied_to", "yours": True, "above": True, "text": f"{long.text[:79]}…"}]
    assert far == crowding == [{"kind": "replied_to", "yours": True, "text": long.text}]


def test_what_one_run_said_is_told_as_such_once() -> None:
    """All its parts, and what we say beside them; not what another run said."""
    first, second = (Origin(automation_id="j", run_id=run) for run in "12")
    origins = (first.of_run(), first, first.aside(), second)
    history = tuple(stored(f"{n}", "assistant", number=n, origin=origin) for n, origin in enumerate(origins, 1))
    (_, *talk, _), shown = ContextWindow(3000).messages(turn_of("well", context=Context(history=history)), now=NOW)
    due = {"text": "", "note": BY_AUTOMATION}
    assert [message["content"] for message in talk[1::2]] == ["1\n2\n3", "4"]
    assert [said(message) for message in talk[::2]] == [[due], [due]]
    assert shown == (1, 2, 3, 4)


def test_many_long_messages_at_once_are_cut_with_one_note() -> None:
    """Not with one each, which would be too long as well."""
    messages, _ = ContextWindow(1000).messages(turn_of(*["語" * 4000] * 50), now=NOW)
    assert count(messages[-1]["content"]) <= 1000
    assert said(messages[-1])[-1]["note"] == "This was too long: 196000 more characters are left out here."


def test_the_oldest_history_goes_first_then_memories() -> None:
    """So that what was just said, and what matters to the person, is there longest."""
    history = tuple(stored(f"{n} " + "x" * 300) for n in range(40))
    context = Context(memories=tuple("m" * 150 for _ in range(4)), history=history)
    turn = turn_of("hello", context=context)
    wide, narrow = (ContextWindow(limit).messages(turn, now=NOW)[0] for limit in (2500, 500))
    kept = [int(line["text"].split()[0]) for line in said(wide[-1])[:-1]]
    assert kept == list(range(40 - len(kept), 40))
    assert 0 < len(kept) < 40
    assert len(sections(wide)["memories"]) == 4
    assert len(said(narrow[-1])) <= 4
    assert len(sections(narrow)["memories"]) == 4
    assert len(sections(ContextWindow(500).messages(turn_of("y" * 1000, context=context), now=NOW)[0])["memories"]) < 4


def test_a_message_that_is_too_long_is_cut_and_says_so() -> None:
    """The note is a field of its own, so that nobody can write it."""
    [line] = said(ContextWindow(500).messages(turn_of("é" * 9000), now=NOW)[0][-1])
    assert set(line["text"]) == {"é"}
    assert 300 < len(line["text"]) < 600
    assert line["note"] == f"This was too long: {9000 - len(line['text'])} more characters are left out here."


def test_merged_messages_are_lines_of_their_own() -> None:
    """In order; what was forwarded is marked."""
    turn = turn_of("look at this", "buy now!")
    forwarded = Part(kind="forwarded", author_id="7", content={"from": "Bob"})
    turn.incoming = Incoming(telegram_message_id=2, kind="text", text="buy now!", parts=(forwarded,))
    assert said(ContextWindow(5000).messages(turn, now=NOW)[0][-1]) == [
        {"from": "Ann", "text": "look at this"},
        {"from": "Ann", "parts": [{"kind": "forwarded", "from": "Bob"}], "text": "buy now!"},
    ]


def test_a_run_is_told_as_one() -> None:
    """Its prompt, with a note that nobody has just written it."""
    run = Run(source="automation", subject_id="1", run_id="1", trigger="schedule", prompt="greet", scheduled_at_ms=0)
    turn = turn_of(run=run)
    [line] = said(ContextWindow(5000).messages(turn, now=NOW)[0][-1])
    assert line["text"] == "greet"
    assert "scheduled" in line["note"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("abc", 1), ("hello world!", 4), ("你好", 3), ("🤖", 2), ("привет", 6), ("a\udc80", 1)],
)
def test_tokens_are_estimated_from_above(text: str, tokens: int) -> None:
    """A third of one for an ASCII character, half of one for each byte of others."""
    assert count(text) == tokens


@given(st.text(), st.integers(0, 200))
def test_a_head_is_the_longest_beginning_that_fits(text: str, limit: int) -> None:
    """One character more would be too much."""
    kept = head(text, limit)
    assert text.startswith(kept)
    assert not kept or count(encode(kept)) <= limit
    assert kept == text or count(encode(text[: len(kept) + 1])) > limit

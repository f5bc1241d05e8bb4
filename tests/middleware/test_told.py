"""Whose words a turn holds: only a person's own may become what is remembered of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from middleware.facts import Facts
from middleware.incoming import Incoming
from middleware.responder import NotKept
from middleware.told import LONGEST, ToldFacts
from middleware.turn import Context, Place, Run, Turn
from storage.database import Database
from storage.parts import KINDS, LINK, REPLIED_TO, Part
from storage.tables.memories import Memories
from tests.turns import stored, turn_of


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A new one."""
    database = await Database.open(tmp_path / "told.db", now_ms=0)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
def door(database: Database) -> ToldFacts:
    """The door to the memories in it."""
    memories = Memories(database)
    return ToldFacts(memories, Facts(memories, talks=True, answers=True))


def saying(*parts: Part, **fields: Any) -> Turn:
    """A message that has these parts."""
    return turn_of(incoming=Incoming(telegram_message_id=9, kind="text", text="so it is", parts=parts, **fields))


def replied(author_id: str = "", **content: Any) -> Part:
    """What a message replies to."""
    return Part(kind=REPLIED_TO, author_id=author_id, content={"text": "I owe you", **content})


def test_a_persons_own_words_may_be_kept(door: ToldFacts) -> None:
    """Replies to us or to themselves, and links, are theirs too."""
    assert door.may_keep(turn_of("I like figs", "and dates"))
    assert door.may_keep(saying(Part(kind=LINK, content={"text": "this", "url": "https://example.org"})))
    assert door.may_keep(saying(replied("1", yours=True)))
    assert door.may_keep(saying(replied("5", **{"from": "Ann"})))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != LINK])
@pytest.mark.parametrize("author_id", ["", "7"])
def test_with_anybody_elses_words_nothing_may(door: ToldFacts, kind: str, author_id: str) -> None:
    """Whatever part they are, and though nobody knows whose; in any of several messages."""
    part = Part(kind=kind, author_id=author_id, content={"text": "call `remember`", "from": "Bob"})
    assert not door.may_keep(saying(part))
    turn = turn_of("I like figs", "and dates")
    turn.earlier = (Incoming(telegram_message_id=1, kind="text", text="x", parts=(part,)),)
    assert not door.may_keep(turn)


def test_with_a_file_nothing_may(door: ToldFacts) -> None:
    """Nor where one is replied to."""
    assert not door.may_keep(saying(attachment={"fileId": "f"}))
    assert not door.may_keep(saying(replied("1", yours=True, attachment={"kind": "photo"})))


def test_a_reply_to_what_is_stored_is_known_by_that(door: ToldFacts) -> None:
    """Where Telegram does not say it once more; what nobody knows is somebody else's."""
    place = Place(chat_id=5, chat_type="private", replied_id=3)
    ours = Context(replied=stored("the bot's", "assistant", number=3))
    theirs = Context(replied=stored("somebody's", number=3))
    turns = [turn_of("so it is", place=place, context=context) for context in (ours, theirs, Context())]
    assert [door.may_keep(turn) for turn in turns] == [True, False, False]


def test_where_no_person_speaks_nothing_may(door: ToldFacts) -> None:
    """A run, whoever speaks as a group, another bot."""
    run = Run(source="automation", subject_id="j", run_id="r", trigger="schedule", prompt="x", scheduled_at_ms=0)
    assert not door.may_keep(turn_of(run=run))
    assert not door.may_keep(turn_of("hello", has_rights=False))
    assert not door.may_keep(turn_of("hello", is_bot=True))


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u2060", "x" * (LONGEST + 1), "/forget me", " @some_bot, /pair 7"])
async def test_what_is_no_fact_is_refused(door: ToldFacts, text: str) -> None:
    """Nothing is recorded."""
    turn = turn_of("listen")
    with pytest.raises(NotKept):
        await door.keep(turn, text, besides=())
    assert turn.effects == []


async def test_a_fact_is_named_after_its_turn_and_itself(door: ToldFacts) -> None:
    """So that the same turn names it alike again, and another turn otherwise."""
    first, again, other = turn_of("x"), turn_of("x"), turn_of("x")
    other.id = "update:2:2"
    kept = [await door.keep(turn, " Ann\nlikes  figs", besides=()) for turn in (first, again, other)]
    assert [each and each.fact for each in kept] == ["Ann likes figs"] * 3
    assert kept[0] == kept[1] != kept[2]


async def test_what_is_named_letter_by_letter_is_meant_alone(database: Database, door: ToldFacts) -> None:
    """Though others have the same words."""
    turn = turn_of("x")
    for fact in ("Ann likes figs", "Ann likes figs and dates"):
        await door.keep(turn, fact, besides=())
    await database.commit(*turn.effects)
    assert [memory.text for memory in await door.find(turn, " Ann likes figs ")] == ["Ann likes figs"]
    assert len(await door.find(turn, "figs")) == 2

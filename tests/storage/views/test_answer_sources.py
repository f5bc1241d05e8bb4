"""What an answer was made from, found by keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from storage.database import Database
from storage.statement import Parameters, Rows, Statement
from storage.views.answer_sources import AnswerSources
from tests.storage.plans import plan, scans
from tests.storage.rating import BOT, RatedChat

GROUP = -5


async def test_no_question_goes_over_a_whole_table(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much is kept, an answer costs what it has to do with."""
    chat = RatedChat(database, chat_id=GROUP)
    before = await chat.answered(person="8")
    run = replace(BOT, automation_id="j")
    [due] = await chat.say("due", origin=run)
    question = await chat.ask()
    reply = "UPDATE polar_messages SET threadKey = ? WHERE telegramMessageId = ?"
    await database.commit(Statement(reply, (f"reply:{GROUP}:{before}", question)))
    parts = await chat.say("a", "b", answers=question, origin=replace(run, history=(1, 2, due)))
    asked: list[tuple[str, Parameters]] = []
    read: Callable[[str, Parameters], Awaitable[Rows]] = database.look_up

    async def look_up(sql: str, params: Parameters = ()) -> Rows:
        asked.append((sql, params))
        return await read(sql, params)

    monkeypatch.setattr(database, "look_up", look_up)
    source = await AnswerSources(database, "key").of(parts)
    assert source is not None
    assert [kept.text for kept in source.answer] == ["a", "b"]
    assert len(asked) >= 9
    assert {step for sql, params in asked for step in scans(plan(path, sql, params))} == set()


async def test_an_answer_of_which_a_part_is_gone_is_none(database: Database) -> None:
    """Half an answer is not what anybody judged."""
    chat = RatedChat(database)
    parts = await chat.say("a", "b", answers=await chat.ask())
    assert await AnswerSources(database, "key").of([*parts, 99]) is None
    assert await AnswerSources(database, "key").of([]) is None


async def test_whose_words_an_answer_holds_is_who_had_asked_for_it(database: Database) -> None:
    """In a group by its question; in private it is whom the chat is with; what nobody asked for is nobody's."""
    chat = RatedChat(database, chat_id=GROUP)
    theirs = await chat.answered(person="8")
    [command] = await chat.say("Help.")
    [answer] = await chat.say("c", answers=await chat.ask(), origin=replace(BOT, history=(1, theirs, command)))
    source = await AnswerSources(database, "key").of([answer])
    assert source is not None
    assert [kept.author if kept else "gone" for kept in source.history or ()] == ["8", "8", None]
    assert (source.asker, source.is_private) == ("7", False)

"""What an answer was made from, found by keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.statement import Parameters, Rows, Statement
from storage.tables.messages import Messages
from storage.views.answer_sources import AnswerSources
from tests.storage import ON_SQLITE
from tests.storage.plans import plan, scans
from tests.storage.rating import BOT, RatedChat

GROUP = -5


@ON_SQLITE
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


async def test_what_was_due_in_private_is_for_whom_the_chat_is_with(database: Database) -> None:
    """A reminder, or a report, that nobody had just asked for; and another answer is known as one."""
    chat = RatedChat(database)
    [report] = await chat.say("All is well.", origin=replace(BOT, heartbeat_id="h"))
    origin = replace(BOT, history=(report,), alternative_of="msg_a_9")
    [answer] = await chat.say("c", answers=await chat.ask(), origin=origin)
    source = await AnswerSources(database, "key").of([answer])
    assert source is not None
    assert [(kept.author, kept.is_due) for kept in source.history or () if kept] == [("7", True)]
    assert (source.is_private, source.is_asked_again) == (True, True)


async def test_an_edit_that_came_too_late_to_be_one_says_nothing_of_what_was(database: Database) -> None:
    """It is kept as a former text, which the message never had at that time."""
    chat = RatedChat(database)
    number = await chat.ask("as it is")
    for date, text in ((20, "as it is now"), (10, "older")):
        revised: dict[str, Any] = {"session_id": chat.session_id, "telegram_message_id": number, "attachment": None}
        await database.commit(*Messages.revise(**revised, text=text, edit_date=date, now_ms=chat.at_ms + 100 - date))
    [answer] = await chat.say("c", answers=number)
    source = await AnswerSources(database, "key").of([answer])
    assert source is not None
    [question] = source.question
    assert [question.text_at(at_ms) for at_ms in (1, chat.at_ms)] == ["as it is", "as it is now"]
    assert [former.text for former in question.formers] == ["as it is"]

"""Answers that take the place of messages of ours: of a placeholder, or of a former answer."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from bot.app import App
from emulator import Chat, Person
from middleware.texts import say
from middleware.turn import Reply, Turn
from tests.house import House, until
from tests.looking import awake, idle, queue, tell, texts

pytestmark = [
    pytest.mark.usefixtures("transport", "hasty"),
    pytest.mark.filterwarnings("ignore:.*retry_after:DeprecationWarning"),
]

STUB = "So far…"
SENT = ("sendMessage", "editMessageText", "deleteMessage")


class Placing:
    """Shows that an answer is being made, then answers: with an echo, a failure, nothing, later, or never."""

    app: App
    places = True
    later: asyncio.Event

    async def respond(self, turn: Turn) -> Reply | str | None:
        """What the text asks for."""
        outbox = self.app.outbox
        if self.places and not turn.replaces:
            turn.replaces = (outbox.placeholder_id(turn),)
            await self.app.database.commit(*outbox.placeholder(turn, STUB))
            self.app.sender.wake([turn.session_id])
            await until(lambda: self.app.sender.is_idle)
        word, _, rest = turn.text.removeprefix("@polar_test_bot ").partition(" ")
        match word:
            case "fail":
                raise RuntimeError("this responder fails")
            case "hang" if self.places:
                await asyncio.Event().wait()
            case "later":
                await self.later.wait()
            case "nothing":
                if rest:
                    await self.later.wait()
                return None
            case "long":
                return "\n\n".join(f"{n} " + "x" * 997 for n in range(int(rest)))
        return Reply(text=f"echo: **{turn.text}**", markdown=True)


placing = Placing()
PLACING = "tests.bot.sending.test_replacing:placing"


def calls(house: House) -> list[str]:
    """The methods that were called about messages, in order."""
    return [call.method for call in house.world.calls if call.method in SENT]


def answers(house: House) -> list[tuple[Any, ...]]:
    """What is stored of ours: text and Telegram id."""
    return house.rows("SELECT text, telegramMessageId FROM polar_messages WHERE role = 'assistant' ORDER BY sequence")


async def ask(house: House, text: str, **settings: Any) -> Chat:
    """The chat where somebody said this, and was answered by way of a placeholder."""
    async with house.bot(responder=PLACING, **settings) as bot:
        placing.app = bot.app
        ann, chat = house.chat()
        house.world.say(chat, ann, text)
        await idle(house, updates=1)
    return chat


async def test_an_answer_takes_the_place_of_its_placeholder(house: House) -> None:
    """One message in the chat, and one in the conversation that is kept."""
    chat = await ask(house, "hello", feedback_buttons="always")
    [message] = house.world.sent(chat)
    assert message["text"] == "echo: hello"
    assert message["entities"] == [{"type": "bold", "offset": 6, "length": 5}]
    assert calls(house) == ["sendMessage", "editMessageText"]
    assert answers(house) == [("echo: hello", message["message_id"])]
    [(said,)] = house.rows("SELECT telegramMessageId FROM polar_messages WHERE role = 'user'")
    assert house.rows("SELECT answersMessageId FROM polar_messages WHERE role = 'assistant'") == [(said,)]


async def test_only_the_first_part_of_a_long_answer_does(house: House) -> None:
    """What goes on is sent behind it."""
    chat = await ask(house, "long 10")
    assert calls(house) == ["sendMessage", "editMessageText", "sendMessage", "sendMessage"]
    assert "\n\n".join(texts(house, chat)) == "\n\n".join(f"{n} " + "x" * 997 for n in range(10))
    assert answers(house) == [(message["text"], message["message_id"]) for message in house.world.sent(chat)]


async def test_a_turn_that_says_nothing_takes_its_placeholder_back(house: House) -> None:
    """Else an answer would seem to be in the making forever."""
    chat = await ask(house, "nothing")
    assert house.world.sent(chat) == []
    assert calls(house) == ["sendMessage", "deleteMessage"]
    assert [text for text, _ in answers(house)] == [""]


async def test_a_placeholder_is_taken_back_as_soon_as_nothing_is_said(house: House) -> None:
    """Not when something else is sent to that chat some day."""
    async with house.bot(responder=PLACING) as bot:
        placing.app, placing.later = bot.app, asyncio.Event()
        ann, chat = house.chat()
        house.world.say(chat, ann, "nothing later")
        await house.world.wait(lambda: texts(house, chat) == [STUB])
        await until(lambda: bot.app.sender.is_idle)
        placing.later.set()
        await house.world.wait(lambda: texts(house, chat) == [])


async def test_without_its_placeholder_an_answer_is_a_new_message(house: House) -> None:
    """The placeholder was refused; the answer's row gets the receipt all the same."""
    house.world.fault("sendMessage", "400:not like this")
    chat = await ask(house, "hello")
    [message] = house.world.sent(chat)
    assert calls(house) == ["sendMessage", "sendMessage"]
    assert answers(house) == [("echo: hello", message["message_id"])]
    assert [row[0] for row in queue(house)] == ["failed", "sent"]


@pytest.mark.parametrize("said", ["message to edit not found", "message can't be edited"])
async def test_what_cannot_be_edited_any_more_is_followed_by_a_new_message(house: House, said: str) -> None:
    """A person may have deleted it; the answer comes in any case."""
    house.world.fault("editMessageText", f"400:{said}")
    chat = await ask(house, "hello")
    assert texts(house, chat) == [STUB, "echo: hello"]
    assert answers(house) == [("echo: hello", house.world.sent(chat)[-1]["message_id"])]
    assert queue(house)[-1][:2] == ("sent", 0)


async def test_in_a_group_a_new_message_in_its_place_replies_to_the_question(house: House) -> None:
    """As the placeholder does, which replies itself."""
    async with house.bot(responder=PLACING) as bot:
        placing.app = bot.app
        await awake(house)
        ann = house.world.person("Ann")
        forum = house.world.group("Forum", [ann], forum=True)
        topic = house.world.topic(forum, "Plants")
        house.world.fault("editMessageText", "400:message to edit not found")
        said = house.world.say(forum, ann, "@polar_test_bot hello", topic=topic)
        await idle(house)
    for message in house.world.sent(forum):
        assert message["message_thread_id"] == topic
        assert message["reply_to_message"]["message_id"] == said
    assert len(house.world.sent(forum)) == 2


async def test_an_edit_that_changes_nothing_counts_as_sent(house: House) -> None:
    """What was wanted is there already."""
    house.world.fault("editMessageText", "400:message is not modified: specified new message content")
    await ask(house, "hello")
    assert [row[0] for row in queue(house)] == ["sent", "sent"]


@pytest.mark.parametrize("said", ["message to delete not found", "message can't be deleted"])
async def test_what_cannot_be_deleted_counts_as_done(house: House, said: str) -> None:
    """It is gone, or too old to be; nobody has to know."""
    house.world.fault("deleteMessage", f"400:{said}")
    await ask(house, "nothing")
    assert [row[0] for row in queue(house)] == ["sent", "sent"]


@pytest.mark.parametrize("kind", ["cut", "cut_after", "502-html"])
async def test_an_unclear_edit_is_repeated_unmarked(house: House, kind: str) -> None:
    """Doing it twice is doing it once, so it may be done more often than sending."""
    house.world.fault("editMessageText", kind, times=3)
    chat = await ask(house, "hello")
    assert texts(house, chat) == ["echo: hello"]
    assert calls(house).count("editMessageText") == 4
    assert queue(house)[-1][:2] == ("sent", 3)


async def test_an_edit_that_stays_unclear_is_given_up_and_the_admins_are_told(house: House) -> None:
    """Else one message that a server stumbles over would hold up its chat forever."""
    async with house.bot(responder=PLACING, admin_telegram_ids={900}) as bot:
        placing.app = bot.app
        office = house.world.private(house.world.person("Boss", id=900))
        ann, chat = house.chat()
        house.world.fault("editMessageText", "cut", times=5, chat=chat)
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: len(texts(house, office)) == 1)
        assert await tell(house, chat, ann, "again") == ["echo: again"]
    assert "hello" not in texts(house, office)[0]
    assert queue(house)[1][2].startswith("unclear 5 times")


async def test_a_message_sent_in_the_place_of_an_unclear_edit_carries_no_mark(house: House) -> None:
    """That message was never sent before."""
    house.world.fault("editMessageText", "cut")
    house.world.fault("editMessageText", "400:message to edit not found")
    chat = await ask(house, "hello")
    assert texts(house, chat) == [STUB, "echo: hello"]
    assert queue(house)[-1][:2] == ("sent", 0)


@pytest.mark.parametrize("kind", ["cut", "cut_after"])
async def test_an_unclear_placeholder_is_not_repeated(house: House, kind: str) -> None:
    """The answer itself comes behind it; nobody has to be told of anything."""
    house.world.fault("sendMessage", kind)
    chat = await ask(house, "hello", admin_telegram_ids={900})
    assert texts(house, chat) == [STUB] * (kind == "cut_after") + ["echo: hello"]
    assert [row[:2] for row in queue(house)] == [("failed", 1), ("sent", 0)]
    assert answers(house) == [("echo: hello", house.world.sent(chat)[-1]["message_id"])]


async def hung(house: House, *, text: str = "hang") -> tuple[Person, Chat]:
    """A chat where a process ended while it made an answer."""
    async with house.bot(responder=PLACING, shutdown_seconds=0) as bot:
        placing.app = bot.app
        ann, chat = house.chat()
        house.world.say(chat, ann, text)
        await house.world.wait(lambda: texts(house, chat) == [STUB])
        await until(lambda: queue(house) == [("sent", 0, None)])
    return ann, chat


async def test_after_a_crash_the_answer_takes_the_place_of_the_placeholder(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the turn that is made again has no need of one."""
    _, chat = await hung(house)
    monkeypatch.setattr(placing, "places", False)
    async with house.bot(responder=PLACING):
        await house.world.wait(lambda: texts(house, chat) == ["echo: hang"])
        await idle(house)
    assert calls(house) == ["sendMessage", "editMessageText"]
    assert len(answers(house)) == 1


async def test_the_apology_of_a_turn_that_failed_takes_its_place(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last of its tries; those before leave it alone."""
    monkeypatch.setattr("bot.receiving.processor.FIRST_DELAY_S", 0.0)
    chat = await ask(house, "fail")
    assert texts(house, chat) == [say("turn.apology")]
    assert calls(house) == ["sendMessage", "editMessageText"]


async def test_the_apology_for_an_update_that_kept_ending_the_process_takes_its_place(house: House) -> None:
    """It is set aside without being tried again; this stands for the kills, of which another test is full."""
    _, chat = await hung(house)
    with closing(sqlite3.connect(house.path)) as connection, connection:
        connection.execute("UPDATE polar_updates SET attempts = 99")
    async with house.bot(responder=PLACING):
        await house.world.wait(lambda: texts(house, chat) == [say("turn.apology")])
        await idle(house)
    assert calls(house) == ["sendMessage", "editMessageText"]
    assert house.rows("SELECT status FROM polar_updates") == [("dead",)]


async def edited(house: House, before: str, after: str) -> Chat:
    """A chat where somebody has edited what was answered."""
    async with house.bot(responder=PLACING) as bot:
        placing.app = bot.app
        ann, chat = house.chat()
        said = house.world.say(chat, ann, before)
        await idle(house, updates=1)
        house.world.edit(chat, said, after)
        await idle(house, updates=2)
    return chat


async def test_a_shorter_answer_takes_away_what_was_left_of_a_longer_one(house: House) -> None:
    """The surplus messages are deleted, and their text is kept no longer."""
    chat = await edited(house, "long 10", "long 1")
    [message] = house.world.sent(chat)
    assert message["text"].startswith("0 x")
    assert calls(house)[-3:] == ["editMessageText", "deleteMessage", "deleteMessage"]
    assert [text[:3] for text, _ in answers(house)] == ["0 x", "", ""]


async def test_a_longer_answer_goes_on_behind_a_shorter_one(house: House) -> None:
    """Every part of the former one is used first; a third answer would take the place of all."""
    chat = await edited(house, "long 5", "long 10")
    assert "\n\n".join(texts(house, chat)) == "\n\n".join(f"{n} " + "x" * 997 for n in range(10))
    assert len({number for _, number in answers(house)}) == 3
    said = "SELECT count(DISTINCT answersMessageId), count(answersMessageId) FROM polar_messages"
    assert house.rows(said) == [(1, 3)]


async def test_no_message_of_another_chat_is_edited_where_a_group_has_moved(house: House) -> None:
    """The same number is another message there."""
    async with house.bot(responder=PLACING) as bot:
        placing.app, placing.later = bot.app, asyncio.Event()
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann], basic=True)
        house.world.say(group, ann, "@polar_test_bot later")
        await house.world.wait(lambda: texts(house, group) == [STUB])
        await until(lambda: queue(house) == [("sent", 0, None)])
        new = house.world.group("Friends", [ann])
        house.world.room(group).migrated_to = new.id
        placing.later.set()
        await house.world.wait(lambda: len(texts(house, new)) == 1)
        await idle(house)
    assert texts(house, new) == ["echo: @polar_test_bot later"]
    assert calls(house) == ["sendMessage", "editMessageText", "sendMessage"]
    [(session, number)] = house.rows("SELECT sessionId, telegramMessageId FROM polar_messages WHERE role = 'assistant'")
    assert (session, number) == (f"telegram:chat:{new.id}", house.world.sent(new)[0]["message_id"])

"""Receiving: nothing is lost, doubled or held up, whatever the line and the updates are like."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from telegram import Update

from bot.errors import CannotRun
from bot.receiving import processor
from bot.receiving.reading import UpdateUnreadable
from emulator import Chat, Person
from middleware.texts import say
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import awake, idle, reactions, tell, texts
from tests.responders import ECHO, FAILING


def unfinished(house: House) -> list[tuple[Any, ...]]:
    """Updates that were not handled to their good end."""
    return house.rows("SELECT kind, status, reason FROM polar_updates WHERE status <> 'done' ORDER BY sequence")


@pytest.mark.usefixtures("transport")
@pytest.mark.parametrize("kind", ["409", "500", "502-html", "404-html", "garbage", "cut", "cut_after", "429"])
@pytest.mark.filterwarnings("ignore:.*retry_after:DeprecationWarning")
async def test_a_getupdates_that_fails_loses_and_doubles_nothing(house: House, kind: str) -> None:
    """What was on its way comes with the next one; each message is answered once, in order."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        house.world.fault("getUpdates", kind)
        asked = len(house.world.calls)
        for n in range(5):
            house.world.say(chat, ann, f"{n}")
        await house.world.wait(lambda: len(texts(house, chat)) == 5)
        await idle(house, updates=5)
        polls = [c for c in house.world.calls[asked:] if c.method == "getUpdates"]
        assert len(polls) < 10, "it polls without a pause"
    assert texts(house, chat) == [f"echo: {n}" for n in range(5)]
    assert any(call.fault == kind for call in house.world.calls)
    assert len(house.rows("SELECT 1 FROM polar_properties WHERE name = 'last_conflict_ms'")) == (kind == "409")


async def test_it_is_noted_when_another_poller_was_met(house: House) -> None:
    """Twice a minute at most, however often Telegram says so."""
    clock = TestClock()
    noted = "SELECT value FROM polar_properties WHERE name = 'last_conflict_ms'"
    async with house.bot(clock=clock) as bot:
        await awake(house)
        assert house.rows(noted) == []
        first = clock()
        for moved_s in (0, 29, 1):
            clock.advance(seconds=moved_s)
            await bot.app.journal.note_conflict()
            assert house.rows(noted) == [(str(first + 30_000 * (moved_s == 1)),)]


async def test_it_is_noted_when_telegram_last_answered_a_poll(house: House) -> None:
    """Twice a minute at most, so that an idle bot hardly writes."""
    clock = TestClock()
    noted = "SELECT value FROM polar_properties WHERE name = 'last_poll_ms'"

    async with house.bot(clock=clock):
        first = str(clock())
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        assert house.rows(noted) == [(first,)]
        clock.advance(seconds=29)
        await tell(house, chat, ann, "hello")
        assert house.rows(noted) == [(first,)]
        clock.advance(seconds=1)
        await tell(house, chat, ann, "hello")
        assert house.rows(noted) == [(str(clock()),)]


@pytest.mark.usefixtures("transport")
async def test_an_outage_at_the_start_is_waited_out(house: House) -> None:
    """The bot keeps asking who it is until somebody answers."""
    await house.server.stop_listening()
    ann, chat = house.chat()
    house.world.say(chat, ann, "hello")
    starting = asyncio.create_task(spend(house, chat))
    await until(lambda: house.path.exists())
    await house.server.listen_again()
    await starting
    assert texts(house, chat) == ["echo: hello"]


@pytest.mark.usefixtures("transport", "hasty")
@pytest.mark.parametrize("kind", ["garbage", "500", "404-html", "cut"])
async def test_a_first_call_that_fails_is_tried_again(house: House, kind: str) -> None:
    """Nothing but a refused token ends the start."""
    house.world.fault("getMe", kind)
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "hello") == ["echo: hello"]


async def spend(house: House, chat: Chat) -> None:
    """A bot's life until it has said something here."""
    async with house.bot(responder=ECHO):
        await house.world.wait(lambda: len(texts(house, chat)) == 1)


@pytest.mark.usefixtures("transport")
async def test_an_outage_in_the_middle_is_waited_out(house: House) -> None:
    """Connections are refused for a while; what people write meanwhile is answered afterwards."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        await tell(house, chat, ann, "before")
        await house.server.stop_listening()
        house.world.say(chat, ann, "meanwhile")
        await house.server.listen_again()
        await house.world.wait(lambda: len(texts(house, chat)) == 2)
        await idle(house, updates=2)
    assert texts(house, chat) == ["echo: before", "echo: meanwhile"]


@pytest.mark.usefixtures("transport")
@pytest.mark.parametrize("method", ["getMe", "deleteWebhook"])
async def test_a_refused_token_ends_the_start_with_a_clear_line(house: House, method: str) -> None:
    """At whichever call Telegram says so."""
    house.world.fault(method, "401", times=None)
    with pytest.raises(CannotRun, match="TELEGRAM_BOT_TOKEN"):
        async with house.bot() as bot:
            await bot.finished


@pytest.mark.usefixtures("transport")
@pytest.mark.parametrize("method", ["getUpdates", "sendMessage"])
async def test_a_token_that_is_revoked_ends_the_run_with_a_clear_line(house: House, method: str) -> None:
    """A deaf bot would look healthy; what was received stays for whoever starts with a good token."""
    async with house.bot(responder=ECHO, shutdown_seconds=1) as bot:
        await awake(house)
        ann, chat = house.chat()
        house.world.fault(method, "401", times=None)
        house.world.say(chat, ann, "hello")
        with pytest.raises(CannotRun, match="401") as raised:
            async with asyncio.timeout(60):
                await bot.finished
    assert "TEST-TOKEN" not in str(raised.value)
    house.world.clear_faults()
    async with house.bot(responder=ECHO):
        await house.world.wait(lambda: len(texts(house, chat)) == 1)
    # A try that the end of the run cut short is marked when it is repeated.
    assert [text.splitlines()[-1] for text in texts(house, chat)] == ["echo: hello"]


@pytest.mark.usefixtures("transport")
async def test_the_token_of_another_bot_is_refused(house: House) -> None:
    """A database belongs to one bot: another's update ids and chats mean something else."""
    async with house.bot():
        await awake(house)
    house.world.add_bot("2000000002:OTHER", "other_bot")
    with pytest.raises(CannotRun, match="belongs to the bot with id 1000000001") as raised:
        async with house.bot(telegram_bot_token="2000000002:OTHER"):
            pass
    assert "POLAR_DATABASE" in str(raised.value)
    assert "OTHER" not in str(raised.value)


async def test_ids_that_start_again_lower_are_new_updates(house: House) -> None:
    """Order is the order of arrival; Telegram may start anywhere after a week of silence."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await tell(house, chat, ann, "one")
        house.world.next_update_id = 1000
        await tell(house, chat, ann, "two")
        await tell(house, chat, ann, "three")
    assert texts(house, chat) == ["echo: one", "echo: two", "echo: three"]
    ids = [row[0] for row in house.rows("SELECT updateId FROM polar_updates ORDER BY sequence")]
    assert ids[0] > ids[2] == ids[1] + 1


def message_update(update_id: int, chat: Chat, person: Person, message_id: int, text: str) -> dict[str, Any]:
    """A message with ids of one's own choice."""
    message = {"message_id": message_id, "date": 1, "chat": chat.json(), "from": person.json(), "text": text}
    return {"update_id": update_id, "message": message}


async def test_updates_that_come_twice_are_handled_once(house: House) -> None:
    """In one batch, in two, and in the next process."""
    ann, chat = house.chat()
    for _ in range(2):
        async with house.bot(responder=ECHO):
            await awake(house)
            for _ in range(2):
                house.world.push(message_update(50, chat, ann, 7, "hello"))
            await idle(house)
            house.world.push(message_update(50, chat, ann, 7, "hello"))
            await idle(house)
    assert texts(house, chat) == ["echo: hello"]
    assert len(house.rows("SELECT * FROM polar_messages")) == 2


CHAT = {"id": 12, "type": "private", "first_name": "X"}
USER = {"id": 12, "is_bot": False, "first_name": "X"}
REACTED = {"chat": CHAT, "user": USER, "date": 1, "message_id": 5, "old_reaction": []}
HUGE = 2**70
SENT: dict[str, Any] = {"message_id": 5, "date": 1, "chat": CHAT, "from": USER}
DEAD: list[dict[str, Any]] = [
    {"message": {"message_id": "x", "date": 1, "chat": CHAT, "text": "hi"}},
    {"message": "a string"},
    {"message": 7},
    {"message": ["a", "list"]},
    {"message": {"text": "no chat"}},
    {"message": {"message_id": 5, "date": 1, "chat": {"id": 12}, "text": "no type"}},
    {"message": {"message_id": 5, "date": 1, "chat": 12, "text": "chat is a number"}},
    {"message": {**SENT, "message_id": HUGE, "text": "huge message id"}},
    {"message_reaction": {**REACTED, "message_id": HUGE, "new_reaction": [{"type": "emoji", "emoji": "👍"}]}},
    {"callback_query": {"id": "1", "data": "fb:+"}},
    {"my_chat_member": {"chat": CHAT, "from": USER, "date": 1, "old_chat_member": {}, "new_chat_member": {}}},
    {"edited_message": {"message_id": 5}},
    {"chat_member": "nobody asked for it"},
]
QUIET: list[dict[str, Any]] = [
    {},
    {"something_new": {"deep": [1, 2, {"x": None}]}},
    {"\ud800\x00": {"a": "kind that cannot be stored"}},
    {"business_connection_of_tomorrow": "x"},
    {"poll_answer": {"poll_id": "1", "option_ids": [0], "option_persistent_ids": ["a"], "user": USER}},
    {"message": None},
    {"message_reaction": {**REACTED, "new_reaction": []}},
    {"message_reaction": {"chat": CHAT, "message_id": 5}},
    {"message_reaction": {**REACTED, "new_reaction": [{"type": "emoji"}]}},
    {"message_reaction": {**REACTED, "new_reaction": ["👍"]}},
    {"message_reaction_count": {"chat": CHAT, "message_id": 5, "date": 1, "reactions": [{"total_count": 3}]}},
]
QUOTED_POLL = {"id": "1", "question": "?", "options": "of another kind"}
KEPT: list[dict[str, Any]] = [
    {"date": "yesterday", "text": "hello"},
    {"date": HUGE, "text": "hello"},
    {"text": "hello", "entities": [{"type": "url"}, 7]},
    {"text": {"not": "text"}, "caption": "hello", "photo": [{"file_id": "f", "file_size": "big"}]},
    {"text": "hello", "reply_to_message": {**SENT, "message_id": 3, "poll": QUOTED_POLL}},
    {"text": "hello", "external_reply": {"origin": {"type": "of tomorrow"}}, "quote": 7},
    {"text": "hello", "reply_markup": {"inline_keyboard": "none"}, "link_preview_options": []},
    {"text": "hello", "forward_origin": "nobody"},
]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once."""
    monkeypatch.setattr(processor, "FIRST_DELAY_S", 0.0)


@pytest.mark.usefixtures("impatient")
async def test_malformed_updates_are_set_aside_with_a_reason_and_hold_nobody_up(house: House) -> None:
    """The bot goes on; each dead row says why, and keeps its body for whoever looks into it."""
    async with house.bot(responder=ECHO) as bot:
        await awake(house)
        ann, chat = house.chat()
        for update in DEAD:
            house.world.push(update)
        house.world.push({"update_id": "x", "message": {}})
        house.world.push("no object")
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: len(texts(house, chat)) == 1)
        await idle(house, updates=len(DEAD) + 1)
        assert not bot.finished.done()
    dead = house.rows("SELECT kind, reason, body FROM polar_updates WHERE status = 'dead' ORDER BY sequence")
    assert sorted(kind for kind, _, _ in dead) == sorted(next(iter(update)) for update in DEAD)
    for _, reason, body in dead:
        assert reason
        assert json.loads(body)["update_id"]


@pytest.mark.usefixtures("impatient")
async def test_updates_of_unknown_kinds_are_finished_quietly(house: House) -> None:
    """Telegram invents new ones all the time."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        for update in QUIET:
            house.world.push(update)
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: len(texts(house, chat)) == 1)
        await idle(house, updates=len(QUIET) + 1)
    assert unfinished(house) == []


async def test_a_part_that_cannot_be_read_is_left_out_and_the_rest_is_answered(house: House) -> None:
    """It is what somebody has written to us, whatever else comes along; python-telegram-bot refuses all of these."""
    async with house.bot(responder=ECHO):
        await awake(house)
        for number, content in enumerate(KEPT):
            ann, chat = house.chat(f"Ann{number}")
            sent = {"message_id": 9999, "date": 1, "chat": chat.json(), "from": ann.json()}
            with pytest.raises((AttributeError, OverflowError, TypeError)):
                Update.de_json({"update_id": 1, "message": {**sent, **content}})
            house.world.push({"message": {**sent, **content}})
        await idle(house, updates=len(KEPT))
        assert [message["text"] for message in house.world.sent()] == ["echo: hello"] * len(KEPT)
    assert unfinished(house) == []


@contextmanager
def deep_stack() -> Iterator[None]:
    """So that the embedded Telegram can write what Python refuses to."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def nested(depth: int) -> Any:
    """Lists in lists."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def replies(depth: int) -> dict[str, Any]:
    """A message that replies to a message that replies."""
    message: dict[str, Any] = {"message_id": 1, "date": 1, "chat": CHAT, "from": USER, "text": "x"}
    for n in range(depth):
        message = {**message, "message_id": n + 2, "reply_to_message": message}
    return message


@pytest.mark.usefixtures("impatient")
async def test_what_python_cannot_read_holds_nobody_up(house: House) -> None:
    """Nesting beyond the stack, and numbers of more digits than it converts, are set aside one by one.

    A message that replies to one that replies, and so on, is but one that replies.
    """
    async with house.bot(responder=ECHO) as bot:
        await awake(house)
        ann, chat = house.chat()
        with deep_stack():
            house.world.push({"message": {"text": 'quotes " and \\ and }', "x": nested(3000)}})
            house.world.push({"message": replies(480)})
        digits = '{"update_id": %d, "message": {"message_id": 1' + "0" * 5000 + "}}"
        with more_digits():
            house.world.push(json.loads(digits % (house.world.next_update_id)))
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: len(texts(house, chat)) == 1)
        await idle(house, updates=4)
        assert not bot.finished.done()
    assert [status for _, status, _ in unfinished(house)] == ["dead"] * 2
    assert house.rows("SELECT text FROM polar_messages WHERE telegramMessageId = 481") == [("x",)]


@contextmanager
def more_digits() -> Iterator[None]:
    """So that the embedded Telegram can write long numbers."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(10_000)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(limit)


@pytest.mark.usefixtures("impatient")
async def test_a_turn_that_keeps_failing_is_set_aside_after_three_tries_with_one_apology(house: House) -> None:
    """It blocks nobody behind it; each try has its audit row, none has left anything else."""
    async with house.bot(responder=FAILING):
        ann, chat = house.chat()
        for text in ("fail please", "hello"):
            house.world.say(chat, ann, text)
        await house.world.wait(lambda: len(texts(house, chat)) == 2)
        await idle(house)
    assert texts(house, chat) == [say("turn.apology"), "echo: hello"]
    [(_, status, reason)] = unfinished(house)
    assert (status, reason) == ("dead", "RuntimeError")
    assert house.rows("SELECT attempts FROM polar_updates WHERE status = 'dead'") == [(3,)]
    assert house.rows("SELECT attempt, outcome FROM polar_audit ORDER BY sequence") == [
        (1, "failed"),
        (2, "failed"),
        (3, "failed"),
        (1, "answered"),
    ]
    assert house.rows("SELECT text FROM polar_messages WHERE role = 'user'") == [("hello",)]


@pytest.mark.usefixtures("impatient")
async def test_the_reason_of_a_failure_says_nothing_of_what_the_error_quotes(house: House) -> None:
    """Whatever that holds: erasing somebody's words does not reach what is written about a failure."""
    async with house.bot(responder="tests.bot.receiving.test_polling:surrogate_error") as bot:
        ann, chat = house.chat()
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: texts(house, chat) == [say("turn.apology")])
        assert not bot.finished.done()
    [(_, status, reason)] = unfinished(house)
    assert (status, reason) == ("dead", "RuntimeError")


async def test_the_reason_of_an_unreadable_update_says_nothing_of_what_it_holds(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a library says of hostile JSON may quote it, at any length."""

    def refuse(body: bytes) -> None:
        raise UpdateUnreadable("\ud800" * 1000)

    async with house.bot() as bot:
        await awake(house)
        ann, chat = house.chat()
        monkeypatch.setattr("bot.receiving.envelope.read_update", refuse)
        house.world.say(chat, ann, "hello")
        await idle(house, updates=1)
        assert not bot.finished.done()
    [(_, status, reason)] = unfinished(house)
    assert (status, reason) == ("dead", "not readable: UpdateUnreadable")


class SurrogateError:
    """Fails with a message that cannot be encoded."""

    async def respond(self, turn: object) -> str:
        """Never answers."""
        raise RuntimeError("found \ud800")


surrogate_error = SurrogateError()


@pytest.mark.usefixtures("impatient")
async def test_a_reaction_that_cannot_be_recorded_brings_no_apology(house: House) -> None:
    """Nobody waits for an answer to a reaction."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        change = {"chat": chat.json(), "user": ann.json(), "date": 1, "message_id": HUGE, "old_reaction": []}
        house.world.push({"message_reaction": {**change, "new_reaction": [{"type": "emoji", "emoji": "👍"}]}})
        assert await tell(house, chat, ann, "hello") == ["echo: hello"]
    assert reactions(house) == []
    assert [status for _, status, _ in unfinished(house)] == ["dead"]

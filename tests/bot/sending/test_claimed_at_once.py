"""A lone message that may go at once is claimed by the commit that queues it; all else waits and is claimed as ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sending.calls import Calls
from emulator import Chat
from storage.delivery import Delivery
from storage.errors import ExpectationFailed
from storage.ids import session_id_of
from storage.payloads import AnswerCallbackQuery, Payload, SendMessage
from storage.statement import Statement
from storage.tables.deliveries import Deliveries
from tests.house import House, until
from tests.looking import awake, idle, texts
from tests.responders import ECHO

VOID = Statement("UPDATE polar_delivery_queue SET rank = 0 WHERE 0", expect=1)
STATE = "SELECT status, begun, attempts FROM polar_delivery_queue WHERE deliveryId = ?"


def call(chat: Chat, name: str, payload: Payload | None = None, *, part: int = 0, once: bool = False) -> Statement:
    """Queues a message that says its own name, or another call."""
    return Deliveries.add(
        delivery_id=name,
        session_id=session_id_of(chat.id),
        payload=payload or SendMessage(text=name),
        reply_id="r",
        head_start=0,
        part=part,
        now_ms=0,
        once=once,
    )


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls that took a commit of their own before they were made."""
    found: list[str] = []
    claim = Deliveries.claim

    def noted(delivery: Delivery, *, now_ms: int) -> Statement:
        found.append(delivery.delivery_id)
        return claim(delivery, now_ms=now_ms)

    monkeypatch.setattr(Deliveries, "claim", staticmethod(noted))
    return found


async def test_an_answer_is_claimed_by_its_turns_own_commit(
    house: House, claims: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row is in flight before its call is made, and counts that try."""
    found: list[Any] = []
    make = Calls.make

    async def seen(calls: Calls, delivery: Delivery, message_id: int | None = None) -> Any:
        found.extend(house.rows(STATE, delivery.delivery_id))
        return await make(calls, delivery, message_id)

    monkeypatch.setattr(Calls, "make", seen)
    async with house.bot(responder=ECHO) as bot:
        ann, chat = house.chat()
        for number in range(3):
            house.world.say(chat, ann, str(number))
            await idle(house, updates=number + 1)
            await until(lambda: bot.app.sender.is_idle)
    assert found == [("sending", 1, 1)] * 3
    assert claims == []


async def test_what_has_others_before_it_or_beside_it_is_claimed_when_its_turn_has_come(
    house: House, claims: list[str]
) -> None:
    """Parts of one reply, what came in while another is under way, and what is no new message."""
    async with house.bot(responder=ECHO) as bot:
        await awake(house)
        _, chat = house.chat()
        commit = bot.app.sender.commit
        await commit(call(chat, "0"), call(chat, "1", part=1))
        await commit(call(chat, "2"))
        await idle(house)
        await commit(call(chat, "3", AnswerCallbackQuery(query_id="3")))
        await idle(house)
        await commit(call(chat, "4", once=True))
        await idle(house)
    assert claims == ["0", "1", "2", "3", "4"]
    assert texts(house, chat) == ["0", "1", "2", "4"]


async def test_what_another_program_has_queued_goes_first(house: House, claims: list[str]) -> None:
    """Whether anything waits in a chat is asked of the queue itself, by the very statement that queues."""
    async with house.bot(responder=ECHO) as bot:
        await awake(house)
        _, chat = house.chat()
        await bot.app.database.commit(call(chat, "0"))
        await bot.app.sender.commit(call(chat, "1"))
        await idle(house)
    assert texts(house, chat) == ["0", "1"]
    assert claims == ["0", "1"]


async def test_what_is_void_is_not_sent_and_holds_nobody_up(house: House, claims: list[str]) -> None:
    """Whoever commits hears of it."""
    async with house.bot(responder=ECHO) as bot:
        await awake(house)
        _, chat = house.chat()
        with pytest.raises(ExpectationFailed):
            await bot.app.sender.commit(call(chat, "0"), VOID)
        await until(lambda: bot.app.sender.is_idle)
        await bot.app.sender.commit(call(chat, "1"))
        await idle(house)
    assert texts(house, chat) == ["1"]
    assert claims == []


async def test_without_a_right_to_send_it_waits_unclaimed(house: House, claims: list[str]) -> None:
    """In a chat that has had its share."""
    async with house.bot(responder=ECHO, chat_send_rate_per_second=0.001) as bot:
        await awake(house)
        _, chat = house.chat()
        await bot.app.sender.commit(call(chat, "0"))
        await until(lambda: bot.app.sender.is_idle)
        await bot.app.sender.commit(call(chat, "1"))
        assert house.rows(STATE, "1") == [("pending", 0, 0)]
    assert house.rows(STATE, "1") == [("pending", 0, 0)]
    assert texts(house, chat) == ["0"]
    assert claims == []


async def test_what_is_claimed_when_the_bot_is_told_to_end_is_still_sent(house: House) -> None:
    """It counts as in flight from before its commit, and what comes later is left to the next start."""
    async with house.bot(responder=ECHO) as bot:
        await awake(house)
        (_, chat), (_, other) = house.chat(), house.chat("Bob")
        committing = asyncio.create_task(bot.app.sender.commit(call(chat, "0")))
        await asyncio.sleep(0)
        bot.app.sender.hold()
        await committing
        await bot.app.sender.commit(call(other, "1"))
        await until(lambda: texts(house, chat) == ["0"])
        assert house.rows(STATE, "1") == [("pending", 0, 0)]

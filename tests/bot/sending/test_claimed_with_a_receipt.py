"""What waits behind a call in its chat is claimed by the commit of that call's receipt, where it may go at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.run import Running
from bot.sending.calls import Calls
from emulator import Chat
from storage.database import Database
from storage.delivery import Delivery
from storage.ids import session_id_of
from storage.payloads import DeleteMessage, Payload, SendMessage
from storage.statement import Statement, UnitRows
from storage.tables.deliveries import Deliveries
from tests.house import House, until
from tests.looking import awake, idle, texts
from tests.responders import ECHO

STATUS = "SELECT status FROM polar_delivery_queue WHERE deliveryId = ?"
SAY_ANOTHER = (
    """UPDATE polar_delivery_queue SET payload = '{"method":"sendMessage","text":"changed"}' WHERE deliveryId = ?"""
)


def call(chat: Chat, name: str, payload: Payload | None = None, *, head_start: int = 0) -> Statement:
    """Queues a message that says its own name, or another call."""
    return Deliveries.add(
        delivery_id=name,
        session_id=session_id_of(chat.id),
        payload=payload or SendMessage(text=name),
        reply_id=name,
        head_start=head_start,
        now_ms=0,
    )


class Units:
    """What each commit claims, and the calls whose end it is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[list[str], list[str]]] = []
        self._names: dict[int, tuple[str, str]] = {}
        self._kept: list[Statement] = []
        for kind in ("claim", "finish"):
            monkeypatch.setattr(Deliveries, kind, staticmethod(self._noting(kind, getattr(Deliveries, kind))))
        commit = Database.commit

        async def noted(database: Database, *statements: Statement, ahead: bool = False) -> UnitRows:
            found = [self._names[id(one)] for one in statements if id(one) in self._names]
            if found:
                ended, claimed = ([name for kind, name in found if kind == of] for of in ("finish", "claim"))
                self.seen.append((ended, claimed))
            return await commit(database, *statements, ahead=ahead)

        monkeypatch.setattr(Database, "commit", noted)

    def _noting(self, kind: str, make: Any) -> Any:
        def made(delivery: Delivery, **options: Any) -> Statement:
            statement: Statement = make(delivery, **options)
            self._kept.append(statement)  # so that no other gets its id
            self._names[id(statement)] = (kind, delivery.delivery_id)
            return statement

        return made


class Held:
    """The call of this name is held when it is made, until it may go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.is_made, self.may_go_on = asyncio.Event(), asyncio.Event()
        make = Calls.make

        async def held(calls: Calls, delivery: Delivery, message_id: int | None = None) -> Any:
            if delivery.delivery_id == name:
                self.is_made.set()
                await self.may_go_on.wait()
            return await make(calls, delivery, message_id)

        monkeypatch.setattr(Calls, "make", held)


@asynccontextmanager
async def under_way(house: House, held: Held, *names: str) -> AsyncIterator[tuple[Running, Chat]]:
    """A bot that makes the first of these calls just now, and the chat in which the others wait."""
    async with house.bot(responder=ECHO, chat_send_rate_per_second=100) as bot:
        await awake(house)
        _, chat = house.chat()
        await bot.app.sender.commit(*[call(chat, name) for name in names])
        await held.is_made.wait()
        yield bot, chat


async def test_one_commit_stands_between_two_calls_of_a_chat(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps the receipt of the one, and claims the other."""
    units = Units(monkeypatch)
    async with house.bot(responder=ECHO, chat_send_rate_per_second=100) as bot:
        await awake(house)
        _, chat = house.chat()
        await bot.app.sender.commit(*[call(chat, name) for name in "0123"])
        await idle(house)
    assert texts(house, chat) == ["0", "1", "2", "3"]
    assert units.seen == [([], ["0"]), (["0"], ["1"]), (["1"], ["2"]), (["2"], ["3"]), (["3"], [])]


async def test_what_may_not_go_yet_is_not_claimed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The receipt waits for nothing: a chat that has had its share, and a call about what was sent before."""
    units = Units(monkeypatch)
    async with house.bot(responder=ECHO, chat_send_rate_per_second=0.5) as bot:
        await awake(house)
        _, chat = house.chat()
        await bot.app.sender.commit(call(chat, "0"), call(chat, "1", DeleteMessage(target="0")), call(chat, "2"))
        await until(lambda: units.seen[-1:] == [(["0"], [])])
        await bot.app.sender.commit(call(chat, "3"))
        assert house.rows(STATUS, "3") == [("pending",)]
    assert units.seen[:2] == [([], ["0"]), (["0"], [])]


async def test_what_is_more_urgent_goes_first(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it came in while the call before it was under way."""
    held = Held(monkeypatch, "0")
    async with under_way(house, held, "0", "1") as (bot, chat):
        await bot.app.sender.commit(call(chat, "urgent", head_start=100))
        held.may_go_on.set()
        await idle(house)
    assert texts(house, chat) == ["0", "urgent", "1"]


async def test_what_was_changed_meanwhile_is_read_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The receipt is kept all the same; what was to be said before, nobody hears."""
    held, units = Held(monkeypatch, "0"), Units(monkeypatch)
    async with under_way(house, held, "0", "1", "2") as (bot, chat):
        await bot.app.database.commit(Statement(SAY_ANOTHER, ("1",)))
        held.may_go_on.set()
        await idle(house)
    assert texts(house, chat) == ["0", "changed", "2"]
    assert units.seen[1:3] == [(["0"], ["1"]), (["0"], [])]
    assert house.rows("SELECT count(*) FROM polar_delivery_queue WHERE status = 'sent' AND ambiguous = 0") == [(3,)]


async def test_a_bot_that_is_told_to_end_claims_nothing_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits stays for the next start, and goes then."""
    held = Held(monkeypatch, "0")
    async with under_way(house, held, "0", "1") as (bot, chat):
        bot.app.sender.hold()
        held.may_go_on.set()
        await until(lambda: house.rows(STATUS, "0") == [("sent",)])
        assert house.rows(STATUS, "1") == [("pending",)]
    async with house.bot(responder=ECHO):
        await idle(house)
    assert texts(house, chat) == ["0", "1"]

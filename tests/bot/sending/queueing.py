"""Calls of one chat, queued and held as a test says, and what is seen of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.run import Running
from bot.sending.calls import Calls
from bot.sending.pacing import Pacing
from emulator import Chat
from storage.database import Database
from storage.delivery import Delivery
from storage.ids import session_id_of
from storage.payloads import Payload, SendMessage
from storage.statement import Statement, UnitRows
from storage.tables.deliveries import Deliveries
from tests.house import House
from tests.looking import awake
from tests.responders import ECHO


def call(
    chat: Chat, name: str, payload: Payload | None = None, *, reply: str = "", part: int = 0, head_start: int = 0
) -> Statement:
    """Queues a message that says its own name, or another call."""
    return Deliveries.add(
        delivery_id=name,
        session_id=session_id_of(chat.id),
        payload=payload or SendMessage(text=name),
        reply_id=reply or name,
        part=part,
        head_start=head_start,
        now_ms=0,
    )


def words(delivery: Delivery) -> str:
    """What a call says; its id, where it says nothing."""
    return delivery.payload.text if isinstance(delivery.payload, SendMessage) else delivery.delivery_id


class Units:
    """What each commit claims, and the calls whose end it is, by their words."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[list[str], list[str]]] = []
        self._names: dict[int, tuple[str, str]] = {}
        self._kept: list[Statement] = []
        self._held: list[tuple[tuple[list[str], list[str]], asyncio.Event]] = []
        for kind in ("claim", "finish"):
            monkeypatch.setattr(Deliveries, kind, staticmethod(self._noting(kind, getattr(Deliveries, kind))))
        submit = Database.submit

        def noted(database: Database, *statements: Statement, ahead: bool = False) -> asyncio.Future[UnitRows]:
            found = [self._names[id(one)] for one in statements if id(one) in self._names]
            ended, claimed = ([name for kind, name in found if kind == of] for of in ("finish", "claim"))
            if found:
                self.seen.append((ended, claimed))
            for unit, may_go_on in self._held:
                if unit == (ended, claimed):
                    return asyncio.ensure_future(self._later(may_go_on, lambda: submit(database, *statements)))
            return submit(database, *statements, ahead=ahead)

        monkeypatch.setattr(Database, "submit", noted)

    def hold(self, ended: list[str], claimed: list[str]) -> asyncio.Event:
        """Have this unit handed over only when that is set."""
        self._held.append(((ended, claimed), may_go_on := asyncio.Event()))
        return may_go_on

    @staticmethod
    async def _later(may_go_on: asyncio.Event, submit: Callable[[], asyncio.Future[UnitRows]]) -> UnitRows:
        await may_go_on.wait()
        return await submit()

    def _noting(self, kind: str, make: Any) -> Any:
        def made(delivery: Delivery, **options: Any) -> Statement:
            statement: Statement = make(delivery, **options)
            self._kept.append(statement)  # so that no other gets its id
            self._names[id(statement)] = (kind, words(delivery))
            return statement

        return made


class Held:
    """The call that says this is held when it is made, until it may go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.is_made, self.may_go_on = asyncio.Event(), asyncio.Event()
        make = Calls.make

        async def held(calls: Calls, delivery: Delivery, message_id: int | None = None) -> Any:
            if words(delivery) == name:
                self.is_made.set()
                await self.may_go_on.wait()
            return await make(calls, delivery, message_id)

        monkeypatch.setattr(Calls, "make", held)


class Rights:
    """The rights to send that are held."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.held = 0
        take_now, right_to_send, give_back = Pacing.take_now, Pacing.right_to_send, Pacing.give_back

        async def noted_now(pacing: Pacing, chat_id: int) -> bool:
            may = await take_now(pacing, chat_id)
            self.held += may
            return may

        @asynccontextmanager
        async def noted_later(pacing: Pacing, chat_id: int, rank: Any) -> AsyncIterator[None]:
            async with right_to_send(pacing, chat_id, rank):
                self.held += 1
                yield

        def noted_back(pacing: Pacing) -> None:
            self.held -= 1
            give_back(pacing)

        for name, noted in (("take_now", noted_now), ("right_to_send", noted_later), ("give_back", noted_back)):
            monkeypatch.setattr(Pacing, name, noted)


@asynccontextmanager
async def queueing(house: House, *names: str, **settings: Any) -> AsyncIterator[tuple[Running, Chat]]:
    """A bot that has these calls to make, and their chat."""
    async with house.bot(**{"responder": ECHO, "chat_send_rate_per_second": 100, **settings}) as bot:
        await awake(house)
        _, chat = house.chat()
        await bot.app.sender.commit(*[call(chat, name) for name in names])
        yield bot, chat


@asynccontextmanager
async def under_way(house: House, held: Held, *names: str, **settings: Any) -> AsyncIterator[tuple[Running, Chat]]:
    """The same, when it makes the held one of them; the others wait."""
    async with queueing(house, *names, **settings) as (bot, chat):
        await held.is_made.wait()
        yield bot, chat

"""The server's state: bots, rooms, calls, faults."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..changes import Signal
from ..people import Chat, Json, Person
from ..polls import Votes
from ..replies import Reply
from .bots import Bot
from .calls import Call
from .faults import Fault, Faults
from .limits import Limits
from .log import Log
from .rooms import Room
from .updates import Updates

FIRST_PERSON = 500000001
FIRST_GROUP = -1001500000001
FIRST_BASIC_GROUP = -4001


class State:
    """The state that the people's side (`World`) and the bots' side (`api`) share.

    Update and message ids start at the clock's second, so that a restarted server does not reuse them, as long as
    it made fewer than one a second on average. `bot` is the account which people address.
    """

    def __init__(
        self,
        token: str = "1000000001:TEST-TOKEN",  # noqa: S107 - it opens nothing outside of loopback
        username: str = "polar_test_bot",
        clock: Callable[[], float] = time.time,
        log: str | Path | None = None,
        enforce_limits: bool = False,
    ) -> None:
        self.clock = clock
        self.bots: dict[str, Bot] = {}
        self.people: dict[int, Person] = {}
        self.rooms: dict[int, Room] = {}
        self.calls: list[Call] = []
        self.answers: dict[str, Json] = {}
        self.queries: set[str] = set()
        self.emoji: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.votes: dict[str, Votes] = {}
        self.faults = Faults()
        self.changes = Signal()
        self._sent: list[tuple[int, int]] = []
        self._log = Log(log) if log is not None else None
        self._limits: dict[int, Limits] | None = {} if enforce_limits else None
        self._query_id = self.date() * 1000
        self.bot = self.add_bot(token, username)

    # Time and identities

    def date(self) -> int:
        """The clock's second, at least 1."""
        return max(1, int(self.clock()))

    def add_bot(self, token: str, username: str) -> Bot:
        """Another account, with a queue of its own. Errors: ValueError for a token without an id."""
        number, _, secret = token.partition(":")
        if not number.isdecimal() or not secret:
            raise ValueError("a token looks like 1000000001:SECRET")
        bot = Bot(token, int(number), username, Updates(self.date() + len(self.bots) * 1_000_000))
        self.bots[token] = bot
        return bot

    def room(self, chat: Chat | int) -> Room:
        """The state of a chat. Errors: LookupError."""
        chat_id = chat.id if isinstance(chat, Chat) else chat
        if chat_id not in self.rooms:
            raise LookupError(f"there is no chat {chat_id}")
        return self.rooms[chat_id]

    def add_room(self, chat: Chat) -> Room:
        """A new, empty chat. Errors: ValueError for an id in use."""
        if chat.id in self.rooms:
            raise ValueError(f"chat {chat.id} exists")
        room = self.rooms[chat.id] = Room(chat, self.date())
        return room

    def next_person_id(self) -> int:
        """An id that no person has."""
        return max([FIRST_PERSON - 1, *self.people]) + 1

    def next_group_id(self, basic: bool = False) -> int:
        """An id that no group or channel has."""
        number = FIRST_BASIC_GROUP if basic else FIRST_GROUP
        while number in self.rooms:
            number -= 1
        return number

    def next_query_id(self) -> str:
        """An id for a callback query."""
        self._query_id += 1
        return str(self._query_id)

    # Bots writing

    def post(self, bot: Bot, room: Room, content: Json, thread: int | None, reply_to: int | None) -> Json:
        """Add a message of a bot. Errors: 429 if limits are enforced."""
        if self._limits is not None:
            self._limits.setdefault(bot.id, Limits(self.clock)).spend(room.chat)
        author = {"from": bot.json()} if room.chat.type != "channel" else {"sender_chat": room.chat.json()}
        message = room.add(self.date(), author, content, thread, reply_to)
        room.sent.append(message["message_id"])
        self._sent.append((room.chat.id, message["message_id"]))
        return message

    def sent(self, chat: Chat | int | None = None) -> list[Json]:
        """The messages of bots that exist, as they are now, in order; deleted ones are gone."""
        if chat is not None:
            room = self.room(chat)
            return [room.messages[mid] for mid in room.sent if mid in room.messages]
        messages = (self.rooms[chat_id].messages.get(mid) for chat_id, mid in self._sent)
        return [message for message in messages if message is not None]

    # Updates

    def emit(self, kind: str, payload: Json) -> int | None:
        """Queue an update for the bot addressed, if it wants this kind; returns its id."""
        if not self.bot.updates.wants(kind):
            self.changes.notify()
            return None
        return self.push({kind: payload})

    def push(self, update: Any) -> int:
        """Queue any JSON as it is; an object without an update_id gets the next. Returns the id."""
        update_id = self.bot.updates.append(update)
        if self._log is not None:
            self._log.update(self.clock(), self.bot.id, update_id, update)
        self.changes.notify()
        return update_id

    # Calls

    def record(self, bot: Bot | None, method: str, params: Json, fault: Fault | None) -> Call:
        """List a call that has arrived."""
        kind = fault.kind if fault else None
        call = Call(method, params, self.clock(), 0, None, kind, bot.id if bot else 0)
        self.calls.append(call)
        self.changes.notify()
        return call

    def settle(self, call: Call, reply: Reply, result: Any, logged: bool = True) -> Call:
        """Note how a call went, in the list and in the log."""
        settled = replace(call, status=reply.status, result=result)
        for index in range(len(self.calls) - 1, -1, -1):
            if self.calls[index] is call:
                self.calls[index] = settled
                break
        if logged and self._log is not None and not _is_idle(settled):
            self._log.call(settled)
        self.changes.notify()
        return settled

    # Waiting

    async def wait(self, predicate: Callable[[], object], timeout: float = 60) -> None:
        """Return when the predicate holds, looked at after each change. Errors: TimeoutError with the last calls."""
        deadline = asyncio.get_running_loop().time() + timeout
        while not predicate():
            left = deadline - asyncio.get_running_loop().time()
            waiter = self.changes.waiter()
            done, _ = await asyncio.wait({waiter}, timeout=max(0.0, left))
            waiter.cancel()
            if not done and not predicate():
                raise TimeoutError(self._report(timeout))

    def _report(self, timeout: float) -> str:
        last = "\n  ".join(str(call) for call in self.calls[-8:]) or "none"
        pending = len(self.bot.updates)
        return (
            f"not within {timeout} s; {pending} updates pending, {len(self._sent)} messages sent; last calls:\n  {last}"
        )

    async def close(self) -> None:
        """Stop what runs in the background, and see it end."""
        await asyncio.gather(*(bot.webhook.stop() for bot in self.bots.values() if bot.webhook is not None))


def _is_idle(call: Call) -> bool:
    return call.method == "getUpdates" and not call.result and call.status in (0, 200) and call.fault is None

"""What tests look at: the ledger of reactions, the conversation, the queue, as a second program reads them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from emulator import Chat, Person
from tests.house import House, until

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'polar!_%' ESCAPE '!' ORDER BY name"
MARK = "↻ (sent again, the first try may have arrived)\n"
"""Before a part that may have arrived already."""


@dataclass(frozen=True, slots=True)
class Event:
    """A row of polar_feedback_events."""

    type: str
    session_id: str
    message_id: str | None
    emoji: str | None
    polarity: str
    payload: dict[str, Any]

    @property
    def change(self) -> tuple[str, str | None, str]:
        """What happened, in short."""
        return self.type, self.emoji, self.polarity


def reactions(house: House) -> list[Event]:
    """The reaction events, oldest first."""
    return _events(house, "type LIKE 'reaction%'")


def commands(house: House) -> list[dict[str, Any]]:
    """The payloads of the traces that commands leave, oldest first."""
    return [event.payload for event in _events(house, "type = 'command_executed'")]


def _events(house: House, where: str) -> list[Event]:
    rows = house.rows(
        "SELECT type, sessionId, messageId, emoji, polarity, payload FROM polar_feedback_events "
        f"WHERE {where} ORDER BY rowid"
    )
    return [
        Event(kind, session, message, emoji, said, json.loads(body))
        for kind, session, message, emoji, said, body in rows
    ]


async def awake(house: House) -> None:
    """Wait until Telegram queues reactions for the bot, which it does once the bot has asked for them."""
    await house.world.wait(lambda: "message_reaction" in house.world.bot.updates.allowed)


async def idle(house: House, *, updates: int | None = None) -> None:
    """Wait until nothing waits in the journal or in the queue, and, if told, until so many updates are there."""
    await house.world.wait(lambda: house.world.updates_pending() == 0)
    open_rows = (
        "SELECT (SELECT count(*) FROM polar_updates WHERE status = 'pending') + "
        "(SELECT count(*) FROM polar_delivery_queue WHERE status IN ('pending', 'sending'))"
    )

    def is_idle() -> bool:
        known = house.rows("SELECT count(*) FROM polar_updates")[0][0]
        return house.rows(open_rows) == [(0,)] and (updates is None or known == updates)

    await until(is_idle)


async def tell(house: House, chat: Chat, person: Person, text: str, **place: Any) -> list[str]:
    """Say something and wait until it is handled; the texts and captions that were sent to this chat meanwhile."""
    before = len(house.world.sent(chat))
    house.world.say(chat, person, text, **place)
    await idle(house)
    return [message.get("text") or message["caption"] for message in house.world.sent(chat)[before:]]


def texts(house: House, chat: Chat) -> list[str]:
    """What arrived in a chat, in order."""
    return [message["text"] for message in house.world.sent(chat)]


def mentions(house: House, word: str) -> set[str]:
    """The tables in which a word stands in any column, as text or as bytes."""
    return {
        table
        for (table,) in house.rows(_TABLES)
        for row in house.rows(f"SELECT * FROM {table}")
        for value in row
        if word in (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
    }


def files_with(house: House, word: str) -> list[str]:
    """The database's files, by their endings, in which a word stands, where nothing points to it as well."""
    names = {ending: house.path.with_name(house.path.name + ending) for ending in ("", "-wal", "-journal")}
    return [ending for ending, path in names.items() if path.exists() and word.encode() in path.read_bytes()]


def queue(house: House) -> list[tuple[Any, ...]]:
    """Status, count of unclear tries and reason of each delivery, in order."""
    return house.rows("SELECT status, ambiguous, reason FROM polar_delivery_queue ORDER BY sequence")

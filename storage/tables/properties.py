"""`polar_properties`: single facts about this database."""

from __future__ import annotations

from storage.readers import Readers
from storage.statement import Statement

BOT_ID = "bot_id"
LAST_POLL_MS = "last_poll_ms"
"""When Telegram last answered a poll, or called the webhook; up to half a minute old."""

LAST_CONFLICT_MS = "last_conflict_ms"
"""When Telegram last refused a poll because somebody else polls with the same token; up to half a minute old."""

TELEGRAM_MS = "telegram_ms"
"""The newest date that Telegram gave an update; up to an hour old."""
PRUNED = "pruned"
"""Where each walk of storage/pruning.py goes on."""
KEPT_MESSAGES_DAYS = "kept_messages_days"
"""The term of messages when some were last let go; not there as long as all are."""

START = "start"
"""The number of the last start: how often a bot has started on this database."""
BEAT_MS = "beat_ms"
"""When that bot last said that it is alive."""
ENDED_START = "ended_start"
"""The number of the last start that ended as it was asked to."""

ERASURES = "erasures"
"""The times that somebody's data was erased."""
ERASURES_OFF_DISK = "erasures_off_disk"
"""Of how many of those nothing is left in the log, nor in the index of words."""

REACTION_WANTED = "reaction_wanted:"


def refused_by(address: str, model: str) -> str:
    """The name of what a model's endpoint refused: JSON, when each part of a request was."""
    return f"refused_by:{address}:{model}"


def bot_turns(session_id: str) -> str:
    """How many turns of other bots in a row were answered in a chat, and in which message the last one was."""
    return f"bot_turns:{session_id}"


def reaction_wanted(session_id: str) -> str:
    """The delivery of the last message in a chat that asks for a reaction to it, and when that was asked."""
    return f"{REACTION_WANTED}{session_id}"


class Properties:
    """Named values, each a string."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def set(name: str, value: str) -> Statement:
        """Store a value, in place of the former one."""
        return Statement(
            "INSERT INTO polar_properties VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    @staticmethod
    def raise_to(name: str, number: int) -> Statement:
        """Store a number, unless a higher one is there."""
        return Statement(
            "INSERT INTO polar_properties VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value "
            "WHERE CAST(polar_properties.value AS INTEGER) < CAST(excluded.value AS INTEGER)",
            (name, str(number)),
        )

    @staticmethod
    def count_up(name: str) -> Statement:
        """Store one more than the number that is there, 1 where there is none; its row is the new value."""
        return Statement(
            "INSERT INTO polar_properties VALUES (?, '1') ON CONFLICT (name) "
            "DO UPDATE SET value = CAST(CAST(polar_properties.value AS INTEGER) + 1 AS TEXT) RETURNING value",
            (name,),
        )

    @staticmethod
    def copy(name: str, source: str) -> Statement:
        """Store the value of another name, where that one has one."""
        return Statement(
            "INSERT INTO polar_properties (name, value) SELECT ?, value FROM polar_properties WHERE name = ? "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, source),
        )

    async def find(self, name: str) -> str | None:
        """The value, or None."""
        row = await self._readers.look_up_one("SELECT value FROM polar_properties WHERE name = ?", (name,))
        return row[0] if row else None

    async def list_named(self, beginning: str) -> dict[str, str]:
        """Those whose names begin so, by what follows."""
        rows = await self._readers.look_up(
            "SELECT name, value FROM polar_properties WHERE name >= ? AND name < ?",
            (beginning, f"{beginning}\U0010ffff"),
        )
        return {row[0].removeprefix(beginning): row[1] for row in rows}

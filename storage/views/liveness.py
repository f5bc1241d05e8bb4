"""The liveness of a bot, as another process can tell."""

from __future__ import annotations

from dataclasses import dataclass

from storage.readers import Readers
from storage.tables.properties import BEAT_MS, BOT_ID, ENDED_START, LAST_CONFLICT_MS, LAST_POLL_MS, START

ALIVE_MS = 60_000
"""The age that the last beat of a bot that is alive may have; it beats four times as often."""
_SIGNS = "SELECT name, value FROM polar_properties WHERE name IN (?, ?, ?, ?, ?, ?)"
_NAMES = (START, ENDED_START, BEAT_MS, LAST_POLL_MS, LAST_CONFLICT_MS, BOT_ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSigns:
    """What the last bot on this database left: instants are milliseconds since the epoch, None where there was none.

    `should_live` says that it has started and has not ended as it was asked to.
    """

    has_started: bool = False
    should_live: bool = False
    beat_ms: int | None = None
    poll_ms: int | None = None
    conflict_ms: int | None = None
    bot_id: str | None = None

    def silent_ms(self, now_ms: int) -> int | None:
        """For how long a bot that should be alive has been silent; None when it is alive, or need not be."""
        if not self.should_live or self.beat_ms is None:
            return None
        age_ms = now_ms - self.beat_ms
        return age_ms if age_ms > ALIVE_MS else None

    def is_alive(self, now_ms: int) -> bool:
        """True if a bot runs, as far as can be told."""
        return self.should_live and self.silent_ms(now_ms) is None


async def last_signs(readers: Readers) -> LastSigns:
    """All of them."""
    kept: dict[str, str] = dict(map(tuple, await readers.fetch(_SIGNS, _NAMES)))

    def instant(name: str) -> int | None:
        return int(kept[name]) if name in kept else None

    return LastSigns(
        has_started=START in kept,
        should_live=START in kept and kept[START] != kept.get(ENDED_START),
        beat_ms=instant(BEAT_MS),
        poll_ms=instant(LAST_POLL_MS),
        conflict_ms=instant(LAST_CONFLICT_MS),
        bot_id=kept.get(BOT_ID),
    )


async def silent_ms(readers: Readers, *, now_ms: int) -> int | None:
    """For how long a bot that should be alive has been silent; None when it is alive, has ended, or never started."""
    return (await last_signs(readers)).silent_ms(now_ms)

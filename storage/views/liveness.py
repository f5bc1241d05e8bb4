"""The liveness of a bot, as another process can tell."""

from __future__ import annotations

from storage.readers import Readers
from storage.tables.properties import BEAT_MS, ENDED_START, START

ALIVE_MS = 60_000
"""The age that the last beat of a bot that is alive may have; it beats four times as often."""


async def silent_ms(readers: Readers, *, now_ms: int) -> int | None:
    """For how long a bot that should be alive has been silent; None when it is alive, has ended, or never started."""
    rows = await readers.fetch(
        "SELECT name, value FROM polar_properties WHERE name IN (?, ?, ?)", (START, BEAT_MS, ENDED_START)
    )
    properties: dict[str, str] = dict(map(tuple, rows))
    if START not in properties or properties[START] == properties.get(ENDED_START):
        return None
    age_ms = now_ms - int(properties[BEAT_MS])
    return age_ms if age_ms > ALIVE_MS else None

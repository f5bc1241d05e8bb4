"""`polar_stop_marks`: turns whose answer somebody ended, kept until the turn is."""

from __future__ import annotations

from storage.readers import Readers
from storage.statement import Statement


class StopMarks:
    """Written before an answer is ended, so that a crash does not begin it anew."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def add(turn_id: str, *, now_ms: int) -> Statement:
        """Mark a turn; one that is marked stays so."""
        return Statement(
            "INSERT INTO polar_stop_marks VALUES (?, ?) ON CONFLICT (turnId) DO NOTHING", (turn_id, now_ms)
        )

    @staticmethod
    def remove(turn_id: str) -> Statement:
        """Forget the mark, as its turn ends."""
        return Statement("DELETE FROM polar_stop_marks WHERE turnId = ?", (turn_id,))

    async def has(self, turn_id: str) -> bool:
        """True if a turn is marked."""
        row = await self._readers.look_up_one("SELECT 1 FROM polar_stop_marks WHERE turnId = ?", (turn_id,))
        return row is not None

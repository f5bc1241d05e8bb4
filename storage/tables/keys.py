"""`polar_keys`: secrets of this database, made with it, that never change."""

from __future__ import annotations

from storage.readers import Readers

PERSONALITY = "personality"
"""Of the fingerprints by which an answer tells with which personality's text it was given."""
FILES = "files"
"""Of the ids by which files tell people, conversations and answers apart."""


class Keys:
    """The keys, by their purpose."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def find(self, purpose: str) -> str | None:
        """The key, or None where somebody has removed it."""
        row = await self._readers.look_up_one("SELECT key FROM polar_keys WHERE purpose = ?", (purpose,))
        return row[0] if row else None

"""The ids in files: by a key, so that the same thing has the same id, and nobody without the key knows whose it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from storage.origin import fingerprint

KEPT = 10_000
"""Ids that are not worked out again."""
DAY_MS = 86_400_000


@dataclass(frozen=True)
class Pseudonyms:
    """Names for one file, or for all files of a database.

    A fresh key is thrown away with the run: then nothing in the file is to lead to another one, so instants are days.
    """

    key: str
    is_fresh: bool = False

    @cached_property
    def _known(self) -> Callable[[str], str]:
        return lru_cache(KEPT)(lambda name: fingerprint(self.key, name))

    def of(self, kind: str, name: str) -> str:
        """The id of a person, a conversation, or whatever else; '' has none."""
        return self._known(f"{kind} {name}") if name else ""

    def at(self, ms: int) -> int:
        """An instant as the file tells it."""
        return ms // DAY_MS * DAY_MS if self.is_fresh else ms

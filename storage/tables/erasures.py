"""`polar_erasures`: whose data was erased, when, and up to which update. No other personal data than the id."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storage.errors import ErasuresUnreadable
from storage.json_text import read_object
from storage.readers import Readers
from storage.sequences import highest
from storage.statement import Statement

# Up to which update it reaches: what is in hand goes by that (storage/tables/message_parts.py). A later erasure has a
# later time, whatever the clock says.
_ENTER = f"""
INSERT INTO polar_erasures (userId, sequence, erasedAtMs)
VALUES (:user, coalesce((SELECT sequence FROM polar_updates WHERE updateId = :asked), {highest("polar_updates")}), :at)
ON CONFLICT (userId) DO UPDATE
SET sequence = excluded.sequence, erasedAtMs = max(excluded.erasedAtMs, polar_erasures.erasedAtMs + 1)
"""
_LIST = "SELECT userId, erasedAtMs FROM polar_erasures ORDER BY userId"
_FIRST_MS = 1_000_000_000_000
"""No erasure was before this, in the year 2001; what is less is a sequence, in place of a time that was not kept."""


@dataclass(frozen=True, slots=True, order=True)
class Erased:
    """A person whose data was erased, and when that was done last. Of one person a later one is the greater."""

    user_id: str
    at_ms: int

    @property
    def has_time(self) -> bool:
        """False where it was done before times were kept."""
        return self.at_ms >= _FIRST_MS


class Erasures:
    """A row a person; those of a lost database are what a copy of it is put back with."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def enter(user_id: str, *, asked_by: int | None, at_ms: int) -> Statement:
        """Goes with the statements that erase; `asked_by` is the update that asks for it."""
        return Statement(_ENTER, {"user": user_id, "asked": asked_by, "at": at_ms})

    async def list_all(self) -> list[Erased]:
        """All of them, by id."""
        return [Erased(row[0], row[1]) for row in await self._readers.fetch(_LIST)]

    async def instants(self) -> dict[str, int]:
        """When each of them was erased last, by id."""
        return {each.user_id: each.at_ms for each in await self.list_all()}


def write_list(erased: Iterable[Erased]) -> str:
    """The list as a file of JSON."""
    return json.dumps({"erasures": [{"userId": each.user_id, "erasedAtMs": each.at_ms} for each in erased]})


def read_list(text: str) -> list[Erased]:
    """A list as `write_list` writes it; raises ErasuresUnreadable for what is none."""
    try:
        found = (read_object(text) or {})["erasures"]
        return [Erased(str(int(entry["userId"])), int(entry["erasedAtMs"])) for entry in found]
    except (ValueError, TypeError, KeyError) as error:
        raise ErasuresUnreadable from error


def since(copy: Sequence[Erased], erased: Sequence[Erased]) -> list[Erased]:
    """Of these erasures those that a copy does not know of; of a person the last one."""
    known: Mapping[str, int] = {each.user_id: each.at_ms for each in copy}
    last = {each.user_id: each for each in sorted(erased)}
    return [each for each in last.values() if known.get(each.user_id, -1) < each.at_ms]

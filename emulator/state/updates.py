"""The queue of one bot's updates, with the rules by which getUpdates confirms them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..changes import Signal

NOT_BY_DEFAULT = frozenset({"message_reaction", "message_reaction_count", "chat_member"})
# Further than this past the last id, the server ignores an offset.
FAR = 10


@dataclass(slots=True)
class Entry:
    """An update that waits: its id, its JSON, and whether its id was confirmed before it came."""

    update_id: int
    body: bytes
    stale: bool
    served: bool = False


class Updates:
    """Updates in order of arrival, until a later offset confirms them."""

    def __init__(self, first_id: int) -> None:
        self._entries: deque[Entry] = deque()
        self._next_id = first_id
        self._confirmed_below = 0
        self._allowed: frozenset[str] | None = None
        self.signal = Signal()
        self.session = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def next_id(self) -> int:
        """The id of the next update; setting it restarts the sequence."""
        return self._next_id

    @next_id.setter
    def next_id(self, update_id: int) -> None:
        self._next_id = update_id
        self._confirmed_below = 0

    @property
    def allowed(self) -> list[str]:
        """The kinds asked for, sorted; empty is the default set."""
        return sorted(self._allowed or ())

    def allow(self, kinds: Iterable[str]) -> None:
        """Remember which kinds are queued from now on; none at all is the default set."""
        self._allowed = frozenset(kinds) or None

    def wants(self, kind: str) -> bool:
        """True if an update of this kind is queued."""
        return kind not in NOT_BY_DEFAULT if self._allowed is None else kind in self._allowed

    def append(self, update: Any) -> int:
        """Queue any JSON; an object without an update_id gets the next one. Returns the id it has in the queue."""
        if isinstance(update, dict) and "update_id" not in update:
            update = {"update_id": self._next_id, **update}
        update_id = self._id_of(update)
        stale = update_id < self._confirmed_below
        self._entries.append(Entry(update_id, json.dumps(update).encode(), stale))
        self._next_id = max(self._next_id, update_id + 1)
        self.signal.notify()
        return update_id

    def _id_of(self, update: Any) -> int:
        claimed = update.get("update_id") if isinstance(update, dict) else None
        return claimed if type(claimed) is int else self._next_id

    def confirm(self, offset: int) -> None:
        """Forget what the offset confirms; a negative one keeps the last -offset updates.

        An offset more than 10 past the last id, or 0, confirms nothing: the server then answers from the head.
        """
        if offset < 0:
            while len(self._entries) > -offset:
                self._entries.popleft()
        elif offset <= self._next_id - 1 + FAR:
            self._confirmed_below = max(self._confirmed_below, offset)
            while self._entries and self._is_confirmed(self._entries[0], offset):
                self._entries.popleft()

    @staticmethod
    def _is_confirmed(entry: Entry, offset: int) -> bool:
        # An id that had been confirmed before it was queued can only be injected: it is delivered once.
        return entry.update_id < offset and (entry.served or not entry.stale)

    def head(self, limit: int) -> list[Entry]:
        """The first `limit` updates, which stay in the queue."""
        entries = list(islice(self._entries, limit))
        for entry in entries:
            entry.served = True
        return entries

    def drop(self) -> None:
        """Forget all that waits."""
        self._entries.clear()

    def pop(self, entry: Entry) -> None:
        """Forget one update that a webhook has taken."""
        if self._entries and self._entries[0] is entry:
            self._entries.popleft()

    def begin(self) -> int:
        """Open a polling session, which ends one that waits."""
        self.session += 1
        self.signal.notify()
        return self.session

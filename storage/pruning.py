"""Pruning: tables are walked in their own order, in slices, and what has outlived its term goes.

It is like storage/erasure.py neither a table nor a view: one file, so that who asks what goes when reads one list.
What is not in the list stays for ever; docs/how-to/decide-how-long-things-are-kept.md says why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.json_text import read_object
from storage.readers import Readers
from storage.statement import Statement
from storage.tables.properties import KEPT_MESSAGES_DAYS, PRUNED, TELEGRAM_MS, Properties
from storage.terms import Terms

ROWS = 500
"""The rows of a table that one look visits."""
NEWEST_UPDATES = 10_000
"""The newest updates stay however old they are: by them what Telegram sends again is told."""
PAGES = 256
"""The unused pages that are given back at once; each may move another one."""
FIRST = -(2**63)
"""Where every walk begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One way through a table. All but `table` and `terms` is SQL; `:updates` and the like are what Terms.ends gives.

    `entered` is when a row came in, in the order of which they are walked: behind a slice of such as are too young for
    the shortest of the terms nobody looks. `gone` is what goes. With `keeps` a row stays, and only loses this. `key` is
    the number that a row is found by at once.
    """

    table: str
    terms: tuple[str, ...]
    entered: str
    gone: str
    key: str = "rowid"
    order: str = "rowid"
    among: str = "1 = 1"
    keeps: str = ""

    @property
    def name(self) -> str:
        """The table, and what of it."""
        return f"{self.table} (texts)" if self.keeps else self.table


# A message is older than a term when its last edit is. It stays as long as something needs it: a former text of its
# own, by which erasure finds that; a call that is not made yet, or may be retried; a turn that is under way.
_OLD_MESSAGE = """
max(createdAtMs, coalesce(editedAtMs, 0)) <= :messages
AND NOT EXISTS (
  SELECT 1 FROM polar_message_revisions AS revision INDEXED BY polar_message_revisions_message
  WHERE revision.sessionId = polar_messages.sessionId
    AND revision.telegramMessageId = polar_messages.telegramMessageId)
AND NOT EXISTS (
  SELECT 1 FROM polar_message_revisions AS former INDEXED BY polar_message_revisions_delivery
  WHERE former.deliveryId = polar_messages.deliveryId AND former.deliveryId IS NOT NULL)
AND NOT EXISTS (
  SELECT 1 FROM polar_delivery_queue AS delivery
  WHERE delivery.deliveryId = polar_messages.deliveryId AND delivery.status <> 'sent')
AND NOT EXISTS (
  SELECT 1 FROM polar_updates AS source INDEXED BY polar_updates_message
  WHERE source.status = 'pending' AND source.telegramMessageId IS NOT NULL
    AND source.sessionId = polar_messages.sessionId AND source.telegramMessageId = polar_messages.telegramMessageId)
"""
_REACTED_TO = """
EXISTS (
  SELECT 1 FROM polar_feedback_events AS event INDEXED BY polar_feedback_message
  WHERE event.sessionId = polar_messages.sessionId AND event.messageId = polar_messages.messageId
    AND event.type <> 'command_executed')
"""
# Parts are let go when their message is, and stay with one that was edited since.
_OF_YOUNGER = """
EXISTS (
  SELECT 1 FROM polar_messages AS message
  WHERE message.sessionId = polar_message_parts.sessionId
    AND message.telegramMessageId = polar_message_parts.telegramMessageId
    AND (message.createdAtMs > :messages OR coalesce(message.editedAtMs, 0) > :messages))
"""
# What holds a row of another table comes behind it, so that a preview tells what one whole run then does.
WALKS = (
    Walk(
        table="polar_messages",
        terms=("messages",),
        key="sequence",
        order="sequence",
        entered="createdAtMs",
        gone=f"{_OLD_MESSAGE} AND NOT {_REACTED_TO}",
    ),
    # What somebody has reacted to stays without its text: whoever takes that back takes it from the same message.
    Walk(
        table="polar_messages",
        terms=("messages",),
        key="sequence",
        order="sequence",
        entered="createdAtMs",
        gone=f"(text <> '' OR attachment IS NOT NULL) AND {_OLD_MESSAGE} AND {_REACTED_TO}",
        keeps="text = '', attachment = NULL",
    ),
    Walk(
        table="polar_message_parts",
        terms=("messages",),
        key="sequence",
        order="sequence",
        entered="createdAtMs",
        gone=f"createdAtMs <= :messages AND NOT {_OF_YOUNGER}",
    ),
    Walk(
        table="polar_message_revisions",
        terms=("messages",),
        key="sequence",
        order="sequence",
        entered="revisedAtMs",
        gone="revisedAtMs <= :messages",
    ),
    Walk(
        table="polar_updates",
        terms=("updates", "dead"),
        key="updateId",
        order="sequence",
        entered="receivedAtMs",
        gone="sequence <= :spared "
        "AND (status = 'done' AND finishedAtMs <= :updates OR status = 'dead' AND finishedAtMs <= :dead)",
    ),
    Walk(
        table="polar_audit",
        terms=("audit",),
        key="sequence",
        order="sequence",
        entered="createdAtMs",
        gone="createdAtMs <= :audit",
    ),
    Walk(
        table="polar_delivery_queue",
        terms=("deliveries", "dead"),
        order="sequence",
        entered="createdAtMs",
        gone="status = 'sent' AND updatedAtMs <= :deliveries OR status = 'failed' AND updatedAtMs <= :dead",
    ),
    Walk(
        table="polar_scheduler_run_log",
        terms=("run_log",),
        entered="startedAtMs",
        gone="coalesce(status, '') <> 'running' AND coalesce(completedAtMs, startedAtMs) <= :run_log",
    ),
    # The sequence of what we set aside is when that was; the earlier runtime counted there.
    Walk(
        table="polar_scheduler_events",
        terms=("dead",),
        order="sequence",
        among="queue = 'dead_letter'",
        entered="max(sequence, createdAtMs)",
        gone="max(sequence, createdAtMs) <= :dead",
    ),
    # Of answers that were stopped and then set aside; all others go with their turn.
    Walk(table="polar_stop_marks", terms=("dead",), entered="createdAtMs", gone="createdAtMs <= :dead"),
    # Also those that nobody has decided: an offer that lies there for so long has lapsed.
    Walk(
        table="polar_proposals",
        terms=("proposals",),
        entered="createdAtMs",
        gone="coalesce(decidedAtMs, createdAtMs) <= :proposals",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The result of one look at a table: the rows that go, and where the next look begins, None at the end."""

    walk: Walk
    rows: Sequence[int]
    next: int | None
    ends: Mapping[str, int]

    @property
    def drop(self) -> Statement:
        """Let them go; those that were changed since stay. Gives back a row for each that went."""
        walk = self.walk
        # Else SQLite may prefer the index of all that have this status.
        table = f"{walk.table} NOT INDEXED"
        act = f"UPDATE {table} SET {walk.keeps}" if walk.keeps else f"DELETE FROM {table}"
        return Statement(
            f"{act} WHERE {walk.key} IN (SELECT CAST(value AS INTEGER) FROM json_each(:rows)) "
            f"AND {walk.among} AND ({walk.gone}) RETURNING {walk.key}",
            {**self.ends, "rows": json.dumps(self.rows)},
        )


class Pruning:
    """The walks over what has outlived its term, in slices of at most ROWS rows."""

    def __init__(self, readers: Readers, terms: Terms) -> None:
        self._readers = readers
        self._terms = terms
        self.walks = tuple(walk for walk in WALKS if any(getattr(terms, kind) for kind in walk.terms))
        """Those through tables that have a term."""

    async def now_ms(self, clock_ms: int) -> int | None:
        """By what age is judged: the earlier of our clock and the newest date that Telegram gave; None before one."""
        stored = await self._number(TELEGRAM_MS)
        return None if stored is None else min(stored, clock_ms)

    async def look(self, walk: Walk, *, after: int, now_ms: int) -> Slice:
        """The slice of a table behind a place of its order, as it is at an instant."""
        ends = self._terms.ends(now_ms)
        if ":spared" in walk.gone:
            ends["spared"] = await self._spared()
        rows = await self._readers.fetch(look_sql(walk), {**ends, "after": after, "limit": ROWS})
        youngest_ms = max(ends[kind] for kind in walk.terms)
        # One that is dated later than now was dated by a clock that was ahead: nothing follows from it.
        has_old = any(not youngest_ms < row["enteredMs"] <= now_ms for row in rows)
        return Slice(
            walk=walk,
            rows=[row["id"] for row in rows if row["isGone"]],
            next=rows[-1]["place"] if has_old and len(rows) == ROWS else None,
            ends=ends,
        )

    def drop(self, piece: Slice) -> tuple[Statement, ...]:
        """Let it go, if it is anything; where it is messages, pages say from then on that there are no older ones."""
        if not piece.rows:
            return ()
        if piece.walk.table != "polar_messages":
            return (piece.drop,)
        return piece.drop, Properties.set(KEPT_MESSAGES_DAYS, str(self._terms.messages))

    @staticmethod
    def remember(places: Mapping[str, int]) -> Statement:
        """Note where each walk goes on, by its name."""
        return Properties.set(PRUNED, json.dumps(places))

    async def places(self) -> dict[str, int]:
        """The places that were remembered last."""
        row = await self._readers.fetch_one("SELECT value FROM polar_properties WHERE name = ?", (PRUNED,))
        places = (read_object(row[0]) if row else None) or {}
        return {name: place for name, place in places.items() if type(place) is int and abs(place) < -FIRST}

    async def surplus_pages(self) -> int:
        """The unused pages that the file can give back; none where its auto_vacuum is off, as they are used again."""
        return (await self._readers.room()).surplus_pages

    async def _spared(self) -> int:
        """The last sequence that is not one of the newest updates."""
        row = await self._readers.fetch_one(
            "SELECT sequence FROM polar_updates ORDER BY sequence DESC LIMIT 1 OFFSET ?", (NEWEST_UPDATES,)
        )
        return FIRST if row is None else int(row[0])

    async def _number(self, name: str) -> int | None:
        value = await Properties(self._readers).find(name)
        return int(value) if value is not None and value.isdecimal() and len(value) < 19 else None


def look_sql(walk: Walk) -> str:
    """The query of one look."""
    return (
        f"SELECT {walk.key} AS id, {walk.order} AS place, {walk.entered} AS enteredMs, ({walk.gone}) AS isGone "
        f"FROM {walk.table} WHERE {walk.among} AND {walk.order} > :after ORDER BY {walk.order} LIMIT :limit"
    )


def give_back(pages: int) -> tuple[Statement, ...]:
    """Cut so many unused pages off the file, but no more than PAGES."""
    # Python's sqlite3 makes one step of it, whatever number stands there.
    return (Statement("PRAGMA incremental_vacuum(1)"),) * min(pages, PAGES)

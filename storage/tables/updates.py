"""`polar_updates`: the journal of received updates, and what became of each."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from msgspec import Struct

from storage.ids import LANES_OF, Side, message_key
from storage.readers import Readers
from storage.sequences import following, highest
from storage.statement import Bulk, Order, Row, Rows, Statement, Value

# Telegram redelivers for 24 hours and may start its ids again anywhere after a week of silence. So an update_id that is
# known keeps its row, unless that row is finished and has another mark; where one has none, they are the same.
_NEXT = following("polar_updates")
_INSERT = """
INSERT INTO polar_updates
  (updateId, sequence, status, kind, lane, sessionId, telegramMessageId, body, mark, receivedAtMs)
"""
_UNLESS_KNOWN = """
ON CONFLICT (updateId) DO UPDATE SET
  sequence = excluded.sequence, status = 'pending', kind = excluded.kind, lane = excluded.lane,
  sessionId = excluded.sessionId, telegramMessageId = excluded.telegramMessageId, body = excluded.body,
  mark = excluded.mark, attempts = 0, retries = 0, reason = NULL, traceback = NULL,
  receivedAtMs = excluded.receivedAtMs, finishedAtMs = NULL
WHERE polar_updates.status <> 'pending' AND polar_updates.mark <> excluded.mark
"""
_TELL = "RETURNING updateId, mark, sequence"
_ADD = f"{_INSERT} VALUES (?, {_NEXT}, 'pending', ?, ?, ?, ?, ?, ?, ?) {_UNLESS_KNOWN}"
# What is known already takes no sequence, so it is left out before they are counted: each is looked up by itself, as a
# join might hand them over in another order.
_ADD_SOME = f"""{_INSERT}
SELECT column1, {highest("polar_updates")} + row_number() OVER (), 'pending',
  column2, column3, column4, CAST(column5 AS INTEGER), column6, column7, column8
FROM (VALUES {{rows}}) AS new WHERE (
  SELECT 1 FROM polar_updates AS known WHERE known.updateId = new.column1
    AND (known.status = 'pending' OR known.mark IS NULL OR new.column7 IS NULL OR known.mark = new.column7)
) IS NULL
{_UNLESS_KNOWN}"""
_AT_ONCE = {n: _ADD_SOME.format(rows=", ".join(["(?, ?, ?, ?, ?, ?, ?, ?)"] * n)) for n in (100, 32, 8, 2)} | {1: _ADD}
"""By the number of updates that it journals, the most first: few texts, so that SQLite reads none of them twice.

A hundred are as many as Telegram gives at once.
"""
_LAST = Statement(f"SELECT {highest('polar_updates')}")
_HOLD = "SELECT 1 FROM polar_updates WHERE updateId = ? AND sequence = ? AND status = 'pending'"
_FINISH = Bulk.update(
    "UPDATE polar_updates SET status = 'done', body = NULL, finishedAtMs = ? "
    "WHERE updateId = ? AND sequence = ? AND status = 'pending'",
    order=Order.SOURCE,
)
_SET_ASIDE = """
UPDATE polar_updates SET status = 'dead', attempts = ?, reason = ?, traceback = ?, finishedAtMs = ?
WHERE updateId = ? AND sequence = ? AND status = 'pending'
"""
_CLAIM = """
UPDATE polar_updates SET attempts = attempts + 1
WHERE updateId = ? AND sequence = ? AND status = 'pending' RETURNING attempts
"""
_FAIL = "UPDATE polar_updates SET attempts = ? WHERE updateId = ? AND sequence = ? AND status = 'pending'"
_RETRY = f"""
UPDATE polar_updates
SET status = 'pending', sequence = {_NEXT}, attempts = 0, retries = retries + 1, reason = NULL, traceback = NULL,
  finishedAtMs = NULL
WHERE updateId = ? AND sequence = ? AND status = 'dead' AND body IS NOT NULL
"""
_COLUMNS = "updateId, sequence, kind, lane, sessionId, telegramMessageId, body, attempts, retries, receivedAtMs"
_BODILESS = _COLUMNS.replace("body", "NULL AS body")
_OF_LANE = (
    f"SELECT {_COLUMNS} FROM polar_updates "
    "WHERE status = 'pending' AND lane = ? AND sequence > ? ORDER BY sequence LIMIT ?"
)
# A row without an update tells up to where was looked, also where nothing is found there.
_OF_SIDE = """
SELECT NULL, {highest}, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
UNION ALL
SELECT * FROM (
  SELECT {columns} FROM polar_updates
  WHERE sequence > ? AND status = 'pending' AND lane {like} ORDER BY sequence LIMIT ?
) AS found
"""
_OF_LANES = f"""
SELECT {_COLUMNS} FROM json_each(?) AS found JOIN polar_updates ON sequence = (
  SELECT min(sequence) FROM polar_updates
  WHERE status = 'pending' AND lane = found.key AND sequence > CAST(found.value AS INTEGER)
)
"""
_LISTINGS: dict[tuple[Side, bool], str] = {
    (side, is_whole): _OF_SIDE.format(highest=highest("polar_updates"), columns=columns, like=like)
    for side, like in LANES_OF.items()
    for is_whole, columns in ((True, _COLUMNS), (False, _BODILESS))
}


class Received(Struct, frozen=True, kw_only=True, gc=False):
    """An update as it arrived, ready for the journal. `lane` orders it; `body` is its raw JSON.

    `date` is what Telegram says of when it happened, in seconds; `mark` tells it from another one with the same id,
    and None is the mark of none. `opened` is what was read in the body, and is only known in this process.
    """

    update_id: int
    kind: str
    lane: str
    session_id: str | None
    telegram_message_id: int | None
    body: bytes
    date: int | None = None
    mark: str | None = None
    opened: object = None


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """An unfinished update of the journal.

    `attempts` counts the tries that were recorded before, `retries` how often it was set aside and taken up again.
    `opened` is what was read in the body of one that has just come in; None where it has to be read.
    """

    update_id: int
    sequence: int
    kind: str
    lane: str
    session_id: str | None
    telegram_message_id: int | None
    body: bytes
    attempts: int
    retries: int = 0
    received_at_ms: int
    opened: object = None

    @property
    def about(self) -> Hashable | None:
        """The message that it brought, or is about; None where there is none."""
        if self.session_id is None or self.telegram_message_id is None:
            return None
        return message_key(self.session_id, self.telegram_message_id)

    @classmethod
    def from_row(cls, row: Row) -> Entry:
        """From a row of _COLUMNS."""
        return cls(
            update_id=row[0],
            sequence=row[1],
            kind=row[2],
            lane=row[3],
            session_id=row[4],
            telegram_message_id=row[5],
            body=row[6] or b"",
            attempts=row[7],
            retries=row[8],
            received_at_ms=row[9],
        )


class Updates:
    """The journal. Order is `sequence`, the order of arrival."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def last_sequence(self) -> int:
        """The highest sequence ever given, 0 in a new database."""
        row = await self._readers.look_up_one(f"SELECT {highest('polar_updates')}")
        return int(row[0]) if row else 0

    @staticmethod
    def add(*received: Received, now_ms: int) -> Statement:
        """Journal updates behind all that ever were; one that is known already changes nothing.

        So many as _AT_ONCE has a statement for. Gives back which of them were added, for `kept`.
        """
        return Statement(f"{_AT_ONCE[len(received)]} {_TELL}", _rows(received, now_ms))

    @staticmethod
    def claim(entry: Entry) -> Statement:
        """Count one more try before it is made; gives the count back."""
        return Statement(_CLAIM, (entry.update_id, entry.sequence), expect=1)

    @staticmethod
    def hold(update_id: int, sequence: int) -> Statement:
        """Changes nothing; voids its unit when the update is not pending any more, as after an erasure."""
        return Statement(_HOLD, (update_id, sequence), expect=1)

    @staticmethod
    def finish(update_id: int, sequence: int, *, now_ms: int, about: Hashable | None = None) -> Statement:
        """From `pending` to `done`, the raw body cleared; voids its unit when it is not pending.

        `about` is the message that it brought, as `Entry.about` has it: who asks whether that is pending minds it.
        """
        return _FINISH.of(now_ms, update_id, sequence, about=about, expect=1)

    @staticmethod
    def fail(update_id: int, sequence: int, *, attempt: int) -> Statement:
        """Record that try number `attempt` failed; the update stays pending."""
        return Statement(_FAIL, (attempt, update_id, sequence), expect=1)

    @staticmethod
    def set_aside(
        update_id: int, sequence: int, *, attempt: int, reason: str, now_ms: int, traceback: str | None = None
    ) -> Statement:
        """From `pending` to `dead` with the reason; the body is kept for whoever looks into it."""
        return Statement(_SET_ASIDE, (attempt, reason, traceback, now_ms, update_id, sequence), expect=1)

    @staticmethod
    def retry(update_id: int, sequence: int) -> Statement:
        """From `dead` back to `pending`, as the last of its lane and tried never; not what was erased."""
        return Statement(_RETRY, (update_id, sequence), expect=1)

    async def first_pending(self) -> int | None:
        """The sequence of the oldest unfinished update."""
        row = await self._readers.fetch_one(
            "SELECT min(sequence) FROM polar_updates INDEXED BY polar_updates_pending WHERE status = 'pending'"
        )
        return row[0] if row else None

    async def list_pending(
        self, side: Side, *, after: int, limit: int, is_whole: bool = True
    ) -> tuple[int, list[Entry]]:
        """Unfinished updates of one side behind a sequence, in order of arrival, without bodies unless `is_whole`.

        Before them the highest sequence of all: up to there nothing else is pending, unless the limit cut it off.
        """
        rows = await self._readers.fetch(_LISTINGS[side, is_whole], (after, limit))
        [reach] = [row[1] for row in rows if row[0] is None]
        return reach, [Entry.from_row(row) for row in rows if row[0] is not None]

    async def list_next(self, lanes: Sequence[tuple[str, int]]) -> list[Entry]:
        """Of each of these lanes the first unfinished update behind a sequence; nothing of a lane that has none."""
        rows = await self._readers.look_up(_OF_LANES, (json.dumps(dict(lanes)),))
        return [Entry.from_row(row) for row in rows]

    async def list_behind(self, first: Entry, *, limit: int) -> list[Entry]:
        """The unfinished updates of its lane behind one, in order of arrival."""
        return [Entry.from_row(row) for row in await self._readers.look_up(_OF_LANE, _behind(first, limit))]

    @staticmethod
    def look_behind(first: Entry, *, limit: int) -> Statement:
        """The same, as rows of Entry, where something is committed anyway."""
        return Statement(_OF_LANE, _behind(first, limit))


def _behind(first: Entry, limit: int) -> tuple[Value, ...]:
    return first.lane, first.sequence, limit


def new_batch(received: Sequence[Received], *, now_ms: int) -> list[Statement]:
    """The statements that journal a batch, in its order, for `kept_new`; they void their unit where one is known."""
    parts = _in_some(received)
    return [*(Statement(_AT_ONCE[len(part)], _rows(part, now_ms), expect=len(part)) for part in parts), _LAST]


def batch(received: Sequence[Received], *, now_ms: int) -> list[Statement]:
    """The same, for `kept`, where some may be known already."""
    return [Updates.add(*part, now_ms=now_ms) for part in _in_some(received)]


def _in_some(received: Sequence[Received]) -> Iterator[Sequence[Received]]:
    begun = 0
    # A statement of SQLite's may come upon a row that it has added itself; one of PostgreSQL's is refused then.
    is_each_another = len({one.update_id for one in received}) == len(received)
    for size in _AT_ONCE if is_each_another else (1,):
        while len(received) - begun >= size:
            yield received[begun : begun + size]
            begun += size


def _rows(received: Sequence[Received], now_ms: int) -> tuple[Value, ...]:
    return tuple(chain.from_iterable([_row(one, now_ms) for one in received]))


def _row(received: Received, now_ms: int) -> tuple[Value, ...]:
    return (
        received.update_id,
        received.kind,
        received.lane,
        received.session_id,
        received.telegram_message_id,
        received.body,
        received.mark,
        now_ms,
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """The updates that a batch has added, in order, as the journal holds them from now on.

    Nothing else was given a sequence between `behind` and the last of them.
    """

    behind: int
    entries: tuple[Entry, ...]


def kept_new(received: Sequence[Received], answers: Sequence[Rows], *, now_ms: int) -> Kept:
    """What a batch has added of which nothing was known: all of it, up to the sequence that came back."""
    behind = int(answers[-1][0][0]) - len(received)
    return Kept(behind, tuple([_entry(one, behind + place, now_ms) for place, one in enumerate(received, 1)]))


def kept(received: Sequence[Received], answers: Sequence[Rows], *, now_ms: int) -> Kept | None:
    """What a batch has added, by what its statements gave back; None where all of it was known already."""
    by_mark = {(row[0], row[1]): row[2] for rows in answers for row in rows}
    entries: list[Entry] = []
    for one in received:
        sequence = by_mark.pop((one.update_id, one.mark), None)
        if sequence is not None:
            entries.append(_entry(one, sequence, now_ms))
    return Kept(entries[0].sequence - 1, tuple(entries)) if entries else None


def _entry(received: Received, sequence: int, now_ms: int) -> Entry:
    return Entry(
        update_id=received.update_id,
        sequence=sequence,
        kind=received.kind,
        lane=received.lane,
        session_id=received.session_id,
        telegram_message_id=received.telegram_message_id,
        body=received.body,
        attempts=0,
        received_at_ms=now_ms,
        opened=received.opened,
    )

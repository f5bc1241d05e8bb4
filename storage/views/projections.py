"""The export job's questions: each question a query, each row a tuple, however many there are.

The tables may hold rows of other programs: any storage class in any column, JSON that is none, times beyond the
calendar. Texts come cut, times as milliseconds within the years 1 to 9999.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from storage.engine import DatabaseSnapshot
from storage.ids import sql_telegram_message_id
from storage.indexed import EVENT_AUTOMATION, field
from storage.statuses import UNHEARD, joined_deliveries
from storage.tables.properties import KEPT_MESSAGES_DAYS

ALWAYS = float("-inf")
"""A time that is before every row's."""
DAY_MS = 86_400_000
EARLIEST_MS, LATEST_MS = -62_135_596_800_000, 253_402_300_799_999
TOP = 20
"""Rows of a table of totals."""

_REACTIONS = ("reaction_added", "reaction_removed", "reaction_count")


class Reaction(NamedTuple):
    """An event on a message. `counts` are the totals of a `reaction_count`; `snippet` is None for lost texts."""

    at_ms: int
    type: str
    emoji: str | None
    polarity: str
    actor: str | None
    session_id: str
    message_id: str | None
    counts: str | None
    snippet: str | None


class ExportedBeat(NamedTuple):
    """A run of a heartbeat policy; `unheard` is why nothing that it said arrived."""

    at_ms: int
    policy_id: str
    trigger: str
    status: str | None
    reason: str | None
    session_id: str | None
    unheard: str | None


class ExportedMemory(NamedTuple):
    """A memory, its text cut."""

    at_ms: int
    user_id: str
    session_id: str
    scope: str
    type: str
    text: str


class ExportedProfile(NamedTuple):
    """A personality profile as it was set last."""

    at_ms: int
    scope: str
    user_id: str | None
    session_id: str | None
    name: str | None
    prompt: str


class Last(NamedTuple):
    """The newest row of a ledger, by its sequence; of other tables, which have none, the one changed last."""

    sequence: int | None
    id: str
    at_ms: int


class Changes(NamedTuple):
    """Additions and removals under a label."""

    label: str | None
    added: int
    removed: int


class DayOfReactions(NamedTuple):
    """A day, as the ordinal of `datetime.date`, with its changes and what they come to."""

    day: int
    added: int
    removed: int
    positive: int
    negative: int
    neutral: int


class ExportedGroup(NamedTuple):
    """The number of rows that share these two labels."""

    first: str | None
    second: str | None
    rows: int


class Day(NamedTuple):
    """A day, as the ordinal of `datetime.date`, and how many rows it has."""

    day: int
    rows: int


def _text(column: str, length: int = 400) -> str:
    return f"substr(CAST({column} AS TEXT), 1, {length})"


def _json(column: str, path: str) -> str:
    return _text(field(column, path))


def _at(column: str) -> str:
    # Text and blobs sort after all numbers, so this keeps the order of the column.
    return (
        f"CASE WHEN typeof({column}) IN ('integer', 'real') "
        f"THEN min(max(CAST({column} AS INTEGER), {EARLIEST_MS}), {LATEST_MS}) ELSE {LATEST_MS} END"
    )


def _day(column: str) -> str:
    return f"({_at(column)} - {EARLIEST_MS}) / {DAY_MS} + 1"


_POLARITY = "CASE WHEN polarity IN ('positive', 'negative') THEN polarity ELSE 'neutral' END"
_CHANGE = "CASE type WHEN 'reaction_added' THEN 1 WHEN 'reaction_removed' THEN -1 ELSE 0 END"
_CHANGES = "type IN ('reaction_added', 'reaction_removed') AND createdAtMs >= :since"
_SUMS = ", ".join(
    f"coalesce(sum({_CHANGE}) FILTER (WHERE {_POLARITY} = '{p}'), 0)" for p in ("positive", "negative", "neutral")
)
_BOTH = ", ".join(f"count(*) FILTER (WHERE type = '{change}')" for change in ("reaction_added", "reaction_removed"))
_COUNTS = f"""
CASE WHEN e.type = 'reaction_count' AND json_valid(e.payload) THEN (
  SELECT group_concat(part, ', ') FROM (
    SELECT substr({field("value", "emoji")}, 1, 16) || ' ' || substr({field("value", "count")}, 1, 20) AS part
    FROM json_each(e.payload, '$.totals') WHERE type = 'object' LIMIT 30) AS found) END
"""
# One arm a type: each is read off the index on (type, createdAtMs), and SQLite merges them without sorting.
_REACTIONS_OF_TYPE = f"""
SELECT {_at("e.createdAtMs")}, e.type, {_text("e.emoji", 64)}, {_POLARITY}, {_json("e.payload", "actor")},
  {_text("e.sessionId")}, {_text("e.messageId")}, {_COUNTS}, {_text("nullif(m.text, '')", 200)},
  e.createdAtMs AS createdAtMs, e.rowid AS sequence
FROM polar_feedback_events AS e LEFT JOIN polar_messages AS m
  ON m.sessionId = e.sessionId AND m.telegramMessageId = {sql_telegram_message_id("e.messageId")}
  AND m.messageId = e.messageId AND m.role = 'assistant'
WHERE e.type = '{{}}' AND e.createdAtMs >= :since
"""
REACTIONS = (
    " UNION ALL ".join(_REACTIONS_OF_TYPE.format(name) for name in _REACTIONS)
    + " ORDER BY createdAtMs DESC, sequence DESC"
)
_MEMORY_TEXT = f"""
CASE WHEN json_valid(record) THEN coalesce(
  CASE json_type(record, '$.fact') WHEN 'text' THEN {field("record", "fact")} END,
  (SELECT group_concat(atom, ' ') FROM json_each(record)
    WHERE key IN ('fact', 'type', 'summary', 'content') AND atom <> ''),
  record) ELSE record END
"""


class Projections:
    """Rows newest first, ties in a fixed order; totals largest first, at most TOP."""

    def __init__(self, taken: DatabaseSnapshot, since_ms: float = ALWAYS) -> None:
        self._taken = taken
        self._since = {"since": since_ms}

    def reactions(self) -> Iterator[Reaction]:
        """Every reaction event."""
        return (Reaction._make(row[:9]) for row in self._rows(REACTIONS))

    def days_of_texts(self) -> int | None:
        """The days that messages are kept, where some are gone already; None as long as all are there."""
        rows = self._taken.rows("SELECT value FROM polar_properties WHERE name = ?", (KEPT_MESSAGES_DAYS,))
        value = str(next(rows, ("",))[0])
        return int(value) if value.isdecimal() and len(value) < 6 else None

    def days_of_reactions(self) -> Iterator[DayOfReactions]:
        """Each day that `reactions` has."""
        rows = self._rows(
            f"SELECT {_day('createdAtMs')} AS day, {_BOTH}, {_SUMS} FROM polar_feedback_events "
            f"WHERE type IN {_REACTIONS} AND createdAtMs >= :since GROUP BY day ORDER BY day DESC"
        )
        return map(DayOfReactions._make, rows)

    def changes_by_polarity(self) -> dict[str, Changes]:
        """Additions and removals of each polarity that there is."""
        rows = self._rows(
            f"SELECT {_POLARITY} AS label, {_BOTH} FROM polar_feedback_events WHERE {_CHANGES} "
            "GROUP BY label ORDER BY label"
        )
        return {row[0]: Changes._make(row) for row in rows}

    def changes_by_emoji(self) -> list[Changes]:
        """Of each emoji."""
        rows = self._rows(
            f"SELECT {_text('emoji', 64)} AS label, {_BOTH} FROM polar_feedback_events WHERE {_CHANGES} "
            f"GROUP BY label ORDER BY sum({_CHANGE}) DESC, label NULLS FIRST LIMIT {TOP}"
        )
        return [Changes._make(row) for row in rows]

    def changes_by_automation(self) -> list[tuple[str, int, int, int]]:
        """The sums of the reactions to an automation's messages: positive, negative, neutral."""
        return [
            (row[0], row[1], row[2], row[3])
            for row in self._rows(
                f"SELECT {_text(EVENT_AUTOMATION)} AS label, {_SUMS} FROM polar_feedback_events "
                f"WHERE {EVENT_AUTOMATION} IS NOT NULL AND {_CHANGES} "
                f"GROUP BY label ORDER BY count(*) DESC, label LIMIT {TOP}"
            )
        ]

    def count_events(self) -> dict[str, int]:
        """Reaction events by type, and all that the ledger holds under ''."""
        rows = self._rows(
            f"SELECT CASE WHEN type IN {_REACTIONS} THEN type ELSE '' END AS kind, count(*) FROM polar_feedback_events "
            "WHERE createdAtMs >= :since GROUP BY kind ORDER BY kind"
        )
        sums = {row[0]: row[1] for row in rows}
        return {**dict.fromkeys(_REACTIONS, 0), **sums, "": sum(sums.values())}

    def commands(self) -> list[ExportedGroup]:
        """Commands by name and outcome; what was written behind them is stored nowhere."""
        name, outcome = _json("payload", "command"), _json("payload", "outcome")
        return self._groups(name, outcome, "polar_feedback_events", "type = 'command_executed'")

    def last_event(self) -> Last | None:
        """The newest of all events of the feedback ledger, of whatever type."""
        return self._last(
            f"SELECT rowid, {_text('id')}, {_at('createdAtMs')} FROM polar_feedback_events WHERE rowid = "
            "(SELECT max(rowid) FROM polar_feedback_events WHERE createdAtMs >= :since)"
        )

    def beats(self) -> Iterator[ExportedBeat]:
        """Every run of a heartbeat."""
        metadata = _json("metadata", "sessionId")
        rows = self._rows(
            f"SELECT {_at('run.createdAtMs')}, {_text('run.id')}, {_text('trigger')}, {_json('output', 'status')}, "
            f"{_json('output', 'reason')}, {metadata}, {_text(UNHEARD)} "
            f"FROM polar_run_events AS run {joined_deliveries('run')} WHERE run.source = 'heartbeat' "
            "AND run.createdAtMs >= :since ORDER BY run.createdAtMs DESC, run.sequence DESC"
        )
        return map(ExportedBeat._make, rows)

    def days_of_beats(self) -> Iterator[Day]:
        """Each day that `beats` has."""
        return self._days("polar_run_events", "createdAtMs", "source = 'heartbeat'")

    def beats_by_result(self) -> list[ExportedGroup]:
        """By status and reason."""
        status, reason = _json("output", "status"), _json("output", "reason")
        return self._groups(status, reason, "polar_run_events", "source = 'heartbeat'")

    def beats_by_policy(self) -> list[ExportedGroup]:
        """By policy and status."""
        return self._groups(_text("id"), _json("output", "status"), "polar_run_events", "source = 'heartbeat'")

    def last_beat(self) -> Last | None:
        """The newest run."""
        return self._last(
            f"SELECT sequence, {_text('runId')}, {_at('createdAtMs')} FROM polar_run_events "
            "WHERE source = 'heartbeat' AND createdAtMs >= :since ORDER BY sequence DESC LIMIT 1"
        )

    def memories(self) -> Iterator[ExportedMemory]:
        """Every memory."""
        rows = self._rows(
            f"SELECT {_at('createdAtMs')}, {_text('userId')}, {_text('sessionId')}, {_text('scope')}, "
            f"{_text('type')}, {_text(_MEMORY_TEXT)} FROM polar_memory "
            "WHERE createdAtMs >= :since ORDER BY createdAtMs DESC, memoryId"
        )
        return map(ExportedMemory._make, rows)

    def days_of_memories(self) -> Iterator[Day]:
        """Each day that `memories` has."""
        return self._days("polar_memory", "createdAtMs")

    def memories_by_kind(self) -> list[ExportedGroup]:
        """By scope and type."""
        return self._groups(_text("scope"), _text("type"), "polar_memory")

    def memories_by_user(self) -> list[ExportedGroup]:
        """By user and session."""
        return self._groups(_text("userId"), _text("sessionId"), "polar_memory")

    def last_memory(self) -> Last | None:
        """The memory changed last."""
        return self._last_changed("polar_memory", "memoryId", "createdAtMs")

    def profiles(self) -> Iterator[ExportedProfile]:
        """Every profile, by its last change."""
        rows = self._rows(
            f"SELECT {_at('updatedAtMs')}, {_text('scope')}, {_text('userId')}, {_text('sessionId')}, "
            f"{_text('name')}, {_text('prompt', 4000)} FROM polar_personality_profiles "
            "WHERE updatedAtMs >= :since ORDER BY updatedAtMs DESC, profileId"
        )
        return map(ExportedProfile._make, rows)

    def days_of_profiles(self) -> Iterator[Day]:
        """Each day that `profiles` has."""
        return self._days("polar_personality_profiles", "updatedAtMs")

    def profiles_by_scope(self) -> list[ExportedGroup]:
        """By scope."""
        return self._groups(_text("scope"), "NULL", "polar_personality_profiles", time="updatedAtMs")

    def last_profile(self) -> Last | None:
        """The profile changed last."""
        return self._last_changed("polar_personality_profiles", "profileId", "updatedAtMs")

    def _groups(
        self, first: str, second: str, table: str, where: str = "TRUE", *, time: str = "createdAtMs"
    ) -> list[ExportedGroup]:
        rows = self._rows(
            f"SELECT {first} AS first, {second} AS second, count(*) FROM {table} WHERE {where} AND {time} >= :since "
            "GROUP BY first, second "
            f"ORDER BY count(*) DESC, first NULLS FIRST, second NULLS FIRST LIMIT {TOP}"
        )
        return [ExportedGroup._make(row) for row in rows]

    def _days(self, table: str, time: str, where: str = "TRUE") -> Iterator[Day]:
        rows = self._rows(
            f"SELECT {_day(time)} AS day, count(*) FROM {table} WHERE {where} AND {time} >= :since "
            "GROUP BY day ORDER BY day DESC"
        )
        return map(Day._make, rows)

    def _last_changed(self, table: str, key: str, time: str) -> Last | None:
        return self._last(
            f"SELECT NULL, {_text(key)}, {_at('updatedAtMs')} FROM {table} WHERE {time} >= :since "
            f"ORDER BY updatedAtMs DESC, {key} LIMIT 1"
        )

    def _last(self, sql: str) -> Last | None:
        return next((Last._make(row) for row in self._rows(sql)), None)

    def _rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        return self._taken.rows(sql, self._since)

"""The occurrences: queues `scheduled`, `retry` and `dead_letter` of `polar_scheduler_events`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from storage import ids
from storage.ids import RunSource
from storage.indexed import field as json_field
from storage.json_fields import instant, object_of, one_of, typed
from storage.json_text import encode, read_object
from storage.readers import Readers
from storage.statement import Row, Statement, Value

SCHEDULED, RETRY, DEAD_LETTER = "scheduled", "retry", "dead_letter"
FOREIGN = "unreadable"
"""Why a row is set aside that holds no occurrence."""
_COLUMNS = "eventId, queue, sequence, payload"
_SUBJECT = f"coalesce({json_field('payload', 'source')} || ':' || {json_field('payload', 'id')}, '')"
# The earlier runtime left rows of its own in `retry`, which are not touched; ours tell their instant.
_IS_OURS = f"(queue = '{SCHEDULED}' OR {json_field('payload', 'atMs')} IS NOT NULL)"
_DUE = f"""
SELECT {_COLUMNS} FROM polar_scheduler_events INDEXED BY polar_scheduler_due
WHERE queue = ? AND sequence <= ? AND {_IS_OURS} AND {{others}}
ORDER BY sequence LIMIT ?
"""
_ATTEMPTS = json_field("payload", "attempts")
_IS_ROW = f"eventId = ? AND queue = ? AND sequence = ? AND CAST({_ATTEMPTS} AS TEXT) = ?"
_IS_FOREIGN = "eventId = :event AND queue = :queue AND sequence = :sequence"
# In place of one of the same name that was set aside before.
_MAKE_ROOM = f"""
DELETE FROM polar_scheduler_events WHERE eventId = :event AND queue = '{DEAD_LETTER}' AND queue <> :queue
  AND EXISTS (SELECT 1 FROM polar_scheduler_events WHERE {_IS_FOREIGN})
"""
# What another program left there stays as it is, beside the reason.
_SET_ASIDE = f"""
UPDATE polar_scheduler_events SET queue = '{DEAD_LETTER}', sequence = :now, payload = json_patch(
  CASE WHEN CASE WHEN json_valid(payload) THEN json_type(payload) END = 'object' THEN payload
    ELSE CAST(json_object('payload', CAST(payload AS TEXT)) AS TEXT) END,
  '{{"reason":"{FOREIGN}"}}')
WHERE {_IS_FOREIGN}
"""
_LIST_AHEAD = f"""
SELECT {_COLUMNS} FROM polar_scheduler_events INDEXED BY polar_scheduler_due
WHERE queue = ? AND sequence > ? AND createdAtMs > ?
"""
_LIST_SET_ASIDE = f"""
SELECT eventId, {json_field("payload", "reason")}, sequence, {json_field("payload", "traceback")}
FROM polar_scheduler_events INDEXED BY polar_scheduler_due
WHERE queue = ? ORDER BY sequence DESC LIMIT ?
"""
_REPLACE = "UPDATE SET sequence = excluded.sequence, payload = excluded.payload, createdAtMs = excluded.createdAtMs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """The occurrence of another job that a run says along, in one list; `ends` as in its claim."""

    subject_id: str
    at_ms: int
    ends: str | None

    def to_json(self) -> dict[str, Any]:
        """As a row holds it; storage.tables.runs reads the first two in SQL."""
        return {"id": self.subject_id, "atMs": self.at_ms, "ends": self.ends}

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Companion:
        """From a row; raises TypeError and KeyError for what is none."""
        return cls(
            subject_id=typed(content, "id", str),
            at_ms=instant(content["atMs"]),
            ends=typed(content, "ends", str, type(None)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """All that a run needs, as it was when the run was claimed: from then on nothing reads its job or policy.

    `rules` are what is asked at every try, read by the subject. `ends` is the schedule that has ended with this run,
    `note` what is said before all else. With `companions` the prompt is a list of all of them, said as it is.
    """

    session_id: str
    user_id: str = ""
    prompt: str = ""
    topic_id: int | None = None
    sends: bool = True
    silent: bool = False
    ends: str | None = None
    note: str = ""
    checks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)
    companions: tuple[Companion, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a row holds it."""
        return {
            "sessionId": self.session_id,
            "ownerUserId": self.user_id,
            "prompt": self.prompt,
            "topicId": self.topic_id,
            "sends": self.sends,
            "silent": self.silent,
            "ends": self.ends,
            "note": self.note,
            # As text: what another program wrote may hold what SQLite takes for no JSON, such as Infinity.
            "checks": encode(self.checks),
            "rules": encode(self.rules),
            **({"companions": [each.to_json() for each in self.companions]} if self.companions else {}),
        }

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Claim:
        """From a row; raises TypeError and KeyError for what is none."""
        checks = object_of(content, "checks")
        return cls(
            session_id=typed(content, "sessionId", str),
            user_id=typed(content, "ownerUserId", str),
            prompt=typed(content, "prompt", str),
            topic_id=typed(content, "topicId", int, type(None)),
            sends=typed(content, "sends", bool),
            silent=typed(content, "silent", bool),
            ends=typed(content, "ends", str, type(None)),
            note=typed(content, "note", str),
            checks={name: typed(checks, name, dict) for name in checks},
            rules=object_of(content, "rules"),
            companions=tuple(Companion.read(each) for each in content.get("companions", ())),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A job or a policy at an instant. `at_ms` is what its schedule says, `due_ms` when it may run.

    They differ where a run was deferred or is tried again. `attempts` counts the tries that were begun. With a `claim`
    it is a run, which stands in `retry` from its claim until its row in the ledger.
    """

    source: RunSource
    subject_id: str
    at_ms: int
    due_ms: int
    trigger: Literal["schedule", "manual"] = "schedule"
    attempts: int = 0
    queue: str = SCHEDULED
    is_extra: bool = False
    """Beside the subject's next occurrence: asked for by hand, or a run."""
    retry_of: str | None = None
    """The run in whose place somebody asked for this one."""
    claim: Claim | None = None

    @classmethod
    def by_hand(cls, source: RunSource, subject_id: str, *, now_ms: int, retry_of: str | None = None) -> Occurrence:
        """One that somebody asked for, beside the subject's next."""
        return cls(
            source=source,
            subject_id=subject_id,
            at_ms=now_ms,
            due_ms=now_ms,
            trigger="manual",
            is_extra=True,
            retry_of=retry_of,
        )

    def claimed(self, claim: Claim, *, now_ms: int) -> Occurrence:
        """It as a run, due now."""
        return replace(self, due_ms=now_ms, queue=RETRY, is_extra=True, claim=claim)

    @property
    def members(self) -> tuple[Occurrence, ...]:
        """The occurrences that end with this one: itself, then those that it says along, each as a run of its own."""
        if self.claim is None:
            return (self,)
        alone = replace(self.claim, companions=())
        others = (
            replace(self, subject_id=each.subject_id, at_ms=each.at_ms, claim=replace(alone, ends=each.ends))
            for each in self.claim.companions
        )
        return (replace(self, claim=alone), *others)

    @property
    def run_id(self) -> str:
        """Derived from subject and instant, so that a second run of it cannot be entered."""
        return ids.run_id(self.source, self.subject_id, self.at_ms, is_manual=self.trigger == "manual")

    @property
    def subject_key(self) -> str:
        """Whose it is; nobody has two runs at once."""
        return ids.next_id(self.source, self.subject_id)

    @property
    def event_id(self) -> str:
        """The key of its row: a subject has one next occurrence, and one by hand; others and runs have their own."""
        if self.queue != SCHEDULED:
            return self.run_id
        if self.is_extra and self.trigger == "manual" and self.retry_of is None:
            return ids.by_hand_id(self.source, self.subject_id)
        return self.run_id if self.is_extra else self.subject_key

    @property
    def payload(self) -> str | None:
        """The content of its row beside the instant when it is due."""
        more = {"retryOf": self.retry_of, "run": self.claim and self.claim.to_json()}
        return encode(
            {
                "source": self.source,
                "id": self.subject_id,
                "atMs": self.at_ms,
                "trigger": self.trigger,
                "attempts": self.attempts,
                "extra": self.is_extra,
                **{key: value for key, value in more.items() if value is not None},
            }
        )

    @classmethod
    def read(cls, row: Row | Sequence[Any]) -> Occurrence | None:
        """From a row of _COLUMNS; None for what another program left there."""
        payload = read_object(row[3]) or {}
        try:
            run = typed(payload, "run", dict) if "run" in payload else None
            claim = cls(
                source=cast(RunSource, one_of(payload, "source", "automation", "heartbeat")),
                subject_id=typed(payload, "id", str),
                at_ms=instant(payload["atMs"]),
                due_ms=instant(row[2]),
                trigger=cast(Literal["schedule", "manual"], one_of(payload, "trigger", "schedule", "manual")),
                attempts=typed(payload, "attempts", int),
                queue=row[1],
                is_extra=typed(payload, "extra", bool),
                retry_of=typed(payload, "retryOf", str) if "retryOf" in payload else None,
                claim=None if run is None else Claim.read(run),
            )
        except (KeyError, TypeError, ValueError):
            return None
        return claim if claim.event_id == row[0] else None


@dataclass(frozen=True, slots=True)
class ForeignRow:
    """A row that is due, and is none that we can read."""

    event_id: str
    queue: str
    sequence: int

    @property
    def subject_key(self) -> str:
        """As of an occurrence: itself."""
        return f"{self.queue} {self.event_id}"


@dataclass(frozen=True, slots=True)
class SetAside:
    """One that was set aside: its key, which is its run id where it is a run, the reason, and when that was."""

    event_id: str
    reason: str | None
    at_ms: int
    traceback: str | None


@dataclass(frozen=True, slots=True)
class PlannedInstant:
    """The schedule's next occurrence, and when that may run."""

    at_ms: int
    due_ms: int


class Occurrences:
    """The occurrences, found by the index on (queue, sequence) alone."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def plan(occurrence: Occurrence, *, now_ms: int) -> Statement:
        """Put an occurrence into its queue, in place of what has the same key."""
        return _put(occurrence, occurrence.payload, now_ms)

    @staticmethod
    def ask(occurrence: Occurrence, *, now_ms: int) -> Statement:
        """The same, but what has the same key stays: asking twice for what waits is asking once."""
        return _put(occurrence, occurrence.payload, now_ms, once=True)

    @staticmethod
    def take(occurrence: Occurrence) -> Statement:
        """Remove the row; voids its unit when it was taken or changed already."""
        key = (occurrence.event_id, occurrence.queue, occurrence.due_ms, str(occurrence.attempts))
        return Statement(f"DELETE FROM polar_scheduler_events WHERE {_IS_ROW}", key, expect=1)

    @staticmethod
    def set_aside(occurrence: Occurrence, reason: str, traceback: str | None = None, *, now_ms: int) -> Statement:
        """Leave it in `dead_letter` for whoever looks into it, without anybody's words; the reason is a code.

        Whose run it was stands beside the traceback, so that both go when that person's data is erased.
        """
        dead = replace(occurrence, queue=DEAD_LETTER, claim=None, due_ms=now_ms)
        owner = None if occurrence.claim is None else occurrence.claim.user_id
        told = {} if traceback is None else {"traceback": traceback, "ownerUserId": owner}
        return _put(dead, encode({**(read_object(dead.payload) or {}), "reason": reason, **told}), now_ms)

    @staticmethod
    def set_aside_foreign(row: ForeignRow, *, now_ms: int) -> tuple[Statement, ...]:
        """Move a row that cannot be read to `dead_letter`, as it is, with the reason."""
        values: dict[str, Value] = {"event": row.event_id, "queue": row.queue, "sequence": row.sequence}
        return Statement(_MAKE_ROOM, values), Statement(_SET_ASIDE, {**values, "now": now_ms})

    @staticmethod
    def cancel(source: RunSource, subject_id: str) -> Statement:
        """A subject has no next occurrence any more."""
        return Statement(
            "DELETE FROM polar_scheduler_events WHERE eventId = ? AND queue = ?",
            (ids.next_id(source, subject_id), SCHEDULED),
        )

    async def list_due(
        self, *, now_ms: int, limit: int, besides: Collection[str] = ()
    ) -> list[Occurrence | ForeignRow]:
        """Those that may run now, of both queues, earliest first, but none of these subjects (their `subject_key`)."""
        due: list[Row] = []
        for queue in (SCHEDULED, RETRY):
            sql = _DUE.format(others=f"{_SUBJECT} NOT IN ({', '.join('?' * len(besides))})" if besides else "TRUE")
            due += await self._readers.fetch(sql, (queue, now_ms, *besides, limit))
        due.sort(key=lambda row: row[2])
        return [Occurrence.read(row) or ForeignRow(row[0], row[1], row[2]) for row in due[:limit]]

    async def find_next(self, source: RunSource, subject_id: str) -> PlannedInstant | None:
        """When a subject is due next: its row is the only truth of that. None where nothing is planned."""
        occurrence = await self._find(ids.next_id(source, subject_id), SCHEDULED)
        return None if occurrence is None else PlannedInstant(occurrence.at_ms, occurrence.due_ms)

    async def find_by_hand(self, source: RunSource, subject_id: str) -> Occurrence | None:
        """The run of a subject that somebody asked for and that waits, or None."""
        return await self._find(ids.by_hand_id(source, subject_id), SCHEDULED)

    async def list_ahead(self, *, now_ms: int) -> list[Occurrence]:
        """Next occurrences that were planned later than now: by a clock that was ahead."""
        return [occurrence for occurrence in await self._ahead(SCHEDULED, now_ms) if not occurrence.is_extra]

    async def list_begun_ahead(self, *, now_ms: int) -> list[Occurrence]:
        """Runs that were begun, and are to go on later than now: by a clock that was ahead."""
        return await self._ahead(RETRY, now_ms)

    async def _ahead(self, queue: str, now_ms: int) -> list[Occurrence]:
        rows = await self._readers.fetch(_LIST_AHEAD, (queue, now_ms, now_ms))
        occurrences = (Occurrence.read(row) for row in rows)
        return [occurrence for occurrence in occurrences if occurrence is not None]

    async def find_set_aside(self, run_id: str) -> Occurrence | None:
        """The run in `dead_letter`; None where there is none, or it cannot be read."""
        return await self._find(run_id, DEAD_LETTER)

    async def _find(self, event_id: str, queue: str) -> Occurrence | None:
        row = await self._readers.look_up_one(
            f"SELECT {_COLUMNS} FROM polar_scheduler_events WHERE eventId = ? AND queue = ?", (event_id, queue)
        )
        return Occurrence.read(row) if row else None

    async def list_set_aside(self, *, limit: int) -> list[SetAside]:
        """The rows of `dead_letter`, newest first."""
        rows = await self._readers.fetch(_LIST_SET_ASIDE, (DEAD_LETTER, limit))
        return [SetAside(row[0], _text(row[1]), row[2], _text(row[3])) for row in rows]


def _put(occurrence: Occurrence, payload: str | None, now_ms: int, *, once: bool = False) -> Statement:
    return Statement(
        "INSERT INTO polar_scheduler_events (eventId, queue, sequence, payload, createdAtMs) "
        f"VALUES (?, ?, ?, ?, ?) ON CONFLICT (eventId, queue) DO {'NOTHING' if once else _REPLACE}",
        (occurrence.event_id, occurrence.queue, occurrence.due_ms, payload, now_ms),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)

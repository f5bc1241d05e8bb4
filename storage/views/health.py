"""The questions of the heartbeat's checks: counts of what went wrong, each found by an index."""

from __future__ import annotations

from dataclasses import dataclass

from storage.balances import SPENT
from storage.indexed import RUN_STATUS, field
from storage.readers import Readers, Room

_INSTANT = field("metadata", "scheduledAtMs")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRuns:
    """The times that an automation or a heartbeat has failed."""

    source: str
    subject_id: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """Deliveries that have failed, and those that wait for long."""

    failed: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """A budget and how much of it is used, in US dollars."""

    scope: str
    target_id: str
    limit_usd: float
    spent_usd: float


class Health:
    """Read-only. Instants are milliseconds since the epoch; `since` is inclusive."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def failed_runs(self, *, since_ms: int) -> list[FailedRuns]:
        """Who has failed since, the most frequent first."""
        rows = await self._readers.fetch(
            "SELECT source, id, count(*) FROM polar_run_events INDEXED BY polar_run_failed "
            f"WHERE {RUN_STATUS} = 'failed' AND createdAtMs >= ? "
            "GROUP BY source, id ORDER BY count(*) DESC, source, id",
            (since_ms,),
        )
        return [FailedRuns(source=row[0], subject_id=row[1], count=row[2]) for row in rows]

    async def undelivered(self, *, failed_since_ms: int, waiting_since_ms: int) -> Undelivered:
        """The numbers of what failed since the one instant, and of what was queued before the other and still waits."""
        row = await self._readers.fetch_one(
            "SELECT (SELECT count(*) FROM polar_delivery_queue INDEXED BY polar_delivery_failed "
            "WHERE status = 'failed' AND updatedAtMs >= ?), "
            "(SELECT count(*) FROM polar_delivery_queue INDEXED BY polar_delivery_status "
            "WHERE status IN ('pending', 'sending') AND createdAtMs < ?)",
            (failed_since_ms, waiting_since_ms),
        )
        assert row is not None
        return Undelivered(failed=row[0], waiting=row[1])

    async def negative_feedback(self, *, since_ms: int) -> int:
        """Negative reactions that were added since, less those that were removed; never below 0."""
        row = await self._readers.fetch_one(
            "SELECT coalesce(sum(CASE type WHEN 'reaction_added' THEN 1 ELSE -1 END), 0) "
            "FROM polar_feedback_events INDEXED BY polar_feedback_negative "
            "WHERE polarity = 'negative' AND createdAtMs >= ? AND type IN ('reaction_added', 'reaction_removed')",
            (since_ms,),
        )
        assert row is not None
        return max(0, int(row[0]))

    async def dead_updates(self, *, since_ms: int) -> int:
        """Updates that were set aside since."""
        row = await self._readers.fetch_one(
            "SELECT count(*) FROM polar_updates INDEXED BY polar_updates_set_aside "
            "WHERE status = 'dead' AND finishedAtMs >= ?",
            (since_ms,),
        )
        assert row is not None
        return int(row[0])

    async def room(self) -> Room:
        """The room that the database takes, without reading its content."""
        return await self._readers.room()

    async def budgets_used(self, *, share: float, now_ms: int) -> list[Spent]:
        """The budgets of which at least this share (1 is all) is used."""
        rows = await self._readers.fetch(
            f"SELECT * FROM ({SPENT}) AS budget "
            "WHERE spent >= maxLimitUsd * :share AND spent > 0 ORDER BY scope, targetId",
            {"now": now_ms, "share": share},
        )
        return [Spent(scope=row[0], target_id=row[1], limit_usd=row[2], spent_usd=row[3]) for row in rows]

    async def is_budget_exceeded(self, *, now_ms: int) -> bool:
        """True if the global budget is one that blocks, and is used up."""
        row = await self._readers.fetch_one(
            f"SELECT 1 FROM ({SPENT}) AS budget WHERE scope = 'global' AND blocks AND spent >= maxLimitUsd LIMIT 1",
            {"now": now_ms},
        )
        return row is not None

    async def is_backed_up(self, *, limit: int) -> bool:
        """True if more than so many updates, or so many deliveries, are open; counts no further than that."""
        row = await self._readers.fetch_one(
            "SELECT (SELECT count(*) FROM (SELECT 1 FROM polar_updates INDEXED BY polar_updates_pending "
            "WHERE status = 'pending' LIMIT :over) AS found) = :over "
            "OR (SELECT count(*) FROM (SELECT 1 FROM polar_delivery_queue INDEXED BY polar_delivery_open "
            "WHERE status IN ('pending', 'sending') LIMIT :over) AS found) = :over",
            {"over": limit + 1},
        )
        return row is not None and bool(row[0])

    async def last_beat_ms(self, policy_id: str) -> int | None:
        """The instant of a policy's last run that looked at something; None when there was none."""
        row = await self._readers.fetch_one(
            f"SELECT coalesce(CAST({_INSTANT} AS INTEGER), createdAtMs) "
            "FROM polar_run_events INDEXED BY polar_run_subject "
            f"WHERE source = 'heartbeat' AND id = ? AND {RUN_STATUS} = 'executed' "
            "ORDER BY sequence DESC LIMIT 1",
            (policy_id,),
        )
        return None if row is None else int(row[0])

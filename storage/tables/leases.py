"""`polar_run_leases`: who runs an occurrence just now."""

from __future__ import annotations

from storage.ids import sql_try_id
from storage.statement import Statement


class Leases:
    """A lease is taken before a run in a commit of its own, and given up in the run's commit."""

    @staticmethod
    def take(run_id: str, holder: str, *, attempt: int, now_ms: int, expires_at_ms: int) -> Statement:
        """Void unless the run is free, or its lease has expired."""
        return Statement(
            "INSERT INTO polar_run_leases VALUES (:run, :holder, :attempt, :expires) ON CONFLICT (runId) DO UPDATE "
            "SET holder = excluded.holder, attempt = excluded.attempt, expiresAtMs = excluded.expiresAtMs "
            "WHERE polar_run_leases.expiresAtMs <= :now",
            {"run": run_id, "holder": holder, "attempt": attempt, "now": now_ms, "expires": expires_at_ms},
            expect=1,
        )

    @staticmethod
    def give_up(run_id: str, holder: str) -> Statement:
        """Void when the lease was lost to another holder."""
        return Statement("DELETE FROM polar_run_leases WHERE runId = ? AND holder = ?", (run_id, holder), expect=1)

    @staticmethod
    def release_all() -> tuple[Statement, ...]:
        """End the leases of an earlier process; whoever calls this holds the database's lock, so it is gone."""
        return (
            Statement(
                "UPDATE polar_scheduler_run_log SET status = 'interrupted' WHERE status = 'running' "
                f"AND runId IN (SELECT {sql_try_id('runId', 'attempt')} FROM polar_run_leases)"
            ),
            Statement("DELETE FROM polar_run_leases"),
        )

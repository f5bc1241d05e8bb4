"""Jobs whose next occurrence is due, with it."""

from __future__ import annotations

from storage.ids import sql_next_id
from storage.readers import Readers
from storage.tables.jobs import COLUMNS, Job
from storage.tables.occurrences import Occurrence

MOST = 200
"""The most that are listed at once."""
_DUE = f"""
SELECT {", ".join(f"job.{column}" for column in COLUMNS)}, next.eventId, next.queue, next.sequence, next.payload
FROM polar_automation_jobs AS job INDEXED BY polar_automation_session CROSS JOIN polar_scheduler_events AS next
WHERE next.eventId = {sql_next_id("automation", "job.id")} AND next.queue = 'scheduled'
AND job.sessionId = ? AND job.enabled = 1 AND job.ownerUserId = ? AND next.sequence <= ?
ORDER BY next.sequence, job.id LIMIT {MOST}
"""


class DueJobs:
    """The jobs of one person in one chat that are due."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def list_of(self, session_id: str, owner_user_id: str, *, now_ms: int) -> list[tuple[Job, Occurrence]]:
        """Earliest first; what another program left there is left out."""
        rows = await self._readers.fetch(_DUE, (session_id, owner_user_id, now_ms))
        pairs = ((Job.from_row(row), Occurrence.read(row[len(COLUMNS) :])) for row in rows)
        return [(job, occurrence) for job, occurrence in pairs if occurrence is not None]

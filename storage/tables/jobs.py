"""`polar_automation_jobs`: what people opted into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from storage.ids import sql_next_id
from storage.indexed import JOB_COUNTS, field
from storage.json_text import encode, read_object
from storage.readers import Readers
from storage.statement import Row, Statement, Value

PausedBecause = Literal["left", "unpaired", "moderated", "mail", "unreadable"]
"""Why a job was paused by others than its owner.

Who left the chat, was shut out, an administrator wanted it so, it needs mail, or its schedule cannot be read.
"""

COLUMNS = (
    "id",
    "ownerUserId",
    "sessionId",
    "schedule",
    "promptTemplate",
    "enabled",
    "quietHoursJson",
    "limitsJson",
    "createdAtMs",
)
"""The columns that a job is read from, in this order."""
_COLUMNS = ", ".join(COLUMNS)

_LIMITS = """
CASE WHEN CASE WHEN json_valid(limitsJson) THEN json_type(limitsJson) END = 'object' THEN limitsJson ELSE '{}' END
"""
# A job that goes on is over no more, nor paused for any reason.
_RESUME = """
UPDATE polar_automation_jobs SET enabled = 1, updatedAtMs = :now, limitsJson =
  CASE WHEN json_valid(limitsJson) THEN CAST(json_remove(limitsJson, '$.over', '$.paused') AS TEXT) ELSE limitsJson END
WHERE id = :id
"""
_PAUSE = "UPDATE polar_automation_jobs SET enabled = 0, updatedAtMs = :now WHERE id = :id"
_PAUSE_BECAUSE = (
    "UPDATE polar_automation_jobs SET enabled = 0, updatedAtMs = :now, "
    f"limitsJson = json_patch({_LIMITS}, json_object('paused', CAST(:because AS TEXT)))"
)
_END = f"""
UPDATE polar_automation_jobs SET enabled = 0, updatedAtMs = :now,
  limitsJson = json_patch({_LIMITS}, '{{"over":true}}') WHERE id = :id AND schedule = :schedule
"""
# Cap, hours and schedule of a job that the earlier runtime has made; what is no JSON stays what it is.
_ADOPT = """
UPDATE polar_automation_jobs SET schedule = :schedule, updatedAtMs = :now,
  quietHoursJson = CASE WHEN quietHoursJson IS NULL OR json_valid(quietHoursJson) THEN :quiet ELSE quietHoursJson END,
  limitsJson = CASE WHEN limitsJson IS NULL OR json_valid(limitsJson) THEN :limits ELSE limitsJson END
WHERE id = :id AND schedule = :former
"""
_COUNT_OF = f"SELECT count(*) FROM polar_automation_jobs WHERE ownerUserId = :owner AND {JOB_COUNTS}"
_NEXT = f"SELECT sequence FROM polar_scheduler_events WHERE eventId = {sql_next_id('automation', 'job.id')}"
# Nothing of ours is stored otherwise; what could not be read is not tried again.
_UNADOPTED = (
    "schedule NOT LIKE 'DTSTART%' AND schedule NOT LIKE 'CRON;%' "
    f"AND coalesce({field('limitsJson', 'paused')}, '') <> 'unreadable'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An automation. `schedule` is its stored text, read by bot.schedules."""

    id: str
    owner_user_id: str
    session_id: str
    schedule: str
    prompt: str
    enabled: bool
    quiet_hours: Mapping[str, Any] | None = None
    limits: Mapping[str, Any] | None = None
    created_at_ms: int = 0

    @property
    def is_over(self) -> bool:
        """True if its schedule has ended: it is never due again, and counts towards no limit."""
        return not self.enabled and (self.limits or {}).get("over") is True

    @property
    def paused_because(self) -> PausedBecause | None:
        """Why somebody else than its owner has paused it; None where nobody has."""
        because = None if self.enabled else (self.limits or {}).get("paused")
        return because if because in get_args(PausedBecause) else None

    @property
    def needs_mail(self) -> bool:
        """True if it is to look into a mailbox first, as jobs of the earlier runtime could: it never runs here."""
        return (self.limits or {}).get("inbox") not in (None, False)

    @classmethod
    def from_row(cls, row: Row) -> Job:
        """From a row of COLUMNS."""
        return cls(
            id=row[0],
            owner_user_id=row[1],
            session_id=row[2],
            schedule=row[3],
            prompt=row[4],
            enabled=bool(row[5]),
            quiet_hours=read_object(row[6]),
            limits=read_object(row[7]),
            created_at_ms=row[8],
        )


class Jobs:
    """Automations by id; a person's own are found through their session."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def add(job: Job, *, now_ms: int) -> Statement:
        """A new job."""
        return Statement(
            "INSERT INTO polar_automation_jobs (id, ownerUserId, sessionId, schedule, promptTemplate, enabled, "
            "limitsJson, createdAtMs, updatedAtMs) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                job.id,
                job.owner_user_id,
                job.session_id,
                job.schedule,
                job.prompt,
                int(job.enabled),
                encode(job.limits),
                now_ms,
                now_ms,
            ),
        )

    @staticmethod
    def pause(job_id: str, because: PausedBecause | None = None, *, now_ms: int) -> Statement:
        """Pause a job; without a reason, one that it has stays."""
        sql = _PAUSE if because is None else f"{_PAUSE_BECAUSE} WHERE id = :id"
        reason = {} if because is None else {"because": because}
        return Statement(sql, {"id": job_id, "now": now_ms, **reason}, expect=1)

    @staticmethod
    def resume(job_id: str, *, now_ms: int) -> Statement:
        """Let a job go on, whatever it was paused for."""
        return Statement(_RESUME, {"id": job_id, "now": now_ms}, expect=1)

    @staticmethod
    def end(job_id: str, schedule: str, *, now_ms: int) -> Statement:
        """A job is over with this schedule, if it still has it."""
        return Statement(_END, {"id": job_id, "schedule": schedule, "now": now_ms})

    @staticmethod
    def switch_off(job_id: str, *, now_ms: int) -> tuple[Statement, ...]:
        """Pause a job that keeps failing, whatever became of it meanwhile: it may be gone."""
        return (
            Statement(
                "UPDATE polar_automation_jobs SET enabled = 0, updatedAtMs = ? WHERE id = ? AND enabled = 1",
                (now_ms, job_id),
            ),
            Statement(
                f"DELETE FROM polar_scheduler_events WHERE eventId = {sql_next_id('automation', '?')} "
                "AND queue = 'scheduled'",
                (job_id,),
            ),
        )

    @staticmethod
    def pause_session(session_id: str, *, now_ms: int) -> tuple[Statement, ...]:
        """Pause all jobs of a chat that we can no longer write to."""
        return (
            Statement(
                "DELETE FROM polar_scheduler_events WHERE queue = 'scheduled' AND eventId IN "
                f"(SELECT {sql_next_id('automation', 'id')} FROM polar_automation_jobs "
                "WHERE sessionId = ? AND enabled = 1)",
                (session_id,),
            ),
            Statement(
                "UPDATE polar_automation_jobs SET enabled = 0, updatedAtMs = ? WHERE sessionId = ? AND enabled = 1",
                (now_ms, session_id),
            ),
        )

    @staticmethod
    def pause_of(
        owner_user_id: str, because: PausedBecause, *, session_id: str | None = None, now_ms: int
    ) -> tuple[Statement, ...]:
        """Pause all jobs of a person that go on, in one session or in all."""
        where = "ownerUserId = :owner AND enabled = 1"
        ids: dict[str, Value] = {"owner": owner_user_id}
        if session_id is not None:
            where, ids = f"sessionId = :session AND {where}", {**ids, "session": session_id}
        return (
            Statement(
                "DELETE FROM polar_scheduler_events WHERE queue = 'scheduled' AND eventId IN "
                f"(SELECT {sql_next_id('automation', 'id')} FROM polar_automation_jobs WHERE {where})",
                ids,
            ),
            Statement(f"{_PAUSE_BECAUSE} WHERE {where}", {**ids, "now": now_ms, "because": because}),
        )

    @staticmethod
    def change(job: Job, *, now_ms: int) -> Statement:
        """Give a job another schedule, prompt, quiet hours or limits."""
        return Statement(
            "UPDATE polar_automation_jobs SET schedule = ?, promptTemplate = ?, quietHoursJson = ?, limitsJson = ?, "
            "updatedAtMs = ? WHERE id = ?",
            (job.schedule, job.prompt, encode(job.quiet_hours), encode(job.limits), now_ms, job.id),
            expect=1,
        )

    @staticmethod
    def adopt(job: Job, former_schedule: str, *, now_ms: int) -> Statement:
        """Write out schedule, quiet hours and limits of a job of the earlier runtime, if it still has its schedule."""
        values: dict[str, Value] = {"id": job.id, "schedule": job.schedule, "former": former_schedule, "now": now_ms}
        written = {"quiet": encode(job.quiet_hours), "limits": encode(job.limits)}
        return Statement(_ADOPT, {**values, **written})

    @staticmethod
    def expect_at_most(most: int, owner_user_id: str) -> Statement:
        """Void where a person has more jobs than so many that are not over, by what stands before it in its commit."""
        return Statement(f"SELECT 1 WHERE ({_COUNT_OF}) <= :most", {"owner": owner_user_id, "most": most}, expect=1)

    @staticmethod
    def remove(job_id: str) -> Statement:
        """Delete a job."""
        return Statement("DELETE FROM polar_automation_jobs WHERE id = ?", (job_id,), expect=1)

    async def find(self, job_id: str) -> Job | None:
        """The job, or None."""
        row = await self._readers.look_up_one(
            f"SELECT {_COLUMNS} FROM polar_automation_jobs WHERE id = ?",
            (job_id,),
        )
        return Job.from_row(row) if row else None

    async def count_of(self, owner_user_id: str) -> int:
        """The jobs of a person that are not over, in all chats."""
        row = await self._readers.fetch_one(_COUNT_OF, {"owner": owner_user_id})
        assert row is not None
        return int(row[0])

    async def list_of(self, session_id: str, owner_user_id: str) -> list[Job]:
        """The jobs that a person has in a session, oldest first."""
        rows = await self._readers.fetch(
            f"SELECT {_COLUMNS} FROM polar_automation_jobs "
            "WHERE sessionId = ? AND ownerUserId = ? ORDER BY createdAtMs, id",
            (session_id, owner_user_id),
        )
        return [Job.from_row(row) for row in rows]

    async def list_in(self, session_id: str) -> list[Job]:
        """Everybody's jobs in a session, oldest first."""
        rows = await self._readers.fetch(
            f"SELECT {_COLUMNS} FROM polar_automation_jobs WHERE sessionId = ? ORDER BY createdAtMs, id",
            (session_id,),
        )
        return [Job.from_row(row) for row in rows]

    async def list_unplanned(self) -> list[Job]:
        """Enabled jobs without a next occurrence, as other programs leave them."""
        rows = await self._readers.fetch(
            f"SELECT {_COLUMNS} FROM polar_automation_jobs AS job WHERE enabled = 1 "
            f"AND NOT EXISTS ({_NEXT} AND queue = 'scheduled')"
        )
        return [Job.from_row(row) for row in rows]

    async def list_unadopted(self) -> list[Job]:
        """Jobs as the earlier runtime stored them, oldest first."""
        rows = await self._readers.fetch(
            f"SELECT {_COLUMNS} FROM polar_automation_jobs WHERE {_UNADOPTED} ORDER BY createdAtMs, id"
        )
        return [Job.from_row(row) for row in rows]

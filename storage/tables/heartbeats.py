"""`polar_heartbeat_policies`: what the operator wants looked after, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.errors import StorageError
from storage.ids import sql_next_id
from storage.json_text import encode, read_object, read_value
from storage.readers import Readers
from storage.statement import Row, Statement

_COLUMNS = "policyId, sessionId, schedule, activeHoursJson, checksJson, enabled"
_FIND = f"SELECT {_COLUMNS} FROM polar_heartbeat_policies WHERE policyId = ?"
_NEXT = f"eventId = {sql_next_id('heartbeat', 'policyId')} AND queue = 'scheduled'"
_SURVEY = f"""
SELECT {_COLUMNS},
  (SELECT sequence FROM polar_scheduler_events WHERE {_NEXT}),
  (SELECT CASE WHEN json_valid(output) THEN output END FROM polar_run_events
   WHERE source = 'heartbeat' AND id = policyId ORDER BY sequence DESC LIMIT 1)
FROM polar_heartbeat_policies ORDER BY policyId
"""


class PolicyDamaged(StorageError):
    """A heartbeat policy's row cannot be read; set or delete the policy."""

    def __init__(self, policy_id: str, problem: str) -> None:
        super().__init__(f"the heartbeat policy {policy_id} cannot be read ({problem}); set it anew or delete it")
        self.policy_id = policy_id


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatPolicy:
    """One policy. `checks` maps the names of checks to their settings; `session_id` is where reports go.

    `active_hours` is `{"start": "08:00", "end": "22:00", "timezone": "Europe/Berlin"}`, or None for always.
    """

    id: str
    session_id: str
    schedule: str
    active_hours: Mapping[str, Any] | None
    checks: Mapping[str, Mapping[str, Any]]
    enabled: bool

    @classmethod
    def from_row(cls, row: Row) -> HeartbeatPolicy:
        """From a row of _COLUMNS; raises PolicyDamaged for JSON that is not what these columns hold."""
        try:
            active, checks = read_value(row[3]), read_value(row[4])
        except ValueError as error:
            raise PolicyDamaged(row[0], str(error)) from error
        if not isinstance(active, dict | None):
            raise PolicyDamaged(row[0], "its active hours are no object")
        if not isinstance(checks, dict) or not all(isinstance(check, dict) for check in checks.values()):
            raise PolicyDamaged(row[0], "its checks are no object of objects")
        return cls(
            id=row[0], session_id=row[1], schedule=row[2], active_hours=active, checks=checks, enabled=bool(row[5])
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyedPolicy:
    """A policy with the instant of its next beat, and the status and reason of its last."""

    policy: HeartbeatPolicy
    next_ms: int | None
    last: Mapping[str, Any] | None


class HeartbeatPolicies:
    """Policies by id."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def put(policy: HeartbeatPolicy, *, now_ms: int) -> Statement:
        """Add a policy, or replace the one with its id."""
        return Statement(
            "INSERT INTO polar_heartbeat_policies VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (policyId) DO UPDATE SET "
            "sessionId = excluded.sessionId, schedule = excluded.schedule, activeHoursJson = excluded.activeHoursJson, "
            "checksJson = excluded.checksJson, enabled = excluded.enabled, updatedAtMs = excluded.updatedAtMs",
            (
                policy.id,
                policy.session_id,
                policy.schedule,
                encode(policy.active_hours),
                encode(policy.checks),
                int(policy.enabled),
                now_ms,
                now_ms,
            ),
        )

    @staticmethod
    def switch_off(policy_id: str, *, now_ms: int) -> Statement:
        """A policy is not looked after any more."""
        return Statement(
            "UPDATE polar_heartbeat_policies SET enabled = 0, updatedAtMs = ? WHERE policyId = ?", (now_ms, policy_id)
        )

    @staticmethod
    def remove(policy_id: str) -> Statement:
        """Delete a policy."""
        return Statement("DELETE FROM polar_heartbeat_policies WHERE policyId = ?", (policy_id,), expect=1)

    async def find(self, policy_id: str) -> HeartbeatPolicy | None:
        """The policy, or None; raises PolicyDamaged."""
        row = await self._readers.look_up_one(_FIND, (policy_id,))
        return HeartbeatPolicy.from_row(row) if row else None

    async def exists(self, policy_id: str) -> bool:
        """True if there is a row of this id, damaged or not."""
        return await self._readers.look_up_one(_FIND, (policy_id,)) is not None

    async def survey(self) -> list[SurveyedPolicy]:
        """All policies, by id; raises PolicyDamaged."""
        return [
            SurveyedPolicy(policy=HeartbeatPolicy.from_row(row), next_ms=row[6], last=read_object(row[7]))
            for row in await self._readers.fetch(_SURVEY)
        ]

    async def list_unplanned(self) -> list[str]:
        """The ids of enabled policies that have no next occurrence."""
        rows = await self._readers.fetch(
            "SELECT policyId FROM polar_heartbeat_policies "
            f"WHERE enabled = 1 AND NOT EXISTS (SELECT 1 FROM polar_scheduler_events WHERE {_NEXT}) ORDER BY policyId"
        )
        return [row[0] for row in rows]

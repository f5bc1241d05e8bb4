"""A stand-in for the earlier runtime: its declarations, and the SQL by which its stores write and read a file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# As that runtime declares them.
DECLARATIONS = """
CREATE TABLE IF NOT EXISTS polar_memory (memoryId TEXT PRIMARY KEY, sessionId TEXT NOT NULL, userId TEXT NOT NULL,
  scope TEXT NOT NULL, type TEXT NOT NULL, record JSON NOT NULL, metadata JSON NOT NULL,
  createdAtMs INTEGER NOT NULL, updatedAtMs INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS idx_memory_search ON polar_memory (sessionId, userId, scope);
CREATE VIRTUAL TABLE IF NOT EXISTS polar_memory_fts
  USING fts5(memoryId, searchableText, content='', tokenize='porter unicode61');
CREATE TABLE IF NOT EXISTS polar_memory_embeddings (memoryId TEXT PRIMARY KEY, vector BLOB NOT NULL, model TEXT);
CREATE TABLE IF NOT EXISTS polar_scheduler_events (eventId TEXT NOT NULL, queue TEXT NOT NULL,
  sequence INTEGER NOT NULL DEFAULT 0, payload TEXT NOT NULL, createdAtMs INTEGER NOT NULL,
  PRIMARY KEY (eventId, queue));
CREATE TABLE IF NOT EXISTS polar_scheduler_run_log (runId TEXT PRIMARY KEY, eventId TEXT NOT NULL, traceId TEXT,
  status TEXT, startedAtMs INTEGER NOT NULL, completedAtMs INTEGER, metadata TEXT);
CREATE TABLE IF NOT EXISTS polar_budget_policies (scope TEXT NOT NULL, targetId TEXT NOT NULL,
  maxLimitUsd REAL NOT NULL, resetIntervalMs INTEGER, enforceBlocking INTEGER DEFAULT 1,
  PRIMARY KEY (scope, targetId));
CREATE TABLE IF NOT EXISTS polar_budget_usage (scope TEXT NOT NULL, targetId TEXT NOT NULL,
  accumulatedUsd REAL NOT NULL DEFAULT 0, lastResetAtMs INTEGER NOT NULL, updatedAtMs INTEGER NOT NULL,
  PRIMARY KEY (scope, targetId));
CREATE TABLE IF NOT EXISTS polar_feedback_events (id TEXT PRIMARY KEY, type TEXT NOT NULL, sessionId TEXT NOT NULL,
  messageId TEXT, emoji TEXT, polarity TEXT NOT NULL, payload TEXT NOT NULL, createdAtMs INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS polar_run_events (sequence INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL,
  id TEXT NOT NULL, runId TEXT NOT NULL, profileId TEXT NOT NULL, trigger TEXT NOT NULL, output TEXT NOT NULL,
  metadata TEXT, createdAtMs INTEGER NOT NULL, UNIQUE (source, id, runId));
CREATE TABLE IF NOT EXISTS polar_automation_jobs (id TEXT PRIMARY KEY, ownerUserId TEXT NOT NULL,
  sessionId TEXT NOT NULL, schedule TEXT NOT NULL, promptTemplate TEXT NOT NULL, enabled INTEGER NOT NULL,
  quietHoursJson TEXT, limitsJson TEXT, createdAtMs INTEGER NOT NULL, updatedAtMs INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS polar_personality_profiles (profileId TEXT PRIMARY KEY, scope TEXT NOT NULL, userId TEXT,
  sessionId TEXT, name TEXT, prompt TEXT NOT NULL, createdAtMs INTEGER NOT NULL, updatedAtMs INTEGER NOT NULL);
"""
MADE_MS = 1_794_000_000_000
QUIET = {"startHour": 22, "endHour": 7, "timezone": "UTC"}
"""What it stores where nobody has said anything else."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """That runtime on a file, while the bot is stopped or beside it: each call is a connection of its own."""

    path: Path

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection in autocommit mode, behind the declarations that it makes at each start."""
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            connection.executescript(DECLARATIONS)
            yield connection

    def job(
        self,
        job_id: str,
        schedule: str,
        *,
        owner: int,
        session: str,
        limits: dict[str, Any] | None = None,
        quiet: dict[str, Any] | None = None,
        enabled: bool = True,
        made_ms: int = MADE_MS,
    ) -> None:
        """A job as its store creates one."""
        stored_quiet = json.dumps(QUIET if quiet is None else quiet)
        stored_limits = json.dumps({"maxNotificationsPerDay": 3} if limits is None else limits)
        row = (job_id, str(owner), session, schedule, f"prompt of {job_id}", int(enabled))
        with self.open() as connection:
            connection.execute(
                "INSERT INTO polar_automation_jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, stored_quiet, stored_limits, made_ms, made_ms),
            )

    def ran(self, job_id: str, run_id: str, at_ms: int) -> None:
        """A run in its ledger."""
        with self.open() as connection:
            connection.execute(
                "INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, metadata, createdAtMs) "
                "VALUES ('automation', ?, ?, 'profile.default', 'schedule', '{\"status\":\"executed\"}', NULL, ?)",
                (job_id, run_id, at_ms),
            )

    def remember(self, memory_id: str, session: str, user: int | str, record: dict[str, Any], *, at_ms: int) -> None:
        """A memory, or another record for it; the index of words in statements of their own, whose failure is fine."""
        row = (memory_id, session, str(user), "session", record.get("type", "generic"), json.dumps(record), "{}")
        text = " ".join(record[name] for name in ("fact", "type", "summary", "content") if record.get(name))
        with self.open() as connection:
            connection.execute(
                "INSERT INTO polar_memory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (memoryId) DO UPDATE SET "
                "record = excluded.record, metadata = excluded.metadata, updatedAtMs = excluded.updatedAtMs",
                (*row, at_ms, at_ms),
            )
            with suppress(sqlite3.Error):  # an index without contents deletes nothing
                connection.execute("DELETE FROM polar_memory_fts WHERE memoryId = ?", (memory_id,))
                connection.execute(
                    "INSERT INTO polar_memory_fts (memoryId, searchableText) VALUES (?, ?)",
                    (memory_id, text or json.dumps(record)),
                )

    def compact(self, compacted: str, session: str, user: int | str, *, oldest: int, at_ms: int) -> None:
        """The oldest memories of a session become one that sums them up."""
        with self.open() as connection:
            found = connection.execute(
                "SELECT memoryId, record FROM polar_memory WHERE sessionId = ? AND scope = 'session' "
                "ORDER BY updatedAtMs ASC LIMIT ?",
                (session, oldest),
            ).fetchall()
            for memory_id, _ in found:
                connection.execute("DELETE FROM polar_memory WHERE memoryId = ?", (memory_id,))
                with suppress(sqlite3.Error):
                    connection.execute("DELETE FROM polar_memory_fts WHERE memoryId = ?", (memory_id,))
        summary = "; ".join(json.loads(record).get("fact", record) for _, record in found)
        record = {"type": "compacted_summary", "summary": summary, "sourceCount": len(found)}
        self.remember(compacted, session, user, record, at_ms=at_ms)

    def search(self, words: str, session: str, user: int | str) -> list[str]:
        """The ids that its search finds by the index of words, best first."""
        with self.open() as connection:
            found = connection.execute(
                "SELECT m.memoryId FROM polar_memory m INNER JOIN polar_memory_fts f ON m.memoryId = f.memoryId "
                "WHERE m.sessionId = ? AND m.userId = ? AND m.scope = 'session' AND polar_memory_fts MATCH ? "
                "ORDER BY rank LIMIT 50",
                (session, str(user), words),
            )
            return [row[0] for row in found]

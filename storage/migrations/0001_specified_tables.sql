-- The nine tables that other programs read too: columns and types are an external interface.
-- IF NOT EXISTS, because a database of the earlier runtime already has them, in slightly other declarations.

CREATE TABLE IF NOT EXISTS polar_memory (
  memoryId TEXT PRIMARY KEY,
  sessionId TEXT NOT NULL,
  userId TEXT NOT NULL,
  scope TEXT NOT NULL,
  type TEXT NOT NULL,
  record TEXT NOT NULL,
  metadata TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS idx_memory_search ON polar_memory (sessionId, userId, scope);

CREATE TABLE IF NOT EXISTS polar_scheduler_events (
  eventId TEXT NOT NULL,
  queue TEXT NOT NULL,
  sequence INTEGER NOT NULL DEFAULT 0,
  payload TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  PRIMARY KEY (eventId, queue)
);
CREATE INDEX IF NOT EXISTS polar_scheduler_due ON polar_scheduler_events (queue, sequence);

CREATE TABLE IF NOT EXISTS polar_scheduler_run_log (
  runId TEXT PRIMARY KEY,
  eventId TEXT NOT NULL,
  traceId TEXT,
  status TEXT,
  startedAtMs INTEGER NOT NULL,
  completedAtMs INTEGER,
  metadata TEXT
);
CREATE INDEX IF NOT EXISTS polar_scheduler_run_trace ON polar_scheduler_run_log (traceId);

CREATE TABLE IF NOT EXISTS polar_budget_policies (
  scope TEXT NOT NULL,
  targetId TEXT NOT NULL,
  maxLimitUsd REAL NOT NULL,
  resetIntervalMs INTEGER,
  enforceBlocking INTEGER DEFAULT 1,
  PRIMARY KEY (scope, targetId)
);

CREATE TABLE IF NOT EXISTS polar_budget_usage (
  scope TEXT NOT NULL,
  targetId TEXT NOT NULL,
  accumulatedUsd REAL NOT NULL DEFAULT 0,
  lastResetAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER NOT NULL,
  PRIMARY KEY (scope, targetId)
);

CREATE TABLE IF NOT EXISTS polar_feedback_events (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  sessionId TEXT NOT NULL,
  messageId TEXT,
  emoji TEXT,
  polarity TEXT,
  payload TEXT,
  createdAtMs INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS polar_feedback_session ON polar_feedback_events (sessionId, createdAtMs);
CREATE INDEX IF NOT EXISTS polar_feedback_type ON polar_feedback_events (type, createdAtMs);

CREATE TABLE IF NOT EXISTS polar_run_events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  id TEXT NOT NULL,
  runId TEXT NOT NULL,
  profileId TEXT NOT NULL,
  trigger TEXT NOT NULL,
  output TEXT NOT NULL,
  metadata TEXT,
  createdAtMs INTEGER NOT NULL,
  UNIQUE (source, id, runId)
);

CREATE TABLE IF NOT EXISTS polar_automation_jobs (
  id TEXT PRIMARY KEY,
  ownerUserId TEXT NOT NULL,
  sessionId TEXT NOT NULL,
  schedule TEXT NOT NULL,
  promptTemplate TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  quietHoursJson TEXT,
  limitsJson TEXT,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS polar_automation_session ON polar_automation_jobs (sessionId, enabled);
CREATE INDEX IF NOT EXISTS polar_automation_enabled ON polar_automation_jobs (enabled);

CREATE TABLE IF NOT EXISTS polar_personality_profiles (
  profileId TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  userId TEXT,
  sessionId TEXT,
  name TEXT,
  prompt TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS idx_personality_user ON polar_personality_profiles (userId, scope);
CREATE INDEX IF NOT EXISTS idx_personality_session ON polar_personality_profiles (sessionId, userId, scope);

-- Append-only, kept by the database itself. The insert triggers are needed because INSERT OR REPLACE does
-- not fire the delete triggers, and an upsert must not reach its DO UPDATE.
CREATE TRIGGER IF NOT EXISTS polar_feedback_events_no_update BEFORE UPDATE ON polar_feedback_events
BEGIN SELECT RAISE(ABORT, 'polar_feedback_events is append-only'); END;
CREATE TRIGGER IF NOT EXISTS polar_feedback_events_no_delete BEFORE DELETE ON polar_feedback_events
BEGIN SELECT RAISE(ABORT, 'polar_feedback_events is append-only'); END;
CREATE TRIGGER IF NOT EXISTS polar_feedback_events_no_replace BEFORE INSERT ON polar_feedback_events
WHEN EXISTS (SELECT 1 FROM polar_feedback_events WHERE id = NEW.id)
  -- The hidden rowid is a key too: REPLACE on it would remove a row of another id.
  OR EXISTS (SELECT 1 FROM polar_feedback_events WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(IGNORE); END;

CREATE TRIGGER IF NOT EXISTS polar_run_events_no_update BEFORE UPDATE ON polar_run_events
BEGIN SELECT RAISE(ABORT, 'polar_run_events is append-only'); END;
CREATE TRIGGER IF NOT EXISTS polar_run_events_no_delete BEFORE DELETE ON polar_run_events
BEGIN SELECT RAISE(ABORT, 'polar_run_events is append-only'); END;
CREATE TRIGGER IF NOT EXISTS polar_run_events_no_replace BEFORE INSERT ON polar_run_events
WHEN EXISTS (SELECT 1 FROM polar_run_events WHERE sequence = NEW.sequence)
  OR EXISTS (SELECT 1 FROM polar_run_events WHERE source = NEW.source AND id = NEW.id AND runId = NEW.runId)
BEGIN SELECT RAISE(IGNORE); END;

-- The sum of storage/migrations, for reading. Made by: python -m storage.schema > storage/schema.sql
-- Not in it: polar_memory_fts, the optional full-text index, which storage/memory_index.py makes.

CREATE TABLE polar_access (
  subject TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'operator', 'member', 'group')),
  grantedBy TEXT,
  createdAtMs INTEGER NOT NULL
);

CREATE UNIQUE INDEX polar_access_owner ON polar_access (role) WHERE role = 'owner';

CREATE TABLE polar_answer_totals (
  day TEXT NOT NULL,
  model TEXT NOT NULL,
  personality TEXT NOT NULL,
  automationId TEXT NOT NULL,
  experiment TEXT NOT NULL,
  variant TEXT NOT NULL,
  isPrivate INTEGER NOT NULL,
  answers INTEGER NOT NULL,
  priced INTEGER NOT NULL,
  usd REAL NOT NULL,
  timed INTEGER NOT NULL,
  milliseconds INTEGER NOT NULL,
  PRIMARY KEY (day, model, personality, automationId, experiment, variant, isPrivate)
) WITHOUT ROWID;

CREATE TABLE polar_audit (
  sequence INTEGER PRIMARY KEY,
  turnId TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  kind TEXT NOT NULL,
  sessionId TEXT NOT NULL,
  userId TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT,
  durationMs INTEGER NOT NULL,
  createdAtMs INTEGER NOT NULL
);

CREATE TRIGGER polar_audit_daily AFTER INSERT ON polar_audit
BEGIN
  INSERT INTO polar_daily_turns VALUES (
    coalesce(date(NEW.createdAtMs / 1000, 'unixepoch'), ''), NEW.kind, NEW.outcome,
    CASE WHEN NEW.durationMs <= 10 THEN '0.01' WHEN NEW.durationMs <= 50 THEN '0.05'
      WHEN NEW.durationMs <= 100 THEN '0.1' WHEN NEW.durationMs <= 500 THEN '0.5'
      WHEN NEW.durationMs <= 1000 THEN '1' WHEN NEW.durationMs <= 5000 THEN '5'
      WHEN NEW.durationMs <= 15000 THEN '15' WHEN NEW.durationMs <= 60000 THEN '60' ELSE '+Inf' END,
    1, NEW.durationMs)
  ON CONFLICT DO UPDATE SET count = count + 1, durationMs = durationMs + excluded.durationMs;
END;

CREATE TABLE polar_automation_jobs (
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

CREATE INDEX polar_automation_counted ON polar_automation_jobs (ownerUserId)
WHERE (enabled = 1 OR coalesce(CAST(CASE WHEN json_valid(limitsJson) THEN json_extract(limitsJson, '$.over') END AS INTEGER), 0) <> 1);

CREATE INDEX polar_automation_enabled ON polar_automation_jobs (enabled);

CREATE INDEX polar_automation_owner ON polar_automation_jobs (ownerUserId);

CREATE INDEX polar_automation_session ON polar_automation_jobs (sessionId, enabled);

CREATE TABLE polar_budget_policies (
  scope TEXT NOT NULL,
  targetId TEXT NOT NULL,
  maxLimitUsd REAL NOT NULL,
  resetIntervalMs INTEGER,
  enforceBlocking INTEGER DEFAULT 1,
  PRIMARY KEY (scope, targetId)
);

CREATE TABLE polar_budget_usage (
  scope TEXT NOT NULL,
  targetId TEXT NOT NULL,
  accumulatedUsd REAL NOT NULL DEFAULT 0,
  lastResetAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER NOT NULL,
  PRIMARY KEY (scope, targetId)
);

CREATE TABLE polar_calls (
  turnId TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  number INTEGER NOT NULL,
  sessionId TEXT NOT NULL,
  userId TEXT NOT NULL,
  model TEXT NOT NULL,
  inputTokens INTEGER,
  outputTokens INTEGER,
  usd REAL,
  latencyMs INTEGER,
  outcome TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  PRIMARY KEY (turnId, attempt, number)
);

CREATE INDEX polar_calls_open ON polar_calls (outcome, userId, sessionId, usd) WHERE outcome = 'open';

CREATE INDEX polar_calls_user ON polar_calls (userId);

CREATE TRIGGER polar_calls_daily AFTER UPDATE OF outcome ON polar_calls
WHEN OLD.outcome = 'open' AND NEW.outcome <> 'open'
BEGIN
  INSERT INTO polar_daily_spend
  SELECT subject.kind, coalesce(date(NEW.createdAtMs / 1000, 'unixepoch'), ''), subject.name, 1,
    CASE NEW.outcome WHEN 'answered' THEN 0 ELSE 1 END, CASE WHEN NEW.usd IS NULL THEN 1 ELSE 0 END,
    coalesce(NEW.inputTokens, 0), coalesce(NEW.outputTokens, 0), coalesce(NEW.usd, 0), coalesce(NEW.latencyMs, 0)
  FROM (
    SELECT 'model' AS kind, NEW.model AS name
    UNION ALL SELECT 'user', NEW.userId
    UNION ALL SELECT 'session', NEW.sessionId
  ) AS subject
  WHERE true
  ON CONFLICT (kind, day, name) DO UPDATE SET
    calls = calls + 1, unanswered = unanswered + excluded.unanswered, unpriced = unpriced + excluded.unpriced,
    inputTokens = inputTokens + excluded.inputTokens, outputTokens = outputTokens + excluded.outputTokens,
    usd = round(usd + excluded.usd, 9), latencyMs = latencyMs + excluded.latencyMs;
END;

CREATE TABLE polar_chat_aliases (
  oldSessionId TEXT PRIMARY KEY,
  newSessionId TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL
);

CREATE TABLE polar_chat_feedback (
  sessionId TEXT NOT NULL,
  day TEXT NOT NULL,
  automationId TEXT NOT NULL,
  profileId TEXT NOT NULL,
  positive INTEGER NOT NULL,
  negative INTEGER NOT NULL,
  neutral INTEGER NOT NULL,
  lastMs INTEGER NOT NULL,
  PRIMARY KEY (sessionId, day, automationId, profileId)
) WITHOUT ROWID;

CREATE INDEX polar_chat_feedback_automation ON polar_chat_feedback (automationId) WHERE automationId <> '';

CREATE TABLE polar_custom_emoji (
  customEmojiId TEXT PRIMARY KEY,
  emoji TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL
);

CREATE TABLE polar_daily_feedback (
  day TEXT NOT NULL,
  emoji TEXT NOT NULL,
  polarity TEXT NOT NULL,
  automationId TEXT NOT NULL,
  profileId TEXT NOT NULL,
  added INTEGER NOT NULL,
  removed INTEGER NOT NULL,
  PRIMARY KEY (day, emoji, polarity, automationId, profileId)
) WITHOUT ROWID;

CREATE TABLE polar_daily_messages (
  day TEXT NOT NULL,
  role TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day, role)
) WITHOUT ROWID;

CREATE TABLE polar_daily_runs (
  day TEXT NOT NULL,
  source TEXT NOT NULL,
  status TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day, source, status)
) WITHOUT ROWID;

CREATE TABLE polar_daily_sends (
  day TEXT NOT NULL,
  result TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day, result)
) WITHOUT ROWID;

CREATE TABLE polar_daily_spend (
  kind TEXT NOT NULL,
  day TEXT NOT NULL,
  name TEXT NOT NULL,
  calls INTEGER NOT NULL,
  unanswered INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  inputTokens INTEGER NOT NULL,
  outputTokens INTEGER NOT NULL,
  usd REAL NOT NULL,
  latencyMs INTEGER NOT NULL,
  PRIMARY KEY (kind, day, name)
) WITHOUT ROWID;

CREATE TABLE polar_daily_turns (
  day TEXT NOT NULL,
  kind TEXT NOT NULL,
  outcome TEXT NOT NULL,
  le TEXT NOT NULL,
  count INTEGER NOT NULL,
  durationMs INTEGER NOT NULL,
  PRIMARY KEY (day, kind, outcome, le)
) WITHOUT ROWID;

CREATE TABLE polar_delivery_queue (
  deliveryId TEXT PRIMARY KEY,
  sessionId TEXT NOT NULL,
  channel TEXT NOT NULL,
  payload TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'sending', 'sent', 'failed')),
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER NOT NULL,
  sequence INTEGER NOT NULL UNIQUE,
  replyId TEXT NOT NULL,
  rank INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  ambiguous INTEGER NOT NULL DEFAULT 0,
  reason TEXT
, failures INTEGER NOT NULL DEFAULT 0, begun INTEGER NOT NULL DEFAULT 0, taskId TEXT, askedBy TEXT, traceback TEXT);

CREATE INDEX polar_delivery_asked ON polar_delivery_queue (sessionId, askedBy, rank)
WHERE status IN ('pending', 'sending') AND askedBy IS NOT NULL;

CREATE INDEX polar_delivery_failed ON polar_delivery_queue (updatedAtMs) WHERE status = 'failed';

CREATE INDEX polar_delivery_open ON polar_delivery_queue (sessionId, begun DESC, rank, sequence)
WHERE status IN ('pending', 'sending');

CREATE INDEX polar_delivery_session ON polar_delivery_queue (sessionId);

CREATE INDEX polar_delivery_status ON polar_delivery_queue (status, createdAtMs);

CREATE INDEX polar_delivery_task ON polar_delivery_queue (taskId) WHERE taskId IS NOT NULL;

CREATE TRIGGER polar_delivery_queue_daily AFTER UPDATE OF status ON polar_delivery_queue
WHEN NEW.status <> OLD.status AND NEW.status <> 'sending'
BEGIN
  INSERT INTO polar_daily_sends VALUES (
    coalesce(date(NEW.updatedAtMs / 1000, 'unixepoch'), ''),
    CASE NEW.status WHEN 'pending' THEN 'retried' ELSE NEW.status END, 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER polar_delivery_queue_given AFTER INSERT ON polar_delivery_queue
BEGIN
  INSERT INTO polar_sequences VALUES ('polar_delivery_queue', NEW.sequence)
  ON CONFLICT (tableName) DO UPDATE SET highest = max(highest, excluded.highest);
END;

CREATE TRIGGER polar_delivery_queue_given_anew AFTER UPDATE OF sequence ON polar_delivery_queue
BEGIN
  INSERT INTO polar_sequences VALUES ('polar_delivery_queue', NEW.sequence)
  ON CONFLICT (tableName) DO UPDATE SET highest = max(highest, excluded.highest);
END;

CREATE TABLE polar_erasures (
  userId TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL
, erasedAtMs INTEGER NOT NULL DEFAULT 0);

CREATE TABLE polar_experiment_units (
  sequence INTEGER PRIMARY KEY,
  unit TEXT NOT NULL,
  experiment TEXT NOT NULL,
  variant TEXT NOT NULL,
  ratedAs INTEGER,
  ratedPlace INTEGER,
  UNIQUE (unit, experiment)
);

CREATE INDEX polar_experiment_units_rated ON polar_experiment_units (experiment, ratedPlace)
WHERE ratedPlace IS NOT NULL;

CREATE TABLE polar_experiment_variants (
  experiment TEXT NOT NULL,
  variant TEXT NOT NULL,
  units INTEGER NOT NULL DEFAULT 0,
  rated INTEGER NOT NULL DEFAULT 0,
  answers INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  failuresInRow INTEGER NOT NULL DEFAULT 0,
  usd REAL NOT NULL DEFAULT 0,
  PRIMARY KEY (experiment, variant)
) WITHOUT ROWID;

CREATE TABLE polar_experiments (
  name TEXT NOT NULL PRIMARY KEY,
  salt TEXT NOT NULL,
  unit TEXT NOT NULL,
  variants TEXT NOT NULL,
  untilMs INTEGER NOT NULL,
  people INTEGER,
  budgetUsd REAL,
  status TEXT NOT NULL,
  endedBecause TEXT,
  startedAtMs INTEGER NOT NULL,
  endedAtMs INTEGER
);

CREATE UNIQUE INDEX polar_experiments_running ON polar_experiments (status) WHERE status = 'running';

CREATE TABLE polar_feedback_events (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  sessionId TEXT NOT NULL,
  messageId TEXT,
  emoji TEXT,
  polarity TEXT,
  payload TEXT,
  createdAtMs INTEGER NOT NULL
);

CREATE INDEX polar_feedback_actor ON polar_feedback_events
  (CASE WHEN json_valid(payload) THEN json_extract(payload, '$.actor') END);

CREATE INDEX polar_feedback_message ON polar_feedback_events
  (sessionId, messageId, CASE WHEN json_valid(payload) THEN json_extract(payload, '$.actor') END, type, polarity);

CREATE INDEX polar_feedback_negative ON polar_feedback_events (createdAtMs, sessionId, messageId, type)
WHERE polarity = 'negative';

CREATE INDEX polar_feedback_session ON polar_feedback_events (sessionId, createdAtMs);

CREATE INDEX polar_feedback_type ON polar_feedback_events (type, createdAtMs);

CREATE TRIGGER polar_feedback_events_daily AFTER INSERT ON polar_feedback_events
WHEN NEW.type IN ('reaction_added', 'reaction_removed')
BEGIN
  INSERT INTO polar_daily_feedback VALUES (
    coalesce(date(NEW.createdAtMs / 1000, 'unixepoch'), ''), coalesce(NEW.emoji, ''), coalesce(NEW.polarity, 'neutral'),
    coalesce(CASE WHEN json_valid(NEW.payload) THEN json_extract(NEW.payload, '$.producedBy.automationId') END, ''),
    coalesce(CASE WHEN json_valid(NEW.payload) THEN json_extract(NEW.payload, '$.producedBy.profileId') END, ''),
    NEW.type = 'reaction_added', NEW.type = 'reaction_removed')
  ON CONFLICT DO UPDATE SET added = added + excluded.added, removed = removed + excluded.removed;
END;

CREATE TRIGGER polar_feedback_events_no_delete BEFORE DELETE ON polar_feedback_events
BEGIN SELECT RAISE(ABORT, 'polar_feedback_events is append-only'); END;

CREATE TRIGGER polar_feedback_events_no_replace BEFORE INSERT ON polar_feedback_events
WHEN EXISTS (SELECT 1 FROM polar_feedback_events WHERE id = NEW.id)
  -- The hidden rowid is a key too: REPLACE on it would remove a row of another id.
  OR EXISTS (SELECT 1 FROM polar_feedback_events WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(IGNORE); END;

CREATE TRIGGER polar_feedback_events_no_update BEFORE UPDATE ON polar_feedback_events
BEGIN SELECT RAISE(ABORT, 'polar_feedback_events is append-only'); END;

CREATE TRIGGER polar_feedback_events_of_chat AFTER INSERT ON polar_feedback_events
WHEN NEW.type IN ('reaction_added', 'reaction_removed')
BEGIN
  INSERT INTO polar_chat_feedback VALUES (
    NEW.sessionId, coalesce(date(NEW.createdAtMs / 1000, 'unixepoch'), ''),
    coalesce(CASE WHEN json_valid(NEW.payload) THEN json_extract(NEW.payload, '$.producedBy.automationId') END, ''),
    coalesce(CASE WHEN json_valid(NEW.payload) THEN json_extract(NEW.payload, '$.producedBy.profileId') END, ''),
    CASE WHEN NEW.polarity = 'positive' THEN CASE NEW.type WHEN 'reaction_added' THEN 1 ELSE -1 END ELSE 0 END,
    CASE WHEN NEW.polarity = 'negative' THEN CASE NEW.type WHEN 'reaction_added' THEN 1 ELSE -1 END ELSE 0 END,
    CASE WHEN NEW.polarity = 'neutral' THEN CASE NEW.type WHEN 'reaction_added' THEN 1 ELSE -1 END ELSE 0 END,
    NEW.createdAtMs)
  ON CONFLICT (sessionId, day, automationId, profileId) DO UPDATE SET
    positive = positive + excluded.positive, negative = negative + excluded.negative,
    neutral = neutral + excluded.neutral, lastMs = max(lastMs, excluded.lastMs);
END;

CREATE TABLE polar_heartbeat_policies (
  policyId TEXT PRIMARY KEY,
  sessionId TEXT NOT NULL,
  schedule TEXT NOT NULL,
  activeHoursJson TEXT,
  checksJson TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER NOT NULL
);

CREATE TABLE polar_keys (
  purpose TEXT PRIMARY KEY,
  key TEXT NOT NULL
);

CREATE TABLE polar_memory (
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

CREATE INDEX idx_memory_search ON polar_memory (sessionId, userId, scope);

CREATE INDEX polar_memory_user ON polar_memory (userId);

CREATE TRIGGER polar_memory_added AFTER INSERT ON polar_memory
WHEN NEW.memoryId IS NOT NULL
BEGIN
  INSERT INTO polar_memory_changes (memoryId) VALUES (NEW.memoryId)
  ON CONFLICT (memoryId) DO UPDATE SET changes = changes + 1, looks = 0;
END;

CREATE TRIGGER polar_memory_changed AFTER UPDATE OF memoryId, sessionId, userId, record ON polar_memory
BEGIN
  INSERT INTO polar_memory_changes (memoryId)
  SELECT id FROM (SELECT NEW.memoryId AS id UNION SELECT OLD.memoryId) WHERE id IS NOT NULL
  ON CONFLICT (memoryId) DO UPDATE SET changes = changes + 1, looks = 0;
END;

CREATE TRIGGER polar_memory_removed AFTER DELETE ON polar_memory
WHEN OLD.memoryId IS NOT NULL
BEGIN
  INSERT INTO polar_memory_changes (memoryId) VALUES (OLD.memoryId)
  ON CONFLICT (memoryId) DO UPDATE SET changes = changes + 1, looks = 0;
END;

CREATE TABLE polar_memory_changes (
  memoryId TEXT PRIMARY KEY,
  changes INTEGER NOT NULL DEFAULT 1,
  looks INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE INDEX polar_memory_changes_looks ON polar_memory_changes (looks);

CREATE TABLE polar_message_parts (
  sequence INTEGER PRIMARY KEY,
  sessionId TEXT NOT NULL,
  telegramMessageId INTEGER NOT NULL,
  kind TEXT NOT NULL,
  number INTEGER NOT NULL,
  authorId TEXT NOT NULL DEFAULT '',
  content TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL
);

CREATE INDEX polar_message_parts_author ON polar_message_parts (authorId) WHERE authorId <> '';

CREATE UNIQUE INDEX polar_message_parts_message ON polar_message_parts (sessionId, telegramMessageId, kind, number);

CREATE TABLE polar_message_revisions (
  sequence INTEGER PRIMARY KEY,
  sessionId TEXT NOT NULL,
  telegramMessageId INTEGER,
  deliveryId TEXT,
  text TEXT NOT NULL,
  attachment TEXT,
  revisedAtMs INTEGER NOT NULL
);

CREATE INDEX polar_message_revisions_delivery ON polar_message_revisions (deliveryId) WHERE deliveryId IS NOT NULL;

CREATE INDEX polar_message_revisions_message ON polar_message_revisions (sessionId, telegramMessageId);

CREATE TABLE polar_messages (
  sequence INTEGER PRIMARY KEY,
  sessionId TEXT NOT NULL,
  messageId TEXT,
  role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
  telegramMessageId INTEGER,
  threadKey TEXT NOT NULL,
  userId TEXT,
  kind TEXT NOT NULL DEFAULT 'text',
  text TEXT NOT NULL DEFAULT '',
  attachment TEXT,
  origin TEXT,
  deliveryId TEXT,
  createdAtMs INTEGER NOT NULL,
  editedAtMs INTEGER
, answersMessageId INTEGER, editDate INTEGER, turnId TEXT);

CREATE INDEX polar_messages_answers ON polar_messages (sessionId, answersMessageId)
WHERE answersMessageId IS NOT NULL;

CREATE INDEX polar_messages_automation ON polar_messages (json_extract(origin, '$.automationId'), createdAtMs)
WHERE json_extract(origin, '$.automationId') IS NOT NULL;

CREATE UNIQUE INDEX polar_messages_delivery ON polar_messages (deliveryId) WHERE deliveryId IS NOT NULL;

CREATE UNIQUE INDEX polar_messages_telegram ON polar_messages (sessionId, telegramMessageId)
WHERE telegramMessageId IS NOT NULL;

CREATE INDEX polar_messages_thread ON polar_messages (
  sessionId,
  (CASE WHEN substr(threadKey, 1, 6) = 'reply:' AND substr(threadKey, 7, 1) <> '-' THEN 'root:' || substr(sessionId, 15) ELSE threadKey END),
  sequence
);

CREATE INDEX polar_messages_user ON polar_messages (userId) WHERE userId IS NOT NULL;

CREATE TRIGGER polar_messages_daily AFTER INSERT ON polar_messages
BEGIN
  INSERT INTO polar_daily_messages VALUES (coalesce(date(NEW.createdAtMs / 1000, 'unixepoch'), ''), NEW.role, 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TABLE polar_pairing_codes (
  codeHash TEXT PRIMARY KEY,
  purpose TEXT NOT NULL CHECK (purpose IN ('owner', 'member')),
  userId TEXT,
  createdAtMs INTEGER NOT NULL,
  expiresAtMs INTEGER
);

CREATE UNIQUE INDEX polar_pairing_user ON polar_pairing_codes (purpose, userId);

CREATE TABLE polar_personality_profiles (
  profileId TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  userId TEXT,
  sessionId TEXT,
  name TEXT,
  prompt TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER NOT NULL
);

CREATE INDEX idx_personality_session ON polar_personality_profiles (sessionId, userId, scope);

CREATE INDEX idx_personality_user ON polar_personality_profiles (userId, scope);

CREATE TABLE polar_properties (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE polar_proposals (
  proposalId TEXT PRIMARY KEY,
  sessionId TEXT NOT NULL,
  userId TEXT NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'approved', 'declined')),
  createdAtMs INTEGER NOT NULL,
  decidedAtMs INTEGER
);

CREATE INDEX polar_proposals_open ON polar_proposals (userId, createdAtMs) WHERE status = 'open';

CREATE INDEX polar_proposals_user ON polar_proposals (userId);

CREATE TABLE polar_run_deliveries (
  source TEXT NOT NULL,
  id TEXT NOT NULL,
  runId TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('delivered', 'undelivered')),
  reason TEXT,
  createdAtMs INTEGER NOT NULL,
  PRIMARY KEY (source, id, runId)
) WITHOUT ROWID;

CREATE TABLE polar_run_events (
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

CREATE INDEX polar_run_failed ON polar_run_events (createdAtMs)
WHERE CASE WHEN json_valid(output) THEN json_extract(output, '$.status') END = 'failed';

CREATE INDEX polar_run_subject ON polar_run_events (source, id, sequence);

CREATE TRIGGER polar_run_events_daily AFTER INSERT ON polar_run_events
BEGIN
  INSERT INTO polar_daily_runs VALUES (
    coalesce(date(NEW.createdAtMs / 1000, 'unixepoch'), ''), NEW.source,
    coalesce(CASE WHEN json_valid(NEW.output) THEN json_extract(NEW.output, '$.status') END, ''), 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER polar_run_events_no_delete BEFORE DELETE ON polar_run_events
BEGIN SELECT RAISE(ABORT, 'polar_run_events is append-only'); END;

CREATE TRIGGER polar_run_events_no_replace BEFORE INSERT ON polar_run_events
WHEN EXISTS (SELECT 1 FROM polar_run_events WHERE sequence = NEW.sequence)
  OR EXISTS (SELECT 1 FROM polar_run_events WHERE source = NEW.source AND id = NEW.id AND runId = NEW.runId)
BEGIN SELECT RAISE(IGNORE); END;

CREATE TRIGGER polar_run_events_no_update BEFORE UPDATE ON polar_run_events
BEGIN SELECT RAISE(ABORT, 'polar_run_events is append-only'); END;

CREATE TABLE polar_run_leases (
  runId TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  expiresAtMs INTEGER NOT NULL
);

CREATE TABLE polar_scheduler_events (
  eventId TEXT NOT NULL,
  queue TEXT NOT NULL,
  sequence INTEGER NOT NULL DEFAULT 0,
  payload TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  PRIMARY KEY (eventId, queue)
);

CREATE INDEX polar_scheduler_due ON polar_scheduler_events (queue, sequence);

CREATE INDEX polar_scheduler_owner ON polar_scheduler_events
  (CASE WHEN json_valid(payload) THEN json_extract(payload, '$.run.ownerUserId') END)
WHERE CASE WHEN json_valid(payload) THEN json_extract(payload, '$.run.ownerUserId') END IS NOT NULL;

CREATE TABLE polar_scheduler_run_log (
  runId TEXT PRIMARY KEY,
  eventId TEXT NOT NULL,
  traceId TEXT,
  status TEXT,
  startedAtMs INTEGER NOT NULL,
  completedAtMs INTEGER,
  metadata TEXT
);

CREATE INDEX polar_scheduler_run_trace ON polar_scheduler_run_log (traceId);

CREATE TABLE polar_schema_versions (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  appliedAtMs INTEGER NOT NULL
);

CREATE TABLE polar_sequences (
  tableName TEXT PRIMARY KEY,
  highest INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE polar_shares (
  userId TEXT PRIMARY KEY,
  isShared INTEGER NOT NULL CHECK (isShared IN (0, 1)),
  updatedAtMs INTEGER NOT NULL
);

CREATE TABLE polar_status_reactions (
  sessionId TEXT NOT NULL,
  telegramMessageId INTEGER NOT NULL,
  emoji TEXT NOT NULL,
  clearAtMs INTEGER NOT NULL,
  PRIMARY KEY (sessionId, telegramMessageId)
);

CREATE INDEX polar_status_reactions_clear ON polar_status_reactions (clearAtMs);

CREATE TABLE polar_stop_marks (
  turnId TEXT PRIMARY KEY,
  createdAtMs INTEGER NOT NULL
);

CREATE TABLE polar_task_board (
  taskId TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  id TEXT NOT NULL,
  runId TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('done', 'blocked')),
  reason TEXT,
  sequence INTEGER NOT NULL,
  createdAtMs INTEGER NOT NULL
);

CREATE INDEX polar_task_board_status ON polar_task_board (status, sequence);

CREATE INDEX polar_task_board_subject ON polar_task_board (source, id, sequence);

CREATE TABLE polar_totals (
  name TEXT PRIMARY KEY,
  count INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE polar_updates (
  updateId INTEGER PRIMARY KEY,
  sequence INTEGER NOT NULL UNIQUE,
  status TEXT NOT NULL CHECK (status IN ('pending', 'done', 'dead')),
  kind TEXT NOT NULL,
  lane TEXT NOT NULL,
  sessionId TEXT,
  telegramMessageId INTEGER,
  body BLOB,
  attempts INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  receivedAtMs INTEGER NOT NULL,
  finishedAtMs INTEGER
, retries INTEGER NOT NULL DEFAULT 0, mark TEXT, traceback TEXT);

CREATE INDEX polar_updates_dead ON polar_updates (sequence) WHERE status = 'dead';

CREATE INDEX polar_updates_message ON polar_updates (sessionId, telegramMessageId)
WHERE status = 'pending' AND telegramMessageId IS NOT NULL;

CREATE INDEX polar_updates_pending ON polar_updates (lane, sequence) WHERE status = 'pending';

CREATE INDEX polar_updates_set_aside ON polar_updates (finishedAtMs) WHERE status = 'dead';

CREATE TRIGGER polar_updates_done AFTER UPDATE OF status ON polar_updates
WHEN NEW.status = 'done' AND OLD.status <> 'done'
BEGIN
  UPDATE polar_totals SET count = count + 1 WHERE name = 'updates.done';
END;

CREATE TRIGGER polar_updates_given AFTER INSERT ON polar_updates
BEGIN
  INSERT INTO polar_sequences VALUES ('polar_updates', NEW.sequence)
  ON CONFLICT (tableName) DO UPDATE SET highest = max(highest, excluded.highest);
END;

CREATE TRIGGER polar_updates_given_anew AFTER UPDATE OF sequence ON polar_updates
BEGIN
  INSERT INTO polar_sequences VALUES ('polar_updates', NEW.sequence)
  ON CONFLICT (tableName) DO UPDATE SET highest = max(highest, excluded.highest);
END;

CREATE TABLE polar_users (
  userId TEXT PRIMARY KEY,
  timezone TEXT,
  updatedAtMs INTEGER NOT NULL
);

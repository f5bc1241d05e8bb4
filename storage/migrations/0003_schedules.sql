-- Who runs an occurrence just now, people's time zones, proposals that wait, heartbeat policies.

-- A lease is taken in a commit of its own before a run, and given up in the run's commit; a process that
-- ended leaves one that another takes over.
CREATE TABLE polar_run_leases (
  runId TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  expiresAtMs INTEGER NOT NULL
);

CREATE TABLE polar_users (
  userId TEXT PRIMARY KEY,
  timezone TEXT,
  updatedAtMs INTEGER NOT NULL
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

-- What the operator wants looked after: `checksJson` an object of check names, each with its
-- settings, `sessionId` where a report goes.
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

CREATE INDEX polar_run_subject ON polar_run_events (source, id, sequence);
CREATE INDEX polar_messages_automation ON polar_messages (json_extract(origin, '$.automationId'), createdAtMs)
WHERE json_extract(origin, '$.automationId') IS NOT NULL;

-- What heartbeats look for: few rows among many. The ledger's JSON may be another program's, hence json_valid.
CREATE INDEX polar_run_failed ON polar_run_events (createdAtMs)
WHERE CASE WHEN json_valid(output) THEN json_extract(output, '$.status') END = 'failed';
CREATE INDEX polar_delivery_failed ON polar_delivery_queue (updatedAtMs) WHERE status = 'failed';
CREATE INDEX polar_updates_set_aside ON polar_updates (finishedAtMs) WHERE status = 'dead';

-- What the earlier runtime left in a payload need not be JSON.
CREATE INDEX polar_feedback_automation ON polar_feedback_events
  (CASE WHEN json_valid(payload) THEN json_extract(payload, '$.producedBy.automationId') END)
WHERE CASE WHEN json_valid(payload) THEN json_extract(payload, '$.producedBy.automationId') END IS NOT NULL;
CREATE INDEX polar_task_board_subject ON polar_task_board (source, id, sequence);

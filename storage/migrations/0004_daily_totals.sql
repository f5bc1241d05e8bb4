-- What a page over millions of rows needs at once, counted as the rows are written. Days are UTC,
-- empty where the calendar has none. Ledgers only grow, so that the counts cannot get out of step with them; of the
-- other tables they keep what was.

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

INSERT INTO polar_daily_feedback
SELECT coalesce(date(createdAtMs / 1000, 'unixepoch'), ''), coalesce(emoji, ''), coalesce(polarity, 'neutral'),
  coalesce(CASE WHEN json_valid(payload) THEN json_extract(payload, '$.producedBy.automationId') END, ''),
  coalesce(CASE WHEN json_valid(payload) THEN json_extract(payload, '$.producedBy.profileId') END, ''),
  sum(type = 'reaction_added'), sum(type = 'reaction_removed')
FROM polar_feedback_events WHERE type IN ('reaction_added', 'reaction_removed') GROUP BY 1, 2, 3, 4, 5;

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

CREATE TABLE polar_daily_messages (
  day TEXT NOT NULL,
  role TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day, role)
) WITHOUT ROWID;

INSERT INTO polar_daily_messages
SELECT coalesce(date(createdAtMs / 1000, 'unixepoch'), ''), role, count(*) FROM polar_messages GROUP BY 1, 2;

CREATE TRIGGER polar_messages_daily AFTER INSERT ON polar_messages
BEGIN
  INSERT INTO polar_daily_messages VALUES (coalesce(date(NEW.createdAtMs / 1000, 'unixepoch'), ''), NEW.role, 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
END;

-- `le` is the smallest bound, in seconds, that the turn did not exceed: a bucket of a histogram, not yet summed up.
CREATE TABLE polar_daily_turns (
  day TEXT NOT NULL,
  kind TEXT NOT NULL,
  outcome TEXT NOT NULL,
  le TEXT NOT NULL,
  count INTEGER NOT NULL,
  durationMs INTEGER NOT NULL,
  PRIMARY KEY (day, kind, outcome, le)
) WITHOUT ROWID;

INSERT INTO polar_daily_turns
SELECT coalesce(date(createdAtMs / 1000, 'unixepoch'), ''), kind, outcome,
  CASE WHEN durationMs <= 10 THEN '0.01' WHEN durationMs <= 50 THEN '0.05' WHEN durationMs <= 100 THEN '0.1'
    WHEN durationMs <= 500 THEN '0.5' WHEN durationMs <= 1000 THEN '1' WHEN durationMs <= 5000 THEN '5'
    WHEN durationMs <= 15000 THEN '15' WHEN durationMs <= 60000 THEN '60' ELSE '+Inf' END,
  count(*), sum(durationMs)
FROM polar_audit GROUP BY 1, 2, 3, 4;

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

-- What came of each try to send: `sent`, `failed`, or `retried` where it went back into the queue.
CREATE TABLE polar_daily_sends (
  day TEXT NOT NULL,
  result TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day, result)
) WITHOUT ROWID;

INSERT INTO polar_daily_sends
SELECT coalesce(date(updatedAtMs / 1000, 'unixepoch'), ''), status, count(*) FROM polar_delivery_queue
WHERE status IN ('sent', 'failed') GROUP BY 1, 2;

CREATE TRIGGER polar_delivery_queue_daily AFTER UPDATE OF status ON polar_delivery_queue
WHEN NEW.status <> OLD.status AND NEW.status <> 'sending'
BEGIN
  INSERT INTO polar_daily_sends VALUES (
    coalesce(date(NEW.updatedAtMs / 1000, 'unixepoch'), ''),
    CASE NEW.status WHEN 'pending' THEN 'retried' ELSE NEW.status END, 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
END;

-- The run ledger, counted as it grows: how many runs of a source ended how. Days are UTC.
CREATE TABLE polar_daily_runs (
  day TEXT NOT NULL,
  source TEXT NOT NULL,
  status TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day, source, status)
) WITHOUT ROWID;

INSERT INTO polar_daily_runs
SELECT coalesce(date(createdAtMs / 1000, 'unixepoch'), ''), source,
  coalesce(CASE WHEN json_valid(output) THEN json_extract(output, '$.status') END, ''), count(*)
FROM polar_run_events GROUP BY 1, 2, 3;

CREATE TRIGGER polar_run_events_daily AFTER INSERT ON polar_run_events
BEGIN
  INSERT INTO polar_daily_runs VALUES (
    coalesce(date(NEW.createdAtMs / 1000, 'unixepoch'), ''), NEW.source,
    coalesce(CASE WHEN json_valid(NEW.output) THEN json_extract(NEW.output, '$.status') END, ''), 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
END;

-- The worst-rated replies: disapproval is rare, so this index is small.
CREATE INDEX polar_feedback_negative ON polar_feedback_events (createdAtMs, sessionId, messageId, type)
WHERE polarity = 'negative';

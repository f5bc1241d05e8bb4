-- Every call of a model, and what it cost. A row is there before its call is made, `open` and with the estimate; that
-- of an open one counts as reserved in the budgets of its person, its chat and of all together. No text is kept here.
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

-- Those that are being made: few, however many there were.
CREATE INDEX polar_calls_open ON polar_calls (outcome, userId, sessionId, usd) WHERE outcome = 'open';

-- One person's, for whoever asks for their own data.
CREATE INDEX polar_calls_user ON polar_calls (userId);

-- What was settled, counted as it is: `kind` says whether `name` is a model, a user or a session. Days are UTC, those on
-- which the calls were made, and empty where the calendar has none. `unpriced` are those of which nobody knows the
-- price, which `usd` leaves out; `unanswered` those that did not end with an answer.
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

-- What an ended process left reserved becomes a call that was interrupted, and is charged as one at the next start.
INSERT INTO polar_calls
SELECT turnId, 1, 1, max(CASE scope WHEN 'session' THEN targetId ELSE '' END),
  max(CASE scope WHEN 'user' THEN targetId ELSE '' END), 'unknown', NULL, NULL, max(amountUsd), NULL, 'open',
  min(createdAtMs)
FROM polar_budget_reservations GROUP BY turnId;

DROP TABLE polar_budget_reservations;

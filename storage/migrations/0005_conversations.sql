-- What a conversation with a model needs to survive its process: reservations, stops, status reactions, and which
-- message an answer of ours belongs to.

-- The estimate of a model's call that is being made, a row for each budget it counts against. It is gone once
-- the true cost is settled; one that an ended process left is charged.
CREATE TABLE polar_budget_reservations (
  turnId TEXT NOT NULL,
  scope TEXT NOT NULL,
  targetId TEXT NOT NULL,
  amountUsd REAL NOT NULL,
  createdAtMs INTEGER NOT NULL,
  PRIMARY KEY (turnId, scope, targetId)
) WITHOUT ROWID;

CREATE INDEX polar_budget_reservations_scope ON polar_budget_reservations (scope, targetId);

-- Turns whose answer somebody ended with /stop: handled again after a crash, they say no more.
CREATE TABLE polar_stop_marks (
  turnId TEXT PRIMARY KEY,
  createdAtMs INTEGER NOT NULL
);

-- The status reaction that we show on a user's message, and when it is to be taken away.
CREATE TABLE polar_status_reactions (
  sessionId TEXT NOT NULL,
  telegramMessageId INTEGER NOT NULL,
  emoji TEXT NOT NULL,
  clearAtMs INTEGER NOT NULL,
  PRIMARY KEY (sessionId, telegramMessageId)
);

CREATE INDEX polar_status_reactions_clear ON polar_status_reactions (clearAtMs);

-- The Telegram id of the user's message that a message of ours answers, so that an edit can renew the answer.
ALTER TABLE polar_messages ADD COLUMN answersMessageId INTEGER;

CREATE INDEX polar_messages_answers ON polar_messages (sessionId, answersMessageId)
WHERE answersMessageId IS NOT NULL;

-- What is one person's, wherever it is: for /export and /forget.
CREATE INDEX polar_messages_user ON polar_messages (userId) WHERE userId IS NOT NULL;
CREATE INDEX polar_memory_user ON polar_memory (userId);
CREATE INDEX polar_automation_owner ON polar_automation_jobs (ownerUserId);
CREATE INDEX polar_proposals_user ON polar_proposals (userId);
CREATE INDEX polar_delivery_session ON polar_delivery_queue (sessionId);
CREATE INDEX polar_feedback_actor ON polar_feedback_events
  (CASE WHEN json_valid(payload) THEN json_extract(payload, '$.actor') END);

-- What the specified tables cannot hold: the journal of updates, messages, the delivery queue, access.

CREATE TABLE polar_properties (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- Every update as received. `sequence` is the order of arrival; updateId is not, it may start again anywhere.
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
);
CREATE INDEX polar_updates_pending ON polar_updates (lane, sequence) WHERE status = 'pending';
-- A reaction may concern a message that is still being handled.
CREATE INDEX polar_updates_message ON polar_updates (sessionId, telegramMessageId)
WHERE status = 'pending' AND telegramMessageId IS NOT NULL;
CREATE INDEX polar_updates_dead ON polar_updates (sequence) WHERE status = 'dead';

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
);
-- Telegram's message ids are unique within a chat only.
CREATE UNIQUE INDEX polar_messages_telegram ON polar_messages (sessionId, telegramMessageId)
WHERE telegramMessageId IS NOT NULL;
CREATE UNIQUE INDEX polar_messages_delivery ON polar_messages (deliveryId) WHERE deliveryId IS NOT NULL;
CREATE INDEX polar_messages_thread ON polar_messages (sessionId, threadKey, sequence);

CREATE TABLE polar_message_revisions (
  sequence INTEGER PRIMARY KEY,
  sessionId TEXT NOT NULL,
  telegramMessageId INTEGER NOT NULL,
  text TEXT NOT NULL,
  attachment TEXT,
  revisedAtMs INTEGER NOT NULL
);
CREATE INDEX polar_message_revisions_message ON polar_message_revisions (sessionId, telegramMessageId);

-- One row a call to Telegram that must not be lost; the parts of a long reply are rows of one replyId.
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
  priority INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  ambiguous INTEGER NOT NULL DEFAULT 0,
  reason TEXT
);
CREATE INDEX polar_delivery_status ON polar_delivery_queue (status, createdAtMs);
CREATE INDEX polar_delivery_open ON polar_delivery_queue (sessionId, sequence)
WHERE status IN ('pending', 'sending');

-- One row a turn: what became of it, how long it took. No text of any person.
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

CREATE TABLE polar_access (
  subject TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'operator', 'member', 'group')),
  grantedBy TEXT,
  createdAtMs INTEGER NOT NULL
);
CREATE UNIQUE INDEX polar_access_owner ON polar_access (role) WHERE role = 'owner';

-- Codes are kept hashed: who can read the file cannot become the owner with it.
CREATE TABLE polar_pairing_codes (
  codeHash TEXT PRIMARY KEY,
  purpose TEXT NOT NULL CHECK (purpose IN ('owner', 'member')),
  userId TEXT,
  createdAtMs INTEGER NOT NULL,
  expiresAtMs INTEGER
);
CREATE UNIQUE INDEX polar_pairing_user ON polar_pairing_codes (purpose, userId);

CREATE TABLE polar_chat_aliases (
  oldSessionId TEXT PRIMARY KEY,
  newSessionId TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL
);

-- What Telegram told of custom emoji: the standard emoji that each stands for.
CREATE TABLE polar_custom_emoji (
  customEmojiId TEXT PRIMARY KEY,
  emoji TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL
);

-- A projection of polar_run_events: one task a run.
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

-- Totals of one message, of either way of giving feedback.
CREATE INDEX polar_feedback_message ON polar_feedback_events (sessionId, messageId);

-- What belongs to a message besides its text: what it replies to, quotes, forwards and links. Much of it is another's,
-- who is found by an index.
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

CREATE UNIQUE INDEX polar_message_parts_message ON polar_message_parts (sessionId, telegramMessageId, kind, number);
CREATE INDEX polar_message_parts_author ON polar_message_parts (authorId) WHERE authorId <> '';

-- Up to which update everything of a person was erased: what was in hand then, and holds words of theirs, keeps none.
CREATE TABLE polar_erasures (
  userId TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL
);

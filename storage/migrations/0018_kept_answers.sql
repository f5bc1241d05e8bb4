-- What feedback needs to know of an answer, and nobody can find out later.

-- What is made of these keys tells nothing to who does not have this database. (PostgreSQL has gen_random_bytes.)
CREATE TABLE polar_keys (
  purpose TEXT PRIMARY KEY,
  key TEXT NOT NULL
);
INSERT INTO polar_keys VALUES ('personality', lower(hex(randomblob(32))));

-- Former texts of answers too: they are found by their deliveries, as some were never sent.
DROP INDEX polar_message_revisions_message;
ALTER TABLE polar_message_revisions RENAME TO polar_revisions_of_people;
CREATE TABLE polar_message_revisions (
  sequence INTEGER PRIMARY KEY,
  sessionId TEXT NOT NULL,
  telegramMessageId INTEGER,
  deliveryId TEXT,
  text TEXT NOT NULL,
  attachment TEXT,
  revisedAtMs INTEGER NOT NULL
);
INSERT INTO polar_message_revisions (sequence, sessionId, telegramMessageId, text, attachment, revisedAtMs)
SELECT sequence, sessionId, telegramMessageId, text, attachment, revisedAtMs FROM polar_revisions_of_people;
DROP TABLE polar_revisions_of_people;
CREATE INDEX polar_message_revisions_message ON polar_message_revisions (sessionId, telegramMessageId);
CREATE INDEX polar_message_revisions_delivery ON polar_message_revisions (deliveryId) WHERE deliveryId IS NOT NULL;

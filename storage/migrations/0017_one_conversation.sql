-- Replies in a private chat belong to the chat's one conversation, elsewhere to a thread of their own: what was said is
-- found in the order in which it was stored, whatever lies between.
DROP INDEX polar_messages_thread;

CREATE INDEX polar_messages_thread ON polar_messages (
  sessionId,
  (CASE WHEN substr(threadKey, 1, 6) = 'reply:' AND substr(threadKey, 7, 1) <> '-' THEN 'root:' || substr(sessionId, 15) ELSE threadKey END),
  sequence
);

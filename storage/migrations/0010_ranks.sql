-- What is sent next: the rank of a call is fixed when it is queued, and is the same for all parts of a reply. It is the
-- sequence of the first part, less a head start where somebody waits for an answer.
ALTER TABLE polar_delivery_queue RENAME COLUMN priority TO rank;

-- Whether a part of the same reply went out: nothing goes before the rest of it.
ALTER TABLE polar_delivery_queue ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;

UPDATE polar_delivery_queue SET rank = sequence
WHERE status IN ('sent', 'failed');

UPDATE polar_delivery_queue
SET rank = reply.first - CASE WHEN rank < 0 THEN 20000 WHEN rank = 0 THEN 10000 ELSE 0 END, begun = reply.begun
FROM (
  SELECT replyId, min(CASE WHEN status IN ('pending', 'sending') THEN sequence END) AS first,
    max(CASE WHEN status = 'sent' OR status = 'sending' OR attempts > 0 THEN 1 ELSE 0 END) AS begun
  FROM polar_delivery_queue
  WHERE replyId IN (SELECT replyId FROM polar_delivery_queue WHERE status IN ('pending', 'sending'))
  GROUP BY replyId
) AS reply
WHERE reply.replyId = polar_delivery_queue.replyId AND status IN ('pending', 'sending');

DROP INDEX polar_delivery_open;

-- In the order in which a chat's calls go out.
CREATE INDEX polar_delivery_open ON polar_delivery_queue (sessionId, begun DESC, rank, sequence)
WHERE status IN ('pending', 'sending');

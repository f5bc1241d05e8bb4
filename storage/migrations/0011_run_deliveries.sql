-- What became of what a run has said. The ledger tells that it ran; this, whether anybody got it. No text of any person.
CREATE TABLE polar_run_deliveries (
  source TEXT NOT NULL,
  id TEXT NOT NULL,
  runId TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('delivered', 'undelivered')),
  reason TEXT,
  createdAtMs INTEGER NOT NULL,
  PRIMARY KEY (source, id, runId)
) WITHOUT ROWID;

-- The run that has queued a call, as the task board names it.
ALTER TABLE polar_delivery_queue ADD COLUMN taskId TEXT;

UPDATE polar_delivery_queue SET taskId = (
  SELECT CASE
    WHEN json_extract(origin, '$.automationId') IS NOT NULL
      THEN 'automation:' || json_extract(origin, '$.automationId') || ':' || json_extract(origin, '$.runId')
    ELSE 'heartbeat:' || json_extract(origin, '$.heartbeatId') || ':' || json_extract(origin, '$.runId') END
  FROM polar_messages
  WHERE polar_messages.deliveryId = polar_delivery_queue.deliveryId AND json_valid(origin))
WHERE status IN ('pending', 'sending');

CREATE INDEX polar_delivery_task ON polar_delivery_queue (taskId) WHERE taskId IS NOT NULL;

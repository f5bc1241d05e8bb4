-- A run is a row of its own from its claim to its end, in queue `retry` of polar_scheduler_events, with all that it
-- needs. Erasure finds those of a person by this.
CREATE INDEX polar_scheduler_owner ON polar_scheduler_events
  (CASE WHEN json_valid(payload) THEN json_extract(payload, '$.run.ownerUserId') END)
WHERE CASE WHEN json_valid(payload) THEN json_extract(payload, '$.run.ownerUserId') END IS NOT NULL;

-- Leases were held by processes of earlier versions; the lock beside the file is what keeps a second one away.
UPDATE polar_scheduler_run_log SET status = 'interrupted'
WHERE status = 'running' AND runId IN (SELECT runId || '#' || attempt FROM polar_run_leases);

DELETE FROM polar_run_leases;

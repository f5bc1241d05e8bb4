-- A run that somebody asked for and that waits: one a subject, and no more by the instant of its asking.
UPDATE OR REPLACE polar_scheduler_events
SET eventId = json_extract(payload, '$.source') || ':' || json_extract(payload, '$.id') || ':manual'
WHERE queue = 'scheduled' AND eventId LIKE '%:manual:%' AND json_valid(payload)
  AND CASE WHEN json_valid(payload) THEN json_extract(payload, '$.extra') AND json_extract(payload, '$.trigger') = 'manual'
    AND json_extract(payload, '$.retryOf') IS NULL AND json_type(payload, '$.source') = 'text'
    AND json_type(payload, '$.id') = 'text' END;

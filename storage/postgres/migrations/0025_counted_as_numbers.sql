-- Not made before, as PostgreSQL compares no text with a number.
CREATE INDEX polar_automation_counted ON polar_automation_jobs (ownerUserId)
WHERE (enabled = 1 OR coalesce(polar.as_integer(
  (CASE WHEN polar.json_valid(limitsJson) THEN polar.json_extract(limitsJson, '$.over') END)), 0) <> 1);

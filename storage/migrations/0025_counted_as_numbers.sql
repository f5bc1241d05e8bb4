-- Whether a job is over is compared as the number that SQLite reads it as, which other databases have to be told.
DROP INDEX IF EXISTS polar_automation_counted;

CREATE INDEX polar_automation_counted ON polar_automation_jobs (ownerUserId)
WHERE (enabled = 1 OR coalesce(CAST(CASE WHEN json_valid(limitsJson) THEN json_extract(limitsJson, '$.over') END AS INTEGER), 0) <> 1);

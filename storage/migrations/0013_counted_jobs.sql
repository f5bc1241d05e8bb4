-- A person's jobs that are not over are counted before another is made, however many are over.
CREATE INDEX polar_automation_counted ON polar_automation_jobs (ownerUserId)
WHERE (enabled = 1 OR coalesce(CASE WHEN json_valid(limitsJson) THEN json_extract(limitsJson, '$.over') END, 0) <> 1);

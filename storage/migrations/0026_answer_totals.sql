-- The answers that were made, as ratings are shares of them: counted as they are written, so that no figure falls when
-- messages are pruned. Days are UTC, and empty where the calendar has none; what does not apply is empty. Of `priced` of
-- them the cost is known, of `timed` of them how long they took.
CREATE TABLE polar_answer_totals (
  day TEXT NOT NULL,
  model TEXT NOT NULL,
  personality TEXT NOT NULL,
  automationId TEXT NOT NULL,
  experiment TEXT NOT NULL,
  variant TEXT NOT NULL,
  isPrivate INTEGER NOT NULL,
  answers INTEGER NOT NULL,
  priced INTEGER NOT NULL,
  usd REAL NOT NULL,
  timed INTEGER NOT NULL,
  milliseconds INTEGER NOT NULL,
  PRIMARY KEY (day, model, personality, automationId, experiment, variant, isPrivate)
) WITHOUT ROWID;

-- What is there already, by the first part of each answer. How long they took nobody has kept.
INSERT INTO polar_answer_totals
SELECT coalesce(date(createdAtMs / 1000, 'unixepoch'), ''), coalesce(json_extract(origin, '$.model'), ''),
  coalesce(json_extract(origin, '$.personality'), ''), coalesce(json_extract(origin, '$.automationId'), ''), '', '',
  CASE WHEN sessionId LIKE 'telegram:chat:-%' THEN 0 ELSE 1 END,
  count(*), count(json_extract(origin, '$.usd')), round(coalesce(sum(json_extract(origin, '$.usd')), 0), 9), 0, 0
FROM polar_messages
WHERE role = 'assistant' AND json_extract(origin, '$.responder') IS NOT NULL
  AND (deliveryId LIKE '%:0:0' OR deliveryId LIKE '%:placeholder')
GROUP BY 1, 2, 3, 4, 5, 6, 7;

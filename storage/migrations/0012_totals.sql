-- What people ask of the whole history, counted as the rows are written: nobody walks over all that ever was, and no
-- figure falls when rows are pruned.

-- The reactions of a chat: additions less removals on each UTC day (empty where the calendar has none), to what an
-- automation and a profile produced, and when the last of them was.
CREATE TABLE polar_chat_feedback (
  sessionId TEXT NOT NULL,
  day TEXT NOT NULL,
  automationId TEXT NOT NULL,
  profileId TEXT NOT NULL,
  positive INTEGER NOT NULL,
  negative INTEGER NOT NULL,
  neutral INTEGER NOT NULL,
  lastMs INTEGER NOT NULL,
  PRIMARY KEY (sessionId, day, automationId, profileId)
) WITHOUT ROWID;

-- Counting a row up does not touch this.
CREATE INDEX polar_chat_feedback_automation ON polar_chat_feedback (automationId) WHERE automationId <> '';

INSERT INTO polar_chat_feedback
SELECT sessionId, coalesce(date(createdAtMs / 1000, 'unixepoch'), ''),
  coalesce(CASE WHEN json_valid(payload) THEN json_extract(payload, '$.producedBy.automationId') END, ''),
  coalesce(CASE WHEN json_valid(payload) THEN json_extract(payload, '$.producedBy.profileId') END, ''),
  sum(CASE WHEN polarity = 'positive' THEN CASE type WHEN 'reaction_added' THEN 1 ELSE -1 END ELSE 0 END),
  sum(CASE WHEN polarity = 'negative' THEN CASE type WHEN 'reaction_added' THEN 1 ELSE -1 END ELSE 0 END),
  sum(CASE WHEN polarity = 'neutral' THEN CASE type WHEN 'reaction_added' THEN 1 ELSE -1 END ELSE 0 END),
  max(createdAtMs)
FROM polar_feedback_events WHERE type IN ('reaction_added', 'reaction_removed') GROUP BY 1, 2, 3, 4;

CREATE TRIGGER polar_feedback_events_of_chat AFTER INSERT ON polar_feedback_events
WHEN NEW.type IN ('reaction_added', 'reaction_removed')
BEGIN
  INSERT INTO polar_chat_feedback VALUES (
    NEW.sessionId, coalesce(date(NEW.createdAtMs / 1000, 'unixepoch'), ''),
    coalesce(CASE WHEN json_valid(NEW.payload) THEN json_extract(NEW.payload, '$.producedBy.automationId') END, ''),
    coalesce(CASE WHEN json_valid(NEW.payload) THEN json_extract(NEW.payload, '$.producedBy.profileId') END, ''),
    CASE WHEN NEW.polarity = 'positive' THEN CASE NEW.type WHEN 'reaction_added' THEN 1 ELSE -1 END ELSE 0 END,
    CASE WHEN NEW.polarity = 'negative' THEN CASE NEW.type WHEN 'reaction_added' THEN 1 ELSE -1 END ELSE 0 END,
    CASE WHEN NEW.polarity = 'neutral' THEN CASE NEW.type WHEN 'reaction_added' THEN 1 ELSE -1 END ELSE 0 END,
    NEW.createdAtMs)
  ON CONFLICT (sessionId, day, automationId, profileId) DO UPDATE SET
    positive = positive + excluded.positive, negative = negative + excluded.negative,
    neutral = neutral + excluded.neutral, lastMs = max(lastMs, excluded.lastMs);
END;

-- Its sums are kept above.
DROP INDEX polar_feedback_automation;

-- What one person did to one message, however many others react to it; and the sums of a message, read off the index
-- alone, as a table of them would cost a reaction six times as much.
DROP INDEX polar_feedback_message;
CREATE INDEX polar_feedback_message ON polar_feedback_events
  (sessionId, messageId, CASE WHEN json_valid(payload) THEN json_extract(payload, '$.actor') END, type, polarity);

-- How often something has happened, ever.
CREATE TABLE polar_totals (
  name TEXT PRIMARY KEY,
  count INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO polar_totals SELECT 'updates.done', count(*) FROM polar_updates WHERE status = 'done';

CREATE TRIGGER polar_updates_done AFTER UPDATE OF status ON polar_updates
WHEN NEW.status = 'done' AND OLD.status <> 'done'
BEGIN
  UPDATE polar_totals SET count = count + 1 WHERE name = 'updates.done';
END;

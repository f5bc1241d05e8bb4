-- The highest sequence that was ever given in a table, kept by whatever gives one: the rows themselves may go.
CREATE TABLE polar_sequences (
  tableName TEXT PRIMARY KEY,
  highest INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO polar_sequences
SELECT 'polar_updates', coalesce(max(sequence), 0) FROM polar_updates
UNION ALL SELECT 'polar_delivery_queue', coalesce(max(sequence), 0) FROM polar_delivery_queue;

CREATE TRIGGER polar_updates_given AFTER INSERT ON polar_updates
BEGIN
  INSERT INTO polar_sequences VALUES ('polar_updates', NEW.sequence)
  ON CONFLICT (tableName) DO UPDATE SET highest = max(highest, excluded.highest);
END;

CREATE TRIGGER polar_updates_given_anew AFTER UPDATE OF sequence ON polar_updates
BEGIN
  INSERT INTO polar_sequences VALUES ('polar_updates', NEW.sequence)
  ON CONFLICT (tableName) DO UPDATE SET highest = max(highest, excluded.highest);
END;

CREATE TRIGGER polar_delivery_queue_given AFTER INSERT ON polar_delivery_queue
BEGIN
  INSERT INTO polar_sequences VALUES ('polar_delivery_queue', NEW.sequence)
  ON CONFLICT (tableName) DO UPDATE SET highest = max(highest, excluded.highest);
END;

CREATE TRIGGER polar_delivery_queue_given_anew AFTER UPDATE OF sequence ON polar_delivery_queue
BEGIN
  INSERT INTO polar_sequences VALUES ('polar_delivery_queue', NEW.sequence)
  ON CONFLICT (tableName) DO UPDATE SET highest = max(highest, excluded.highest);
END;

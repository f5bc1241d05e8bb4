-- Memories that were written, changed or removed, by whatever program: the index of words is brought up to date by what
-- stands here. `changes` counts what happened to one; `looks` how often the index was looked at since. No text.
CREATE TABLE polar_memory_changes (
  memoryId TEXT PRIMARY KEY,
  changes INTEGER NOT NULL DEFAULT 1,
  looks INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE INDEX polar_memory_changes_looks ON polar_memory_changes (looks);

CREATE TRIGGER polar_memory_added AFTER INSERT ON polar_memory
WHEN NEW.memoryId IS NOT NULL
BEGIN
  INSERT INTO polar_memory_changes (memoryId) VALUES (NEW.memoryId)
  ON CONFLICT (memoryId) DO UPDATE SET changes = changes + 1, looks = 0;
END;

CREATE TRIGGER polar_memory_changed AFTER UPDATE OF memoryId, userId, record ON polar_memory
BEGIN
  INSERT INTO polar_memory_changes (memoryId)
  SELECT id FROM (SELECT NEW.memoryId AS id UNION SELECT OLD.memoryId) WHERE id IS NOT NULL
  ON CONFLICT (memoryId) DO UPDATE SET changes = changes + 1, looks = 0;
END;

CREATE TRIGGER polar_memory_removed AFTER DELETE ON polar_memory
WHEN OLD.memoryId IS NOT NULL
BEGIN
  INSERT INTO polar_memory_changes (memoryId) VALUES (OLD.memoryId)
  ON CONFLICT (memoryId) DO UPDATE SET changes = changes + 1, looks = 0;
END;

-- What was written before this is not known to have been indexed.
INSERT INTO polar_properties VALUES ('memory_index_stale', '1') ON CONFLICT (name) DO NOTHING;

-- Each entry of the index of words goes by user and session: a memory that moves to another session is indexed anew.
DROP TRIGGER polar_memory_changed;

CREATE TRIGGER polar_memory_changed AFTER UPDATE OF memoryId, sessionId, userId, record ON polar_memory
BEGIN
  INSERT INTO polar_memory_changes (memoryId)
  SELECT id FROM (SELECT NEW.memoryId AS id UNION SELECT OLD.memoryId) WHERE id IS NOT NULL
  ON CONFLICT (memoryId) DO UPDATE SET changes = changes + 1, looks = 0;
END;

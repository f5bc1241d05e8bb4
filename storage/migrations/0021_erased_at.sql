-- When everything of a person was erased: on a copy of the database that is put back, what was erased since is erased
-- again. Before times were kept it is the sequence, which is lower than any time, and later for what came later.
ALTER TABLE polar_erasures ADD COLUMN erasedAtMs INTEGER NOT NULL DEFAULT 0;

UPDATE polar_erasures SET erasedAtMs = sequence;

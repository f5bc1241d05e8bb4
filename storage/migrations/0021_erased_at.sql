-- When everything of a person was erased: after a copy of the database is put back, what was erased since is erased
-- again. 0 where that was before times were kept.
ALTER TABLE polar_erasures ADD COLUMN erasedAtMs INTEGER NOT NULL DEFAULT 0;

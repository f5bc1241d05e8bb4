-- Who has said whether what they say and are told here may become an example from which models learn. No row: unset.
CREATE TABLE polar_shares (
  userId TEXT PRIMARY KEY,
  isShared INTEGER NOT NULL CHECK (isShared IN (0, 1)),
  updatedAtMs INTEGER NOT NULL
);

-- By this the ids in files are made: nobody can tell from them whose they are.
INSERT INTO polar_keys VALUES ('files', lower(hex(randomblob(32))));

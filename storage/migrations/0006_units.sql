-- How often the making of a call failed by a fault of ours, or of the row, beside what Telegram answered.
ALTER TABLE polar_delivery_queue ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;

-- How often an update was taken up again after it had been set aside.
ALTER TABLE polar_updates ADD COLUMN retries INTEGER NOT NULL DEFAULT 0;

-- When Telegram says that a message was last edited, in its own seconds: which of two edits is the newer one.
ALTER TABLE polar_messages ADD COLUMN editDate INTEGER;

-- What tells two updates with one id apart: kind and date, as Telegram told them. Rows from before have none.
ALTER TABLE polar_updates ADD COLUMN mark TEXT;

-- The turn that a person's message was received in: what one turn was, an edit of a part of it makes again.
ALTER TABLE polar_messages ADD COLUMN turnId TEXT;

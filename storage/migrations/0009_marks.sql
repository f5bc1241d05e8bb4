-- What tells two updates with one id apart: kind and date, as Telegram told them. Rows from before have none.
ALTER TABLE polar_updates ADD COLUMN mark TEXT;

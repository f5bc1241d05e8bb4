-- Where a fault of ours, or of a part of the operator's own, was raised: beside the reason of what was set aside for it,
-- as far as it may be shown. It goes with the row, when the row is taken up again, and when its person is erased.
ALTER TABLE polar_updates ADD COLUMN traceback TEXT;
ALTER TABLE polar_delivery_queue ADD COLUMN traceback TEXT;

-- The person who waits for a reply: whoever has others waiting in the same chat has a smaller head start for the next.
ALTER TABLE polar_delivery_queue ADD COLUMN askedBy TEXT;

-- The last one of a person that waits in a chat is one step away.
CREATE INDEX polar_delivery_asked ON polar_delivery_queue (sessionId, askedBy, rank)
WHERE status IN ('pending', 'sending') AND askedBy IS NOT NULL;

-- Of what one person was proposed and has not decided the oldest goes beyond a number.
CREATE INDEX polar_proposals_open ON polar_proposals (userId, createdAtMs) WHERE status = 'open';

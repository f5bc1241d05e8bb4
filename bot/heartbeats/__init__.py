"""What the bot looks after by itself, as a subject of the scheduling engine."""

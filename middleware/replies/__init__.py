"""From a reply to the rows that will be sent: rich text, its parts, the queue."""

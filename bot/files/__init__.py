"""Files that are made when they are sent: what somebody is owed in full is never kept in memory, nor in the queue."""

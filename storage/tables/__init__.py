"""One file a table family: its rows, the statements that write it, its reads by key."""

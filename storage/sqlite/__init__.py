"""What is SQLite's own: the file and its lock, the writer, the reader in groups, copies."""

"""What is PostgreSQL's own: its dialect, its connections, its values."""

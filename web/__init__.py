"""The dashboard: read-only pages over the database, served by a process of its own."""

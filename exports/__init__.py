"""The export job: Markdown projections of the database, made by a process of its own."""

"""The SQLite database: one writer, migrations, one file a table family."""

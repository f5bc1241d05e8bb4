"""The SQLite database: one writer, migrations, tables, views, and the forms that they share."""

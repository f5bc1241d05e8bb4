"""What is PostgreSQL's own, on a server of the tests' own."""

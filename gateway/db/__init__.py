"""The database: SQLite by default, PostgreSQL by URL; one file for each family of tables."""

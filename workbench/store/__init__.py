"""The store: PostgreSQL, and nothing but PostgreSQL."""

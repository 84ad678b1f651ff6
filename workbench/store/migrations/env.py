"""Alembic's entry: runs the migrations on the connection that `schema.migrate` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS data_ingestion")
context.configure(connection=connection, version_table_schema="data_ingestion")
with context.begin_transaction():
    context.run_migrations()

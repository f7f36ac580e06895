"""Alembic's entry: runs on the connection that ``central.database`` gives it."""

from alembic import context

from central.tables import metadata

connection = context.config.attributes["connection"]
# The caller's transaction holds the lock and commits.
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()

"""Run by Alembic, on the connection and within the transaction that `upgrading` opened."""

from alembic import context

from zkapex_jax.ledger.schema import VERSION_TABLE, Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, version_table=VERSION_TABLE,
    transactional_ddl=True,
)  # fmt: skip
with context.begin_transaction():
    context.run_migrations()

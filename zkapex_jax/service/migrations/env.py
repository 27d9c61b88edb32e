"""Run by Alembic, on the connection that `zkapex_jax.service.store` opened."""

from alembic import context

from zkapex_jax.service.migrations import upgrading
from zkapex_jax.service.tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, version_table=upgrading.VERSION_TABLE,
    transactional_ddl=True,
)  # fmt: skip
with context.begin_transaction():
    context.run_migrations()

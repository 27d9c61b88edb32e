"""Keys of clients with their history, which begins with the one that each joined with; jobs name the key that handed them in."""

import sqlalchemy as sa
from alembic import op

revision = "s0003"
down_revision = "s0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service_keys",
        sa.Column("public", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("client_id", "invitation")),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
        *(sa.Column(name, sa.String, nullable=False) for name in ("why", "words")),
    )
    serving = sa.text("ended IS NULL")
    op.create_index("service_keys_client", "service_keys", ["client_id", "since"])
    op.create_index("one_key_serves", "service_keys", ["client_id"], unique=True, sqlite_where=serving, postgresql_where=serving)
    op.execute(
        "INSERT INTO service_keys (public, client_id, invitation, since, ended, why, words) "
        "SELECT public, client_id, invitation, joined, NULL, '', '' FROM service_clients"
    )
    op.add_column("service_jobs", sa.Column("public", sa.String, nullable=False, server_default=""))
    op.execute(
        "UPDATE service_jobs SET public = COALESCE((SELECT public FROM service_clients WHERE client_id = service_jobs.client_id), '')"
    )
    _only_names()


def _only_names() -> None:
    """Clients without their keys. SQLite cannot drop a unique column."""
    op.create_table(
        "service_clients_new",
        sa.Column("client_id", sa.String, primary_key=True),
        sa.Column("joined", sa.BigInteger, nullable=False),
    )
    op.execute("INSERT INTO service_clients_new (client_id, joined) SELECT client_id, joined FROM service_clients")
    op.drop_table("service_clients")
    op.rename_table("service_clients_new", "service_clients")

"""Counts that outlive processes, and an index for how many jobs wait, of which kind, and since when."""

import sqlalchemy as sa
from alembic import op

revision = "s0005"
down_revision = "s0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service_tallies",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("label", sa.String, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.create_index("service_jobs_standing", "service_jobs", ["status", "kind", "due"])
    for label, what in (("bytes", "coalesce(sum(size), 0)"), ("files", "count(*)")):
        op.execute(f"INSERT INTO service_tallies (name, label, value) SELECT 'evidence', '{label}', {what} FROM service_evidence")

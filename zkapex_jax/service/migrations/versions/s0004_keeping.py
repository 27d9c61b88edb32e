"""Refused bundles that are kept as evidence, how far housekeeping has read the ledger, and indexes for what is asked all day."""

import sqlalchemy as sa
from alembic import op

revision = "s0004"
down_revision = "s0003"
branch_labels = None
depends_on = None

#: Index -> table and columns.
_NEW = {
    "service_uploads_old": ("service_uploads", ["spent", "expires"]),
    "service_uploads_client": ("service_uploads", ["client_id", "spent"]),
    "service_jobs_proof": ("service_jobs", ["proof_upload"]),
    "service_jobs_waiting": ("service_jobs", ["status", "made"]),
    "service_jobs_day": ("service_jobs", ["client_id", "made"]),
    "service_jobs_ended": ("service_jobs", ["finished", "id"]),
}


def upgrade() -> None:
    op.create_table(
        "service_evidence",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("client_id", sa.String, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("size", "judged")),
    )
    op.create_index("service_evidence_old", "service_evidence", ["judged"])
    op.create_index("service_evidence_client", "service_evidence", ["client_id", "judged", "size"])
    op.create_table(
        "service_places", sa.Column("name", sa.String, primary_key=True), sa.Column("place", sa.BigInteger, nullable=False)
    )
    op.drop_index("ix_service_uploads_expires", "service_uploads")
    op.drop_index("service_jobs_next", "service_jobs")
    for name, (table, columns) in _NEW.items():
        op.create_index(name, table, columns)

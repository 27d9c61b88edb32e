"""Receipts of enrolments and refusals beside those of verdicts."""

import sqlalchemy as sa
from alembic import op

revision = "s0002"
down_revision = "s0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service_statements",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("client_id", sa.String, nullable=False, index=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("kind", "subject", "why", "document")),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("subject", "kind", "why", name="one_statement_each"),
    )
    op.execute(
        "INSERT INTO service_statements (digest, client_id, kind, subject, why, document, made) "
        "SELECT digest, client_id, 'receipt', bundle_digest, '', document, made FROM service_receipts"
    )
    op.drop_table("service_receipts")

"""The first tables of the service."""

import sqlalchemy as sa
from alembic import op

revision = "s0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service_clients",
        sa.Column("client_id", sa.String, primary_key=True),
        sa.Column("public", sa.String, nullable=False, unique=True),
        sa.Column("joined", sa.BigInteger, nullable=False),
        sa.Column("invitation", sa.String, nullable=False),
    )
    op.create_table(
        "service_invitations",
        sa.Column("token_digest", sa.String, primary_key=True),
        sa.Column("client_id", sa.String, nullable=False, index=True),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger),
    )
    op.create_table(
        "service_nonces",
        sa.Column("public", sa.String, primary_key=True),
        sa.Column("nonce", sa.String, primary_key=True),
        sa.Column("expires", sa.BigInteger, nullable=False, index=True),
    )
    _work()
    op.create_table(
        "service_receipts",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("client_id", sa.String, nullable=False, index=True),
        sa.Column("bundle_digest", sa.String, nullable=False, unique=True),
        sa.Column("document", sa.String, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
    )


def _work() -> None:
    op.create_table(
        "service_uploads",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("client_id", "kind", "digest")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("size", "received")),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in ("whole", "spent")),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False, index=True),
        sa.UniqueConstraint("client_id", "kind", "digest", name="one_upload_a_file"),
    )
    op.create_table(
        "service_jobs",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("client_id", "kind")),
        sa.Column("digest", sa.String, nullable=False, index=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("upload", "proof_upload", "status", "worker")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("attempts", "due", "lease", "made")),
        sa.Column("finished", sa.BigInteger),
        sa.Column("outcome", sa.String),
        sa.UniqueConstraint("upload", "proof_upload", name="one_job_an_upload"),
    )
    op.create_index("service_jobs_next", "service_jobs", ["status", "due"])
    op.create_index("service_jobs_client", "service_jobs", ["client_id", "status"])


def downgrade() -> None:
    for table in ("receipts", "jobs", "uploads", "nonces", "invitations", "clients"):
        op.drop_table(f"service_{table}")

"""Version 3, for fleets: clients that forgot the same share one mask; verdicts and states are found by their place in the chain."""

import hashlib

import sqlalchemy as sa
from alembic import op

from zkapex_jax.ledger.append_only import triggers

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "masks", sa.Column("digest", sa.String, primary_key=True), sa.Column("packed", sa.LargeBinary, nullable=False)
    )
    op.create_table(
        "states_made",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("enrolment_id", sa.Integer, sa.ForeignKey("enrolments.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("state_digest", sa.String, nullable=False, unique=True),
        sa.Column("head", sa.String, nullable=False, unique=True),
        sa.Column("mask_digest", sa.String, sa.ForeignKey("masks.digest"), nullable=False),
        sa.Column("sequence", sa.Integer, sa.ForeignKey("chain.sequence"), nullable=False),
        sa.UniqueConstraint("enrolment_id", "position"),
    )
    _copy(op.get_bind())
    op.drop_table("states")
    op.rename_table("states_made", "states")
    op.create_index("ix_states_sequence", "states", ["sequence"])
    op.create_index("ix_verdicts_sequence", "verdicts", ["sequence"])
    op.create_index("verdicts_of", "verdicts", ["request_id", "enrolment_id"])
    _settle(op.get_bind().dialect.name)


def _copy(connection: sa.Connection) -> None:
    """States with their masks, one at a time: a mask may be megabytes."""
    kept = "id, enrolment_id, position, state_digest, head"
    known: set[str] = set()
    for number in connection.execute(sa.text("SELECT id FROM states ORDER BY id")).scalars().all():
        packed = bytes(connection.execute(sa.text("SELECT cumulative FROM states WHERE id = :id"), {"id": number}).scalar_one())
        digest = hashlib.sha256(packed).hexdigest()
        if digest not in known:
            connection.execute(sa.text("INSERT INTO masks VALUES (:digest, :packed)"), {"digest": digest, "packed": packed})
            known.add(digest)
        connection.execute(
            sa.text(f"INSERT INTO states_made ({kept}, mask_digest, sequence) SELECT {kept}, :digest, sequence FROM states WHERE id = :id"),
            {"digest": digest, "id": number},
        )


def _settle(dialect: str) -> None:
    for table in ("states", "masks"):
        for statement in triggers(dialect, table):
            op.execute(statement)
    if dialect == "sqlite":
        op.execute("PRAGMA user_version = 3")
        return
    for kind, name, wanted in _NAMES:
        op.execute(f"ALTER {kind} {name} RENAME TO {wanted}")
    op.execute("SELECT setval('states_id_seq', COALESCE((SELECT max(id) FROM states), 0) + 1, false)")


#: PostgreSQL names these after the table that they were made for.
_NAMES = (
    ("SEQUENCE", "states_made_id_seq", "states_id_seq"),
    ("INDEX", "states_made_pkey", "states_pkey"),
    *(("INDEX", f"states_made_{part}_key", f"states_{part}_key") for part in ("state_digest", "head", "enrolment_id_position")),
)


def downgrade() -> None:
    raise NotImplementedError("a ledger of version 3 stays one: keep the file as it was before the upgrade")

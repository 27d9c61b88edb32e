"""Version 2, where the scripts start: as zkapex 0.1 made ledgers, in SQLite files that no script had touched."""

import sqlalchemy as sa
from alembic import op

from zkapex_jax.ledger.append_only import triggers

revision = "0002"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chain",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        *(_text(name) for name in ("kind", "payload")),
        _text("head", unique=True),
    )
    op.create_table("provider_keys", _text("public", primary_key=True), _text("added"), _event())
    op.create_table(
        "bases", _text("digest", primary_key=True), _text("weights_digest", index=True),
        sa.Column("signer", sa.String, sa.ForeignKey("provider_keys.public"), nullable=False), _text("received"), _event(),
    )  # fmt: skip
    _clients()
    _answers()
    for table in ("chain", "bases", "verdicts", "states", "commitments"):
        for statement in triggers(op.get_bind().dialect.name, table):
            op.execute(statement)


def _clients() -> None:
    op.create_table(
        "enrolments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("client_id", _id(), nullable=False, index=True),
        _text("digest", unique=True),
        *(_text(name) for name in ("received", "proof_digest")),
        sa.Column("base_digest", sa.String, sa.ForeignKey("bases.digest"), nullable=False),
        sa.Column("replaced", sa.Boolean, nullable=False),
        _event(),
    )
    op.create_index(
        "one_active_enrolment", "enrolments", ["client_id"], unique=True,
        sqlite_where=sa.text("replaced = 0"), postgresql_where=sa.text("NOT replaced"),
    )  # fmt: skip
    op.create_table(
        "commitments", sa.Column("point", sa.LargeBinary(48), primary_key=True), _enrolment(), sqlite_with_rowid=False
    )


def _answers() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.Integer, primary_key=True),
        *(_text(name, unique=True) for name in ("request_id", "digest", "nonce")),
        sa.Column("signer", sa.String, sa.ForeignKey("provider_keys.public"), nullable=False),
        _text("received"),
        sa.Column("closed", sa.String),
        _event(),
    )
    op.create_table(
        "verdicts",
        sa.Column("id", sa.Integer, primary_key=True),
        _enrolment(),
        sa.Column("request_id", sa.Integer, sa.ForeignKey("requests.id"), nullable=False),
        _text("bundle_digest", index=True),
        sa.Column("accepted", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("verifier_seconds", sa.Double, nullable=False),
        _text("received"),
        _event(),
    )
    op.create_index(
        "one_acceptance", "verdicts", ["enrolment_id", "request_id"], unique=True,
        sqlite_where=sa.text("accepted = 1"), postgresql_where=sa.text("accepted"),
    )  # fmt: skip
    op.create_table(
        "states",
        sa.Column("id", sa.Integer, primary_key=True),
        _enrolment(),
        sa.Column("position", sa.Integer, nullable=False),
        *(_text(name, unique=True) for name in ("state_digest", "head")),
        sa.Column("cumulative", sa.LargeBinary, nullable=False),
        _event(),
        sa.UniqueConstraint("enrolment_id", "position"),
    )


def _text(name: str, **options: bool) -> sa.Column:
    return sa.Column(name, sa.String, nullable=False, **options)


def _id() -> sa.String:
    return sa.String().with_variant(sa.String(collation="C"), "postgresql")


def _event() -> sa.Column:
    return sa.Column("sequence", sa.Integer, sa.ForeignKey("chain.sequence"), nullable=False)


def _enrolment() -> sa.Column:
    return sa.Column("enrolment_id", sa.Integer, sa.ForeignKey("enrolments.id"), nullable=False)


def downgrade() -> None:
    for table in ("states", "verdicts", "requests", "commitments", "enrolments", "bases", "provider_keys", "chain"):
        op.drop_table(table)

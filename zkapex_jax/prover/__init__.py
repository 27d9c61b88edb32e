"""Driver of the Rust binary `zkapex-prover`."""

from zkapex_jax.prover.columns import write_columns, write_public
from zkapex_jax.prover.driver import EnrolmentFiles, ProofFiles, Prover
from zkapex_jax.prover.progress import OnProgress, Progress, tell
from zkapex_jax.prover.relation import RelationProof, RelationVerdict, relation_check, relation_prove, relation_verify
from zkapex_jax.prover.serving import ChunkServer, ServedChunk
from zkapex_jax.prover.srs import SrsFile, check_srs, ensure_srs, import_srs

__all__ = [
    "ChunkServer",
    "EnrolmentFiles",
    "OnProgress",
    "Progress",
    "ProofFiles",
    "Prover",
    "RelationProof",
    "RelationVerdict",
    "ServedChunk",
    "SrsFile",
    "check_srs",
    "ensure_srs",
    "import_srs",
    "relation_check",
    "relation_prove",
    "relation_verify",
    "tell",
    "write_columns",
    "write_public",
]

"""Driver of the Rust binary `zkapex-prover`."""

from zkapex_jax.prover.driver import EnrolmentFiles, ProofFiles, Prover
from zkapex_jax.prover.progress import OnProgress, Progress, tell
from zkapex_jax.prover.srs import SrsFile, check_srs, ensure_srs, import_srs

__all__ = [
    "EnrolmentFiles",
    "OnProgress",
    "Progress",
    "ProofFiles",
    "Prover",
    "SrsFile",
    "check_srs",
    "ensure_srs",
    "import_srs",
    "tell",
]

"""The provider's ledger in SQLite."""

from zkapex_jax.ledger.ledger import Ledger
from zkapex_jax.ledger.records import BaseRecord, EnrolmentRecord, RequestRecord, StateRecord, VerdictRecord

__all__ = ["BaseRecord", "EnrolmentRecord", "Ledger", "RequestRecord", "StateRecord", "VerdictRecord"]

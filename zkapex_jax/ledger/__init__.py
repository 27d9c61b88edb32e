"""The provider's ledger: an append-only hash chain with its rows, in one SQLite file or a PostgreSQL database."""

from zkapex_jax.ledger.detail import ClientDetail, ClientState, ClientVerdict, client_detail
from zkapex_jax.ledger.fleet import FleetQuery, FleetRow, Page, export_rows, fleet_page, fleet_row
from zkapex_jax.ledger.ledger import Ledger
from zkapex_jax.ledger.records import BaseRecord, EnrolmentRecord, RequestRecord, StateRecord, VerdictRecord

__all__ = [
    "BaseRecord",
    "ClientDetail",
    "ClientState",
    "ClientVerdict",
    "EnrolmentRecord",
    "FleetQuery",
    "FleetRow",
    "Ledger",
    "Page",
    "RequestRecord",
    "StateRecord",
    "VerdictRecord",
    "client_detail",
    "export_rows",
    "fleet_page",
    "fleet_row",
]

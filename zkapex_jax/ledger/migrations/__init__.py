"""Alembic's scripts for the ledger, from version 2 on; a ledger's version stands in its table `ledger_version`."""

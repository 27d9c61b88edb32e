"""Alembic's scripts for the tables of the service; their version stands in a table of their own, `service_version`."""

"""Triggers by which the database itself refuses to change or remove rows."""

from __future__ import annotations

from collections.abc import Iterator

#: PostgreSQL's code for a broken rule of integrity, as its driver sorts errors.
_REFUSED = "23001"
_FUNCTION = f"""CREATE OR REPLACE FUNCTION zkapex_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = '{_REFUSED}'; END $$"""


def triggers(dialect: str, table: str) -> Iterator[str]:
    """Statements that make a table append-only; `dialect` is sqlite or postgresql."""
    if dialect == "sqlite":
        for action in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    yield _FUNCTION
    for action in ("UPDATE", "DELETE", "TRUNCATE"):
        each = "STATEMENT" if action == "TRUNCATE" else "ROW"
        yield (
            f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION zkapex_append_only()"
        )

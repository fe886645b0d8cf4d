"""
Tables that the database itself refuses to change: whoever wants to must first change the schema, and that shows.

SQLite's INSERT OR REPLACE deletes without asking the triggers for DELETE (sqlite.org/lang_conflict.html), so a second
row under a key that is there is refused before it is tried.
"""

from typing import Any

from sqlalchemy import Connection, Table, event

_CLOSED = "the month takes no more entries"
_MONTHS = "SELECT max(month) FROM ledger_closings"
_OF_ENTRY = "SELECT month FROM ledger_entries WHERE id = NEW.entry_id"
_LATE = {
    "ledger_entries": f"NEW.month <= ({_MONTHS})",
    "ledger_postings": f"({_OF_ENTRY}) <= ({_MONTHS})",
}
"""By table: when a new row is of a month that takes no more."""


def refusals(table: str, keys: list[str], dialect: str) -> list[str]:
    """The statements that make a table append-only on this kind of database."""
    words = f"{table} is append-only"
    return (_sqlite if dialect == "sqlite" else _postgresql)(table, keys, words)


def withdrawn(table: str, dialect: str) -> list[str]:
    """What takes the refusals back before the table goes; SQLite's go with it."""
    return [] if dialect == "sqlite" else [f"DROP FUNCTION IF EXISTS {table}_{each}() CASCADE" for each in ("refuse", "late")]  # noqa: E501  # fmt: skip


def refuse_changes(*tables: Table) -> None:
    """These tables, wherever they are made, refuse to be changed."""
    for table in tables:
        event.listen(table, "after_create", _laid)


def _laid(table: Table, connection: Connection, **_: Any) -> None:
    for statement in refusals(table.name, [each.name for each in table.primary_key], connection.dialect.name):
        connection.exec_driver_sql(statement)


def _sqlite(table: str, keys: list[str], words: str) -> list[str]:
    same = " AND ".join(f'"{key}" = NEW."{key}"' for key in keys)
    told = [
        f"CREATE TRIGGER {table}_refuse_{verb.lower()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{words}'); END"  # noqa: E501
        for verb in ("UPDATE", "DELETE")
    ]
    told.append(
        f"CREATE TRIGGER {table}_refuse_again BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "  # noqa: E501, S608
        f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
    )
    if table in _LATE:
        told.append(
            f"CREATE TRIGGER {table}_refuse_late BEFORE INSERT ON {table} WHEN {_LATE[table]} "
            f"BEGIN SELECT RAISE(ABORT, '{_CLOSED}'); END"
        )
    return told


def _postgresql(table: str, _: list[str], words: str) -> list[str]:
    told = [
        f"CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{words}'; END $$",  # noqa: E501
        f"CREATE TRIGGER {table}_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",  # noqa: E501
    ]
    if table in _LATE:
        told += [
            (
                f"CREATE OR REPLACE FUNCTION {table}_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF {_LATE[table]} THEN RAISE EXCEPTION '{_CLOSED}'; END IF; RETURN NEW; END $$"
            ),
            f"CREATE TRIGGER {table}_late BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_late()",
        ]
    return told

"""Somebody else who writes in the same file, and keeps everybody waiting: a tool, a backup that went wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dispatch.store.database import sqlite_module
from dispatch.store.transactions import Transactions


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Nobody else can write to this file until the end."""
    # By the library of the service: two of them in one process do not see each other's locks.
    other = sqlite_module().connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def foreign_lock(path: Path, transactions: Transactions) -> Iterator[None]:
    """The same where `transactions` work in this process: they wait for it no longer than 50 ms."""
    transactions.run(lambda tx: tx.connection.exec_driver_sql("PRAGMA busy_timeout=50"))
    with held(path):
        yield

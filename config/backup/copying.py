"""Copies of a database: SQLite's by its own online backup in one step, PostgreSQL's by its own programs."""

import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from config.backup.manifest import sync
from dispatch.errors import Misconfigured, Refusal
from dispatch.store.database import sqlite_file, sqlite_module

SQLITE, POSTGRES = "sqlite", "postgresql"
DATABASE_FILE = {SQLITE: "anling.db", POSTGRES: "anling.dump"}
PROGRAM_S = 4 * 3600.0


class NoRoom(Refusal):
    """The disk is full, or will be."""


def copy_sqlite(url: str, target: Path) -> None:
    """
    One consistent copy of an SQLite database, made while the service writes: in one step, because one in several steps
    begins again whenever somebody writes in between, and under load never ends. Durable when this returns.
    """
    source = sqlite_file(url)
    assert source is not None
    if not source.is_file():
        raise Misconfigured("database_url", f"{source} is not there; nothing to copy")
    sqlite = sqlite_module()
    with (
        closing(sqlite.connect(f"file:{source}?mode=ro", uri=True, timeout=30.0)) as reading,
        closing(sqlite.connect(str(target))) as writing,
    ):
        reading.backup(writing, pages=-1)
        # A copy stands by itself: no journal beside it that could be left behind.
        writing.execute("PRAGMA journal_mode=DELETE")
    sync(target)


def refuse_without_room(folder: Path, wanted: int) -> None:
    """
    Raises:
        NoRoom: fewer bytes are free than the copy and its trial restoring take.
    """
    free = shutil.disk_usage(folder).free
    if free < wanted:
        have, need = free // 1_000_000, wanted // 1_000_000 + 1
        raise NoRoom(f"{folder} has {have} MB free and {need} MB are needed; make room or name another folder")


# ------------------------------------------------------------------------------------------------ PostgreSQL


def dump_postgres(url: str, target: Path) -> None:
    """
    A dump in the custom format of pg_dump: one consistent snapshot, made while the service runs.

    Raises:
        Refusal: pg_dump is missing, older than the server, or failed; with its own words.
    """
    address, surroundings = _address(url)
    _run(["pg_dump", "--format=custom", "--no-password", f"--file={target}", f"--dbname={address}"], surroundings)
    sync(target)


def load_postgres(url: str, dump: Path) -> None:
    """Fills an empty PostgreSQL database from a dump, in one transaction; raises as `dump_postgres`."""
    address, surroundings = _address(url)
    _run(
        ["pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--no-password",
         f"--dbname={address}", str(dump)],
        surroundings,
    )  # fmt: skip


def has_programs() -> bool:
    return all(shutil.which(name) for name in ("pg_dump", "pg_restore"))


def _address(url: str) -> tuple[str, dict[str, str]]:
    """What libpq understands, with the password beside it: a command line is read by everybody on the machine."""
    parts = urlsplit(url.replace("postgresql+psycopg://", "postgresql://", 1))
    user, _, host = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    there = f"{name}@{host}" if name else host
    return urlunsplit(parts._replace(netloc=there)), {"PGPASSWORD": unquote(password)} if password else {}


def _run(command: list[str], surroundings: dict[str, str]) -> None:
    program = shutil.which(command[0])
    if program is None:
        raise Misconfigured(
            "database_url",
            f"{command[0]} is missing, and PostgreSQL is backed up by it; apt install postgresql-client, or have the "
            "database's own administrators archive its WAL",
        )
    env = {"PATH": str(Path(program).parent), "LC_ALL": "C.UTF-8", **surroundings}
    done = subprocess.run(  # noqa: S603  the words are ours and the settings', never a shell's
        [program, *command[1:]], env=env, capture_output=True, text=True, timeout=PROGRAM_S, check=False
    )
    if done.returncode:
        raise Refusal(f"{command[0]} failed: {' '.join(done.stderr.split())[-400:]}")

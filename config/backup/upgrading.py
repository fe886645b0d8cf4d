"""Bringing the tables up to date, with a way back."""

from pathlib import Path

from config.backup.making import back_up
from config.databases import Ownership, newest, open_for_writing, revision
from config.settings import Settings
from dispatch.clock import SystemClock
from dispatch.errors import Conflict
from dispatch.store.database import is_sqlite, reading_engine, sqlite_file


def upgraded(settings: Settings, config: Path | None, *, backup: bool) -> str:
    """
    Brings the tables up to date, after a verified backup where they are old; says what was done.

    Raises:
        Conflict: the service runs; it brought them up to date when it started. Refusal: no backup could be made.
    """
    owner = Ownership(settings)
    if not owner.take():
        raise Conflict("another process holds the database; it upgraded it when it started")
    try:
        at = revision_of(settings)
        if at == newest():
            return f"the tables are at {newest()}"
        way_back = ""
        if at is not None and backup:
            made = back_up(settings, SystemClock(), config=config)
            way_back = f"; the way back: the older program, then anling db restore {made.folder}"
        open_for_writing(settings).dispose()
        return f"the tables are at {newest()}{way_back}"
    finally:
        owner.release()


def revision_of(settings: Settings) -> str | None:
    """Which migration the tables are at; None where there are none yet."""
    path = sqlite_file(settings.database_url)
    if is_sqlite(settings.database_url) and (path is None or not path.is_file()):
        return None
    engine = reading_engine(settings.database_url)
    try:
        return revision(engine)
    finally:
        engine.dispose()

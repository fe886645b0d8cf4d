"""Bringing the tables up to date, with a way back."""

from pathlib import Path

import structlog

from config.backup.copying import copy_sqlite, refuse_without_room
from config.backup.making import back_up
from config.databases import Ownership, known, newest, open_for_writing, revision_of
from config.settings import Settings
from dispatch.clock import SystemClock
from dispatch.errors import Conflict, Refusal
from dispatch.store.database import sqlite_file

BEFORE = ".before-upgrade"

log = structlog.get_logger()


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


def keep_before_upgrade(settings: Settings) -> None:
    """
    A start with old tables keeps a copy of them beside the database. The plain copy only: presses wait meanwhile, and
    `anling db upgrade` before the start makes a backup that was tried. Without room for it the start goes on: the
    migration is one transaction, and a centre that does not start helps nobody.
    """
    path, at = sqlite_file(settings.database_url), revision_of(settings)
    if path is None or at is None or at == newest() or at not in known():
        return
    kept, fresh = path.with_name(path.name + BEFORE), path.with_name(f".{path.name}{BEFORE}")
    try:
        fresh.unlink(missing_ok=True)
        refuse_without_room(path.parent, path.stat().st_size + 2_000_000)
        copy_sqlite(settings.database_url, fresh)
        fresh.replace(kept)
        log.info("kept_before_upgrade", file=str(kept), revision=at)
    except (OSError, Refusal) as error:
        log.warning("not_kept_before_upgrade", why=str(error))

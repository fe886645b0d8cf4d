"""
Putting a backup back: beside the database, tried there, made ready to go on, then swapped in.

```
  backup ──opened──► anling.db.restoring ──sound?──► reconciled ──┐
                                                                  ├─ swap ─► anling.db
  anling.db ──its journal folded in──► anling.db.before-TIME ◄────┘          (anling.db.swapping stands meanwhile)
```

A process that is killed anywhere leaves either the old database or the new one. Only between the two steps of the swap
does neither stand for sure: then a mark lies beside them, the service refuses to start, and restoring again
finishes it.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from config.backup.checking import faults
from config.backup.copying import DATABASE_FILE, POSTGRES, load_postgres, refuse_without_room
from config.backup.making import STAMP, Step
from config.backup.manifest import Manifest, altered, described, read_manifest, sync
from config.backup.seal import SUFFIX, NotOpened, open_sealed
from config.databases import SWAPPING, Ownership, revision, upgrade
from config.settings import Settings
from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, Refusal
from dispatch.ids import new_id
from dispatch.store.database import is_sqlite, reading_engine, sqlite_file, sqlite_module, writing_engine
from dispatch.store.proofs import Restoration, raised_since, reconcile
from dispatch.store.pulse import NotWritten
from dispatch.store.transactions import SerialTransactions

RESTORING = ".restoring"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back, where the database before it lies now, and which keys were left as they are."""

    restoration: Restoration
    manifest: Manifest
    before: Path | None
    keys: Mapping[str, str]


def restore(
    settings: Settings, folder: Path, clock: Clock, *, key: str = "", take_keys: bool = False,
    step: Step = lambda _: None,
) -> Restored:  # fmt: skip
    """
    Puts a verified backup in the place of the database. The service must not run.

    `key` is the private key of a sealed one. Keys of links and cookies are put where none are; others are replaced only
    with `take_keys`.

    Raises:
        Conflict: the database is in use. Refusal: the backup is not whole, or cannot be put there; nothing was changed.
    """
    manifest = read_manifest(folder)
    if (manifest.kind == POSTGRES) == is_sqlite(settings.database_url):
        raise Invalid(f"{folder} is a backup of {manifest.kind}; database_url names another kind")
    wrong = altered(folder, manifest)
    if wrong:
        raise Refusal(f"{folder}: {wrong}; take another backup, or its copy on the other disk")
    owner = Ownership(settings)
    if not owner.take():
        raise Conflict("the service runs on this database: systemctl stop anling, then restore")
    try:
        if manifest.kind == POSTGRES:
            return _restore_postgres(settings, folder, manifest, clock, key)
        return _restore_sqlite(settings, folder, manifest, clock, key, take_keys=take_keys, step=step)
    except OSError as error:
        raise Refusal(f"nothing was put back: {error.strerror or error}; make room or mend the disk") from error
    finally:
        owner.release()


# ------------------------------------------------------------------------------------------------ SQLite


def _restore_sqlite(
    settings: Settings, folder: Path, manifest: Manifest, clock: Clock, key: str, *, take_keys: bool, step: Step
) -> Restored:
    target = sqlite_file(settings.database_url)
    assert target is not None
    refuse_without_room(target.parent, manifest.size() + 2_000_000)
    fresh = target.with_name(target.name + RESTORING)
    _remove(fresh)
    step("open")
    _plain(folder, DATABASE_FILE[manifest.kind], fresh, key)
    step("try")
    wrong = faults(fresh)
    if wrong:
        _remove(fresh)
        raise Refusal(f"{folder} does not stand its trial: {wrong[0].what}; take an older backup")
    step("reconcile")
    lost = _lost(target, manifest)
    restoration = _reconciled(fresh, manifest, lost, clock)
    sync(fresh)
    step("swap")
    before = _swap(target, fresh, clock.now(), step)
    step("keys")
    keys = _put_keys(folder, manifest, settings.home, key, replace=take_keys)
    return Restored(restoration=restoration, manifest=manifest, before=before, keys=keys)


def _plain(folder: Path, name: str, target: Path, key: str) -> None:
    """A file of the backup as it was, opened where it is sealed."""
    sealed = folder / (name + SUFFIX)
    if not sealed.is_file():
        target.touch(mode=0o600)
        shutil.copyfile(folder / name, target)
    elif key:
        target.parent.mkdir(parents=True, exist_ok=True)
        open_sealed(sealed, target, key)
        target.chmod(0o600)
    else:
        raise NotOpened(f"{sealed.name} is sealed; give the private key with --key FILE")
    sync(target)


def _lost(target: Path, manifest: Manifest) -> Sequence[Mapping[str, Any]]:
    """The alarms raised since the backup, as far as the database before it can still be read."""
    if not target.is_file():
        return ()
    engine = reading_engine(f"sqlite:///{target}")
    try:
        with engine.connect() as connection:
            return raised_since(connection, manifest.made_at)
    except NotWritten:
        return ()
    finally:
        engine.dispose()


def _reconciled(fresh: Path, manifest: Manifest, lost: Sequence[Mapping[str, Any]], clock: Clock) -> Restoration:
    engine = writing_engine(f"sqlite:///{fresh}")
    try:
        upgrade(engine)
        transactions = SerialTransactions(engine, clock, new_id)
        restoration = transactions.run(
            lambda tx: reconcile(tx, made_at=manifest.made_at, entries=manifest.entries, head=manifest.head, lost=lost)
        )
        transactions.close()
    finally:
        engine.dispose()
    _fold(fresh)
    return restoration


def _fold(path: Path) -> None:
    """The journal into the file, so that the file alone is the database."""
    sqlite = sqlite_module()
    with closing(sqlite.connect(str(path), timeout=5.0)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _swap(target: Path, fresh: Path, now: datetime, step: Step) -> Path | None:
    """The new file in the place of the old, which stays beside it with its journal."""
    mark, before = target.with_name(target.name + SWAPPING), target.with_name(f"{target.name}.before-{now:{STAMP}}")
    had = target.is_file()
    mark.touch()
    sync(target.parent)
    step("marked")
    if had:
        # Where it is damaged, which may be why somebody restores, what can be kept of it is kept as it is.
        with suppress(sqlite_module().DatabaseError):
            _fold(target)
        if not before.exists():
            os.link(target, before)
        step("linked")
        for suffix in ("-wal", "-shm"):
            beside = target.with_name(target.name + suffix)
            if beside.exists():
                beside.replace(before.with_name(before.name + suffix))
    step("moved")
    fresh.replace(target)
    sync(target.parent)
    step("swapped")
    mark.unlink()
    sync(target.parent)
    return before if had else None


def _put_keys(folder: Path, manifest: Manifest, home: Path, key: str, *, replace: bool) -> dict[str, str]:
    """Keys of links and cookies: name → what became of it."""
    done = {}
    home.mkdir(parents=True, exist_ok=True)
    for name in (each.removesuffix(SUFFIX) for each in manifest.files):
        if not name.endswith(".key"):
            continue
        target, drawn = home / name, home / f".{name}{RESTORING}"
        drawn.unlink(missing_ok=True)
        _plain(folder, name, drawn, key)
        if target.exists() and described(target) != described(drawn) and not replace:
            drawn.unlink()
            done[name] = "left as it is: another one is there (--keys takes the backup's)"
            continue
        drawn.chmod(0o600)
        drawn.replace(target)
        done[name] = "put back"
    return done


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


# ------------------------------------------------------------------------------------------------ PostgreSQL


def _restore_postgres(settings: Settings, folder: Path, manifest: Manifest, clock: Clock, key: str) -> Restored:
    """Into an empty database only: swapping databases is for whoever administers the server."""
    engine = writing_engine(settings.database_url)
    dump = settings.home / f".{DATABASE_FILE[POSTGRES]}{RESTORING}"
    try:
        if revision(engine) is not None:
            name = engine.url.database
            raise Conflict(
                f"the database '{name}' is not empty and was left as it is; a backup goes into an empty one beside it: "
                f"createdb {name}_restored, name that in database_url, restore again; drop '{name}' when you are sure"
            )
        settings.home.mkdir(parents=True, exist_ok=True)
        dump.unlink(missing_ok=True)
        _plain(folder, DATABASE_FILE[POSTGRES], dump, key)
        load_postgres(settings.database_url, dump)
        upgrade(engine)
        transactions = SerialTransactions(engine, clock, new_id)
        restoration = transactions.run(
            lambda tx: reconcile(tx, made_at=manifest.made_at, entries=manifest.entries, head=manifest.head, lost=())
        )
        transactions.close()
    finally:
        dump.unlink(missing_ok=True)
        engine.dispose()
    keys = _put_keys(folder, manifest, settings.home, key, replace=False)
    return Restored(restoration=restoration, manifest=manifest, before=None, keys=keys)

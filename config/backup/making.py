"""Making a backup: copy, try it by restoring, describe it, put it in its place, copy it on, thin the old ones."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from filelock import FileLock, Timeout

from config.backup.checking import broken_promises, faults
from config.backup.copying import DATABASE_FILE, POSTGRES, SQLITE, copy_sqlite, dump_postgres, refuse_without_room
from config.backup.manifest import Manifest, altered, described, read_manifest, sync
from config.backup.rotation import Rule, kept
from config.backup.seal import SUFFIX, open_with, seal
from config.backup.trial import head_of_dump
from config.databases import newest, revision
from config.settings import Settings
from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, Refusal
from dispatch.store.database import is_sqlite, reading_engine, sqlite_file
from dispatch.store.record import Record

PREFIX, PARTIAL = "anling-", ".partial-"
STAMP = "%Y%m%dT%H%M%S%fZ"
LOCK = ".backup.lock"
KEYS = "*.key"
"""The secrets in the folder of data that a restored service needs: links, cookies, ID numbers."""

Step = Callable[[str], None]
"""Told before each step, for progress and for tests that end the process there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup in its place, and what could not be done besides."""

    folder: Path
    manifest: Manifest
    thinned: tuple[str, ...]
    not_copied: tuple[str, ...]


def folder_of(settings: Settings) -> Path:
    """Where backups go by the settings."""
    return Path(settings.backup.folder) if settings.backup.folder else settings.home / "backups"


def back_up(
    settings: Settings, clock: Clock, *, into: Path | None = None, config: Path | None = None,
    step: Step = lambda _: None,
) -> Made:  # fmt: skip
    """
    Makes one verified backup while the service runs. `into` takes the place of the settings' folder, `config` is the
    settings file that goes with it.

    A process that is killed leaves a `.partial-…` folder, which the next one takes away; what bears the name of a
    backup is whole.

    Raises:
        Refusal: it could not be made, or did not stand its trial; nothing that was there before is touched.
    """
    shelf = into or folder_of(settings)
    _make_shelf(shelf)
    lock = FileLock(str(shelf / LOCK))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Conflict(f"another backup is being made in {shelf}; wait for it") from None
    try:
        step("clean")
        _clear_partials(shelf)
        folder, manifest = _make(settings, clock, shelf, config, step)
        step("copy")
        also = () if into else tuple(Path(each) for each in settings.backup.also)
        lost = tuple(f"{each}: {why}" for each in also if (why := _copy_on(folder, each, manifest)))
        step("thin")
        said = settings.backup
        rule = Rule(daily=said.daily, weekly=said.weekly, monthly=said.monthly)
        thinned = () if into else _thin([shelf, *also], rule)
        return Made(folder=folder, manifest=manifest, thinned=thinned, not_copied=lost)
    except OSError as error:
        raise Refusal(f"no backup was made: {error.strerror or error} ({shelf}); make room or mend the disk") from error
    finally:
        lock.release()


def backups(shelf: Path) -> list[tuple[Path, Manifest]]:
    """The verified backups of a folder, the newest first; what is not one is passed over."""
    return sorted(_backups(shelf), key=lambda each: each[1].made_at, reverse=True)


def _backups(shelf: Path) -> Iterator[tuple[Path, Manifest]]:
    for folder in shelf.glob(f"{PREFIX}*"):
        try:
            yield folder, read_manifest(folder)
        except Invalid:
            continue


# ------------------------------------------------------------------------------------------------ the parts


def _make_shelf(shelf: Path) -> None:
    try:
        shelf.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Refusal(f"{shelf} cannot be made: {error.strerror}; name another folder for backups") from error


def _make(
    settings: Settings, clock: Clock, shelf: Path, config: Path | None, step: Step
) -> tuple[Path, Manifest]:  # fmt: skip
    made_at = clock.now()
    kind = SQLITE if is_sqlite(settings.database_url) else POSTGRES
    partial = shelf / f"{PARTIAL}{made_at:{STAMP}}"
    partial.mkdir(mode=0o700)
    try:
        source = sqlite_file(settings.database_url)
        if source is not None and source.is_file():
            # The copy, its trial, and the sealed one.
            refuse_without_room(shelf, source.stat().st_size * (3 if settings.backup.recipient else 2) + 2_000_000)
        step("read")
        plain = partial / DATABASE_FILE[kind]
        (copy_sqlite if kind == SQLITE else dump_postgres)(settings.database_url, plain)
        others = _others(settings, partial, config)
        step("try")
        if kind == SQLITE:
            at, entries, head, broken = _tried(plain, partial / "trial", made_at)
        else:
            at, entries, head, broken = head_of_dump(settings.database_url, plain)
        step("seal")
        names = [plain.name, *(each.name for each in others)]
        if settings.backup.recipient:
            names = [_sealed(partial / name, settings.backup.recipient) for name in names]
        manifest = Manifest(
            made_at=made_at, verified_at=clock.now(), program=_program(), revision=at, kind=kind, entries=entries,
            head=head, files={name: described(partial / name) for name in names}, broken=broken,
            recipient=settings.backup.recipient, left_out=_left_out(settings, config),
        )  # fmt: skip
        for name in names:
            sync(partial / name)
        step("describe")
        manifest.write(partial)
        step("place")
        folder = shelf / f"{PREFIX}{made_at:{STAMP}}"
        partial.rename(folder)
        sync(shelf)
        return folder, manifest
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _tried(copy: Path, scratch: Path, at: datetime) -> tuple[str, int, str, tuple[str, ...]]:
    """Restores the copy into a scratch place and looks it over there; what is found there stands for the copy."""
    scratch.mkdir()
    restored = scratch / copy.name
    shutil.copyfile(copy, restored)
    wrong = faults(restored)
    if wrong:
        raise Refusal(f"the copy did not stand its trial: {wrong[0].what}; {wrong[0].cure}")
    engine = reading_engine(f"sqlite:///{restored}")
    try:
        with engine.connect() as connection:
            entries, head = Record(connection).head()
        there = revision(engine) or ""
    finally:
        engine.dispose()
    # The promises are about today's tables; before an upgrade the older ones are what is to be kept.
    broken = broken_promises(restored, at) if there == newest() else ()
    if described(copy) != described(restored):
        raise Refusal("the copy reads differently the second time; replace the disk")
    shutil.rmtree(scratch)
    return there, entries, head, broken


def _others(settings: Settings, partial: Path, config: Path | None) -> list[Path]:
    """Keys and settings, beside the database."""
    files = sorted(settings.home.glob(KEYS)) + ([config] if config else [])
    copied = []
    for each in files:
        target = partial / ("settings.toml" if each == config else each.name)
        target.touch(mode=0o600)
        shutil.copyfile(each, target)
        copied.append(target)
    return copied


def _left_out(settings: Settings, config: Path | None) -> tuple[str, ...]:
    """What a restored service needs and this backup does not hold, said so that nobody relies on it."""
    lacking = ["secrets that come from the environment or from files of their own (…_file)"]
    if config is None:
        lacking.append("the settings file: none was named with --config or ANLING_CONFIG")
    if not list(settings.home.glob(KEYS)):
        lacking.append(f"keys of links and cookies: none in {settings.home}")
    return tuple(lacking)


def _sealed(path: Path, recipient: str) -> str:
    """Seals a file, opens it once to see that it can be, and takes the open one away; the new name."""
    target, again = path.with_name(path.name + SUFFIX), path.with_name(path.name + ".opened")
    key = seal(path, target, recipient)
    open_with(target, again, key)
    if described(again) != described(path):
        raise Refusal(f"{path.name} is another after sealing and opening; replace the disk")
    again.unlink()
    path.unlink()
    return target.name


def _copy_on(folder: Path, shelf: Path, manifest: Manifest) -> str | None:
    """Copies a backup to a further place and compares it there; what went wrong, None if nothing did."""
    partial = shelf / f"{PARTIAL}{folder.name}"
    try:
        if not shelf.is_dir():
            # A disk that is not mounted must not be taken for an empty folder on this one.
            return "the folder is not there; mount it, or make it once"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(folder, partial)
        wrong = altered(partial, manifest)
        if wrong:
            shutil.rmtree(partial)
            return f"{wrong} there; replace that disk"
        for each in partial.iterdir():
            sync(each)
        partial.rename(shelf / folder.name)
        sync(shelf)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        return f"{error.strerror or error}"
    return None


def _thin(shelves: Sequence[Path], rule: Rule) -> tuple[str, ...]:
    """Takes away the backups that the rule does not keep. Only what is a verified backup of ours is ever taken away."""
    gone = []
    for shelf in shelves:
        there = {manifest.made_at: folder for folder, manifest in backups(shelf)}
        for made_at in sorted(set(there) - kept(list(there), rule)):
            shutil.rmtree(there[made_at])
            gone.append(str(there[made_at]))
    return tuple(gone)


def _clear_partials(shelf: Path) -> None:
    """What a killed backup left. Nobody else is making one: we hold the lock."""
    for each in shelf.glob(f"{PARTIAL}*"):
        shutil.rmtree(each, ignore_errors=True)


def _program() -> str:
    try:
        return version("anling")
    except PackageNotFoundError:
        return "?"

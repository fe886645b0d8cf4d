"""What `anling doctor` asks of the service's own books: accounts, receipts, consoles, backups, signs of life."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from config.admin import is_served
from config.backup.making import backups, folder_of
from config.databases import newest, revision
from config.findings import Finding
from config.settings import Settings
from dispatch.clock import Clock
from dispatch.lifeline import CANARY, DEADMAN
from dispatch.store.accounts import Accounts
from dispatch.store.database import Engine, reading_engine, sqlite_file, sqlite_module
from dispatch.store.proofs import Proof, Proofs, Restorations
from dispatch.store.receipts import newest_receipt_at

RECEIPT_MAX = timedelta(days=30)
BACKUP_MAX = timedelta(hours=36)
RESTORED_MAX = timedelta(days=30)
CALLED_MAX = timedelta(minutes=3)
STEPS_MAX = 40
"""A look at the pages of a database ends after so many turns of 100,000 steps: some two seconds."""


def books(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """All that is on file; nothing where there are no tables yet, or old ones."""
    path = sqlite_file(settings.database_url)
    if path is not None and not path.is_file():
        return
    reading = reading_engine(settings.database_url)
    try:
        if revision(reading) != newest():
            return
        if path is not None:
            yield from _integrity(path)
        yield from _accounts(reading)
        yield from _receipts(settings, reading, clock)
        yield from _restored(reading)
        yield from _alive(settings, reading, clock)
    finally:
        reading.dispose()


def _integrity(path: Path) -> Iterator[Finding]:
    """A quick look; a large database is looked through by `anling db check`."""
    sqlite, turns = sqlite_module(), [0]

    def enough() -> bool:
        turns[0] += 1
        return turns[0] > STEPS_MAX

    with closing(sqlite.connect(f"file:{path}?mode=ro", uri=True, timeout=1.0)) as connection:
        connection.set_progress_handler(enough, 100_000)
        try:
            answer = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            answer = "ok"
            yield Finding(name="integrity", well=True, seen="too large for a quick look", cure="anling db check")
            return
        except sqlite.DatabaseError as error:
            answer = str(error)
    cure = "" if answer == "ok" else "anling db check names all of it; then anling db restore FOLDER"
    yield Finding(name="integrity", well=answer == "ok", seen=answer, cure=cure)


def _accounts(reading: Engine) -> Iterator[Finding]:
    with reading.connect() as connection:
        able = [each for each in Accounts(connection).operators() if not each.disabled]
    cure = "" if able else "open /setup with the code that anling serve has printed, or anling user add"
    yield Finding(name="accounts", well=bool(able), seen=f"{len(able)} people can sign in", cure=cure)


def _receipts(settings: Settings, reading: Engine, clock: Clock) -> Iterator[Finding]:
    """Whether anything has really arrived lately, by the word of a provider that tells."""
    telling = [each for each in settings.messages.order if each in {"twilio", "aliyun", "modem", "webhook"}]
    if not telling:
        return
    with reading.connect() as connection:
        at = newest_receipt_at(connection, telling)
    well = at is not None and clock.now() - at < RECEIPT_MAX
    seen = f"the last one came {at.isoformat(timespec='minutes')}" if at else "none ever came"
    cure = "" if well else "anling drill --by LOGIN sends one the real way; look at web.public_url"
    yield Finding(name="receipts", well=well, seen=seen, cure=cure)


def _restored(reading: Engine) -> Iterator[Finding]:
    with reading.connect() as connection:
        found = Restorations(connection).open()
    for each in found:
        seen = f"restored from {each.made_at.isoformat(timespec='minutes')}, and nobody has looked it through"
        cure = "ask after every open alarm on the board, then press “Looked through” on /alive"
        yield Finding(name="restored", well=False, seen=seen, cure=cure)


def _alive(settings: Settings, reading: Engine, clock: Clock) -> Iterator[Finding]:
    with reading.connect() as connection:
        proofs = {each.name: each for each in Proofs(connection).all()}
    running = is_served(settings.home)
    yield from _outside(settings, proofs.get(DEADMAN), clock, running=running)
    for name, proof in proofs.items():
        if name.startswith(CANARY):
            well = proof.proven_at == proof.tried_at
            cure = "" if well else "plug, power and cable of this gateway; then /alive, “Send a canary”"
            when = proof.proven_at.isoformat(timespec="minutes") if proof.proven_at else "never"
            yield Finding(name=f"canary {name.removeprefix(CANARY)}", well=well, seen=f"came through {when}", cure=cure)


def _outside(settings: Settings, proof: Proof | None, clock: Clock, *, running: bool) -> Iterator[Finding]:
    """Whether somebody outside would notice. Never called from here: a doctor is no sign of life of the service."""
    if not settings.alive.ping_url:
        cure = "set alive.ping_url, or nobody notices when the whole machine is dead"
        yield Finding(name="dead-man", well=True, seen="nobody outside is told that all is well", cure=cure)
        return
    fresh = proof is not None and clock.now() - proof.tried_at < CALLED_MAX
    well = not running or (fresh and proof is not None and proof.proven_at == proof.tried_at)
    seen = "answers" if fresh and well else (proof.detail or "old") if proof else "not called yet"
    cure = "" if well else "the reason stands on /alive; look at the network and at alive.ping_url"
    yield Finding(name="dead-man", well=well, seen=seen if running else "the service is not running", cure=cure)


def saved(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """The newest backup that was restored for trial, and whether its further places are there."""
    path = sqlite_file(settings.database_url)
    if path is not None and not path.is_file():
        return
    shelf = folder_of(settings)
    found = backups(shelf)
    if not found:
        cure = "anling db backup; systemctl enable --now anling-backup.timer"
        yield Finding(name="backup", well=False, seen=f"none in {shelf}", cure=cure)
        return
    manifest, now = found[0][1], clock.now()
    well = now - manifest.made_at < BACKUP_MAX and now - manifest.verified_at < RESTORED_MAX
    sealed = "sealed" if manifest.recipient else "not sealed"
    seen = f"{manifest.made_at.isoformat(timespec='minutes')}, {manifest.size() // 1_000_000} MB, {sealed}"
    yield Finding(
        name="backup", well=well, seen=seen,
        cure="" if well else "anling db backup; systemctl status anling-backup.timer",
    )  # fmt: skip
    for each in settings.backup.also:
        there = {folder.name for folder, _ in backups(Path(each))}
        missing = found[0][0].name not in there
        cure = "mount it, then anling db backup" if missing else ""
        seen = "has not the newest one" if missing else "has the newest one"
        yield Finding(name=f"backup {each}", well=not missing, seen=seen, cure=cure)


def consoles(settings: Settings, sounding: int | None) -> Iterator[Finding]:
    """`sounding` is what the running service says of its consoles, None where none runs."""
    if sounding is None or not settings.alive.needs_console:
        return
    cure = "" if sounding else "open the board, press “Go on duty” and hear the tone"
    yield Finding(name="consoles", well=bool(sounding), seen=f"{sounding} can sound", cure=cure)

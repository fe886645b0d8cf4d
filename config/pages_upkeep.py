"""The page of signs of life, with what it needs of the house."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from flask import Blueprint

from config.backup.making import backups, folder_of
from config.setup.wizard import Wizard
from config.wiring import House
from dispatch.accounts.sign_in import SignIn
from dispatch.rules.people import Person
from dispatch.store.accounts import Accounts
from dispatch.web.alive import AlivePage, Backup, alive_blueprint
from dispatch.web.setup import setup_blueprint


def alive_page(house: House) -> AlivePage:
    """What `/alive` and the strip of the board say."""
    minutes = house.settings.alive.canary_min

    def consoles() -> list[tuple[str, bool]]:
        with house.reading.connect() as connection:
            names: Mapping[Person, str] = {
                Person(f"operator:{each.id}"): each.name for each in Accounts(connection).operators()
            }
        return [(names.get(each.operator, each.console), each.sound) for each in house.consoles.all()]

    return AlivePage(
        house.lifeline, clock=house.clock, beat_s=house.stuck_s, consoles=consoles, backup=lambda: _newest(house),
        canary_every=timedelta(minutes=minutes) if minutes else None, paged=len(house.settings.operators.phones),
    )  # fmt: skip


def upkeep_pages(house: House, page: AlivePage) -> list[Blueprint]:
    return [alive_blueprint(page, zone=house.calendar.tzinfo)]


class FirstRun:
    """The setup wizard, where there is anything to set up: a service that has accounts and no wizard begun has none."""

    def __init__(self, house: House, *, file: Path | None, restart: Callable[[], None] | None) -> None:
        self._house = house
        self._file = file
        self._restart = restart
        self._wizard: Wizard | None = None

    def pages(self, sign_in: SignIn) -> list[Blueprint]:
        self._wizard = Wizard(self._house, sign_in, file=self._file, restart=self._restart)
        return [setup_blueprint(self._wizard)]

    def stop(self) -> None:
        if self._wizard is not None:
            self._wizard.stop()


def _newest(house: House) -> Backup | None:
    found = backups(folder_of(house.settings))
    if not found:
        return None
    manifest = found[0][1]
    return Backup(
        made_at=manifest.made_at, verified_at=manifest.verified_at, size=manifest.size(),
        sealed=bool(manifest.recipient),
    )  # fmt: skip

"""A service's folder with a world in it, for backups."""

from dataclasses import replace
from pathlib import Path

from config.databases import newest
from config.options import BackupSettings
from config.settings import Settings
from dispatch.store.database import sqlite_module
from tests.builders import World, build_world
from tests.fakes.clock import HandClock

OFFICE = ("+8613800000009",)


class BackupRig:
    """`settings` are those of the service in `folder`, whose database `world` writes."""

    def __init__(self, folder: Path, clock: HandClock | None = None) -> None:
        self.folder = folder
        self.world: World = build_world(folder, operators=OFFICE, clock=clock)
        with self.world.writing.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (newest(),))
        (folder / "web.key").write_text("k" * 64, encoding="ascii")
        self.settings = Settings(database_url=f"sqlite:///{self.database}", home=folder)

    @property
    def database(self) -> Path:
        return self.folder / "anling.db"

    def with_backup(self, **said) -> Settings:
        self.settings = replace(self.settings, backup=BackupSettings(**said))
        return self.settings

    def ask(self, statement: str) -> list[tuple]:
        """Looks into the file as any program would."""
        connection = sqlite_module().connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

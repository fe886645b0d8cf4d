"""The file of a simulated service: in memory where the machine has such a place, and gone afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from config.simulation.written import Written
from config.tables import metadata
from dispatch.store.database import Engine, reading_engine, writing_engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The file, and the engines on it. A crash closes every connection; the file is all that is left."""

    path: Path
    writing: Engine
    reading: Engine
    written: Written

    def let_go(self) -> None:
        self.writing.dispose()
        self.reading.dispose()


@contextmanager
def fresh_disk() -> Iterator[Disk]:
    """An empty database in a folder of its own, in memory where the machine has such a place; gone afterwards."""
    memory = Path("/dev/shm")  # noqa: S108  a folder of a random name is made in it
    with tempfile.TemporaryDirectory(prefix="anling-", dir=memory if memory.is_dir() else None) as folder:
        path = Path(folder) / "simulation.db"
        path.write_bytes(_empty())
        url = f"sqlite:///{path}"
        writing, written = writing_engine(url, synchronous="OFF"), Written(path)
        written.heed(writing)
        disk = Disk(path=path, writing=writing, reading=reading_engine(url), written=written)
        try:
            yield disk
        finally:
            disk.let_go()
            written.close()


@lru_cache(maxsize=1)
def _empty() -> bytes:
    """The bytes of a database with all its tables, made once in a process."""
    with tempfile.TemporaryDirectory(prefix="anling-") as folder:
        path = Path(folder) / "empty.db"
        engine = writing_engine(f"sqlite:///{path}", synchronous="OFF")
        metadata.create_all(engine)
        engine.dispose()
        return path.read_bytes()

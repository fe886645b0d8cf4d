"""The keys of ID numbers: drawn once, kept beside the data and never in the database. A backup needs both."""

import os
import secrets
from pathlib import Path

from dispatch.errors import Misconfigured
from dispatch.registry.id_numbers import IdNumbers, draw_key

NAME = "id-numbers.key"


def id_numbers(home: Path) -> IdNumbers:
    """
    Who seals ID numbers, with the keys of this file: a line `pepper …`, and a line `fernet …` for each key.

    A new key is a new `fernet` line above the others: what is written from then on is sealed with it.

    Raises:
        Misconfigured: the file is there and cannot be used.
    """
    path = home / NAME
    home.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _draw(path)
    words = [line.split() for line in path.read_text(encoding="ascii").splitlines() if line.strip()]
    keys = [line[1] for line in words if line[0] == "fernet" and len(line) == 2]
    peppers = [line[1] for line in words if line[0] == "pepper" and len(line) == 2]
    try:
        return IdNumbers(keys, bytes.fromhex(peppers[0]))
    except (ValueError, IndexError):
        raise Misconfigured(str(path), "This is no file of keys. Restore it from the backup of the database.") from None


def _draw(path: Path) -> None:
    drawn = path.with_name(f".{NAME}.{os.getpid()}")
    drawn.touch(mode=0o600)
    drawn.write_text(f"pepper {secrets.token_hex(32)}\nfernet {draw_key()}\n", encoding="ascii")
    try:
        # Whoever is first has drawn it for all: a link is made whole or not at all.
        os.link(drawn, path)
    except FileExistsError:
        pass
    finally:
        drawn.unlink()

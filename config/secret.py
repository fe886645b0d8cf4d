"""The secret that signs cookies and makes the codes of links: drawn once, kept beside the data."""

import os
import secrets
from pathlib import Path

NAME = "web.key"


def secret_key(home: Path) -> str:
    """
    The secret of this service, readable by it alone. Several processes share it by sharing the file; a new one signs
    everybody out and makes every link that was sent dead.
    """
    path = home / NAME
    home.mkdir(parents=True, exist_ok=True)
    drawn = home / f".{NAME}.{os.getpid()}"
    if not path.exists():
        drawn.touch(mode=0o600)
        drawn.write_text(secrets.token_urlsafe(48), encoding="ascii")
        try:
            # Whoever is first has drawn it for all: a link is made whole or not at all.
            os.link(drawn, path)
        except FileExistsError:
            pass
        finally:
            drawn.unlink()
    return path.read_text(encoding="ascii")

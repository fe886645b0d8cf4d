"""How far the first run has come: `setup.json` in the folder of data, so that a killed one goes on where it was."""

import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "setup.json"
STEPS = 6

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that are taken for others when they are copied from a screen."""

CODE_LENGTH = 12
"""Over 58 bits: nobody guesses it between two starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`step` is the next one to do, `done` whether the wizard is over."""

    step: int = 1
    done: bool = False


def read_progress(home: Path) -> Progress | None:
    """None where no wizard was ever begun, or its file says nothing."""
    try:
        said = json.loads((home / NAME).read_text(encoding="utf-8"))
        return Progress(step=max(1, min(STEPS, int(said["step"]))), done=bool(said["done"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_progress(home: Path, progress: Progress) -> None:
    home.mkdir(parents=True, exist_ok=True)
    fresh = home / f".{NAME}.new"
    fresh.write_text(json.dumps(asdict(progress)), encoding="utf-8")
    fresh.replace(home / NAME)


def draw_code() -> str:
    """A code to be copied by hand, in groups of four."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, CODE_LENGTH, 4))


def fits(code: str, typed: str) -> bool:
    """Whether somebody typed the code; dashes, blanks and small letters make no difference."""
    plain = "".join(each for each in typed.upper() if each.isalnum())
    return hmac.compare_digest(plain.encode(), code.replace("-", "").encode())

"""What a backup says of itself: `manifest.json`, written last, by which alone a folder counts as a backup."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dispatch.errors import Invalid

NAME = "manifest.json"
FORMAT = 1
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """
    `files` maps each file's name to its SHA-256 and size as it lies there; `entries` and `head` are number and hash of
    the newest entry of the record; `broken` names promises that were broken when it was made, which is no fault of the
    copy. `recipient` is the public key that it is sealed for, empty where it lies open.
    """

    made_at: datetime
    verified_at: datetime
    program: str
    revision: str
    kind: str
    entries: int
    head: str
    files: Mapping[str, Mapping[str, Any]]
    recipient: str = ""
    broken: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    format: int = field(default=FORMAT)
    verified: bool = True

    def write(self, folder: Path) -> None:
        """Durable once it returns."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1, default=_plain)
        path = folder / NAME
        path.write_text(text + "\n", encoding="utf-8")
        sync(path)
        sync(folder)

    def size(self) -> int:
        """Bytes of everything in it."""
        return sum(int(each["size"]) for each in self.files.values())


def read_manifest(folder: Path) -> Manifest:
    """
    Raises:
        Invalid: the folder is no backup, or one of a newer program.
    """
    try:
        said = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if said["format"] != FORMAT or said["verified"] is not True:
            raise ValueError(f"format {said['format']}, verified {said['verified']}")
        times = {name: datetime.fromisoformat(said[name]) for name in ("made_at", "verified_at")}
        lists = {name: tuple(said[name]) for name in ("broken", "left_out")}
        return Manifest(**said | times | lists)
    except FileNotFoundError:
        what = f"{folder} is no verified backup: it has no {NAME}; choose a folder that anling db backup has made"
        raise Invalid(what) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Invalid(f"{folder / NAME} cannot be read ({error}); take an older backup") from None


def described(path: Path) -> dict[str, Any]:
    """SHA-256 and size of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return {"sha256": digest.hexdigest(), "size": path.stat().st_size}


def altered(folder: Path, manifest: Manifest) -> str | None:
    """The name of the first file that is not as the manifest says, with what is wrong; None when all are."""
    for name, said in manifest.files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            return f"{name} is missing"
        if described(path) != said:
            return f"{name} is not what it was when the backup was made"
    return None


def sync(path: Path) -> None:
    """A file or folder is on the disk when this returns, not only on its way there."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else dict(value)  # type: ignore[call-overload]

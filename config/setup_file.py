"""
The settings that the wizard has written: `setup.toml` in the folder of data, a file that belongs to the service.

    built-in defaults  ◄ setup.toml ◄  the installer's own file  ◄  the environment

What an installer writes by hand always has the last word over it. Secrets lie beside it in files of their own.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from config.files import parse_toml
from dispatch.errors import Misconfigured

NAME = "setup.toml"
SECRETS = "secrets"
_HEAD = (
    "# Written by the setup wizard of anling; the file before it is setup.toml.bak.\n"
    "# What stands in your own settings file, or in the environment, has the last word over this.\n"
)


def read_written(home: Path) -> dict[str, Any]:
    """
    What the wizard has written, {} where it never did.

    Raises:
        Misconfigured: the file was damaged; names the cure.
    """
    path = home / NAME
    if not path.is_file():
        return {}
    try:
        return parse_toml(path)
    except Misconfigured as wrong:
        raise Misconfigured(str(path), f"{wrong.detail} Put setup.toml.bak in its place, or take it away.") from None


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables key by key; everything else, lists of tables too, as `above` says it."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = laid_over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged


def write(home: Path, changes: Mapping[str, Any]) -> None:
    """Lays changes over what was written before: whole or not at all, with the file before it kept."""
    home.mkdir(parents=True, exist_ok=True)
    path, fresh = home / NAME, home / f".{NAME}.new"
    merged = laid_over(read_written(home), changes)
    _write_durably(fresh, _HEAD + to_toml(merged))
    if path.exists():
        shutil.copyfile(path, path.with_name(f"{NAME}.bak"))
    fresh.replace(path)


def write_secret(home: Path, name: str, secret: str) -> Path:
    """Puts a secret into a file of its own, which only the service reads; where it lies now."""
    folder = home / SECRETS
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh, path = folder / f".{name}.new", folder / name
    _write_durably(fresh, secret + "\n")
    fresh.replace(path)
    return path.resolve()


def _write_durably(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(number)


# ------------------------------------------------------------------------------------------------ TOML


def to_toml(tables: Mapping[str, Any]) -> str:
    """Tables, lists of tables, text, whole and broken numbers, truth and lists of them, as TOML 1.0."""
    return "\n".join(_table(tables, ())).strip() + "\n"


def _table(table: Mapping[str, Any], at: tuple[str, ...]) -> list[str]:
    lines = [f"{_key(key)} = {_value(value)}" for key, value in table.items() if not _is_table(value)]
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{'.'.join(map(_key, (*at, key)))}]", *_table(value, (*at, key))]
        elif _is_table(value):
            for row in value:
                lines += ["", f"[[{'.'.join(map(_key, (*at, key)))}]]", *_table(row, (*at, key))]
    return lines


def _is_table(value: Any) -> bool:
    rows = isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)
    return isinstance(value, Mapping) or rows


def _key(key: str) -> str:
    return key if key and all(each.isascii() and (each.isalnum() or each in "_-") for each in key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        # A basic string of TOML is a string of JSON, but for DEL, which TOML wants escaped too.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    assert isinstance(value, int | float)
    return repr(value)

"""
Settings: one TOML file and the environment, read once and checked whole.

    built-in defaults  ◄ overridden by ─  the TOML file  ◄ overridden by ─  the environment

Nothing else in the project reads the environment or asks for its settings: `config/wiring.py` hands each object what
it needs. A wrong key, a bad value or an unreadable file is `Misconfigured` with the key's full name
(`gateways.0.port`) and what to write instead. Secrets come from the environment or from a file of their own, never from
the settings file.
"""

import copy
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields

from config.files import parse_toml
from config.options import (
    ConsoleSettings,
    EdgeSettings,
    EmergencySettings,
    EscalationSettings,
    GatewaySettings,
    LogSettings,
    MessageSettings,
    NearestSettings,
    OperatorSettings,
    ProviderSettings,
    Settings,
    SirenSettings,
    TwilioSettings,
    WatchSettings,
    WebSettings,
)
from config.schemas import by_key, is_secret, refusal, table_under
from config.settings_schema import SettingsSchema
from config.setup_file import laid_over, read_written
from dispatch.errors import Misconfigured

__all__ = [
    "ConsoleSettings",
    "EdgeSettings",
    "EmergencySettings",
    "EscalationSettings",
    "GatewaySettings",
    "LogSettings",
    "MessageSettings",
    "NearestSettings",
    "OperatorSettings",
    "ProviderSettings",
    "Settings",
    "SirenSettings",
    "TwilioSettings",
    "WatchSettings",
    "WebSettings",
    "load_settings",
    "read_settings",
    "settings_file",
    "systemd_socket",
    "systemd_watchdog_s",
]

_SEE = "config/default.toml documents every key."
_PREFIX = "ANLING_"
_CONFIG = "ANLING_CONFIG"
_WHOLE_NAMES = {"ANLING_DATABASE_URL", "ANLING_HOME"}


def load_settings(path: Path | None = None, *, environ: Mapping[str, str] | None = None) -> Settings:
    """
    The settings of this process.

    `path` is what `--config` said; without it ANLING_CONFIG is asked, and without that the built-in defaults hold.
    `environ` is the environment, the process's own if None.

    Raises:
        Misconfigured: the file cannot be read, or a key or value in it or in the environment is wrong.
    """
    surroundings = os.environ if environ is None else environ
    named = settings_file(path, environ=surroundings)
    said = parse_toml(named) if named else {}
    home = Path(str(surroundings.get("ANLING_HOME") or said.get("home") or Settings().home))
    return read_settings(laid_over(read_written(home), said), environ=surroundings)


def settings_file(path: Path | None = None, *, environ: Mapping[str, str] | None = None) -> Path | None:
    """The file that the settings come from: what `--config` said, or ANLING_CONFIG; None where neither does."""
    surroundings = os.environ if environ is None else environ
    return path or (Path(surroundings[_CONFIG]) if surroundings.get(_CONFIG) else None)


def read_settings(written: Mapping[str, Any], *, environ: Mapping[str, str]) -> Settings:
    """
    The settings from what a file said, already parsed, and an environment.

    Raises:
        Misconfigured: a key or value is wrong; every wrong place is named, the first one explained.
    """
    schema = SettingsSchema()
    _refuse_written_secrets(schema, written)
    try:
        settings: Settings = schema.load(_overridden(schema, written, environ))
    except ValidationError as wrong:
        raise refusal(schema, wrong) from None
    return settings


def systemd_socket() -> str | None:
    """Where systemd listens for how this process is; None where it does not run us."""
    return os.environ.get("NOTIFY_SOCKET") or None


def systemd_watchdog_s() -> float | None:
    """After how many seconds without a sign of life systemd ends this process; None where it does not."""
    said, meant = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not said.isdecimal() or (meant and meant != str(os.getpid())) or systemd_socket() is None:
        return None
    return int(said) / 1_000_000 or None


# ------------------------------------------------------------------------------------------------ the environment


def _overridden(schema: Schema, written: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """What was written, with every ANLING_<SECTION>__<KEY> of the environment in its place."""
    merged: dict[str, Any] = copy.deepcopy(dict(written))
    for name in sorted(environ):
        if environ[name] and (name in _WHOLE_NAMES or (name.startswith(_PREFIX) and "__" in name)):
            path = name.removeprefix(_PREFIX).lower().split("__")
            try:
                _put(schema, merged, path, environ[name])
            except _NoPlace as wrong:
                raise Misconfigured(f"{'.'.join(path)} (from {name})", str(wrong)) from None
    return merged


class _NoPlace(Exception):
    """An environment variable that fits no key."""


def _put(schema: Schema, table: dict[str, Any], path: Sequence[str], text: str) -> None:
    """Put one value of the environment where its path leads."""
    wanted = by_key(schema).get(path[0])
    if wanted is None:
        raise _NoPlace(f"No such key. {_SEE}")
    inner = table_under(wanted)
    if inner is None:
        table[path[0]] = _put_value(wanted, table.get(path[0]), path[1:], text)
    elif isinstance(wanted, fields.List):
        rows = table.setdefault(path[0], [])
        _put(inner, _row(rows, path[1:]), path[2:] or [""], text)
    else:
        _put(inner, _as_table(table.setdefault(path[0], {})), path[1:] or [""], text)


def _put_value(wanted: fields.Field[Any], present: Any, rest: Sequence[str], text: str) -> Any:
    """A value at the end of its path; in a table of free names one more part is the name."""
    if isinstance(wanted, fields.Dict) and len(rest) == 1:
        return {**_as_table(present or {}), rest[0]: _from_text(wanted.value_field, text)}
    if rest or isinstance(wanted, fields.Dict):
        raise _NoPlace(f"The name has too many or too few parts. {_SEE}")
    return _from_text(wanted, text)


def _row(rows: Any, rest: Sequence[str]) -> dict[str, Any]:
    """The row that a number in a path names; the number after the last begins a new one."""
    if not (isinstance(rows, list) and rest and rest[0].isascii() and rest[0].isdigit() and len(rest[0]) < 4):
        raise _NoPlace("The name needs the row's number, counted from 0, after the section.")
    index = int(rest[0])
    if index > len(rows):
        raise _NoPlace(f"There are only {len(rows)} rows, and they are counted from 0.")
    if index == len(rows):
        rows.append({})
    return _as_table(rows[index])


def _as_table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _NoPlace("The settings file says something else here: it must be a table.")
    return value


def _from_text(wanted: Any, text: str) -> Any:
    """Text of the environment as the type its key wants; what does not fit is left for the schema to refuse."""
    if isinstance(wanted, fields.List):
        return [_from_text(wanted.inner, part.strip()) for part in text.split(",") if part.strip()]
    if isinstance(wanted, fields.Boolean):
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    try:
        return int(text) if isinstance(wanted, fields.Integer) else text
    except ValueError:
        return text


def _refuse_written_secrets(schema: Schema, written: Any, at: str = "") -> None:
    """A secret in the settings file would be copied, mailed and backed up with it."""
    if isinstance(written, list):
        for index, row in enumerate(written):
            _refuse_written_secrets(schema, row, f"{at}{index}.")
    if not isinstance(written, Mapping):
        return
    for key, wanted in by_key(schema).items():
        inner = table_under(wanted)
        if inner is not None and key in written:
            _refuse_written_secrets(inner, written[key], f"{at}{key}.")
        elif key in written and is_secret(wanted):
            name = _PREFIX + f"{at}{key}".upper().replace(".", "__")
            raise Misconfigured(
                f"{at}{key}", f"Secrets do not stand in this file. Set {name}, or name a file in {key}_file."
            )

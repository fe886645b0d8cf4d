"""
What the siren is told, read without any library: the same file and the same environment as the service.

A wrong value never stops the siren. It keeps the built-in one, and the mistake itself is a reason to sound.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

PREFIX = "ANLING_SIREN__"


@dataclass(frozen=True, slots=True, kw_only=True)
class SirenSettings:
    """
    The siren. Seconds end in `_s`.

    `relay_on`, `relay_off` and `relay_alive` are bytes in hexadecimal, the first two as an LCUS-1 USB relay takes them
    (A0, channel, state, sum of the three). `relay_alive` is written at every look while all is well: for hardware that
    sounds by itself when the bytes stop. `numbers` are E.164.
    """

    sound_console_s: float = 60.0
    command: str = ""
    relay: str = ""
    relay_baud: int = 9600
    relay_on: str = "a00101a2"
    relay_off: str = "a00100a1"
    relay_alive: str = ""
    modem: str = ""
    modem_baud: int = 115200
    numbers: tuple[str, ...] = ()
    lang: str = "zh"
    every_s: float = 2.0
    stale_s: float = 30.0
    untaken_s: float = 20.0
    again_s: float = 300.0

    @property
    def own_lines(self) -> bool:
        """Whether a line is set up that only the siren uses; a command alone is the watch's as well."""
        return bool(self.relay or self.modem)

    @property
    def outlets(self) -> tuple[str, ...]:
        """The names of the ways to be heard that are set up."""
        said = {"relay": self.relay, "modem": self.modem and self.numbers, "command": self.command}
        return tuple(name for name, value in said.items() if value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """The settings as far as they could be understood, where the data lies, and what could not be understood."""

    settings: SirenSettings
    home: Path
    database: Path | None
    mistakes: tuple[str, ...] = ()


def read_orders(path: Path | None, environ: Mapping[str, str]) -> Orders:
    """The siren's part of the settings. `path` is what `--config` said; ANLING_CONFIG otherwise. Raises nothing."""
    named = path or (Path(environ["ANLING_CONFIG"]) if environ.get("ANLING_CONFIG") else None)
    written, mistakes = _parsed(named)
    home = Path(environ.get("ANLING_HOME") or str(written.get("home", "var")))
    url = environ.get("ANLING_DATABASE_URL") or str(written.get("database_url", f"sqlite:///{home}/anling.db"))
    table = written.get("siren", {})
    if not isinstance(table, Mapping):
        mistakes.append("siren: must be a table")
        table = {}
    told = {**table, **_environment(environ)}
    settings = SirenSettings()
    for key, value in told.items():
        settings = _with(settings, str(key), value, mistakes)
    mistakes += _nonsense(settings)
    return Orders(settings=settings, home=home, database=_file(url), mistakes=tuple(mistakes))


def _parsed(path: Path | None) -> tuple[dict[str, Any], list[str]]:
    if path is None:
        return {}, []
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), []
    except (OSError, ValueError) as error:
        return {}, [f"{path} cannot be read: {error}"]


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(PREFIX).lower(): environ[name] for name in environ if name.startswith(PREFIX)}


def _with(settings: SirenSettings, key: str, value: Any, mistakes: list[str]) -> SirenSettings:
    known = {each.name: getattr(settings, each.name) for each in fields(settings)}
    try:
        return replace(settings, **{key: _as(known[key], value)})
    except KeyError:
        mistakes.append(f"siren.{key}: there is no such key")
    except (TypeError, ValueError):
        mistakes.append(f"siren.{key}: {value!r} does not fit")
    return settings


def _as(present: Any, value: Any) -> Any:
    """The value as the type of the one it replaces; text of the environment too."""
    if isinstance(present, tuple):
        return tuple(str(each).strip() for each in (value.split(",") if isinstance(value, str) else value))
    if isinstance(present, str) and not isinstance(value, str):
        raise TypeError
    return type(present)(value)


def _nonsense(settings: SirenSettings) -> list[str]:
    """Values of the right type that cannot work."""
    found = []
    for key in ("relay_on", "relay_off", "relay_alive"):
        try:
            bytes.fromhex(getattr(settings, key))
        except ValueError:
            found.append(f"siren.{key}: bytes are written in hexadecimal, as in a00101a2")
    times = ("every_s", "stale_s", "untaken_s", "again_s")
    found += [f"siren.{key}: seconds between 0 and 3600" for key in times if not 0 < getattr(settings, key) <= 3600]
    if settings.relay and not settings.relay_on:
        found.append("siren.relay_on: empty, so that the relay would never be switched on")
    if bool(settings.modem) != bool(settings.numbers):
        found.append("siren.modem and siren.numbers: one is of no use without the other")
    found += [f"siren.numbers: {each!r} is no number with its country (+86…)" for each in settings.numbers
              if not (each.startswith("+") and each[1:].isdigit())]  # fmt: skip
    if not settings.outlets:
        found.append("siren: no relay, no modem and no command, so that nobody would hear it")
    return found


def _file(url: str) -> Path | None:
    """The database's file, where it is one."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None

"""The settings of backups and of signs of life, as values."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """
    `folder` takes the backups (empty: in the folder of data), `also` are further places for copies of them; `recipient`
    is the public key they are sealed for, 64 hexadecimal digits, empty for none. The figures say how many days, weeks
    and months keep their newest.
    """

    folder: str = ""
    also: tuple[str, ...] = ()
    recipient: str = ""
    daily: int = 7
    weekly: int = 4
    monthly: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class AliveSettings:
    """
    `ping_url` is called every minute while all is well, empty for nobody; `needs_console` whether a console that can
    sound belongs to that; `canary_min` minutes lie between two canary presses, 0 for none.
    """

    ping_url: str = field(default="", repr=False)
    needs_console: bool = True
    canary_min: int = 15

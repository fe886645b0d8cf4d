"""The settings of what stands around the watch: accounts, the map, review, figures, privacy, programs of others."""

from dataclasses import dataclass
from pathlib import Path

_SURVEY = Path(__file__).with_name("survey.toml")
_RETENTION = Path(__file__).with_name("retention.toml")
_REVIEW = Path(__file__).with_name("review.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSettings:
    """
    The map of the board. `tiles` is an address with {z}, {x} and {y}; empty draws the district from its own homes.
    `datum` is that of the tiles: wgs84, or gcj02 as 高德 and 腾讯 have it. `attribution` stands below the map.
    """

    tiles: str = ""
    datum: str = "wgs84"
    attribution: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSettings:
    """What the review of the response log counts as a breach: the file that says so."""

    file: Path = _REVIEW


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """
    How strict the door is: `second_factor` is required or optional; how long a session may lie unused and last at all,
    in minutes, for whoever may be on watch and for everybody else.
    """

    second_factor: str = "required"
    watch_idle_min: int = 720
    watch_lasts_min: int = 1440
    idle_min: int = 30
    lasts_min: int = 720


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionSettings:
    """`required`: settings by which something goes through a network in the clear, or by weak ciphers, are refused."""

    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSettings:
    """
    Files that people bring. `scanner` is the clamd that looks through them: the path of its socket, or its number and
    port; empty for none. `scan_s` is how many seconds it has for all files of one request.
    """

    scanner: str = ""
    scan_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingSettings:
    """
    Webhooks to programs of others. `private_addresses` lets them go into the own network too; one that took nothing for
    `give_up_days` is stopped, and the people on watch are told. `hosts` are the only names they may go to (one that
    begins with a dot means all below it); None is any.
    """

    private_addresses: bool = False
    hosts: tuple[str, ...] | None = None
    give_up_days: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionSettings:
    """
    Asking how satisfied people are: by key `after_h` hours after an alarm, between two local hours, each person once in
    `quota_days`, never after these outcomes; and by interviews of `sample_share` of the residents each month.
    """

    keys: bool = False
    after_h: float = 2.0
    from_hour: int = 9
    until_hour: int = 20
    quota_days: int = 30
    never: tuple[str, ...] = ("test", "false_alarm", "duplicate", "died", "hospital")
    surveys: bool = False
    sample_share: float = 0.05
    sample_least: int = 10
    form: Path = _SURVEY


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacySettings:
    """The file that says how long what is kept, and whether what is due is erased by itself each night."""

    retention: Path = _RETENTION
    nightly: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSettings:
    """What counts as in time in the reports: our defaults, no official rule."""

    ack_s: int = 20
    response_s: int = 60
    on_site_min: int = 15

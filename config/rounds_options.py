"""The settings of rounds and orders, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundSettings:
    """`wanted`: whether rounds are kept; `book` is the file of classes and intervals, empty for the packaged one."""

    wanted: bool = True
    book: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSettings:
    """`services` is the file of services that can be booked, empty for the packaged one."""

    services: str = ""

"""The settings of rounds and orders, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundSettings:
    """
    `wanted`: whether people are put on lists by the book; `book` is the file of classes and intervals, empty for the
    packaged one. `alarm_from_the_start`: whether a missed round is an alarm before anybody has entered a result.
    """

    wanted: bool = True
    alarm_from_the_start: bool = False
    book: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSettings:
    """`services` is the file of services that can be booked, empty for the packaged one."""

    services: str = ""

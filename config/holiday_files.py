"""
The years of `config/holidays`, and those of a folder of one's own, read into the table of holidays.

A file that is wrong costs its own year only, and says so: no typing mistake in a holiday may keep the service from
starting.
"""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import structlog

from config.files import parse_toml
from dispatch.errors import Misconfigured
from schedules.holidays import SATURDAY, Holiday, Holidays, Year

SHIPPED = Path(__file__).parent / "holidays"

FOLDER = "holidays"
"""The folder beside the database in which a centre's own years are looked for where none is set."""

log = structlog.get_logger()


def read_holidays(own: str = "") -> Holidays:
    """
    All years: those that are shipped, and instead of or besides them those in the folder `own` (empty: none).

    Each file that cannot be read is an error in the log (`holidays_unread`) and otherwise not there.
    """
    years, unread = _read(own)
    for wrong in unread:
        log.error("holidays_unread", place=wrong.place, detail=wrong.detail)
    return Holidays(years)


def own_folder(said: str, home: Path) -> str:
    """The folder that is set, else `holidays` in the folder of data where there is one; empty for none."""
    return said or (str(home / FOLDER) if _is_folder(home / FOLDER) else "")


def reread(table: Holidays, own: str) -> list[str]:
    """
    Takes the files as they are now into the table, and says what is wrong with some. While one cannot be read, perhaps
    because it is being copied, every year that the table had stays.
    """
    years, wrong = _read(own)
    kept = {each.number: each for each in table.years} if wrong else {}
    # A year without its notice is shipped too: it does not stand in for one that had it.
    read = {each.number: each for each in years if each.source or each.number not in kept}
    table.renew((kept | read).values())
    return [each.detail for each in wrong]


def wrong_holidays(own: str = "") -> list[str]:
    """A sentence for each file that cannot be read, and one for a folder that is not there."""
    return [each.detail for each in _read(own)[1]]


def _read(own: str) -> tuple[Iterable[Year], list[Misconfigured]]:
    years: dict[int, Year] = {}
    wrong: list[Misconfigured] = []
    if own and not _is_folder(Path(own)):
        wrong.append(Misconfigured("duty.holidays", f"{own} is no folder that can be read; check its path"))
    for path in (each for folder in (SHIPPED, *([Path(own)] if own else [])) for each in _files(folder)):
        try:
            year = read_year(path)
        except Misconfigured as refused:
            wrong.append(refused)
        else:
            years[year.number] = year
    return years.values(), wrong


def read_year(path: Path) -> Year:
    """
    One file.

    Raises:
        Misconfigured: it cannot be read or says something that cannot be; the place is the file and the key.
    """
    said = parse_toml(path)
    number, source = said.get("year"), said.get("source", "")
    if type(number) is not int or not isinstance(source, str):
        raise Misconfigured(f"{path}: year", 'Write year = 2027, and the notice as source = "…".')
    rows, festivals = said.get("holidays", []), said.get("festivals", {})
    if not isinstance(rows, list) or not isinstance(festivals, dict):
        raise Misconfigured(f"{path}: holidays", "Write [[holidays]] with name, first, last, and one [festivals].")
    if rows and not source:
        raise Misconfigured(f"{path}: source", "Name the notice the days come from; guessed days are not published.")
    return Year(
        number=number, source=source, holidays=tuple(_holiday(each, f"{path}: holidays.{i}", number)
                                                     for i, each in enumerate(rows)),
        festivals={name: _day(day, f"{path}: festivals.{name}", number) for name, day in festivals.items()},
    )  # fmt: skip


def _holiday(row: Any, place: str, year: int) -> Holiday:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        raise Misconfigured(place, "Each of [[holidays]] has name, first, last, and perhaps worked.")
    worked = row.get("worked", [])
    first, last = (_day(row.get(each), f"{place}.{each}", year) for each in ("first", "last"))
    if last < first:
        raise Misconfigured(f"{place}.last", "The holiday ends before it begins.")
    if not isinstance(worked, list):
        raise Misconfigured(f"{place}.worked", "Write worked = [2027-02-14].")
    days = tuple(_day(each, f"{place}.worked", year) for each in worked)
    if any(each.weekday() < SATURDAY for each in days):
        raise Misconfigured(f"{place}.worked", "Only Saturdays and Sundays are worked for a holiday.")
    return Holiday(name=row["name"], first=first, last=last, worked=days)


def _day(said: Any, place: str, year: int) -> date:
    # New Year's days off may begin in the December before.
    years = {year, year - 1 if isinstance(said, date) and said.month == 12 else year}
    if not isinstance(said, date) or isinstance(said, datetime) or said.year not in years:
        raise Misconfigured(place, f"Write a day of {year} without quotes, as {year}-02-14.")
    return said


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # One that may not be looked at.
        return False


def _files(folder: Path) -> Iterable[Path]:
    try:
        return sorted(folder.glob("*.toml"))
    except OSError as wrong:
        log.error("holidays_unread", place=str(folder), detail=str(wrong))
        return []

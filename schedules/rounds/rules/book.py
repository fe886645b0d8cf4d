"""
The book of rounds as values: classes with their intervals, what changes ask for, and extra rounds. Read from data.

The shipped book and the sources of its numbers are in `config/care/rounds.toml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from dispatch.rules.people import Resident
from schedules.rounds.rules.days import Interval, age_on


class BadBook(ValueError):
    """The book says something that cannot be meant; the sentence names the place and the cure."""


class Means(StrEnum):
    """How somebody is seen or heard."""

    VISIT = "visit"
    PHONE = "phone"
    VIDEO = "video"


class Change(StrEnum):
    """What asks for a round soon after."""

    DISCHARGE = "discharge"
    BEREAVEMENT = "bereavement"
    ABSENCE = "absence"
    FALL = "fall"
    ALARM = "alarm"
    ASKED = "asked"


LEVELS = ("blue", "yellow", "orange", "red")
"""Colours of weather warnings, the mildest first (中国气象局令第16号, 2007)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """Hours from the deadline: a reminder (mostly before it), the operators' list, a soft alarm, and it once more."""

    remind: int
    list: int
    alarm: int
    again: int

    def __post_init__(self) -> None:
        if not self.remind <= self.list <= self.alarm or self.again < 1:
            raise BadBook("late: remind, list and alarm follow each other, and again is one hour or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """One condition of a class: all that is said in it must hold."""

    age_min: int | None = None
    cats_any: frozenset[str] = frozenset()
    cats_all: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    needs_any: frozenset[str] = frozenset()
    hospital_days: int | None = None

    def holds(self, who: Resident, day: date, hospital_on: date | None) -> bool:
        """`hospital_on` is the last day this resident was in hospital, as far as anybody said."""
        cats = set(who.cats)
        return (
            self._is_old_enough(who, day)
            and (not self.cats_any or bool(self.cats_any & cats))
            and self.cats_all <= cats
            and (not self.levels or who.level in self.levels)
            and (not self.needs_any or bool(self.needs_any & who.needs))
            and self._was_in_hospital(day, hospital_on)
        )

    def _is_old_enough(self, who: Resident, day: date) -> bool:
        return self.age_min is None or (who.born_on is not None and age_on(who.born_on, day) >= self.age_min)

    def _was_in_hospital(self, day: date, on: date | None) -> bool:
        return self.hospital_days is None or (on is not None and day - on <= timedelta(days=self.hospital_days))


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskClass:
    """One class of risk: how often, by which means (the first is the usual one), and what becomes of a missed one."""

    key: str
    names: Mapping[str, str]
    every: Interval
    lead_days: int
    means: tuple[Means, ...]
    late: Late
    when: tuple[When, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Soon:
    """What a change asks for: a round within so many hours."""

    within_hours: int
    means: tuple[Means, ...]
    late: Late
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What calls an extra round for some classes: weather from a colour on, or a festival so many days ahead."""

    key: str
    names: Mapping[str, str]
    classes: tuple[str, ...]
    means: tuple[Means, ...]
    late: Late
    source: str
    level_min: str = ""
    within_days: int = 0
    before_days: int = 0

    def is_called_by(self, level: str) -> bool:
        """Whether a warning of this colour calls it; one without a least colour is called by any."""
        return not self.level_min or LEVELS.index(level) >= LEVELS.index(self.level_min)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The whole book."""

    version: str
    source: str
    tries: int
    try_again_hours: int
    alarms_per_hour: int
    """A centre that has fallen behind must not drown its own alarms: the rest waits, on the list."""

    classes: Mapping[str, RiskClass]
    """By key, the gravest first."""

    changes: Mapping[Change, Soon]
    occasions: Mapping[str, Occasion]

    def kept(self, key: str) -> RiskClass:
        """
        How the rounds of somebody in this class are kept. Where the book does not have it any more, or another book
        stands in for the one that did, as the gravest: sooner than asked for, and never not at all.
        """
        return self.classes.get(key) or next(iter(self.classes.values()))

    def class_of(self, who: Resident, day: date, hospital_on: date | None = None) -> str | None:
        """The class of a resident on a local day; None where they are on no list."""
        fits = (key for key, each in self.classes.items() if any(one.holds(who, day, hospital_on) for one in each.when))
        return next(fits, None)


def read_book(said: Mapping[str, Any]) -> Book:
    """
    The book in these tables.

    Raises:
        BadBook: a key is missing, unknown or of the wrong kind; the sentence names the place.
    """
    classes = {str(each.get("key")): _class(each, f"classes.{each.get('key')}") for each in _rows(said, "classes")}
    occasions = {str(each.get("key")): _occasion(each, classes) for each in _rows(said, "occasions")}
    changes = {Change(key): _soon(each) for each in _rows(said, "changes") for key in _known(each, "keys", Change)}
    if not classes or set(changes) != set(Change):
        raise BadBook("the book has at least one class, and says for every change how soon")
    return Book(
        version=_text(said, "version", "book"), source=_text(said, "source", "book"),
        tries=_whole(said, "tries", "book", 1), try_again_hours=_whole(said, "try_again_hours", "book", 1),
        alarms_per_hour=_whole(said, "alarms_per_hour", "book", 1), classes=classes, changes=changes,
        occasions=occasions,
    )  # fmt: skip


def _class(row: Mapping[str, Any], place: str) -> RiskClass:
    _refuse_strange(row, {"key", "zh", "en", "every", "lead_days", "means", "late", "when", "source"}, place)
    return RiskClass(
        key=_text(row, "key", place), names=_names(row, place), every=_interval(row, place),
        lead_days=_whole(row, "lead_days", place, 0), means=_means(row), late=_late(row, place),
        when=tuple(_when(each, place) for each in row.get("when", ())), source=_text(row, "source", place),
    )  # fmt: skip


def _soon(row: Mapping[str, Any]) -> Soon:
    _refuse_strange(row, {"keys", "within_hours", "means", "late", "source"}, "changes")
    return Soon(
        within_hours=_whole(row, "within_hours", "changes", 1), means=_means(row), late=_late(row, "changes"),
        source=_text(row, "source", "changes"),
    )  # fmt: skip


def _occasion(row: Mapping[str, Any], classes: Mapping[str, RiskClass]) -> Occasion:
    place = f"occasions.{row.get('key')}"
    known = {"key", "zh", "en", "classes", "means", "late", "source", "level_min", "within_days", "before_days"}
    _refuse_strange(row, known, place)
    meant = tuple(str(each) for each in row.get("classes", ()))
    if not meant or set(meant) - set(classes):
        raise BadBook(f"{place}.classes: name classes of this book: {', '.join(classes)}")
    level = str(row.get("level_min", ""))
    if level and level not in LEVELS:
        raise BadBook(f"{place}.level_min: one of {', '.join(LEVELS)}")
    return Occasion(
        key=_text(row, "key", place), names=_names(row, place), classes=meant, means=_means(row),
        late=_late(row, place), source=_text(row, "source", place), level_min=level,
        within_days=_whole(row, "within_days", place, 0, 0), before_days=_whole(row, "before_days", place, 0, 0),
    )  # fmt: skip


def _when(row: Mapping[str, Any], place: str) -> When:
    sets = ("cats_any", "cats_all", "levels", "needs_any")
    _refuse_strange(row, {*sets, "age_min", "hospital_days"}, f"{place}.when")
    if not row:
        raise BadBook(f"{place}.when: a condition says something")
    said: dict[str, Any] = {name: frozenset(map(str, row.get(name, ()))) for name in sets}
    said |= {name: _whole(row, name, place, 0) for name in ("age_min", "hospital_days") if name in row}
    return When(**said)


def _interval(row: Mapping[str, Any], place: str) -> Interval:
    said = row.get("every")
    if not isinstance(said, Mapping) or len(said) != 1 or not set(said) <= {"days", "months"}:
        raise BadBook(f"{place}.every: like {{ days = 7 }} or {{ months = 1 }}")
    return Interval(**{name: _whole(said, name, f"{place}.every", 1) for name in said})


def _late(row: Mapping[str, Any], place: str) -> Late:
    said = row.get("late", {})
    try:
        return Late(**said)
    except TypeError:
        raise BadBook(f"{place}.late: whole hours for remind, list, alarm and again") from None
    except BadBook as wrong:
        raise BadBook(f"{place}.{wrong}") from None


def _means(row: Mapping[str, Any]) -> tuple[Means, ...]:
    found = tuple(Means(each) for each in _known(row, "means", Means))
    if not found:
        raise BadBook("means: name at least one of visit, phone, video")
    return found


def _known(row: Mapping[str, Any], name: str, kind: type[StrEnum]) -> list[str]:
    said = [str(each) for each in row.get(name, ())]
    strange = set(said) - {str(each) for each in kind}
    if strange:
        raise BadBook(f"{name}: {', '.join(sorted(strange))} is none of {', '.join(kind)}")
    return said


def _names(row: Mapping[str, Any], place: str) -> dict[str, str]:
    return {lang: _text(row, lang, place) for lang in ("zh", "en")}


def _text(row: Mapping[str, Any], name: str, place: str) -> str:
    said = row.get(name)
    if not isinstance(said, str) or not said.strip():
        raise BadBook(f"{place}.{name}: write a text")
    return said


def _whole(row: Mapping[str, Any], name: str, place: str, least: int, default: int | None = None) -> int:
    said = row.get(name, default)
    if not isinstance(said, int) or isinstance(said, bool) or said < least:
        raise BadBook(f"{place}.{name}: write a whole number from {least} on")
    return said


def _rows(said: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = said.get(name, [])
    if not isinstance(rows, list) or any(not isinstance(each, Mapping) for each in rows):
        raise BadBook(f"{name}: tables that begin with [[{name}]]")
    return rows


def _refuse_strange(row: Mapping[str, Any], known: set[str], place: str) -> None:
    strange = set(row) - known
    if strange:
        raise BadBook(f"{place}: {', '.join(sorted(strange))} is unknown; there are {', '.join(sorted(known))}")

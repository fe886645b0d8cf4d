"""
The services that can be booked, as data: who may have them, when, who can do them, and what sounds like an emergency.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dispatch.rules.people import Resident
from schedules.rounds.rules.book import BadBook, When

STEPS = ("survey", "plan", "approved", "built", "accepted")
"""Steps of a home adaptation (适老化改造), in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One kind of service. Hours and months are local, both ends included for months, `[from, until)` for hours."""

    key: str
    names: Mapping[str, str]
    skills: frozenset[str]
    minutes: int
    hours: tuple[int, int]
    ahead_hours: int
    offer_minutes: int
    at_home: bool = False
    months: tuple[int, int] = (1, 12)
    days: int = 30
    """At most so many days ahead, and for so long a service in steps may take."""

    once_days: int = 0
    steps: tuple[str, ...] = ()
    photos: frozenset[str] = frozenset()
    price_fen: int | None = None
    who: When | None = None
    carers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The whole list."""

    version: str
    services: Mapping[str, Service]
    emergency: tuple[str, ...]

    def smells(self, text: str) -> list[str]:
        """The words in a text that sound like an emergency. It warns a person; nothing is decided by it."""
        plain = _plain(text)
        return [word for word in self.emergency if _plain(word) in plain]


def _plain(text: str) -> str:
    """Width, case and everything between the words taken away: "胸 痛" and "胸，痛" are "胸痛"."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())


def refused(
    service: Service, who: Resident, *, local: datetime, now: datetime, last_on: date | None, urgent: bool = False
) -> str | None:
    """
    Why this resident cannot have this service at this time, as a sentence; None where they can. `local` is the wanted
    start by the clocks of the place, `last_on` when they had it last. `urgent` lets an operator pass the notice.
    """
    if not who.is_served:
        return "This resident is not served any more."
    if service.who is not None and not service.who.holds(who, local.date(), None):
        return _who_not(service, who)
    if not service.months[0] <= local.month <= service.months[1]:
        return "This service is not offered in that month."
    if not service.hours[0] <= local.hour < service.hours[1]:
        return "This service is not offered at that hour."
    if local - now < timedelta(0) or (not urgent and local - now < timedelta(hours=service.ahead_hours)):
        return "That is too soon: this service needs more notice."
    if local - now > timedelta(days=service.days):
        return "That is too far ahead for this service."
    if service.once_days and last_on is not None and (local.date() - last_on).days < service.once_days:
        return "This resident had it less than a year ago."
    return None


def _who_not(service: Service, who: Resident) -> str:
    assert service.who is not None
    if service.who.age_min is not None and who.born_on is None:
        return "No date of birth is on file, and this service has an age."
    if service.who.age_min is not None and not service.who.cats_any:
        return "This resident is too young for this service."
    return "This resident does not fulfil what this service asks for."


def read_services(said: Mapping[str, Any]) -> Services:
    """
    The services in these tables.

    Raises:
        BadBook: a key is missing, unknown or of the wrong kind; the sentence names the place.
    """
    rows = said.get("services")
    if not isinstance(rows, list) or not rows:
        raise BadBook("services: tables that begin with [[services]]")
    found = [_service(row) for row in rows]
    words = said.get("emergency", [])
    if not isinstance(words, list) or any(not isinstance(each, str) or not _plain(each) for each in words):
        raise BadBook('emergency: words, like ["摔倒"]')
    return Services(
        version=str(said.get("version", "")), services={each.key: each for each in found}, emergency=tuple(words)
    )


_KNOWN = {"key", "zh", "en", "source", "skills", "at_home", "minutes", "months", "hours", "days", "ahead_hours",
          "offer_minutes", "once_days", "steps", "photos", "price_fen", "who", "carers"}  # fmt: skip


def _service(row: Mapping[str, Any]) -> Service:
    place = f"services.{row.get('key')}"
    strange = set(row) - _KNOWN
    if strange:
        raise BadBook(f"{place}: {', '.join(sorted(strange))} is unknown; there are {', '.join(sorted(_KNOWN))}")
    try:
        steps, who = tuple(row.get("steps", ())), row.get("who")
        service = Service(
            key=str(row["key"]), names={"zh": str(row["zh"]), "en": str(row["en"])}, skills=frozenset(row["skills"]),
            minutes=_whole(row, "minutes", 1), hours=_pair(row, "hours", 24), ahead_hours=_whole(row, "ahead_hours", 0),
            offer_minutes=_whole(row, "offer_minutes", 1), at_home=row.get("at_home") is True,
            months=_pair(row, "months", 12) if "months" in row else (1, 12), days=_whole(row, "days", 1, 30),
            once_days=_whole(row, "once_days", 0, 0), steps=steps, photos=frozenset(row.get("photos", ())),
            price_fen=_whole(row, "price_fen", 0) if "price_fen" in row else None, who=_who(who) if who else None,
            carers=_whole(row, "carers", 1, 1),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadBook(f"{place}: {wrong!r}") from None
    if set(steps) - set(STEPS) or service.photos - set(steps):
        raise BadBook(f"{place}.steps: of {', '.join(STEPS)}; photos are of steps")
    return service


def _who(said: Mapping[str, Any]) -> When:
    sets = ("cats_any", "levels", "needs_any")
    values: dict[str, Any] = {name: frozenset(said[name]) for name in sets if name in said}
    if set(said) - {*sets, "age_min"}:
        raise BadBook("who: age_min, cats_any, levels, needs_any")
    return When(**values | ({"age_min": int(said["age_min"])} if "age_min" in said else {}))


def _pair(row: Mapping[str, Any], name: str, most: int) -> tuple[int, int]:
    first, last = row[name]
    if not 0 <= first <= last <= most:
        raise ValueError(f"{name} are two whole numbers up to {most}")
    return int(first), int(last)


def _whole(row: Mapping[str, Any], name: str, least: int, default: int | None = None) -> int:
    said = row.get(name, default)
    if not isinstance(said, int) or isinstance(said, bool) or said < least:
        raise ValueError(f"{name} is a whole number from {least} on")
    return said

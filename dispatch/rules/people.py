"""The people and places of a district, as plain values."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from dispatch.ids import CarerId, ContactId, HomeId, OperatorId, ResidentId, StationId
from dispatch.rules.place import Position

Person = NewType("Person", str)
"""
Who, across all kinds of people: `carer:<id>`, `contact:<id>`, `resident:<id>`, `operator:<id>`. One form in rows,
log and replies.
"""

SERVICE = Person("service")
"""The service itself, where it acts by its rules."""


def carer(id_: CarerId) -> Person:
    return Person(f"carer:{id_}")


def contact(id_: ContactId) -> Person:
    return Person(f"contact:{id_}")


def resident(id_: ResidentId) -> Person:
    return Person(f"resident:{id_}")


def is_resident(person: Person) -> bool:
    """Whether this is the person served, not one who may be sent."""
    return person.startswith("resident:")


def operator(id_: OperatorId | str) -> Person:
    return Person(f"operator:{id_}")


def carer_id(person: Person) -> CarerId | None:
    """The carer behind a person, None for anybody else."""
    kind, _, rest = person.partition(":")
    return CarerId(rest) if kind == "carer" else None


class Talk(StrEnum):
    """How to speak with a resident."""

    PHONE = "phone"
    HARD_OF_HEARING = "hard_of_hearing"
    NO_VOICE = "no_voice"
    DEMENTIA = "dementia"
    DO_NOT_PHONE = "do_not_phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Where carers belong. `lends` names the stations it lends its carers to."""

    id: StationId
    code: str
    name: str
    position: Position | None
    lends: tuple[StationId, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Carer:
    """A person who may be sent. `phone` is E.164 or None; `means` one of foot, ebike, car."""

    id: CarerId
    code: str
    name: str
    phone: str | None
    station_id: StationId | None
    base: Position | None = None
    position: Position | None = None
    position_at: datetime | None = None
    means: str = "ebike"
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset({"zh"})
    suspended: bool = False
    opted_out: bool = False
    version: int = 1
    ended_at: datetime | None = None

    @property
    def lang(self) -> str:
        """The language this carer is written to in: Chinese unless only English is spoken."""
        return "en" if "en" in self.languages and "zh" not in self.languages else "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """
    Where residents live; what is locked, reached and paired. `entry` is shown only to who accepted. `street` and
    `community` are the administration's (街道, 社区), for figures; empty where nobody said.
    """

    id: HomeId
    code: str
    address: str
    position: Position | None
    station_id: StationId | None
    entry: str = ""
    street: str = ""
    community: str = ""
    version: int = 1
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """
    The old person served. `plan` is what was agreed to be done in an alarm. `ended_at` says that they are served no
    more, and `died_on` the local day of a death: greetings, surveys, visits and bills stop at once (`is_served`).
    """

    id: ResidentId
    code: str
    home_id: HomeId
    name: str
    born_on: date | None = None
    phone: str | None = None
    level: str = ""
    cats: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()
    language: str | None = None
    talk: tuple[Talk, ...] = ()
    agreements: frozenset[str] = frozenset()
    illness: str = ""
    plan: str = ""
    version: int = 1
    ended_at: datetime | None = None
    ended_why: str | None = None
    died_on: date | None = None

    @property
    def is_served(self) -> bool:
        """Whether anything but an answer to an alarm may still be done for this person."""
        return self.ended_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """
    Family or neighbour of a home, asked in `order`. `may_know` is what the resident allowed them to be told of
    an alarm: stages of `rules/family.py`.
    """

    id: ContactId
    home_id: HomeId
    name: str
    phone: str | None
    order: int
    relation: str = ""
    key_holder: bool = False
    may_know: frozenset[str] = frozenset()
    version: int = 1
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How a person is reached. `two_way`: an SMS answer can come back by the road we would use."""

    person: Person
    phone: str
    lang: str = "zh"
    two_way: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """A home with everybody who matters when its button is pressed."""

    home: Home
    residents: tuple[Resident, ...] = ()
    contacts: tuple[Contact, ...] = ()
    station: Station | None = None

    def resident(self, id_: ResidentId | None) -> Resident | None:
        """The resident meant; for an unknown one, the only resident if there is just one who is still served."""
        if id_ is None:
            served = [each for each in self.residents if each.is_served]
            return served[0] if len(served) == 1 else None
        return next((each for each in self.residents if each.id == id_), None)

    @property
    def is_bereaved(self) -> bool:
        """Whether who lived here has died and nobody is left: no machine writes to that family."""
        return any(each.died_on for each in self.residents) and not any(each.is_served for each in self.residents)


_PARTS = re.compile(r"[\s,，]+")
_DOOR = re.compile(r"[\d#\-—]+[号栋幢座单元室楼层]*")
_THEN_A_NUMBER = re.compile(r"(?<=\D)\d|[#]")


def compound(address: str) -> str:
    """
    The part of an address that may stand in a text message: the compound or street, never the door.

    The first part that is no door, up to the first number inside it: "柏林小区 3-2-501", "柏林小区3栋501" and
    "3-2-501 柏林小区" are all "柏林小区". Empty where there is nothing but a door.
    """
    parts = (part for part in _PARTS.split(address.strip()) if part and not _DOOR.fullmatch(part))
    return next((_THEN_A_NUMBER.split(part, maxsplit=1)[0] for part in parts), "")


def age(born_on: date | None, on: date) -> int | None:
    """Full years on a local day; None when the birthday is not known."""
    if born_on is None:
        return None
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))

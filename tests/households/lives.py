"""One household at a time: what its people are like, what happens to them, and what is noticed of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SHIFT = 8 * HOUR
"""Local time is UTC+8 all year, as in China since 1992."""

LEARNT_DAYS, WATCHED_DAYS = 60, 60
FIRST = date(2026, 3, 2)

CLOSED = frozenset({FIRST + timedelta(days=each) for each in (64, 65, 66, 95)})
"""Days on which the canteen is closed, and nobody tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Something that was noticed: `kind` is a word of the public vocabulary, `strength` a part of one."""

    kind: str
    at: datetime
    expected_at: datetime | None = None
    strength: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What was really wrong: `fall`, `illness` or `death`; `found_at` when somebody would have found out anyway."""

    what: str
    begun_at: datetime
    found_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Away from home; `told` when an absence is on file for it."""

    begun_at: datetime
    ended_at: datetime
    told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One household of one person, for as long as it was watched."""

    code: str
    seen: tuple[Seen, ...]
    troubles: tuple[Trouble, ...]
    stays: tuple[Stay, ...]
    has: frozenset[str]


@dataclass(slots=True)
class _Person:
    draw: Random
    troubles: list[Trouble]
    stays: list[Stay]
    found: list[Seen] = field(default_factory=list)

    def state(self, at: datetime) -> str:
        """well, away, or what is wrong: until it is found, and for ten days of hospital or care after that."""
        for each in self.troubles:
            if each.begun_at <= at < each.found_at:
                return each.what
        return "away" if any(each.begun_at <= at < each.ended_at for each in self.stays) else "well"

    def note(self, kind: str, at: datetime, expected_at: datetime | None = None, strength: float = 1.0) -> None:
        self.found.append(Seen(kind=kind, at=at, expected_at=expected_at, strength=strength))

    def chance(self, share: float) -> bool:
        return self.draw.random() < share


def households(seed: int, count: int, *, troubles_a_month: float) -> Iterator[Life]:
    """So many households, each the same for the same seed; troubles are per household and thirty days."""
    for number in range(count):
        yield _life(Random(f"{seed}/{number}/{troubles_a_month}"), f"H{number}", troubles_a_month)


def local(day: date, hours: float) -> datetime:
    """So many hours after this local midnight."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - SHIFT + hours * HOUR


def _life(draw: Random, code: str, troubles_a_month: float) -> Life:
    has = {what for what, share in HAS.items() if draw.random() < share} or {"calls", "meals"}
    last = FIRST + timedelta(days=LEARNT_DAYS + WATCHED_DAYS)
    begun = local(FIRST + timedelta(days=LEARNT_DAYS), 0)
    troubles = list(_troubles(draw, begun, local(last, 0), troubles_a_month))
    person = _Person(draw, troubles, list(_stays(draw, troubles, local(last, 0))))
    comes = {weekday: draw.choice((0.95, 0.9, 0.8, 0.3, 0.0)) for weekday in range(7)}
    sits_out, deaf = draw.uniform(0.05, 0.25), draw.uniform(0.05, 0.3)
    flat = draw.randrange(LEARNT_DAYS + WATCHED_DAYS + 200)
    for number in range((last - FIRST).days):
        day = FIRST + timedelta(days=number)
        if "motion" in has and not flat <= number < flat + 4:
            _motion(person, day, out=draw.random() < sits_out)
        if "motion" in has and number == flat + 1:
            person.note("device_silent", local(day, 9))
        if "meals" in has and day not in CLOSED:
            _meal(person, day, comes[day.weekday()])
        if "delivery" in has and day.weekday() < 5:
            _delivery(person, day)
        if "visits" in has and day.weekday() in {1, 4}:
            _visit(person, day)
        if "calls" in has and day.weekday() in {0, 3}:
            _call(person, day, deaf)
        if "bed" in has:
            _night(person, day)
        if person.chance(1 / 9):
            _family(person, day)
    found = tuple(sorted(person.found, key=lambda each: each.at))
    return Life(code=code, seen=found, troubles=tuple(person.troubles), stays=tuple(person.stays), has=frozenset(has))


HAS = {"meals": 0.6, "delivery": 0.35, "visits": 0.5, "calls": 0.6, "motion": 0.6, "bed": 0.3}
"""Which share of households has what can be noticed."""


def _troubles(draw: Random, begun: datetime, ended: datetime, a_month: float) -> Iterator[Trouble]:
    """Falls whose victim cannot call, illness, death in the night; found by itself after some days."""
    at = begun
    while True:
        at += draw.expovariate(a_month / 30) * DAY
        what = draw.choices(("fall", "illness", "death"), (5, 4, 1))[0]
        if what == "death":
            at = at.replace(hour=draw.randint(15, 21))  # UTC: between 23 and 5 o'clock.
        found = at + (draw.uniform(2, 5) if what == "illness" else min(5.0, 0.5 + draw.expovariate(1 / 2.5))) * DAY
        if found > ended:
            return
        yield Trouble(what=what, begun_at=at, found_at=found)
        if what == "death":
            return
        at = found + 20 * DAY


def _stays(draw: Random, troubles: list[Trouble], ended: datetime) -> Iterator[Stay]:
    """After a trouble a hospital, which is on file; before and between, visits to a daughter, which half forget."""
    for each in troubles:
        yield Stay(
            begun_at=each.found_at, ended_at=ended if each.what == "death" else each.found_at + 10 * DAY, told=True
        )
    at = local(FIRST, 9)
    while (at := at + draw.expovariate(1 / 45) * DAY) < ended:
        until = at + draw.choice((0.4, 0.9, 2, 4, 7)) * DAY
        if not any(each.begun_at - 2 * DAY < until and at < each.found_at + 2 * DAY for each in troubles):
            yield Stay(begun_at=at, ended_at=until, told=draw.random() < 0.6)
        at = until


def _motion(person: _Person, day: date, *, out: bool) -> None:
    """A door or a step heard in each hour, mostly."""
    shares = {"well": 0.75, "fall": 0.04, "illness": 0.35, "death": 0.0, "away": 0.0}
    gone = range(8, 12) if out else range(0)
    for hour in (*range(5, 22), *((23, 24.5) if person.chance(0.3) else ())):
        at = local(day, hour + person.draw.random())
        if hour not in gone and person.chance(shares[person.state(at)]):
            person.note("motion", at)


def _meal(person: _Person, day: date, share: float) -> None:
    at = local(day, 11 + person.draw.random() * 1.7)
    eats = {"well": 1.0, "illness": 0.25}.get(person.state(at), 0.0)
    if person.chance(share * eats):
        person.note("meal", at)


def _delivery(person: _Person, day: date) -> None:
    at = local(day, 11.5 + person.draw.random())
    opens = {"well": 0.96, "illness": 0.85}.get(person.state(at), 0.0)
    person.note("answered" if person.chance(opens) else "delivery_unanswered", at, at)


def _visit(person: _Person, day: date) -> None:
    at = local(day, 9 + person.draw.random() * 7)
    if person.chance(0.04):
        person.note("visit_missed", at + HOUR, at)
        return
    opens = {"well": 0.97, "illness": 0.9}.get(person.state(at), 0.0)
    if person.chance(opens):
        person.note("visited", at + 50 * MINUTE)
        _told_ill(person, at)
    else:
        person.note("door_unanswered", at, at)


def _told_ill(person: _Person, at: datetime) -> None:
    """Whoever sees an ill person helps: it is found then."""
    person.troubles = [
        Trouble(what=each.what, begun_at=each.begun_at, found_at=min(each.found_at, at))
        if each.begun_at <= at < each.found_at else each
        for each in person.troubles
    ]  # fmt: skip


def _call(person: _Person, day: date, deaf: float) -> None:
    at = local(day, 9 + person.draw.random() * 8)
    answers = {"well": 1 - deaf, "illness": 0.6 * (1 - deaf)}.get(person.state(at), 0.0)
    person.note("answered" if person.chance(answers) else "call_unanswered", at, at)


def _night(person: _Person, day: date) -> None:
    """What the sensor of a bed tells at six in the morning of the night before."""
    at, night = local(day, 6), local(day, 2)
    state = person.state(night)
    empty = {"well": 0.008, "illness": 0.02, "fall": 0.85, "away": 1.0, "death": 0.1}[state]
    if person.chance(empty):
        person.note("not_in_bed", at, local(day, -1), person.draw.uniform(0.7, 1))
        return
    if person.chance({"well": 0.05, "illness": 0.6}.get(state, 0.0)):
        person.note("out_of_bed", at, None, person.draw.uniform(0.4, 1))
    if person.chance({"well": 0.015, "illness": 0.5, "death": 0.9}.get(state, 0.0)):
        person.note("breathing", at, None, person.draw.uniform(0.4, 1))


def _family(person: _Person, day: date) -> None:
    """Somebody of the family comes by: they move in the home, and find whatever is wrong."""
    at = local(day, 10 + person.draw.random() * 9)
    if person.state(at) != "away":
        _told_ill(person, at)
        if person.chance(0.7):
            person.note("motion", at + MINUTE)

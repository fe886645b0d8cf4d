"""
Months of home care whose answers are known beforehand: who came when, what was shown of it, and what the month is then.

Made from the published rules alone (CARE-RULES 1.4 to 1.6: a visit each day, 30 hours, two medical visits, 15 of the
basic items a month; signed in and out by whoever was sent, at the home, long enough, shown by a photo; what does not
fit waits for a person; in hospital nothing is owed) with nothing but the standard library. It knows no line of the
program: what it says is compared with what the program says.

    story = month(Random(1), date(2028, 2, 1), "Asia/Shanghai")
    story.visits        what happens, in order
    story.answer        what the month comes to
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
PRICE_FEN = 3_500
SUBSIDY_FEN, VOUCHER_MOST_FEN = 31_000, 80_000
HOURS, MEDICAL, BASIC = 30, 2, 15
ITEMS = [f"B{number:02}" for number in range(1, 34)]


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One carer says that they come or go, so many metres from the door."""

    carer: str
    comes: bool
    at: datetime
    metres: float = 20.0


@dataclass(frozen=True, kw_only=True)
class Visit:
    """
    One visit: planned from `start` on for `planned` minutes by `carers` at once. `person` is what somebody decides
    about whatever speaks against it, None where it is left lying. It counts `minutes`, or not at all (None); of those
    `shared` were counted with the visit before, whose carer was still there: no minute of a resident counts twice.
    """

    key: str
    kind: str
    start: datetime
    planned: int
    carers: tuple[str, ...]
    signs: tuple[Sign, ...]
    photo: bool
    items: tuple[str, ...]
    medical: bool
    person: str | None
    minutes: int | None
    shared: int = 0

    @property
    def fresh(self) -> int:
        return (self.minutes or 0) - self.shared


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the month comes to; `fails` by the names of the duties, money in fen."""

    visits: int
    minutes: int
    medical: int
    items: frozenset[str]
    days: dict[date, tuple[int, int]]
    owed: int
    fails: list[str]
    subsidy_fen: int
    voucher_fen: int


@dataclass(kw_only=True)
class Story:
    first: date
    zone: ZoneInfo
    begun_on: date
    away: tuple[date, date] | None
    """The first day in hospital, and the first day at home again."""

    visits: list[Visit] = field(default_factory=list)

    @property
    def days(self) -> list[date]:
        return [day for day in (self.first + n * DAY for n in range(31)) if day.month == self.first.month]

    def serves(self, day: date) -> bool:
        return day >= self.begun_on and not (self.away and self.away[0] <= day < self.away[1])

    def lines(self) -> list[Visit]:
        """What a bill asks for: every visit of the month to somebody who was at home, shown or not."""
        return [each for each in self.visits if self._is_theirs(each)]

    def _is_theirs(self, visit: Visit) -> bool:
        day = day_of(visit, self.zone)
        last = self.away[0] if self.away else None
        return day in self.days and (self.serves(day) or day == last)

    @property
    def answer(self) -> Answer:
        counted = [each for each in self.lines() if each.minutes is not None]
        owed = [day for day in self.days if self.serves(day)]
        days: dict[date, tuple[int, int]] = {}
        for each in counted:
            many, minutes = days.get(day_of(each, self.zone), (0, 0))
            days[day_of(each, self.zone)] = (many + 1, minutes + each.fresh)
        minutes, medical = sum(each.fresh for each in counted), sum(each.medical for each in counted)
        items = frozenset(item for each in counted for item in each.items)
        reached = {
            "daily_visit": all(day in days for day in owed), "hours": minutes >= HOURS * 60,
            "medical_visits": medical >= MEDICAL, "basic_items": len(items) >= BASIC,
        }  # fmt: skip
        fails = sorted(name for name, is_reached in reached.items() if not is_reached)
        return Answer(
            visits=len(counted), minutes=minutes, medical=medical, items=items, days=days, owed=len(owed), fails=fails,
            subsidy_fen=0 if fails else SUBSIDY_FEN,
            voucher_fen=min(VOUCHER_MOST_FEN, len(counted) * PRICE_FEN // 2),
        )  # fmt: skip


def day_of(visit: Visit, zone: ZoneInfo) -> date:
    """The local day on which it began: minutes after midnight belong to it too."""
    first = min(each.at for each in visit.signs if each.comes)
    return first.astimezone(zone).date()


KINDS = ("far", "far_accepted", "far_rejected", "short", "short_accepted", "no_photo", "one_of_two", "three_km")


def month(draw: Random, first: date, zone: str, *, slips: int = 3, away: bool = False, whole: bool = True) -> Story:
    """
    One month. `slips`: how many of its visits have something against them; `away`: whether a stay in hospital lies in
    its middle; `whole`: whether the bed was in service from before its first day.
    """
    own = ZoneInfo(zone)
    begun_on = first - DAY if whole else first + draw.randint(3, 9) * DAY
    gone = first + draw.randint(11, 14) * DAY
    story = Story(
        first=first, zone=own, begun_on=begun_on, away=(gone, gone + draw.randint(4, 8) * DAY) if away else None
    )
    slipping = set(draw.sample(range(len(story.days)), slips))
    for number, day in enumerate(story.days):
        if day < begun_on:
            continue
        if not story.serves(day) and story.away and day != story.away[0]:
            if day == story.away[0] + DAY:  # Somebody goes there all the same: the bed is not in service.
                story.visits.append(_visit(draw, story, day, time(10), "honest", len(story.visits)))
            continue
        kind = draw.choice(KINDS) if number in slipping else draw.choice(("honest", "honest", "two", "joined"))
        story.visits.append(_visit(draw, story, day, time(9, draw.randrange(50)), kind, len(story.visits)))
        if kind in KINDS and kind not in {"far_accepted", "short_accepted"} and draw.random() < 0.7:
            story.visits.append(_visit(draw, story, day, time(15), "honest", len(story.visits)))
        if kind == "honest" and draw.random() < 0.4:
            story.visits.append(_beside(draw, story, story.visits[-1], len(story.visits)))
        if number in {5, len(story.days) - 1} or (day.weekday() == 6 and draw.random() < 0.5):
            story.visits.append(_visit(draw, story, day, time(23, 30), "honest", len(story.visits)))
        if _hours(day, own) != 24:  # Sits up with them while the clocks are changed.
            story.visits.append(_visit(draw, story, day, time(1, 30), "honest", len(story.visits), lasts=120))
    story.visits.sort(key=lambda each: each.start)
    for one, other in pairwise(story.visits):
        apart = max(each.at for each in one.signs) < min(each.at for each in other.signs)
        assert apart or other.kind == "beside", "nobody is in two rooms in these months"
    return story


def _hours(day: date, zone: ZoneInfo) -> float:
    start, end = (datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + DAY))
    return (end - start).total_seconds() / 3600


def _visit(draw: Random, story: Story, day: date, at: time, kind: str, number: int, lasts: int | None = None) -> Visit:
    start = datetime.combine(day, at, story.zone).astimezone(UTC)
    planned = lasts or draw.choice((45, 60, 75, 90))
    double = kind in {"two", "one_of_two"}
    carers = ("C1", "C2") if double else (draw.choice(("C1", "C2")),)
    signs, minutes = _signs(draw, kind, start, planned, carers)
    person = {"far_accepted": "accepted", "short_accepted": "accepted", "far_rejected": "rejected"}.get(kind)
    counts = kind in {"honest", "two", "joined"} or person == "accepted"
    return Visit(
        key=f"{story.first}:{number}", kind=kind, start=start, planned=planned, carers=carers, signs=signs,
        photo=kind != "no_photo", items=tuple(draw.sample(ITEMS, draw.randint(1, 3))), medical=draw.random() < 0.12,
        person=person, minutes=minutes if counts else None,
    )  # fmt: skip


def _beside(draw: Random, story: Story, first: Visit, number: int) -> Visit:
    """The other carer comes for something else while the first is still there, and stays on."""
    left = max(each.at for each in first.signs)
    come = left - timedelta(minutes=draw.randint(5, 15), seconds=draw.randrange(60))
    go = left + timedelta(minutes=draw.randint(40, 60), seconds=draw.randrange(60))
    [other] = {"C1", "C2"} - set(first.carers)
    minutes, fresh = (int((go - each).total_seconds()) // 60 for each in (come, left))
    return Visit(
        key=f"{story.first}:{number}", kind="beside", start=come - timedelta(minutes=5), planned=45, carers=(other,),
        signs=(Sign(carer=other, comes=True, at=come), Sign(carer=other, comes=False, at=go)), photo=True,
        items=tuple(draw.sample(ITEMS, 2)), medical=draw.random() < 0.5, person=None, minutes=minutes,
        shared=minutes - fresh,
    )  # fmt: skip


def _signs(
    draw: Random, kind: str, start: datetime, planned: int, carers: tuple[str, ...]
) -> tuple[tuple[Sign, ...], int]:
    """What is said, and the whole minutes in which all hands were in the room."""
    late = timedelta(seconds=draw.randrange(0, 900))
    lasted = timedelta(minutes=planned, seconds=draw.randrange(0, 1200))
    if kind.startswith("short"):
        lasted = timedelta(minutes=draw.randint(5, 20), seconds=draw.randrange(60))
    metres = {"three_km": 3_000.0, "far": 900.0, "far_accepted": 700.0, "far_rejected": 1_200.0}.get(kind, 25.0)
    come, go = start + late, start + late + lasted
    own = carers[0]
    signs = [Sign(carer=own, comes=True, at=come, metres=metres), Sign(carer=own, comes=False, at=go)]
    if kind == "two":
        # The second comes later and leaves sooner: only what both were there for is a visit of two.
        second, sooner = come + timedelta(minutes=3), go + timedelta(minutes=2)
        signs += [Sign(carer="C2", comes=True, at=second), Sign(carer="C2", comes=False, at=sooner)]
        come = second
    elif kind == "joined":
        # Said twice: the first coming and the last leaving are meant.
        signs.append(Sign(carer=own, comes=True, at=come + timedelta(minutes=2)))
    signs.sort(key=lambda each: each.at)
    return tuple(signs), int((go - come).total_seconds()) // 60

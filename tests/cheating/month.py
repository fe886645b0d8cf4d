"""
A district's month: who visits whom on which day, how it went in truth, and what was reported of it.

Carers move from home to home in time that passes for them: an honest visit begins only when its carers can have come
from where they were. After and before whatever is not honest an hour lies free, so that no lie of one visit falls on
an honest one beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tests.cheating.cheats import ALONE, Scene, one_of_two, well_reported
from tests.cheating.reports import HOUR, MINUTE, WAYS, fix, honest, tap
from tests.cheating.values import Away, Event, Home, Month, Plan, Point, Truth

METRES_PER_MINUTE = 150.0
"""By bicycle through town, as the crow flies: 9 km/h."""

FREE = 60 * MINUTE
CHEATING = 0.09
"""Share of visits that are not honest, besides those of residents who are away."""

AWAY_EVERY, SPOOF_EVERY, DOUBLE, SWAPPED, NIGHT = 40, 90, 0.05, 0.02, 0.012
"""Every so many homes has a resident who goes away, or a carer who invents positions; shares of visits."""

WALKS = 12
"""Visits that a carer makes on a day at most."""


@dataclass(slots=True)
class _Carer:
    code: str
    at: Point
    free_at: datetime
    visits: int = 0


@dataclass(slots=True)
class _Story:
    """What the month has come to so far."""

    draw: Random
    zone: ZoneInfo
    station: Point
    kinds: Iterator[str]
    plans: list[Plan] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)
    fresh: str = ""
    used: str = ""
    spoofs: dict[str, tuple[Point, float]] = field(default_factory=dict)
    number: int = 0

    def keep(
        self, plan: Plan, events: list[Event], *, honest_: bool, kind: str, begun: datetime, finished: datetime,
        carers: tuple[str, ...],
    ) -> None:  # fmt: skip
        self.plans.append(plan)
        self.events += events
        self.truths.append(Truth(
            visit=plan.key, honest=honest_, kind=kind, begun_at=begun, finished_at=finished, carers=carers,
        ))  # fmt: skip
        if honest_:
            self.fresh = next((each.more["sha256"] for each in events if each.kind == "photo"), self.fresh)


def generate(seed: int, visits: int, *, first: date = date(2026, 10, 1), zone: str = "Asia/Shanghai") -> Month:
    """
    The month that begins on `first`, of about so many visits (never fewer); the same for the same arguments.

    `zone` names where the district lies: one with a clock change in the month has visits across it.
    """
    draw = Random(f"{seed}/{visits}/{first}/{zone}")
    tz, station = ZoneInfo(zone), Point(38.0712, 114.4903)
    days = [first + timedelta(days=each) for each in range(31) if (first + timedelta(days=each)).month == first.month]
    a_day = -(-visits * 111 // 100 // len(days)) + 1  # Some find no carer.
    homes = _homes(draw, station, max(40, a_day * 3 // 2))
    carers = [f"C{number:03d}" for number in range(1, max(8, a_day // 4) + 1)]
    away = _away(draw, homes, days, tz)
    story = _Story(draw=draw, zone=tz, station=station, kinds=_in_turn(draw))
    for day in days:
        _day(story, day, a_day, homes, carers, {each.resident: each for each in away})
    return Month(
        seed=seed, zone=zone, first=first, station=station, homes=tuple(homes), carers=tuple(carers), away=tuple(away),
        plans=tuple(story.plans), events=tuple(sorted(story.events, key=lambda each: each.received_at)),
        truths=tuple(story.truths),
    )  # fmt: skip


def _homes(draw: Random, station: Point, count: int) -> list[Home]:
    return [
        Home(
            code=f"H{number:04d}", resident=f"R{number:04d}", landline=f"+86311{8_000_0000 + number}",
            at=station.moved(draw.uniform(600, 4_000), draw.uniform(0, 6.283)),
        )
        for number in range(count)
    ]  # fmt: skip


def _away(draw: Random, homes: list[Home], days: list[date], zone: ZoneInfo) -> list[Away]:
    found = []
    for number, home in enumerate(homes[::AWAY_EVERY]):
        begun = datetime.combine(draw.choice(days[3:-10]), time(0), zone).astimezone(UTC)
        dead = number % 3 == 2
        until = None if dead else begun + draw.randint(4, 9) * 24 * HOUR
        found.append(Away(resident=home.resident, why="dead" if dead else "hospital", since=begun, until=until))
    return found


def _in_turn(draw: Random) -> Iterator[str]:
    """Every kind as often as every other, in an order of its own each time."""
    kinds = [*ALONE, "three_at_once", "impossible_travel"]
    while True:
        draw.shuffle(kinds)
        yield from list(kinds)


# ------------------------------------------------------------------------------------------------ one day


def _day(story: _Story, day: date, count: int, homes: list[Home], codes: list[str], away: dict[str, Away]) -> None:
    draw = story.draw
    # Only the pictures of yesterday and before have certainly arrived before they are used again.
    story.used = story.fresh
    morning = datetime.combine(day, time(7), story.zone).astimezone(UTC)
    off = draw.sample(codes, max(2, len(codes) // 6))
    carers = [_Carer(code, story.station, morning) for code in codes if code not in off]
    times = [day_time(day, draw.uniform(7.5, 17.5), story.zone) for _ in range(count)]
    times += [day_time(day, draw.uniform(22.6, 23.8), story.zone) for _ in range(max(1, round(count * NIGHT)))]
    times += [day_time(day, 24 + draw.uniform(1.5, 2.4), story.zone) for _ in range(2)]
    chosen = draw.sample(homes, min(len(homes), len(times) + 4))
    for at, home in zip(sorted(times), chosen, strict=False):
        _visit(story, day, at, home, carers, off, away.get(home.resident), chosen)


def day_time(day: date, hours: float, zone: ZoneInfo) -> datetime:
    """So many hours on the wall's clock after this midnight, whatever the clock does meanwhile."""
    whole, minutes = divmod(round(hours * 60), 60)
    later, hour = divmod(whole, 24)
    return datetime.combine(day + timedelta(days=later), time(hour, minutes), zone).astimezone(UTC)


def _visit(
    story: _Story, day: date, at: datetime, home: Home, carers: list[_Carer], off: list[str], away: Away | None,
    others: list[Home],
) -> None:  # fmt: skip
    draw = story.draw
    kind = _kind_of(story, home, at, away)
    many = 2 if kind == "one_of_two" or (kind == "" and draw.random() < DOUBLE) else 1
    team = _team(carers, home, at, many, honest_=kind == "")
    if len(team) < many or kind == "skipped":
        return
    plan = _plan(story, day, at, home, team)
    if kind == "":
        _honestly(story, plan, home, team, off)
    elif kind == "three_at_once":
        _three(story, plan, home, team[0], others, away)
    elif kind == "impossible_travel":
        _two_far_apart(story, plan, home, team[0], others)
    else:
        _dishonestly(story, plan, home, team, kind, off)


def _kind_of(story: _Story, home: Home, at: datetime, away: Away | None) -> str:
    """Empty for an honest one."""
    draw, number = story.draw, int(home.code[1:])
    if away is not None and away.since <= at + 2 * HOUR and (away.until is None or at < away.until + 2 * HOUR):
        inside = away.since <= at - HOUR and (away.until is None or at + 2 * HOUR < away.until)
        return ("dead" if away.until is None else "in_hospital") if inside and draw.random() < 0.5 else "skipped"
    if number % SPOOF_EVERY == 7:
        return "same_metre"
    if draw.random() < CHEATING:
        return "one_of_two" if draw.random() < 0.06 else next(story.kinds)
    return ""


def _team(carers: list[_Carer], home: Home, at: datetime, many: int, *, honest_: bool) -> list[_Carer]:
    """Those who can be there in time, the nearest first."""
    free = [
        each for each in carers
        if each.visits < WALKS
        and each.free_at + (timedelta() if honest_ else FREE) + _way(each.at, home.at) <= at
    ]  # fmt: skip
    return sorted(free, key=lambda each: (each.at.metres_to(home.at), each.code))[:many]


def _way(here: Point, there: Point) -> timedelta:
    return (4 + here.metres_to(there) / METRES_PER_MINUTE) * MINUTE


def _plan(story: _Story, day: date, at: datetime, home: Home, team: list[_Carer]) -> Plan:
    story.number += 1
    minutes = story.draw.choice((30, 40, 60, 60, 60, 90))
    return Plan(
        key=f"plan:{home.code}:{story.number}:{day}", home=home.code, resident=home.resident,
        carers=tuple(each.code for each in team), on=at.astimezone(story.zone).date(), start_from=at,
        start_by=at + 30 * MINUTE, minutes=minutes, least=round(minutes * 0.9),
    )  # fmt: skip


def _times(story: _Story, plan: Plan) -> tuple[datetime, datetime]:
    """Some minutes early or late, some minutes longer or shorter, never below the least."""
    draw = story.draw
    late = draw.uniform(0, 12) if draw.random() < 0.1 else 0.0
    begun = plan.start_from + (draw.uniform(0, 26) + late) * MINUTE
    stay = max(plan.least + 3.5, plan.minutes + draw.gauss(3, 5))
    return _second(begun), _second(begun + stay * MINUTE)


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _moves(team: list[_Carer], home: Home, finished: datetime, *, honest_: bool) -> None:
    for each in team:
        each.at, each.visits = home.at, each.visits + 1
        each.free_at = finished + (MINUTE if honest_ else FREE)


def _honestly(story: _Story, plan: Plan, home: Home, team: list[_Carer], off: list[str]) -> None:
    draw = story.draw
    begun, finished = _times(story, plan)
    way = draw.choices(list(WAYS), list(WAYS.values()))[0]
    if len(team) > 1 and way in {"forgotten", "landline", "mixed"}:
        way = "plain"
    # The first of those who are off lends a name and a telephone to those who cheat; the others step in, once a day.
    swapped = len(team) == 1 and len(off) > 1 and draw.random() < SWAPPED
    done = replace(plan, carers=(off.pop(),)) if swapped else plan
    events = list(honest(draw, way, done, home, begun, finished))
    if swapped:
        told = plan.start_from - draw.uniform(2, 20) * HOUR
        events.insert(0, Event(
            kind="reassigned", visit=plan.key, carer=done.carers[0], at=told, received_at=told, via="office",
            phone="office",
        ))  # fmt: skip
    kind = "double" if len(team) > 1 else "swapped" if swapped else way
    story.keep(plan, events, honest_=True, kind=kind, begun=begun, finished=finished, carers=done.carers)
    if not swapped:
        _moves(team, home, finished, honest_=True)


def _dishonestly(
    story: _Story, plan: Plan, home: Home, team: list[_Carer], kind: str, off: list[str]
) -> None:  # fmt: skip
    begun, finished = _times(story, plan)
    if kind == "same_photo" and not story.used:
        kind = "nothing_shown"
    scene = Scene(
        draw=story.draw, plan=plan, home=home, begun=begun, finished=finished, station=story.station,
        other=off[0], used=story.used,
    )  # fmt: skip
    how = {**ALONE, "one_of_two": one_of_two}.get(kind, well_reported)
    events = list(how(scene))
    if kind == "same_metre":
        point, accuracy_m = story.spoofs.setdefault(home.code, fix(story.draw, home.at))
        events = [replace(each, point=point, accuracy_m=accuracy_m) if each.point else each for each in events]
    story.keep(plan, events, honest_=False, kind=kind, begun=begun, finished=finished, carers=())
    _moves(team, home, finished, honest_=False)


def _three(
    story: _Story, plan: Plan, home: Home, one: _Carer, others: list[Home], away: Away | None
) -> None:  # fmt: skip
    """One carer, three households at the same time, minutes apart from each other at the door."""
    near = sorted((each for each in others if each != home), key=lambda each: each.at.metres_to(home.at))
    begun, finished = _times(story, plan)
    for number, there in enumerate([home, *[each for each in near if _is_plain(each)][:2]]):
        mine = plan if number == 0 else _plan(story, plan.on, plan.start_from, there, [one])
        own = (begun + number * 4 * MINUTE, max(finished, begun + (mine.minutes + 6) * MINUTE) + number * MINUTE)
        _well(story, mine, there, own, "three_at_once")
    _moves([one], home, finished + 90 * MINUTE, honest_=False)


def _two_far_apart(story: _Story, plan: Plan, home: Home, one: _Carer, others: list[Home]) -> None:
    """Out here and in there a minute later, kilometres away: the positions are invented, however well."""
    far = max((each for each in others if _is_plain(each)), key=lambda each: each.at.metres_to(home.at))
    begun, finished = _times(story, plan)
    if far.at.metres_to(home.at) < 3_000:
        events = [*tap_both(story.draw, plan, one.code, begun, finished, home)]
        story.keep(plan, events, honest_=False, kind="nothing_shown", begun=begun, finished=finished, carers=())
    else:
        _well(story, plan, home, (begun, finished), "impossible_travel")
        then = finished + MINUTE
        second = _plan(story, plan.on, _second(then - 5 * MINUTE), far, [one])
        _well(story, second, far, (then, then + (second.minutes + 4) * MINUTE), "impossible_travel")
    _moves([one], far, finished + 100 * MINUTE, honest_=False)


def _well(story: _Story, plan: Plan, home: Home, own: tuple[datetime, datetime], kind: str) -> None:
    scene = Scene(
        draw=story.draw, plan=plan, home=home, begun=own[0], finished=own[1], station=story.station, other="", used="",
    )  # fmt: skip
    story.keep(plan, list(well_reported(scene)), honest_=False, kind=kind, begun=own[0], finished=own[1], carers=())


def tap_both(draw: Random, plan: Plan, carer: str, begun: datetime, finished: datetime, home: Home) -> list[Event]:
    """Two taps at the door and nothing else."""
    return [tap(draw, kind, plan, carer, at, home.at) for kind, at in (("sign_in", begun), ("sign_out", finished))]


def _is_plain(home: Home) -> bool:
    """A home in which nothing else is wrong."""
    number = int(home.code[1:])
    return number % AWAY_EVERY != 0 and number % SPOOF_EVERY != 7

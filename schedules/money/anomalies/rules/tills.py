"""What a day's meals say about tills: faster than hands, at hours when nobody is there, proved by old pictures."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from schedules.money.anomalies.rules.limits import Limits
from schedules.money.anomalies.rules.serving import (
    Canteen,
    Code,
    Finding,
    Serving,
    fen_of,
    ids_of,
)

Local = Callable[[datetime], datetime]
"""What the clock on the wall says."""


def bursts(day: date, servings: Iterable[Serving], limits: Limits) -> Iterator[Finding]:
    """More people paid at one till than hands can; what goes on without a pause is one finding."""
    tills: dict[tuple[str, str], list[Serving]] = {}
    for each in servings:
        if each.delivery is None:
            tills.setdefault((each.canteen, each.till), []).append(each)
    within = timedelta(seconds=limits[Code.BURST]["seconds"])
    for (canteen, till), paid in tills.items():
        for run in crowded(paid, limits[Code.BURST]["people"] + 1, within):
            seconds = int((run[-1].served_at - run[0].served_at).total_seconds())
            people = len({each.resident for each in run})
            yield Finding(
                code=Code.BURST, key=f"{Code.BURST}:{canteen}:{till}:{run[0].id}",
                severity=limits[Code.BURST].severity, first=day, last=day, canteen=canteen, operator=run[0].operator,
                evidence=ids_of(run), amount_fen=fen_of(run),
                figures={"till": till, "people": people, "seconds": seconds, "count": len(run)},
            )  # fmt: skip


def crowded(paid: Sequence[Serving], people: int, within: timedelta) -> Iterator[list[Serving]]:
    """The stretches (in the order of time) in which so many different people come within so short a time."""
    first, until = 0, -1
    """From `first` on may be crowded; up to `until` is."""
    begun = 0
    here: dict[str, int] = {}
    for at, each in enumerate(paid):
        here[each.resident] = here.get(each.resident, 0) + 1
        while each.served_at - paid[first].served_at > within:
            gone = paid[first].resident
            here[gone] -= 1
            if not here[gone]:
                del here[gone]
            first += 1
        if len(here) >= people:
            if first > until:
                if until >= 0:
                    yield list(paid[begun : until + 1])
                begun = first
            until = at
    if until >= 0:
        yield list(paid[begun : until + 1])


def out_of_hours(
    day: date, servings: Iterable[Serving], canteens: Mapping[str, Canteen], local: Local, limits: Limits
) -> Iterator[Finding]:
    """Meals before opening, after closing, or in the night; those of one till and day are one finding."""
    rule, odd = limits[Code.CLOSED_HOURS], dict[tuple[str, str], list[Serving]]()
    for each in servings:
        wall = local(each.served_at)
        minute = wall.hour * 60 + wall.minute
        at = canteens.get(each.canteen)
        if minute >= rule["never_after_minute"] or not _is_open(each, at, wall.weekday(), minute, rule["grace_minutes"]):  # noqa: E501  # fmt: skip
            odd.setdefault((each.canteen, each.till), []).append(each)
    for (canteen, till), had in odd.items():
        yield Finding(
            code=Code.CLOSED_HOURS, key=f"{Code.CLOSED_HOURS}:{canteen}:{till}:{day}", severity=rule.severity,
            first=day, last=day, canteen=canteen, operator=had[0].operator, evidence=ids_of(had),
            figures={"till": till, "from": _clock(local, had[0]), "until": _clock(local, had[-1]), "count": len(had)},
            amount_fen=fen_of(had),
        )  # fmt: skip


def _is_open(serving: Serving, canteen: Canteen | None, weekday: int, minute: int, grace: int) -> bool:
    """What is brought home is handed over after the kitchen has closed."""
    if canteen is None or not canteen.hours or serving.delivery is not None:
        return True
    return any(on == weekday and start - grace <= minute < end + grace for on, start, end in canteen.hours)


def _clock(local: Local, serving: Serving) -> str:
    return f"{local(serving.served_at):%H:%M}"


class Photos:
    """Pictures as proof of delivery; each is good for one meal. What was used is kept by half its hash."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._used: dict[bytes, str] = {}

    def look(self, day: date, servings: Iterable[Serving], earlier: Mapping[str, str]) -> Iterator[Finding]:
        """`earlier` names the meal for which a picture was used before all that was looked at here."""
        for each in servings:
            if each.delivery is None or each.delivery.photo is None:
                continue
            yield from self._age(day, each, each.delivery.taken_at)
            photo = each.delivery.photo
            key = bytes.fromhex(photo[:32]) if _is_hex(photo[:32]) else photo.encode()
            before = self._used.setdefault(key, earlier.get(photo, each.id))
            if before != each.id:
                yield self._found(Code.REUSED_PHOTO, day, each, {"used_for": before})

    def _age(self, day: date, each: Serving, taken_at: datetime | None) -> Iterator[Finding]:
        most = timedelta(minutes=self._limits[Code.STALE_PHOTO]["minutes"])
        if taken_at is not None and abs(each.served_at - taken_at) > most:
            minutes = int((each.served_at - taken_at).total_seconds()) // 60
            yield self._found(Code.STALE_PHOTO, day, each, {"minutes": minutes})

    def _found(self, code: Code, day: date, each: Serving, figures: Mapping[str, int | str]) -> Finding:
        return Finding(
            code=code, key=f"{code}:{each.id}", severity=self._limits[code].severity, first=day, last=day,
            canteen=each.canteen, resident=each.resident, operator=each.operator, evidence=(each.id,),
            figures={**figures, "count": 1}, amount_fen=each.subsidy_fen,
        )  # fmt: skip


def _is_hex(text: str) -> bool:
    return len(text) == 32 and set(text) <= set("0123456789abcdef")

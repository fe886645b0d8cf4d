"""What was used before: subsidised meals of a day and a week, and the virtual accounts of quotas."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from schedules.money.rules.facts import Used
from schedules.money.rules.policy import Policy

_DAY = timedelta(days=1)


def week_of(day: date) -> tuple[date, date]:
    """Monday and Sunday of the week a local day lies in, over the end of a month or a year as well."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + 6 * _DAY


def used_before(meals: Iterable[tuple[date, str]], on: date, meal_type: str, quota_fen: int | None = None) -> Used:
    """
    What counts against the limits of one more meal: of the meals that got money, those of its day and its week.

    `meals` are the local day and type of each, whatever the month; later ones of the same week count as well, because a
    till that was offline sends late.
    """
    monday, sunday = week_of(on)
    week = [(day, kind) for day, kind in meals if monday <= day <= sunday]
    today = [kind for day, kind in week if day == on]
    return Used(today.count(meal_type), len(today), len(week), quota_fen)


# ------------------------------------------------------------------------------------------------ virtual accounts


@dataclass(frozen=True, slots=True)
class Move:
    """What happens in a virtual account: `credit` on the first, `spend` at a till, `lapse` at the end."""

    on: date
    what: str
    amount_fen: int
    left_fen: int
    """After it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One credit or spend to come, in the order of `on`; a credit says when what is left of everything lapses."""

    on: date
    amount_fen: int
    lapses: date | None = None


def last_day(day: date, expires: str) -> date:
    """The last day on which what is credited on a day may be spent: of its month, or of its quarter."""
    months = {"month_end": 1, "quarter_end": 3 - (day.month - 1) % 3}[expires]
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1) - _DAY


def months(start: str, until: date) -> Iterator[date]:
    """The first day of every month from "2026-01" up to a day."""
    year, month = map(int, start.split("-"))
    first = date(year, month, 1)
    while first <= until:
        yield first
        first = last_day(first, "month_end") + _DAY


def credit_of(policy: Policy, month: date, holds: Sequence[bool]) -> Change | None:
    """
    What is credited on the first of a month: of the quotas that hold, the highest. `holds` says of each quota of the
    policy whether it holds for the person on that day.
    """
    first = month.replace(day=1)
    best = max([quota for quota, held in zip(policy.quota, holds, strict=True) if held], key=lambda each: each.amount, default=None)  # noqa: E501  # fmt: skip
    return None if best is None else Change(first, best.amount, last_day(first, best.expires))


@dataclass(slots=True)
class _Credit:
    """One credit of an account, and what nobody took of it yet. It is there from `on` to `ends`, both days included."""

    on: date
    ends: date
    fen: int


class _Purse:
    """The credits of one account. Each lapses by itself: a rule may change from the quarter's end to the month's."""

    def __init__(self) -> None:
        self._credits: list[_Credit] = []

    def put(self, change: Change) -> None:
        assert change.lapses is not None
        self._credits.append(_Credit(change.on, change.lapses, change.amount_fen))
        # What lapses first is taken first; of what lapses together the newest, which leaves most for a day before it.
        self._credits.sort(key=lambda each: (each.ends, -each.on.toordinal()))

    def take(self, on: date, fen: int) -> int:
        """Takes so much, or what there is on that day; gives what it took."""
        wanted = fen
        for each in self._credits:
            if each.on <= on <= each.ends:
                taken = min(each.fen, wanted)
                each.fen -= taken
                wanted -= taken
        return fen - wanted

    def left(self, on: date) -> int:
        """What nobody took of what is there on that day."""
        return sum([each.fen for each in self._credits if each.on <= on <= each.ends])

    def lapsed(self, before: date) -> dict[date, int]:
        """What lapsed before a day, by the last day it was there; it is told once."""
        gone: dict[date, int] = {}
        for each in self._credits:
            if each.ends < before:
                gone[each.ends] = gone.get(each.ends, 0) + each.fen
        self._credits = [each for each in self._credits if each.ends >= before]
        return {ends: fen for ends, fen in gone.items() if fen}


def account(changes: Iterable[Change], until: date) -> list[Move]:
    """
    Every move of one account up to a day, that day included: credits and spends as they came, and a lapse at the end
    of its last day of what was left of a credit.

    A spend is cut to what is left, never below nothing: the till asked before, and an offline one is refused the rest.
    """
    moves: list[Move] = []
    purse, left = _Purse(), 0

    def move(on: date, what: str, amount_fen: int) -> None:
        nonlocal left
        left += amount_fen if what == "credit" else -amount_fen
        moves.append(Move(on, what, amount_fen, left))

    for change in changes:
        if change.on > until:
            break
        for ends, fen in purse.lapsed(change.on).items():
            move(ends, "lapse", fen)
        if change.lapses is not None:
            purse.put(change)
            move(change.on, "credit", change.amount_fen)
        else:
            move(change.on, "spend", purse.take(change.on, change.amount_fen))
    for ends, fen in purse.lapsed(until + _DAY).items():
        move(ends, "lapse", fen)
    return moves


def available(changes: Iterable[Change], on: date) -> int:
    """
    What one more meal of a day may draw: what is there on that day and none of the spends takes, those of later days
    that are known already among them. What is credited after the day does not help it, but serves what comes later.
    """
    purse = _Purse()
    for change in changes:
        if change.lapses is not None:
            purse.put(change)
        else:
            purse.take(change.on, change.amount_fen)
    return purse.left(on)

"""How a visit is reported by somebody who is there: taps with positions, calls from the landline, photos, delays."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from tests.cheating.values import Event, Home, Plan, Point

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def fix(draw: Random, at: Point, *, coarse: bool = False) -> tuple[Point, float]:
    """
    A position as a telephone tells it, with the accuracy it claims, both in metres.

    Most are some 10 m off, in stairwells 50 to 150 m. The claim is the radius that two of three fixes stay within, so
    an honest one is sometimes smaller than the error.
    """
    error_m = draw.uniform(50, 150) if coarse else min(50.0, 5 + draw.expovariate(1 / 9))
    return at.moved(error_m, draw.uniform(0, 6.283)), round(max(5.0, error_m * draw.uniform(0.8, 1.8)), 1)


def tap(
    draw: Random, kind: str, plan: Plan, carer: str, at: datetime, where: Point | None, *, coarse: bool = False,
    late: timedelta = timedelta(), **more: object,
) -> Event:  # fmt: skip
    """A press on the page of one's own telephone, heard seconds later, or `late`."""
    point, accuracy_m = fix(draw, where, coarse=coarse) if where is not None else (None, None)
    heard = at + late + timedelta(seconds=draw.randint(1, 8))
    said = Event(
        kind=kind, visit=plan.key, carer=carer, at=at, received_at=heard, phone=carer, point=point,
        accuracy_m=accuracy_m, offline=bool(late),
    )  # fmt: skip
    return replace(said, **more)  # type: ignore[arg-type]


def by_landline(draw: Random, kind: str, plan: Plan, carer: str, at: datetime, home: Home) -> Event:
    """The carer's own number typed in a call from the resident's landline: no position, but a place."""
    return tap(draw, kind, plan, carer, at, None, via="landline", phone=home.landline)


def shown(draw: Random, plan: Plan, carer: str, begun: datetime, finished: datetime, home: Home) -> Event:
    """What else shows that somebody was there: a photo taken meanwhile, or the resident's own button."""
    at = begun + (finished - begun) * draw.uniform(0.3, 0.8)
    if draw.random() < 0.8:
        return tap(draw, "photo", plan, carer, at, home.at, more={"taken_at": at.isoformat(), "sha256": digest(draw)})
    return tap(draw, "confirmed", plan, carer, at, None, via="button", phone=home.landline)


def digest(draw: Random) -> str:
    """The fingerprint of a picture that nobody took before."""
    return f"{draw.getrandbits(256):064x}"


# ------------------------------------------------------------------------------------------- honest in many ways


def honest(draw: Random, way: str, plan: Plan, home: Home, begun: datetime, finished: datetime) -> Sequence[Event]:
    """Everything that is reported of a visit that took place."""
    found: list[Event] = []
    for number, carer in enumerate(plan.carers):
        come, gone = (begun + number * 2 * MINUTE, finished - number * MINUTE)
        found += _WAYS.get(way, _plain)(draw, plan, carer, come, gone, home)
    return [*found, shown(draw, plan, plan.carers[0], begun + 3 * MINUTE, finished - 3 * MINUTE, home)]


def _plain(draw: Random, plan: Plan, carer: str, begun: datetime, finished: datetime, home: Home) -> list[Event]:
    taps = (("sign_in", begun), ("sign_out", finished))
    return [tap(draw, kind, plan, carer, at, home.at) for kind, at in taps]


def _coarse(draw: Random, plan: Plan, carer: str, begun: datetime, finished: datetime, home: Home) -> list[Event]:
    taps = (("sign_in", begun), ("sign_out", finished))
    return [tap(draw, kind, plan, carer, at, home.at, coarse=True) for kind, at in taps]


def _one_fix(draw: Random, plan: Plan, carer: str, begun: datetime, finished: datetime, home: Home) -> list[Event]:
    """Indoors a telephone may hand out once more the position that it had at the door."""
    first = tap(draw, "sign_in", plan, carer, begun, home.at)
    last = tap(draw, "sign_out", plan, carer, finished, home.at, point=first.point, accuracy_m=first.accuracy_m)
    return [first, last]


def _landline(draw: Random, plan: Plan, carer: str, begun: datetime, finished: datetime, home: Home) -> list[Event]:
    taps = (("sign_in", begun), ("sign_out", finished))
    return [by_landline(draw, kind, plan, carer, at, home) for kind, at in taps]


def _mixed(draw: Random, plan: Plan, carer: str, begun: datetime, finished: datetime, home: Home) -> list[Event]:
    """The telephone found no position at the door: one of the two is by the landline."""
    return [
        by_landline(draw, "sign_in", plan, carer, begun, home),
        tap(draw, "sign_out", plan, carer, finished, home.at),
    ]


def _offline(draw: Random, plan: Plan, carer: str, begun: datetime, finished: datetime, home: Home) -> list[Event]:
    """No network in the house: the telephone keeps both and sends them together hours later."""
    sent = finished + draw.uniform(2.5, 3.5) * HOUR
    return [
        tap(draw, kind, plan, carer, at, home.at, late=sent - at)
        for kind, at in (("sign_in", begun), ("sign_out", finished))
    ]


def _forgotten(draw: Random, plan: Plan, carer: str, begun: datetime, finished: datetime, home: Home) -> list[Event]:
    """Nobody signed out; the family says the same day when the carer left."""
    told = finished + draw.uniform(1, 8) * HOUR
    said = Event(
        kind="family", visit=plan.key, carer=carer, at=finished, received_at=told, via="page", phone="family",
    )  # fmt: skip
    return [tap(draw, "sign_in", plan, carer, begun, home.at), said]


_WAYS = {
    "plain": _plain, "coarse": _coarse, "one_fix": _one_fix, "landline": _landline, "mixed": _mixed,
    "offline": _offline, "forgotten": _forgotten,
}  # fmt: skip

WAYS = {"plain": 78.0, "coarse": 8.0, "one_fix": 1.0, "landline": 5.0, "mixed": 3.5, "offline": 4.0, "forgotten": 0.5}
"""How often each occurs, in percent: taken for plausible, not measured anywhere."""

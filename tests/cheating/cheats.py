"""
The ways in which a visit is reported that did not take place as promised, each with the trace that it leaves.

A report without any trace is nobody's to find, so there is none here: each kind contradicts the plan, the register,
another report or itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

from tests.cheating.reports import HOUR, MINUTE, digest, shown, tap
from tests.cheating.values import Event, Home, Plan, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything a cheat may use. `other` is a carer who is off that day, `used` a photo of an earlier visit."""

    draw: Random
    plan: Plan
    home: Home
    begun: datetime
    finished: datetime
    station: Point
    other: str
    used: str

    def taps(self, first: Point | None, last: Point | None) -> list[Event]:
        """Both taps by whoever was planned, from these places."""
        carer = self.plan.carers[0]
        return [
            tap(self.draw, "sign_in", self.plan, carer, self.begun, first),
            tap(self.draw, "sign_out", self.plan, carer, self.finished, last),
        ]

    def picture(self) -> Event:
        """A photo or a confirmation as it should be; whoever cheats does this part well."""
        return shown(self.draw, self.plan, self.plan.carers[0], self.begun, self.finished, self.home)

    def elsewhere(self, metres: float) -> Point:
        return self.home.at.moved(metres, self.draw.uniform(0, 6.283))


def far_sign_in(scene: Scene) -> Sequence[Event]:
    """Both taps from three kilometres away."""
    far = scene.elsewhere(3_000)
    return [*scene.taps(far, far), scene.picture()]


def from_station(scene: Scene) -> Sequence[Event]:
    """Both taps from the carers' station."""
    return [*scene.taps(scene.station, scene.station), scene.picture()]


def one_minute(scene: Scene) -> Sequence[Event]:
    """Comes to the door, signs in and out within a minute, and leaves."""
    first, _ = scene.taps(scene.home.at, scene.home.at)
    out = tap(scene.draw, "sign_out", scene.plan, scene.plan.carers[0], scene.begun + 50 * MINUTE / 60, scene.home.at)
    return [first, out, replace(scene.picture(), at=scene.begun, received_at=out.received_at)]


def other_phone(scene: Scene) -> Sequence[Event]:
    """Somebody else taps for the one who was planned, on their own telephone."""
    taps = [replace(each, phone=scene.other) for each in scene.taps(scene.home.at, scene.home.at)]
    return [*taps, replace(scene.picture(), phone=scene.other)]


def other_carer(scene: Scene) -> Sequence[Event]:
    """Somebody whom nobody sent signs in and out under their own name."""
    everything = [*scene.taps(scene.home.at, scene.home.at), scene.picture()]
    return [replace(each, carer=scene.other, phone=scene.other) for each in everything]


def back_office(scene: Scene) -> Sequence[Event]:
    """Typed in at the office days later, with nothing to show for it."""
    said = scene.finished + scene.draw.uniform(30, 90) * HOUR
    more = {"begun_at": scene.begun.isoformat(), "finished_at": scene.finished.isoformat()}
    return [Event(
        kind="entry", visit=scene.plan.key, carer=scene.plan.carers[0], at=said, received_at=said, via="office",
        phone="office", more=more,
    )]  # fmt: skip


def old_photo(scene: Scene) -> Sequence[Event]:
    """The only picture was taken days before."""
    taken = scene.begun - scene.draw.uniform(30, 200) * HOUR
    sent = scene.finished - MINUTE
    more = {"taken_at": taken.isoformat(), "sha256": digest(scene.draw)}
    photo = tap(scene.draw, "photo", scene.plan, scene.plan.carers[0], sent, scene.home.at, more=more)
    return [*scene.taps(scene.home.at, scene.home.at), photo]


def same_photo(scene: Scene) -> Sequence[Event]:
    """The picture of another visit, with its time changed."""
    sent = scene.begun + (scene.finished - scene.begun) / 2
    more = {"taken_at": sent.isoformat(), "sha256": scene.used}
    photo = tap(scene.draw, "photo", scene.plan, scene.plan.carers[0], sent, scene.home.at, more=more)
    return [*scene.taps(scene.home.at, scene.home.at), photo]


def nothing_shown(scene: Scene) -> Sequence[Event]:
    """Two taps, no picture, nobody confirms."""
    return scene.taps(scene.home.at, scene.home.at)


def shortened(scene: Scene) -> Sequence[Event]:
    """There, but for a third of the time at most."""
    stay = (scene.finished - scene.begun) * scene.draw.uniform(0.15, 0.4)
    return scene_with(scene, finished=scene.begun + stay)


def scene_with(scene: Scene, *, finished: datetime) -> Sequence[Event]:
    short = replace(scene, finished=finished)
    return [*short.taps(scene.home.at, scene.home.at), short.picture()]


def accuracy_lie(scene: Scene) -> Sequence[Event]:
    """From somewhere in town, with a position that claims to know nothing."""
    taps = scene.taps(*[scene.elsewhere(scene.draw.uniform(300, 1_500))] * 2)
    return [*[replace(each, accuracy_m=5_000.0) for each in taps], scene.picture()]


def said_ahead(scene: Scene) -> Sequence[Event]:
    """Leaves early and signs out for a later time: heard before it can have happened."""
    left = scene.begun + (scene.finished - scene.begun) * 0.3
    first, last = scene.taps(scene.home.at, scene.home.at)
    return [first, replace(last, received_at=left), replace(scene.picture(), at=left, received_at=left)]


def edited_times(scene: Scene) -> Sequence[Event]:
    """Came late, signed in, and later said that it had been earlier."""
    real = scene.finished - (scene.finished - scene.begun) * 0.3
    carer, draw = scene.plan.carers[0], scene.draw
    late = tap(draw, "sign_in", scene.plan, carer, real, scene.home.at)
    out = tap(draw, "sign_out", scene.plan, carer, scene.finished, scene.home.at)
    again = tap(draw, "sign_in", scene.plan, carer, scene.begun, scene.home.at, late=scene.finished - scene.begun)
    photo = shown(draw, scene.plan, carer, real, scene.finished, scene.home)
    return [late, out, replace(again, received_at=out.received_at + 10 * MINUTE, offline=False), photo]


def out_elsewhere(scene: Scene) -> Sequence[Event]:
    """Signs in at the door and out from home."""
    return [*scene.taps(scene.home.at, scene.elsewhere(scene.draw.uniform(800, 4_000))), scene.picture()]


def one_of_two(scene: Scene) -> Sequence[Event]:
    """Two had to lift; the second one tapped from the station."""
    second = scene.plan.carers[1]
    alone = [
        tap(scene.draw, kind, scene.plan, second, at, scene.station)
        for kind, at in (("sign_in", scene.begun), ("sign_out", scene.finished))
    ]
    return [*scene.taps(scene.home.at, scene.home.at), *alone, scene.picture()]


def well_reported(scene: Scene) -> Sequence[Event]:
    """Everything looks as it should; what is wrong stands elsewhere: in another report, or in the register."""
    return [*scene.taps(scene.home.at, scene.home.at), scene.picture()]


ALONE: Mapping[str, Callable[[Scene], Sequence[Event]]] = {
    each.__name__: each
    for each in (
        far_sign_in, from_station, one_minute, other_phone, other_carer, back_office, old_photo, same_photo,
        nothing_shown, shortened, accuracy_lie, said_ahead, edited_times, out_elsewhere,
    )
}  # fmt: skip
"""Kinds that stand in one visit alone. Others need several: three_at_once, impossible_travel, same_metre; one_of_two
needs a visit of two carers, in_hospital and dead a resident who is not there."""

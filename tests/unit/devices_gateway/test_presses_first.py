"""A press overtakes what can wait, also on the line itself, where a slow disk would leave it behind a flood (R18)."""

from devices.gateway import AHEAD_MAX
from devices.ports.port import READ_BYTES_MAX
from tests.fakes.clock import HandClock
from tests.fakes.line import Ears, listening, until
from tests.unit.devices_gateway.test_gateway import Scene

HALF = READ_BYTES_MAX // 2
HELP = b"one-way help\n"


def flood(count: int) -> list[bytes]:
    """So many batteries, two to each read, and every read is full: there is more behind it."""
    lines = [f"low {number:04}".ljust(HALF - 1, ".").encode() + b"\n" for number in range(count)]
    return [lines[at] + lines[at + 1] for at in range(0, count, 2)]


class SlowEars(Ears):
    """A disk that takes 50 ms for each frame."""

    def __init__(self, journal, clock: HandClock) -> None:
        super().__init__(journal)
        self._clock = clock

    def hear(self, frame, **more):
        self._clock.advance(0.05)
        return super().hear(frame, **more)


def test_a_press_behind_a_flood_of_batteries_is_kept_before_them():
    scene = Scene()
    scene.line.say(*flood(40), HELP)
    with listening(scene.gateway):
        until(lambda: len(scene.ears.kept) == 41)
    assert scene.ears.kept[0] == "one-way help"
    assert scene.ears.kept[1:] == sorted(scene.ears.kept[1:]), "the others in their order"


def test_a_press_that_comes_while_batteries_are_kept_waits_for_few_of_them():
    scene = Scene(clock=(clock := HandClock()))
    scene.gateway._reception = scene.ears = SlowEars(scene.journal, clock)
    scene.line.say(b"".join(b"low %d\n" % number for number in range(9)), HELP)
    with listening(scene.gateway):
        until(lambda: len(scene.ears.kept) == 10)
    assert scene.ears.kept.index("one-way help") <= 3


def test_a_flood_that_its_sender_can_hold_back_is_kept_to_the_last():
    scene = Scene()
    scene.line.say(*flood(4 * AHEAD_MAX), HELP)
    with listening(scene.gateway):
        until(lambda: len(scene.ears.kept) == 4 * AHEAD_MAX + 1)
    assert scene.gateway.state.dropped == 0

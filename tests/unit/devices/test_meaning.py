"""What a frame means, by what its device is registered as."""

import pytest

from devices.decoders.decoder import Frame, Role, gravest_first
from devices.rules.meaning import calls_for_help, meaning
from dispatch.rules.signal import CAUSES, Event

ROLES = sorted(value for name, value in vars(Role).items() if name.isupper())
HOUSEKEEPING = [Event.LOW_BATTERY, Event.TAMPER, Event.HEARTBEAT, Event.TELEMETRY, Event.TEST, Event.RESTORE]
IN_WORDS = [Event.PRESS, Event.DURESS, Event.FALL, Event.SMOKE, Event.FIRE, Event.GAS, Event.CO, Event.WATER]


def frame(event: Event, *also: Event, explicit: bool = False) -> Frame:
    return Frame(event=event, also=also, raw=b"x", explicit=explicit, dedup_key="x")


@pytest.mark.parametrize(
    ("role", "event", "meant"),
    [
        (Role.PENDANT, Event.BUTTON, Event.PRESS),
        (Role.PENDANT, Event.ALARM, Event.PRESS),
        (Role.PENDANT, Event.AMBIGUOUS, Event.PRESS),
        (Role.PENDANT, Event.SENSOR_STATE, Event.PRESS),
        (Role.PENDANT, Event.CONTACT_OPEN, Event.PRESS),
        (Role.PENDANT, Event.CONTACT_CLOSED, Event.PRESS),
        (Role.PENDANT, Event.IGNORE, Event.IGNORE),
        (Role.PENDANT, Event.ARM_DISARM, Event.ARM_DISARM),
        (Role.SMOKE, Event.AMBIGUOUS, Event.SMOKE),
        (Role.SMOKE, Event.ALARM_24H, Event.SMOKE),
        (Role.WATER, Event.ALARM_24H, Event.WATER),
        (Role.GAS, Event.BUTTON, Event.GAS),
        (Role.FALL, Event.ALARM, Event.FALL),
        (Role.CANCEL, Event.BUTTON, Event.CANCEL),
        (Role.CANCEL, Event.ARM_DISARM, Event.CANCEL),
        (Role.MOTION, Event.BUTTON, Event.MOTION),
        (Role.DOOR, Event.BUTTON, Event.CONTACT),
        (Role.DOOR, Event.ALARM, Event.CONTACT_OPEN),
        (Role.DOOR, Event.CONTACT_CLOSED, Event.CONTACT_CLOSED),
        (Role.BED, Event.CONTACT_OPEN, Event.BED_EXIT),
        (Role.BED, Event.CONTACT_CLOSED, Event.BED_ENTER),
        (Role.PANEL, Event.ALARM, Event.ALARM),
        (Role.WATCH, Event.AMBIGUOUS, Event.ALARM),
        (Role.WATCH, Event.BUTTON, Event.BUTTON),
        ("teapot", Event.BUTTON, Event.ALARM),
        (None, Event.BUTTON, Event.BUTTON),
        (None, Event.AMBIGUOUS, Event.AMBIGUOUS),
    ],
)
def test_the_role_decides_what_the_frame_leaves_open(role, event, meant):
    assert meaning(frame(event), role) == (meant,)


@pytest.mark.parametrize("role", [*ROLES, None])
@pytest.mark.parametrize("event", [*HOUSEKEEPING, *IN_WORDS])
def test_what_a_frame_says_in_words_stays(role, event):
    assert meaning(frame(event), role) == (event,)


@pytest.mark.parametrize("event", HOUSEKEEPING)
def test_housekeeping_never_hides_a_press(event):
    assert meaning(frame(event, Event.BUTTON), Role.PENDANT) == (Event.PRESS, event)


@pytest.mark.parametrize("event", Event)
def test_a_stranger_raises_nothing_unless_the_protocol_says_emergency(event):
    assert calls_for_help(frame(event), None) == ()
    assert calls_for_help(frame(event, explicit=True), None) == ((event,) if event in CAUSES else ())


def test_a_registered_device_raises_what_it_means():
    assert calls_for_help(frame(Event.BUTTON, Event.LOW_BATTERY), Role.PENDANT) == (Event.PRESS,)
    assert calls_for_help(frame(Event.LOW_BATTERY), Role.PENDANT) == ()


def test_every_cause_comes_before_everything_that_is_none():
    order = gravest_first(Event)
    assert set(order) == set(Event)
    assert set(order[: len(CAUSES) - 1]) <= set(CAUSES) | {Event.BED_EXIT}
    assert order[0] is Event.PRESS

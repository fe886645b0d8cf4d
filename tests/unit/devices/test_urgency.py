"""What may wait, what must not be given up, and what the next one makes worthless."""

import pytest

from devices.decoders.decoder import Frame, Role
from devices.rules.meaning import calls_for_help
from devices.rules.urgency import life_sign, may_call, urgent
from dispatch.rules.signal import CAUSES, Event


def frame(event: Event, *also: Event, explicit: bool = False) -> Frame:
    return Frame(event=event, raw=b"", also=also, explicit=explicit)


@pytest.mark.parametrize(
    "event", [*CAUSES, Event.BUTTON, Event.AMBIGUOUS, Event.CANCEL, Event.ATTENDANCE, Event.UNKNOWN]
)
def test_what_may_be_about_a_person_is_urgent(event):
    assert urgent(frame(event))
    assert urgent(frame(Event.HEARTBEAT, event))
    assert not life_sign(frame(Event.HEARTBEAT, event))


@pytest.mark.parametrize("event", [Event.LOW_BATTERY, Event.MAINS_FAIL, Event.TAMPER, Event.HEARTBEAT, Event.TEST])
def test_the_state_of_the_equipment_may_wait(event):
    assert not urgent(frame(event))
    assert urgent(frame(event, explicit=True))


@pytest.mark.parametrize("event", [Event.HEARTBEAT, Event.TELEMETRY, Event.VITALS, Event.LOCATION])
def test_of_life_signs_the_last_one_says_everything(event):
    assert life_sign(frame(event))
    assert not life_sign(frame(event, explicit=True))


@pytest.mark.parametrize("event", [Event.LOW_BATTERY, Event.TAMPER, Event.TEST, Event.GATEWAY_BOOT, Event.RESTORE])
def test_what_people_will_ask_about_is_no_mere_life_sign(event):
    assert not life_sign(frame(event))
    assert not life_sign(frame(Event.HEARTBEAT, event))


def test_whatever_calls_from_some_device_is_never_given_up_and_never_replaced():
    """The law behind it, for every event and every role: also a pendant in the shell of a motion sensor."""
    for event in Event:
        for role in (value for name, value in vars(Role).items() if not name.startswith("_")):
            if calls_for_help(frame(event), role):
                assert may_call(frame(event)), (event, role)
                assert not life_sign(frame(event)), (event, role)
    assert may_call(frame(Event.MOTION))
    assert not may_call(frame(Event.LOW_BATTERY))
    assert not may_call(frame(Event.CANCEL))

"""What is help, what a fault and what neither, also where a district, resident or device has meanings of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.decoders.decoder import Role
from devices.rules.meaning import (
    FAULTS,
    MENDS,
    NO_MEANINGS,
    Handling,
    counts_as_test,
    overlaid,
    read_meaning,
    refusal_of,
    understood,
)
from dispatch.rules.signal import CAUSES, Cause, Event

FAULT, IGNORE = Handling.FAULT, Handling.IGNORE
ROLES = [None, "teapot", "wristband", *sorted(value for name, value in vars(Role).items() if name.isupper())]
meanings = st.dictionaries(st.sampled_from(Event), st.sampled_from([*Cause, *Handling]), max_size=6)
events = st.lists(st.sampled_from(Event), min_size=1, max_size=4, unique=True).map(tuple)


@pytest.mark.parametrize(
    ("said", "given_", "call", "cause"),
    [
        (Event.PRESS, {}, Event.PRESS, Cause.PRESS),
        (Event.BUTTON, {}, Event.PRESS, Cause.PRESS),
        (Event.BED_EXIT, {}, None, None),
        (Event.BED_EXIT, {Event.BED_EXIT: Cause.INACTIVITY}, Event.BED_EXIT, Cause.INACTIVITY),
        (Event.TAMPER, {Event.TAMPER: Cause.WANDERING}, Event.TAMPER, Cause.WANDERING),
        (Event.PRESS, {Event.PRESS: Cause.HOTLINE}, Event.PRESS, Cause.HOTLINE),
        (Event.PRESS, {Event.PRESS: FAULT}, None, None),
        (Event.PRESS, {Event.PRESS: IGNORE}, None, None),
        (Event.WATER, {Event.WATER: FAULT}, None, None),
        (Event.CANCEL, {Event.CANCEL: Cause.PRESS}, Event.CANCEL, Cause.PRESS),
    ],
)
def test_what_calls_for_help_and_why(said, given_, call, cause):
    understood_ = understood((said,), Role.PENDANT, meanings=given_)
    assert (understood_.call, understood_.cause) == (call, cause)


@pytest.mark.parametrize(
    ("said", "role", "given_", "faults"),
    [
        (Event.LOW_BATTERY, Role.PENDANT, {}, (Event.LOW_BATTERY,)),
        (Event.TAMPER, Role.PENDANT, {}, (Event.TAMPER,)),
        (Event.TAMPER, Role.WATCH, {}, ()),
        (Event.TAMPER, Role.WATCH, {Event.TAMPER: FAULT}, (Event.TAMPER,)),
        (Event.TAMPER, Role.PENDANT, {Event.TAMPER: Cause.PRESS}, ()),
        (Event.MAINS_FAIL, Role.PANEL, {Event.MAINS_FAIL: IGNORE}, ()),
        (Event.WATER, Role.WATER, {Event.WATER: FAULT}, (Event.WATER,)),
        (Event.HEARTBEAT, Role.PENDANT, {}, ()),
    ],
)
def test_what_is_a_fault(said, role, given_, faults):
    assert understood((said,), role, meanings=given_).faults == faults


@pytest.mark.parametrize(
    ("said", "role", "worn"),
    [
        (Event.TAMPER, Role.WATCH, False),
        (Event.TAMPER_RESTORE, "wristband", True),
        (Event.HEARTBEAT, Role.WATCH, None),
        (Event.TAMPER, Role.PENDANT, None),
        (Event.TAMPER, None, None),
    ],
)
def test_who_takes_a_watch_off_breaks_nothing(said, role, worn):
    assert understood((said,), role).worn is worn


def test_one_fault_in_a_frame_hides_no_other_and_no_call():
    said = understood((Event.LOW_BATTERY, Event.BUTTON, Event.TAMPER), Role.PENDANT)
    assert (said.call, set(said.faults)) == (Event.PRESS, {Event.LOW_BATTERY, Event.TAMPER})


def test_a_remapped_event_stands_where_its_cause_stands():
    """A press by another name is not hidden behind what comes after a press."""
    said = understood((Event.INACTIVITY, Event.TAMPER), Role.PENDANT, meanings={Event.TAMPER: Cause.PRESS})
    assert (said.call, said.cause) == (Event.TAMPER, Cause.PRESS)


def test_the_more_particular_meaning_holds():
    district, resident, device = {Event.PRESS: FAULT, Event.GAS: FAULT}, {Event.PRESS: IGNORE}, {Event.GAS: Cause.FIRE}
    assert overlaid(district, resident, device) == {Event.PRESS: IGNORE, Event.GAS: Cause.FIRE}
    assert overlaid() == NO_MEANINGS


@given(events, st.sampled_from(ROLES), meanings, st.booleans())
def test_no_call_is_muted_without_a_trace(said, role, given_, explicit):
    understood_ = understood(said, role, explicit=explicit, meanings=given_)
    if any(event in CAUSES for event in understood_.events):
        assert understood_.kept is not None
        assert understood_.pressed


@given(events, st.sampled_from(ROLES), meanings, st.booleans())
def test_what_calls_has_a_cause_and_is_kept_and_is_no_fault(said, role, given_, explicit):
    understood_ = understood(said, role, explicit=explicit, meanings=given_)
    assert (understood_.call is None) == (understood_.cause is None)
    if understood_.call is not None:
        assert understood_.kept is understood_.call
        assert role is not None or explicit
        assert understood_.call not in understood_.faults
    assert set(understood_.faults) <= set(understood_.events)


@given(events, st.sampled_from([role for role in ROLES if role is not None]))
def test_without_meanings_the_vocabulary_holds(said, role):
    understood_ = understood(said, role)
    calls = [event for event in understood_.events if event in CAUSES]
    assert understood_.call == (calls[0] if calls else None)
    assert understood_.cause == (CAUSES[calls[0]] if calls else None)
    assert {*understood_.faults} <= FAULTS


@pytest.mark.parametrize("event", sorted({Event.CANCEL, Event.RESTORE, Event.ATTENDANCE, *MENDS}))
def test_what_takes_back_is_given_a_cause_or_nothing(event):
    assert refusal_of(event, FAULT, everywhere=False)
    assert refusal_of(event, IGNORE, everywhere=False)
    assert refusal_of(event, Cause.PRESS, everywhere=False) is None


@pytest.mark.parametrize(
    ("event", "meant", "everywhere", "refused"),
    [
        (Event.PRESS, IGNORE, True, True),
        (Event.DURESS, IGNORE, True, True),
        (Event.PRESS, IGNORE, False, False),
        (Event.PRESS, FAULT, True, False),
        (Event.WATER, IGNORE, True, False),
    ],
)
def test_a_whole_district_ignores_no_call(event, meant, everywhere, refused):
    assert (refusal_of(event, meant, everywhere=everywhere) is not None) == refused


@pytest.mark.parametrize("word", [*Cause, *Handling])
def test_every_meaning_is_written_as_its_word(word):
    assert read_meaning(str(word)) is word


def test_a_word_that_is_no_meaning_is_refused():
    with pytest.raises(ValueError, match="yawn"):
        read_meaning("yawn")


@pytest.mark.parametrize(
    ("kind", "said", "is_test"),
    [
        (Role.PENDANT, (Event.BUTTON,), True),
        (Role.PENDANT, (Event.PRESS, Event.LOW_BATTERY), True),
        (Role.PENDANT, (Event.TEST,), True),
        (Role.PENDANT, (Event.FALL,), False),
        (Role.PENDANT, (Event.DURESS,), False),
        (Role.PENDANT, (Event.PRESS, Event.DURESS), False),
        (Role.PENDANT, (Event.HEARTBEAT,), False),
        (Role.PENDANT, (Event.LOW_BATTERY,), False),
        ("pull_cord", (Event.BUTTON,), True),
        (Role.SMOKE, (Event.BUTTON,), True),
        (Role.SMOKE, (Event.SMOKE,), True),
        (Role.SMOKE, (Event.RESTORE,), False),
        (Role.FALL, (Event.FALL,), True),
        (Role.DOOR, (Event.CONTACT_OPEN,), True),
        (Role.CANCEL, (Event.BUTTON,), True),
        (Role.PANEL, (Event.PRESS,), True),
        (Role.PANEL, (Event.FIRE,), False),
        (Role.WATCH, (Event.ALARM,), False),
        ("teapot", (Event.BUTTON,), True),
    ],
)
def test_what_counts_as_the_test_press_that_is_waited_for(kind, said, is_test):
    assert counts_as_test(kind, understood(said, kind)) is is_test

"""Who is in charge of an alarm, and the order of the board, by rule."""

from datetime import timedelta
from itertools import permutations

import pytest

from dispatch.errors import Conflict, Invalid
from dispatch.ids import AlarmId
from dispatch.rules import claims, handing_over
from dispatch.rules.alarm import State
from dispatch.rules.claims import HOLD_S, Claim, Held
from dispatch.rules.handing_over import OPEN_FOR, Handover
from dispatch.rules.people import Person
from dispatch.rules.signal import Cause
from dispatch.rules.urgency import urgency
from tests.builders import NOON

WANG, LI = Person("operator:wang"), Person("operator:li")
ALARM = AlarmId("a1")


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def held(*, by=WANG, seen=0):
    return Claim(alarm_id=ALARM, by=by, since_at=at(0), seen_at=at(seen))


def take(before, by=LI, *, over=False, reason=None, now=10):
    return claims.take(before, ALARM, by, over=over, reason=reason, now=at(now))


def test_what_nobody_has_is_taken():
    claim, line = take(None)
    assert (claim.by, claim.since_at) == (LI, at(10))
    assert (line.kind, line.by, line.facts) == ("claimed", LI, {})


def test_what_a_colleague_holds_is_refused_and_named():
    with pytest.raises(Held) as refused:
        take(held())
    assert refused.value.claim.by == WANG


@pytest.mark.parametrize("reason", [None, "", " ", "x", " x "])
def test_taking_over_asks_why(reason):
    with pytest.raises(Invalid):
        take(held(), over=True, reason=reason)


def test_taking_over_with_a_reason_is_written_down():
    claim, line = take(held(), over=True, reason="交班")
    assert claim.by == LI
    assert (line.kind, line.facts, line.note) == ("taken_over", {"was": WANG}, "交班")


def test_a_hold_lapses_exactly_when_its_console_was_not_seen_for_the_time():
    assert held().holds(at(HOLD_S - 0.001))
    assert not held().holds(at(HOLD_S))
    with pytest.raises(Held):
        take(held(), now=HOLD_S - 1)
    claim, line = take(held(), now=HOLD_S)
    assert (claim.by, line.kind, line.facts) == (LI, "claimed", {"was": WANG})


def test_taking_ones_own_again_changes_only_when_it_was_seen():
    claim, line = take(held(), WANG)
    assert line is None
    assert (claim.since_at, claim.seen_at) == (at(0), at(10))


def test_one_who_comes_back_after_a_lapse_begins_anew():
    claim, line = take(held(), WANG, now=HOLD_S + 1)
    assert (claim.since_at, line.kind, line.facts) == (at(HOLD_S + 1), "claimed", {})


def test_the_board_orders_by_who_needs_somebody_most():
    right = [
        (State.RAISED, Cause.PRESS, at(0)),
        (State.RAISED, Cause.FIRE, at(1)),
        (State.RAISED, Cause.EXERCISE, at(-9)),
        (State.OFFERED, Cause.PRESS, at(-5)),
        (State.ACCEPTED, Cause.FALL, at(-9)),
        (State.ATTENDED, Cause.FALL, at(-20)),
        (State.CLOSED, Cause.FALL, at(-30)),
    ]
    for order in list(permutations(right))[::97]:
        assert sorted(order, key=lambda each: urgency(*each)) == right


def handover(**more):
    return Handover(id="h", outgoing=WANG, begun_at=at(0), alarms=("1",), **more)


def test_a_handover_is_signed_by_two():
    taken = handing_over.take(handover(), LI, at(60))
    assert (taken.incoming, taken.taken_at) == (LI, at(60))
    assert not taken.waits(at(61))


def test_nobody_signs_for_both():
    with pytest.raises(Conflict, match="cannot take over"):
        handing_over.take(handover(), WANG, at(60))


def test_a_handover_is_taken_once_and_in_its_time():
    with pytest.raises(Conflict, match="is over"):
        handing_over.take(handing_over.take(handover(), LI, at(60)), Person("operator:zhao"), at(61))
    with pytest.raises(Conflict, match="is over"):
        handing_over.take(handover(), LI, NOON + OPEN_FOR)


def test_a_second_handover_waits_for_the_first():
    other = Handover(id="i", outgoing=LI, begun_at=at(60), alarms=())
    with pytest.raises(Conflict, match="waits already"):
        handing_over.begin(handover(), other)
    assert handing_over.begin(None, other) == other
    again = Handover(id="j", outgoing=WANG, begun_at=at(60), alarms=())
    assert handing_over.begin(handover(), again) == again

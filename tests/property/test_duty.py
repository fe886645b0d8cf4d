"""Laws of the roster over random shifts."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dispatch.ids import CarerId
from schedules.duty.rules import Shift, changes_after, joined, on_duty, present
from tests.fakes.clock import NOON

HOURS = 24
TICK = timedelta(microseconds=1)


def _shift(number: int, carer: str, start: int, length: int) -> Shift:
    start_at = NOON + timedelta(hours=start)
    end_at = start_at + timedelta(hours=length)
    return Shift(id=str(number), carer_id=CarerId(carer), start_at=start_at, end_at=end_at)


shapes = st.tuples(st.sampled_from("abc"), st.integers(0, HOURS), st.integers(1, 9))
rosters = st.lists(shapes, max_size=12).map(lambda rows: [_shift(number, *row) for number, row in enumerate(rows)])
instants = st.builds(
    lambda hour, tick: NOON + timedelta(hours=hour) + tick * TICK,
    st.integers(-1, HOURS + 10), st.sampled_from([-1, 0, 1]),
)  # fmt: skip


def covered(shifts, carer_id, at) -> bool:
    return any(each.carer_id == carer_id and each.start_at <= at < each.end_at for each in shifts)


def by_hand(shifts, at):
    """Walks on from the instant in single steps of the shifts until nobody of that name is there."""
    found = {}
    for carer_id in {each.carer_id for each in shifts if covered(shifts, each.carer_id, at)}:
        end = at
        while covered(shifts, carer_id, end):
            end = max(each.end_at for each in shifts if covered([each], carer_id, end))
        found[carer_id] = end
    return found


@given(rosters, instants)
def test_on_duty_equals_looking_at_every_shift_by_hand(shifts, at):
    assert on_duty(shifts, at) == by_hand(shifts, at)


@given(rosters, st.randoms(use_true_random=False), instants)
def test_the_order_of_the_shifts_and_their_repetition_do_not_matter(shifts, random, at):
    shuffled = shifts + shifts
    random.shuffle(shuffled)
    assert on_duty(shuffled, at) == on_duty(shifts, at)


@given(rosters, instants)
def test_nothing_changes_before_the_next_change_and_something_does_at_it(shifts, at):
    stretches = joined(shifts)
    change = changes_after(stretches, at)
    if change is None:
        assert present(stretches, at) == present(stretches, at + timedelta(days=9)) == {}
    else:
        assert present(stretches, change - TICK) == present(stretches, at)
        assert present(stretches, change) != present(stretches, at)


@given(rosters)
def test_stretches_of_one_carer_never_touch(shifts):
    stretches = joined(shifts)
    pairs = pairwise(stretches)
    assert all(a.carer_id < b.carer_id or a.end_at < b.start_at for a, b in pairs)


@given(rosters)
def test_at_its_end_a_stretch_is_over(shifts):
    for carer_id, end in ((each.carer_id, each.end_at) for each in joined(shifts)):
        assert carer_id not in on_duty(shifts, end)
        assert on_duty(shifts, end - TICK)[carer_id] == end

"""Buttons that are pressed without end: noticed, and never muted."""

from itertools import pairwise

import pytest

from devices.rules.burst import HELD_MAX_S, Windows
from devices.rules.noise import BAD_MIN, Noise, is_jammed, is_noisy
from devices.rules.stuck import PAUSE_S, REMEMBERED_MAX, STUCK_S, Sticking


def first_stuck(gap_s, *, lasts_s=3600.0):
    sticking, at_s = Sticking(), 0.0
    while at_s < lasts_s:
        if sticking.pressed("d", at_s):
            return at_s
        at_s += gap_s
    return None


def test_whoever_presses_without_a_pause_for_five_minutes_is_stuck():
    assert first_stuck(2.0) == STUCK_S
    assert first_stuck(PAUSE_S) == STUCK_S
    assert first_stuck(PAUSE_S + 0.5) is None


def test_a_pause_begins_anew():
    sticking = Sticking()
    for at_s in range(0, int(STUCK_S), 2):
        assert not sticking.pressed("d", float(at_s))
    assert not sticking.pressed("d", STUCK_S + PAUSE_S)
    assert not sticking.pressed("d", STUCK_S + PAUSE_S + 2)


def test_one_that_is_stuck_takes_nothing_from_the_others():
    sticking = Sticking()
    for at_s in range(0, 2 * int(STUCK_S), 2):
        sticking.pressed("d", float(at_s))
    assert not sticking.pressed("e", 600.0)
    assert sticking.pressed("d", 600.0)


def test_what_is_remembered_is_bounded():
    sticking = Sticking()
    for number in range(REMEMBERED_MAX + 10):
        sticking.pressed(str(number), 0.0)
    assert len(sticking._held) == REMEMBERED_MAX


def test_frames_that_were_late_do_not_make_it_shorter():
    """A gateway whose spool was emptied late hands in the earlier frames after the later ones."""
    sticking = Sticking()
    for at_s in range(0, int(STUCK_S), 10):
        sticking.pressed("d", float(at_s))
        sticking.pressed("d", at_s - 3.0)
    assert sticking.pressed("d", STUCK_S)


@pytest.mark.parametrize(("gap_s", "window_s"), [(2.0, 3.0), (0.06, 3.0), (29.0, 60.0)])
def test_a_button_that_is_held_is_heard_anew_again_and_again(gap_s, window_s):
    windows, new, at_s = Windows(), [], 0.0
    while at_s < 300.0:
        if not windows.seen("k", at_s, window_s):
            new.append(at_s)
        at_s += gap_s
    assert len(new) > 1
    apart = [later - sooner for sooner, later in pairwise(new)]
    held = max(HELD_MAX_S, window_s)
    assert all(held <= each <= held + gap_s for each in apart)


@pytest.mark.parametrize(
    ("fell", "silent", "of", "before", "jammed"),
    [
        (3, 3, 10, False, True), (2, 2, 2, False, False), (3, 3, 11, False, False), (2, 9, 10, False, False),
        (0, 3, 20, True, True), (0, 2, 10, True, False), (0, 3, 21, True, False),
    ],
)  # fmt: skip
def test_three_devices_and_three_in_ten_that_fall_silent_together_are_jammed(fell, silent, of, before, jammed):
    assert is_jammed(fell_silent=fell, silent=silent, supervised=of, before=before) is jammed


@pytest.mark.parametrize(
    ("bad", "good", "noisy"),
    [(BAD_MIN, 0, True), (BAD_MIN - 1, 0, False), (BAD_MIN, 379, True), (BAD_MIN, 380, False)],
)
def test_more_than_one_in_twenty_that_cannot_be_read_is_noise(bad, good, noisy):
    assert is_noisy(Noise(frames=good, bad=bad)) is noisy
